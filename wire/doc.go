// Package wire turns the bytes of a captured frame into a Segment.
//
// It is the second stage of the data path (capture -> wire -> flow ->
// analyzer): it knows link, network and transport headers and nothing about
// connections. The common encapsulations go through a hand-checked path that
// allocates nothing; the rest goes through gopacket's layers. Both give the
// same Segment.
package wire
