// Package oracle judges the analyzer's records without using any of its code.
//
// It stands at the end of the data path, in tests only: it takes a finished
// report.Connection and the segments it was made from, and says what in the
// record RFC 9293 does not allow. It was written from the prose of section
// 3.10 (3.10.7 above all) and from the record format, never from the
// transition table of the fsm package, so that an error would have to be made
// twice to go unseen.
//
// How it works: each side is played again by a small reference endpoint
// (endpoint.go), which has a state and SND.UNA, SND.NXT, RCV.NXT, ISS and IRS
// as far as a tap can know them. Along the capture it takes every segment of
// its side as sent and, where the record says that a segment was received,
// that segment as received; then the RFC's next state and the record's must
// be the same (replay.go, transition.go). In between, every captured segment
// of the side must be one that an endpoint in that state may send (emit.go).
// What the record says of proofs (basis.go), of the close (closing.go), of
// resets and refuted receipts (lists.go) and of octets (counters.go) is
// reckoned again, naively.
//
// Where the RFC leaves a choice or a tap cannot know a number, the oracle lets
// the record pass and says so in Result.Unverified. Three things it allows
// that the prose, read to the letter, does not:
//
//   - A passive opener whose request is reset goes to LISTEN (3.10.7.4). A
//     record is about one connection, and listeners live on beside it, so
//     CLOSED is taken as well.
//   - A SYN,ACK that reaches SYN-RECEIVED in a simultaneous open begins before
//     RCV.NXT and fails the test of table 6. Figure 7 shows it accepted.
//   - A segment that begins before RCV.NXT is trimmed, so that its ACK and FIN
//     count, as 3.10.7.4 suggests ("one could tailor actual segments").
package oracle
