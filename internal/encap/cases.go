package encap

import "slices"

// Link types, by their LINKTYPE_ value.
const (
	linkEthernet = 1
	linkRaw      = 101
)

const (
	link   = "link"
	tags   = "tag"
	tunnel = "tunnel"
)

// SNAP before an EtherType, in a frame of IEEE 802.
const snap = "aaaa03 000000"

// Cases lists them all.
var Cases = slices.Concat(links, tagged, tunnels)

var links = []Case{
	{Name: "raw", Link: linkRaw, Wrap: plain},
	{Name: "raw-bsd", Link: 12, Wrap: plain},
	{Name: "ipv4", Link: 228, Wrap: plain},
	{Name: "ipv6", Link: 229, V6: true, Wrap: plain},
	{Name: "ethernet", Link: linkEthernet, Wrap: ethernet(0)},
	{Name: "null", Link: 0, Wrap: before("02000000")},
	{Name: "null-big-endian", Link: 0, Wrap: before("00000002")},
	{Name: "null-macos-ipv6", Link: 0, V6: true, Wrap: before("1e000000")},
	{Name: "loop", Link: 108, Wrap: before("00000002")},
	{Name: "sll", Link: 113, Wrap: over(typed, either("0000 0001 0006 020000000001 0000", "0004 0001 0006 020000000002 0000"))},
	{Name: "sll2", Link: 276, Wrap: either("0800 0000 00000002 0001 00 06 020000000001 0000", "0800 0000 00000002 0001 04 06 020000000002 0000")},
	{Name: "ppp", Link: 9, Wrap: before("ff03 0021")},
	{Name: "ppp-hdlc", Link: 50, Wrap: before("ff03 0021")},
	{Name: "ppp-with-direction", Link: 204, Wrap: either("00 ff03 0021", "01 ff03 0021")},
	{Name: "ppp-multilink", Link: 9, Wrap: over(ppp, before("ff03 003d c0000001"))},
	{Name: "ppp-multilink-short-number", Alone: true, Link: 9, Wrap: before("ff03 003d c001 21")},
	{Name: "ppp-multilink-bridged", Link: 9, Wrap: over(ethernet(0), before("ff03 003d c0000001 0031 00 01"))},
	{Name: "ppp-bridged", Link: 9, Wrap: over(ethernet(0), before("ff03 0031 00 01"))},
	{Name: "pppd", Alone: true, Link: 166, Wrap: either("00 03 0021", "01 03 0021")},
	{Name: "pppoe-link", Link: 51, Path: "[pppoe:7]", Wrap: over(ppp, pppoe)},
	{Name: "cisco-hdlc", Link: 104, Wrap: over(typed, before("0f00"))},
	{Name: "cisco-hdlc-with-direction", Alone: true, Link: 205, Wrap: over(typed, either("00 0f00", "01 0f00"))},
	{Name: "frame-relay", Link: 107, Wrap: before("1841 03 cc")},
	{Name: "frame-relay-snap", Link: 107, Wrap: over(typed, before("1841 03 00 80 000000"))},
	{Name: "frame-relay-with-direction", Alone: true, Link: 206, Wrap: either("00 1841 03 cc", "01 1841 03 cc")},
	{Name: "fddi", Link: 10, Wrap: over(typed, before("50 020000000001 020000000002 "+snap))},
	{Name: "token-ring", Link: 6, Wrap: over(typed, before("10 40 020000000001 020000000002 "+snap))},
	{Name: "token-ring-routed", Link: 6, Wrap: over(typed, before("10 40 020000000001 820000000002 0610 0011 0020 "+snap))},
	{Name: "802.3-snap", Link: linkEthernet, Wrap: over(typed, before(snap), length)},
	{Name: "802.11", Link: 105, Wrap: over(typed, before("0801 0000 020000000001 020000000002 020000000003 0000 "+snap))},
	{Name: "802.11-mesh", Link: 105, Wrap: over(typed, before("8803 0000 020000000001 020000000002 020000000003 0000 020000000004 0001"+"00 1f 00000001"+snap))},
	{Name: "802.11-mesh-six-addresses", Link: 105, Wrap: over(typed, before("8803 0000 020000000001 020000000002 020000000003 0000 020000000004 0001"+"02 1f 00000001 020000000005 020000000006"+snap))},
	{Name: "802.11-ethernet", Link: 105, Wrap: over(ethernet(0), either("0802 0000 001b21000001 020000000003 001b21000002 0000", "0801 0000 020000000003 001b21000001 001b21000002 0000"))},
	{Name: "radiotap", Link: 127, Wrap: over(typed, before("0000 0800 00000000 0801 0000 020000000001 020000000002 020000000003 0000 "+snap))},
	{Name: "radiotap-fcs-qos-padded", Link: 127, Wrap: over(typed, before("0000 0900 02000000 30 8801 0000 020000000001 020000000002 020000000003 0000 0000 ffff "+snap), fcs)},
	{Name: "802.11-with-fcs", Link: 105, Wrap: over(typed, before("0801 0000 020000000001 020000000002 020000000003 0000 "+snap), fcs)},
	{Name: "radiotap-timestamp-four-addresses", Link: 127, Wrap: over(typed, before("0000 1900 03000080 00000000 00000000 0000000000000000 00"+"0803 0000 020000000001 020000000002 020000000003 0000 020000000004 "+snap))},
	{Name: "ppi-ethernet", Link: 192, Wrap: over(ethernet(0), before("00 00 0800 01000000"))},
	{Name: "ppi-802.11", Link: 192, Wrap: over(typed, before("00 00 0800 69000000 0801 0000 020000000001 020000000002 020000000003 0000 "+snap))},
	{Name: "avs-802.11", Link: 163, Wrap: over(typed, before("80211001 00000040"+zeros(56)+"0801 0000 020000000001 020000000002 020000000003 0000 "+snap))},
	{Name: "prism-802.11", Link: 119, Wrap: over(typed, before("44000000 90000000"+zeros(136)+"0801 0000 020000000001 020000000002 020000000003 0000 "+snap))},
	{Name: "atm-llc", Link: 100, Wrap: over(typed, before(snap))},
	{Name: "sunatm", Link: 123, Wrap: over(typed, before("02 00 0020 "+snap))},
	{Name: "ip-over-fibre-channel", Link: 122, Wrap: over(typed, before("1000 020000000001 1000 020000000002 "+snap))},
	{Name: "ip-over-infiniband", Link: 242, Wrap: before(zeros(40) + "0800 0000")},
	{Name: "arcnet", Link: 7, Wrap: either("01 02 d4 00 0001", "02 01 d4 00 0001")},
	{Name: "arcnet-exception", Link: 7, Wrap: either("01 02 d4 ff 0000 d4 00 0001", "02 01 d4 ff 0000 d4 00 0001")},
	{Name: "arcnet-rfc1051", Link: 7, Wrap: either("01 02 f0", "02 01 f0")},
	{Name: "arcnet-linux", Link: 129, V6: true, Wrap: either("01 02 0000 c4 00 0001", "02 01 0000 c4 00 0001")},
	{Name: "exported-ip", Link: 252, Wrap: before("000c 0004 69700000 0000 0000")},
	{Name: "exported-ethernet", Link: 252, Wrap: over(ethernet(0), before("000c 0010 6574685f776974686f7574666373 0000 0014 0004 c0000201 0000 0000"))},
	{Name: "ieee1394", Link: 138, Wrap: over(typed, before("0000020000000001 0000020000000002"))},
	{Name: "openbsd-enc", Link: 109, Wrap: before("02000000 00000001 00000000")},
	{Name: "pflog", Link: 117, Wrap: before("3d 02 00 00" + zeros(60))},
	{Name: "nflog", Link: 239, Wrap: nflog},
	{Name: "pktap", Link: 258, Wrap: over(ethernet(0), either(pktap("01"), pktap("02")))},
	{Name: "pktap-user2", Link: 149, Wrap: over(ethernet(0), either(pktap("01"), pktap("02")))},
	{Name: "ipnet", Link: 226, Wrap: ipnet},
	{Name: "juniper-ethernet", Link: 178, Wrap: over(ethernet(0), either("4d4743 01", "4d4743 00"))},
	{Name: "juniper-ethernet-extended", Link: 178, Wrap: over(ethernet(0), before("4d4743 81 0006 0301 30 0402 18"))},
	{Name: "netanalyzer", Alone: true, Link: 240, Wrap: over(ethernet(0), before("00000000"))},
	{Name: "dsa-broadcom", Alone: true, Link: 281, Wrap: over(typed, before(macs+"20000001"))},
	{Name: "dsa-marvell", Alone: true, Link: 284, Wrap: over(typed, before(macs+"c0000001"))},
	{Name: "edsa-marvell", Alone: true, Link: 285, Wrap: over(typed, before(macs+"dada 0000 c0000001"))},
	{Name: "mpls-link", Alone: true, Link: 219, Wrap: before("00064140")},
}

var tagged = []Case{
	{Name: "vlan", VLAN: "[7]", Wrap: over(tag(7, 0), ethernet(0x8100))},
	{Name: "vlan-priority", VLAN: "[7]", Wrap: func(p []byte, back bool) []byte { // the id alone is the key
		id := uint16(0x2007)
		if back {
			id = 0xe007
		}
		return over(tag(id, 0), ethernet(0x8100))(p, back)
	}},
	{Name: "priority-only", Wrap: over(tag(0xe000, 0), ethernet(0x8100))},
	{Name: "802.1ad", VLAN: "[7 8]", Wrap: over(tag(8, 0), tag(7, 0x8100), ethernet(0x88a8))},
	{Name: "qinq", VLAN: "[7 8]", Wrap: over(tag(8, 0), tag(7, 0x8100), ethernet(0x8100))},
	{Name: "qinq-9100", VLAN: "[7 8]", Wrap: over(tag(8, 0), tag(7, 0x8100), ethernet(0x9100))},
	{Name: "three-tags", VLAN: "[7 8]", Path: "[vlan:9]", Wrap: over(tag(9, 0), tag(8, 0x8100), tag(7, 0x8100), ethernet(0x88a8))},
	{Name: "provider-backbone", Path: "[pbb:4660]", Wrap: over(ethernet(0), before("00001234"), ethernet(0x88e7))},
	{Name: "hsr", Wrap: over(typed, either("0034 0001", "0034 0002"), ethernet(0x892f))},
	{Name: "vn-tag", Wrap: over(typed, either("00010002", "80020001"), ethernet(0x8926))},
	{Name: "e-tag", Wrap: over(typed, either("0001 0005 0000", "0005 0001 0000"), ethernet(0x893f))},
	{Name: "cisco-metadata", Wrap: over(typed, either("01 01 0001 0004", "01 01 0001 0007"), ethernet(0x8909))},
	{Name: "cisco-metadata-in-vlan", VLAN: "[7]", Wrap: over(typed, either("01 01 0001 0004", "01 01 0001 0007"), tag(7, 0x8909), ethernet(0x8100))},
	{Name: "macsec", Wrap: over(typed, either("00 00 00000009", "00 00 00000004"), behind(16), ethernet(0x88e5))},
	{Name: "macsec-channel", Wrap: over(typed, either("20 00 00000009 0200000000010001", "20 00 00000004 0200000000020001"), behind(16), ethernet(0x88e5))},
	{Name: "trill", Wrap: over(ethernet(0), either("0010 0001 0002", "0010 0002 0001"), ethernet(0x22f3))},
	{Name: "trill-options", VLAN: "[7]", Wrap: over(tag(7, 0), ethernet(0x8100), either("0050 0001 0002 00000000", "0050 0002 0001 00000000"), ethernet(0x22f3))},
	{Name: "fabricpath", Wrap: over(ethernet(0), before("0040"), ethernet(0x8903))},
	{Name: "batman-adv", Wrap: over(ethernet(0), either("40 0f 32 00 020000000001", "40 0f 32 00 020000000002"), ethernet(0x4305))},
	{Name: "batman-adv-four-addresses", Wrap: over(ethernet(0), before("42 0f 32 00 020000000001 020000000002 01 00"), ethernet(0x4305))},
	{Name: "batman-adv-14", Wrap: over(ethernet(0), before("03 0e 32 00 020000000001"), ethernet(0x4305))},
	{Name: "mpls", Wrap: over(either("00064140", "000c8140"), ethernet(0x8847))},
	{Name: "mpls-two-labels", Wrap: over(either("00064040 000c8140", "00003140"), ethernet(0x8847))},
	{Name: "mpls-pseudowire", Wrap: over(ethernet(0), before("00064140"), ethernet(0x8847))},
	{Name: "mpls-pseudowire-control-word", Wrap: over(ethernet(0), before("00064140 00000001"), ethernet(0x8847))},
	{Name: "pppoe", Path: "[pppoe:7]", Wrap: over(ppp, pppoe, ethernet(0x8864))},
	{Name: "pppoe-in-vlan", VLAN: "[7]", Path: "[pppoe:7]", Wrap: over(ppp, pppoe, tag(7, 0x8864), ethernet(0x8100))},
	{Name: "nsh", Wrap: over(either("0fc2 01 01 000001 ff"+zeros(16), "0fc2 01 01 000002 ff"+zeros(16)), trimNSH, ethernet(0x894f))},
}

var tunnels = []Case{
	{Name: "ipip", Path: "[ipip]", Wrap: within(ip4(4))},
	{Name: "6in4", V6: true, Path: "[6in4]", Wrap: within(ip4(41))},
	{Name: "4in6", Path: "[4in6]", Wrap: within(ip6(4))},
	{Name: "6in6", V6: true, Path: "[6in6]", Wrap: within(ip6(41))},
	{Name: "gre", Path: "[gre]", Wrap: within(gre(0, 0, ""), ip4(47))},
	{Name: "gre-over-ipv6", Path: "[gre]", Wrap: within(gre(0, 0, ""), ip6(47))},
	{Name: "gre-key-and-sequence", Path: "[gre:5]", Wrap: within(gre(0x3000, 0, "00000005 00000001"), ip4(47))},
	{Name: "gre-ethernet", Path: "[gre:5]", Wrap: within(ethernet(0), gre(0x2000, 0x6558, "00000005"), ip4(47))},
	{Name: "gre-mpls", Path: "[gre]", Wrap: within(before("00064140"), gre(0, 0x8847, ""), ip4(47))},
	{Name: "gre-wccp", Path: "[gre]", Wrap: within(before("00000000"), gre(0, 0x883e, ""), ip4(47))},
	{Name: "gre-frame-relay", Path: "[gre]", Wrap: within(before("1841 03 cc"), gre(0, 0x6559, ""), ip4(47))},
	{Name: "gre-in-udp", Path: "[gre:5]", Wrap: within(gre(0x2000, 0, "00000005"), udp(4754, false), ip4(17))},
	{Name: "gre-in-udp-ethernet", Path: "[gre]", Wrap: within(ethernet(0), gre(0, 0x6558, ""), udp(4754, false), ip6(17))},
	{Name: "eoip", Path: "[eoip:5]", Wrap: within(ethernet(0), eoip, ip4(47))},
	{Name: "pim-register", Path: "[pim]", Wrap: within(before("2100 deff 00000000"), ip4(103))},
	{Name: "tzsp", Path: "[tzsp]", Wrap: within(ethernet(0), before("01 00 0001 01"), udp(37008, false), ip4(17))},
	{Name: "tzsp-802.11-with-tags", Path: "[tzsp]", Wrap: within(typed, before("01 00 0012 00 0a 01 c8 28 04 00000001 01 0801 0000 020000000001 020000000002 020000000003 0000 "+snap), udp(37008, false), ip4(17))},
	{Name: "pptp", Path: "[gre]", Wrap: within(ppp, pptp, ip4(47))},
	{Name: "erspan-1", Path: "[gre erspan]", Wrap: within(ethernet(0), gre(0, 0x88be, ""), ip4(47))},
	{Name: "erspan-2", Path: "[gre erspan:3]", Wrap: within(ethernet(0), gre(0x1000, 0x88be, "00000001"+"1007 0003 00000001"), ip4(47))},
	{Name: "erspan-3", Path: "[gre erspan:3]", Wrap: within(ethernet(0), gre(0x1000, 0x22eb, "00000001"+"2007 0003 00000001 0000 0000"), ip4(47))},
	{Name: "erspan-3-platform", Path: "[gre erspan:3]", Wrap: within(ethernet(0), gre(0x1000, 0x22eb, "00000001"+"2007 0003 00000001 0000 0001 0c000000 00000000"), ip4(47))},
	{Name: "etherip", Path: "[etherip]", Wrap: within(ethernet(0), before("3000"), ip4(97))},
	{Name: "mpls-in-ip", Wrap: within(before("00064140"), ip4(137))},
	{Name: "mpls-in-udp", Wrap: within(before("00064140"), udp(6635, false), ip4(17))},
	{Name: "vxlan", Path: "[vxlan:42]", Wrap: within(ethernet(0), before("08000000 00002a00"), udp(4789, false), ip4(17))},
	{Name: "vxlan-linux-port", Path: "[vxlan:42]", Wrap: within(ethernet(0), before("08000000 00002a00"), udp(8472, false), ip4(17))},
	{Name: "vxlan-id-not-valid", Path: "[vxlan:42]", Wrap: within(ethernet(0), before("00000000 00002a00"), udp(4789, false), ip4(17))},
	{Name: "vxlan-in-udp-lite", Path: "[vxlan:42]", Wrap: within(ethernet(0), before("08000000 00002a00"), udp(4789, false), ip4(136))},
	{Name: "vxlan-802.3-snap", Path: "[vxlan:42]", Wrap: within(typed, before(snap), length, before("08000000 00002a00"), udp(4789, false), ip4(17))},
	{Name: "vxlan-vlan-inside", Path: "[vxlan:42 vlan:77]", Wrap: within(tag(77, 0), ethernet(0x8100), before("08000000 00002a00"), udp(4789, false), ip6(17))},
	{Name: "vxlan-gpe", Path: "[vxlan:42]", Wrap: within(before("0c000001 00002a00"), udp(4790, false), ip4(17))},
	{Name: "vxlan-gpe-nsh", Path: "[vxlan:42]", Wrap: within(either("0fc2 01 01 000001 ff", "0fc2 01 01 000002 ff"), trimNSH, before("0c000004 00002a00"), udp(4790, false), ip4(17))},
	{Name: "geneve", Path: "[geneve:42]", Wrap: within(ethernet(0), before("0000 6558 00002a00"), udp(6081, false), ip4(17))},
	{Name: "geneve-aws-gateway", Path: "[geneve:0]", Wrap: within(before("0840 0800 00000000 0108 01 02 0000000000000001 0108 02 02 0000000000000002 0108 03 01 00000003"), udp(6081, false), ip4(17))},
	{Name: "geneve-ovn", Path: "[geneve:5]", Wrap: within(ethernet(0), before("0240 6558 00000500 0102 80 01 00010002"), udp(6081, false), ip4(17))},
	{Name: "gtp-u", Path: "[gtp]", Wrap: within(gtp("30ff", "", ""), udp(2152, true), ip4(17))},
	{Name: "gtp-u-extension", Path: "[gtp]", Wrap: within(gtp("34ff", "0000 00 85", "01 1005 00"), udp(2152, true), ip4(17))},
	{Name: "teredo", V6: true, Path: "[teredo]", Wrap: within(udp(3544, false), ip4(17))},
	{Name: "teredo-authenticated", V6: true, Path: "[teredo]", Wrap: within(before("0001 00 00 0000000000000000 00 0000 3cb1 34ff8efd"), udp(3544, false), ip4(17))},
	{Name: "l2tp-2", Path: "[l2tp]", Wrap: within(ppp, either("4002 0000 0001 0002", "4002 0000 0003 0004"), l2tpLength, udp(1701, true), ip4(17))},
	{Name: "l2tp-2-short", Path: "[l2tp]", Wrap: within(ppp, either("0002 0001 0002", "0002 0003 0004"), udp(1701, true), ip4(17))},
	{Name: "l2tp-3-in-ip", Path: "[l2tp]", Wrap: within(ethernet(0), either("00000001 00000000", "00000002 00000000"), ip4(115))},
	{Name: "l2tp-3-in-udp", Path: "[l2tp]", Wrap: within(ethernet(0), either("0003 0000 00000001 00000000", "0003 0000 00000002 00000000"), udp(1701, true), ip4(17))},
	{Name: "lisp", Path: "[lisp:9]", Wrap: within(before("08000000 00000900"), udp(4341, false), ip4(17))},
	{Name: "ah", Wrap: over(authenticated, ethernet(0))},
	{Name: "segment-routing", V6: true, Path: "[6in6]", Wrap: within(before("29 02 04 00 00 00 0000 20010db8000f00000000000000000003"), ip6(43))},
	{Name: "hop-by-hop-and-destination", V6: true, Path: "[6in6]", Wrap: within(before("3c 00 0104 00000000 29 00 0104 00000000"), ip6(0))},
	{Name: "vxlan-in-gre-in-qinq", VLAN: "[7 8]", Path: "[gre vxlan:42]", Wrap: over(ethernet(0), before("08000000 00002a00"), udp(4789, false), ip4(17), gre(0, 0, ""), ip4(47), tag(8, 0), tag(7, 0x8100), ethernet(0x88a8))},
}

func init() {
	for i := range Cases {
		c := &Cases[i]
		switch {
		case i < len(links):
			c.Group = link
		case i < len(links)+len(tagged):
			c.Group, c.Link = tags, linkEthernet
		default:
			c.Group, c.Link = tunnel, linkEthernet
		}
	}
}
