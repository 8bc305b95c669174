// Package load makes captures as large as one likes: connections that
// interleave, over IPv4 and IPv6, with loss and what repairs it, keepalives,
// and every way to open and to close. It also says what it meant, so that an
// analysis can be held against it.
//
// It stands before the data path: a Generator is a capture.Source, as good as
// a file. Each connection plays a story out of a table (story.go): an opening,
// exchanges of data, a closing. A story is told as a tap in the middle of the
// path sees it; a segment may be lost behind the tap (it was captured and
// never arrived) or before it (nobody saw it). What is sent follows from what
// arrived: sequence and acknowledgment numbers, windows, timestamps and SACK
// blocks are those that sound hosts would use, and all checksums are right.
//
// The same Config gives the same capture, octet for octet.
package load
