// Package report is the data model of what lastack says: plain records with
// stable names, and their NDJSON form. Every renderer is a pure function of
// these types.
//
// It is the last stage of the data path: analyzer fills the records, the
// packages below report/ render them. Times are UTC, durations seconds,
// states RFC 9293's names. A count that is none is 0; what is not known is an
// absent key (a nil pointer), never a zero.
package report
