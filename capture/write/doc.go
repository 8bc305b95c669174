// Package write writes captures: plain pcap, and pcapng with everything that
// lastack has to say in one (comments, directions, drop counts, link types of
// any number). Both writers stream through one buffer; Flush hands on what is
// in it.
//
// It stands beside the data path: it takes capture.Packet, and what it writes
// comes back through package capture.
package write
