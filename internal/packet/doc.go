// Package packet makes frames: TCP segments and ICMP errors in IPv4 or IPv6,
// with VLAN tags, under the link types that wire decodes itself. It also parses
// a segment and shifts its numbers, so that it can be made again. Tests, the
// load generator and the lab use it; it stands outside the data path.
//
// Nothing is checked: a frame may be as wrong as a test wants it. Numbers and
// control bits have wire's types, but its decoding, which tests and the lab are
// there to test, has no part here.
package packet
