// Package script turns a conversation written down as text into a capture: the
// segments between both ends' states, as RFC 9293 prints its figures, and what
// is expected of them. It is a tool of tests: the scripts are the documents
// that say how a situation looks on the wire and what lastack makes of it.
//
// A script is a txtar file. Its comment says what it shows. The file
// "segments" has a line for each captured segment:
//
//	0.000  SYN-SENT     >  S   seq=100          SYN-RECEIVED
//	0.020  ESTABLISHED  <  S.  seq=300 ack=101  SYN-RECEIVED
//
// that is: seconds since the start; the state of A after it; > from A or <
// from B; the control bits as tcpdump writes them; numbers; the state of B
// after it. "-" is a state that is not checked; "?" behind a state says that
// it must be shown as not proved. Fields: seq, ack, len, win, ts=VAL/ECR, mss,
// ws, sackok, sack=LEFT-RIGHT, fo (a fast open cookie), tls=TYPE (the payload is one record of
// TLS), id (IPv4), ttl, badsum,
// partsum (a checksum of the pseudo-header only, as the sender's own tap sees it),
// a=PORT and b=PORT for other ports than 40001 and 5000. Lines "icmp TYPE CODE" in
// place of flags quote the segment of A with that seq. "#" begins a comment.
//
// The file "expect" has lines "#ID PATH VALUE": PATH is a path into the
// connection's JSON record, and VALUE what stands there; "#ID has FINDING" and
// "#ID lacks FINDING" for findings, and "#ID finding FINDING PATH VALUE" for what
// stands in one's record; "#ID path SIDE STATE..." for the states of an end in
// order, momentary ones in parentheses; "connections N".
package script
