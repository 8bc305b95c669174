// Package schema holds the JSON Schema of lastack's records, generated from
// the types of package report. It imports nothing of lastack: it is for those
// who read the records with other tools.
package schema
