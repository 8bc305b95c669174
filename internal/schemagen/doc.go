// Command schemagen writes the JSON Schema of lastack's records from the Go
// types of package report. It is run by go generate in report/schema.
package main
