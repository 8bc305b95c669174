// Package wire turns the bytes of a captured frame into a Segment.
//
// It is the second stage of the data path (capture -> wire -> flow ->
// analyzer): it knows link, network and transport headers and nothing about
// connections. The common encapsulations go through a hand-checked path that
// allocates nothing; the rest goes through gopacket's layers. Both give the
// same Segment.
//
// What it holds to:
//
//   - SEG.LEN is the IP header's, not what was captured, nor the original
//     length that a capture file states, which tools cut. Only where the IP
//     length is 0, as a host leaves it to its card, does the frame's length
//     stand in (Segment.Offload).
//   - A segment counts once its control bits were captured: no SYN, FIN or RST
//     is lost to a small snaplen or to broken options. What is missing shows
//     in OptIncomplete and WindowKnown.
//   - Malformed is what every stack drops: headers that contradict each other
//     or the IP length.
//   - Options are read as Linux reads them: the last of a kind counts, a length
//     that is impossible ends the list, one that is not its kind's loses that
//     option.
//   - VLAN and tunnel ids are part of a connection's key where both directions
//     share them (FourTuple.VLAN, Decoder.TunnelPath).
package wire
