// Command differ holds lastack against tshark: which frames are TCP, which segments
// belong together, which are retransmissions, keepalive probes and the beginning of a
// reuse of ports, and how complete each conversation is. It prints where the two
// differ, for a human to judge.
//
//	go run ./internal/differ                  the captures of the repository
//	go run ./internal/differ FOLDER FILE...   these, and all below a folder or in an archive
//	go run ./internal/differ -list            hold the differences to differences.txt
//
// With -list it fails on a difference that differences.txt does not have, and on an
// entry there that does not occur any more; every entry has its reason, which says who
// is right. The list is the repository's: of captures that are named, entries of others
// are not missed. An archive (.tar.zst) is unpacked into a temporary folder, and its
// captures are named by the folder in which it stands: kernel/zero-window/A.pcap is of
// analyzer/testdata/kernel/captures.tar.zst.
//
// Both programs become a view, plain data of the same form, and the comparison knows
// only these. lastack's is made by package analyzer; which segments are whose and what
// it takes them for it tells of one connection at a time (Options.Watch), so a capture
// is read once for the records, and again for each hundred connections.
//
// tshark neither reassembles fragments nor streams here, and trusts every checksum: a
// frame is TCP where the TCP header lies, as it is to lastack, which beside it takes the
// last fragment of a segment for what it brings.
package main
