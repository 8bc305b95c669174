// Package live reads packets from a network interface, as a capture.Source.
// It stands where the files of package capture do, at the beginning of the
// data path; only the command uses it.
//
// On Linux it reads an AF_PACKET socket through gopacket's
// pcapgo.EthernetHandle, which needs root or CAP_NET_RAW. Elsewhere Open
// fails.
package live
