// Package packet makes frames: TCP segments and ICMP errors in IPv4 or IPv6,
// with VLAN tags, under the link types that wire decodes itself. Tests and the
// load generator use it; it stands outside the data path.
//
// Nothing is checked: a frame may be as wrong as a test wants it.
package packet
