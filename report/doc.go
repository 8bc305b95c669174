// Package report is the data model of what lastack says: plain records with
// stable names, and their NDJSON form. Every renderer is a pure function of
// these types.
//
// It is the last stage of the data path: analyzer fills the records, the
// packages below report/ render them. Times are UTC, durations seconds,
// states RFC 9293's names. A count that is none is 0; what is not known is an
// absent key (a nil pointer), never a zero.
//
// A Sink takes the records of a capture one after the other. Here are those
// for programs, [Encoder] (NDJSON, the pivot of all formats) and [Document]
// (one JSON document), and [Reader], which reads NDJSON back. Those for people
// are report/text and report/markdown, both on report/digest, which keeps of a
// stream what such a report needs; report/ladder draws one connection, and
// report/explain is the manual. They share their English (report/words) and
// what they know of terminals (report/term). report/schema is the JSON Schema.
package report
