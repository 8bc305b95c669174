// Package packet reads and writes the IP packets that cross the lab's
// network: one IPv4 or IPv6 packet with a TCP segment, without link header.
// It is deliberately apart from package wire, which the lab is there to test.
package packet
