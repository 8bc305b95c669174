// Package digest gathers what a report for people needs from a stream of
// records, in memory that does not grow with the number of connections:
// findings by kind, the worst connections, counts. The text and the Markdown
// renderer print it.
package digest
