package capture

import "strconv"

// LinkType is a LINKTYPE_ value as the capture file states it, without the
// FCS length that pcap keeps in the upper bits of the same field.
type LinkType uint32

// The link types that carry TCP/IP most often.
const (
	LinkNull     LinkType = 0
	LinkEthernet LinkType = 1
	LinkRaw      LinkType = 101
	LinkLoop     LinkType = 108
	LinkSLL      LinkType = 113
	LinkIPv4     LinkType = 228
	LinkIPv6     LinkType = 229
	LinkSLL2     LinkType = 276
)

// Those that other formats are translated to.
const (
	linkTokenRing LinkType = 6
	linkFDDI      LinkType = 10
	linkPPPSerial LinkType = 50
	linkCiscoHDLC LinkType = 104
	linkIPOverFC  LinkType = 122
	linkSunATM    LinkType = 123
	linkERF       LinkType = 197
	linkIPNET     LinkType = 226
)

// String returns the name as "tcpdump -L" prints it (EN10MB, LINUX_SLL, ...),
// or the number where the table has none.
func (l LinkType) String() string {
	if name, ok := linkNames[l]; ok {
		return name
	}
	return strconv.FormatUint(uint64(l), 10)
}

// linkNames follows tcpdump.org's list of link-layer header types, with
// libpcap's DLT_ spelling. 12 and 14 are DLT_RAW as some BSDs wrote it
// straight into files.
var linkNames = map[LinkType]string{
	LinkNull: "NULL", LinkEthernet: "EN10MB", 2: "EN3MB", 3: "AX25", 4: "PRONET",
	5: "CHAOS", 6: "IEEE802", 7: "ARCNET", 8: "SLIP", 9: "PPP", 10: "FDDI",
	12: "RAW", 14: "RAW", 50: "PPP_SERIAL", 51: "PPP_ETHER", 99: "SYMANTEC_FIREWALL",
	100: "ATM_RFC1483", LinkRaw: "RAW", 102: "SLIP_BSDOS", 103: "PPP_BSDOS",
	104: "C_HDLC", 105: "IEEE802_11", 106: "ATM_CLIP", 107: "FRELAY", LinkLoop: "LOOP",
	109: "ENC", 112: "HDLC", LinkSLL: "LINUX_SLL", 114: "LTALK", 115: "ECONET",
	116: "IPFILTER", 117: "PFLOG", 118: "CISCO_IOS", 119: "PRISM_HEADER",
	120: "AIRONET_HEADER", 122: "IP_OVER_FC", 123: "SUNATM", 127: "IEEE802_11_RADIO",
	128: "TZSP", 129: "ARCNET_LINUX", 130: "JUNIPER_MLPPP", 131: "JUNIPER_MLFR",
	132: "JUNIPER_ES", 133: "JUNIPER_GGSN", 134: "JUNIPER_MFR", 135: "JUNIPER_ATM2",
	136: "JUNIPER_SERVICES", 137: "JUNIPER_ATM1", 138: "APPLE_IP_OVER_IEEE1394",
	139: "MTP2_WITH_PHDR", 140: "MTP2", 141: "MTP3", 142: "SCCP", 143: "DOCSIS",
	144: "LINUX_IRDA", 147: "USER0", 148: "USER1", 149: "USER2", 150: "USER3",
	151: "USER4", 152: "USER5", 153: "USER6", 154: "USER7", 155: "USER8", 156: "USER9",
	157: "USER10", 158: "USER11", 159: "USER12", 160: "USER13", 161: "USER14",
	162: "USER15", 163: "IEEE802_11_RADIO_AVS", 164: "JUNIPER_MONITOR",
	165: "BACNET_MS_TP", 166: "PPP_PPPD", 167: "JUNIPER_PPPOE", 168: "JUNIPER_PPPOE_ATM",
	169: "GPRS_LLC", 170: "GPF_T", 171: "GPF_F", 174: "JUNIPER_PIC_PEER",
	175: "ERF_ETH", 176: "ERF_POS", 177: "LINUX_LAPD", 178: "JUNIPER_ETHER",
	179: "JUNIPER_PPP", 180: "JUNIPER_FRELAY", 181: "JUNIPER_CHDLC", 182: "MFR",
	183: "JUNIPER_VP", 186: "USB_FREEBSD", 187: "BLUETOOTH_HCI_H4", 188: "IEEE802_16_MAC_CPS",
	189: "USB_LINUX", 190: "CAN20B", 191: "IEEE802_15_4_LINUX", 192: "PPI",
	193: "IEEE802_16_MAC_CPS_RADIO", 194: "JUNIPER_ISM", 195: "IEEE802_15_4", 197: "ERF",
	199: "IPMB_KONTRON", 200: "JUNIPER_ST", 201: "BLUETOOTH_HCI_H4_WITH_PHDR",
	202: "AX25_KISS", 203: "LAPD", 204: "PPP_WITH_DIR", 205: "C_HDLC_WITH_DIR",
	206: "FRELAY_WITH_DIR", 207: "LAPB_WITH_DIR", 209: "I2C_LINUX", 216: "LINUX_EVDEV",
	217: "GSMTAP_UM", 218: "GSMTAP_ABIS", 219: "MPLS", 220: "USB_LINUX_MMAPPED",
	221: "DECT", 224: "FC_2", 225: "FC_2_WITH_FRAME_DELIMS", 226: "IPNET",
	227: "CAN_SOCKETCAN", LinkIPv4: "IPV4", LinkIPv6: "IPV6", 230: "IEEE802_15_4_NOFCS",
	231: "DBUS", 232: "JUNIPER_VS", 233: "JUNIPER_SRX_E2E", 234: "JUNIPER_FIBRECHANNEL",
	235: "DVB_CI", 236: "MUX27010", 237: "STANAG_5066_D_PDU", 238: "JUNIPER_ATM_CEMIC",
	239: "NFLOG", 240: "NETANALYZER", 241: "NETANALYZER_TRANSPARENT", 242: "IPOIB",
	243: "MPEG_2_TS", 244: "NG40", 245: "NFC_LLCP", 246: "PFSYNC", 247: "INFINIBAND",
	248: "SCTP", 249: "USBPCAP", 250: "RTAC_SERIAL", 251: "BLUETOOTH_LE_LL",
	252: "WIRESHARK_UPPER_PDU", 253: "NETLINK", 254: "BLUETOOTH_LINUX_MONITOR",
	255: "BLUETOOTH_BREDR_BB", 256: "BLUETOOTH_LE_LL_WITH_PHDR", 258: "PKTAP", 259: "EPON",
	260: "IPMI_HPM_2", 264: "ISO_14443", 266: "USB_DARWIN", 267: "OPENFLOW", 268: "SDLC",
	271: "VSOCK", 272: "NORDIC_BLE", 273: "DOCSIS31_XRA31", 274: "ETHERNET_MPACKET",
	LinkSLL2: "LINUX_SLL2", 278: "OPENVIZSLA", 280: "VPP_DISPATCH", 281: "DSA_TAG_BRCM",
	282: "DSA_TAG_BRCM_PREPEND", 283: "IEEE802_15_4_TAP", 284: "DSA_TAG_DSA",
	285: "DSA_TAG_EDSA", 288: "USB_2_0", 289: "ATSC_ALP", 290: "ETW", 291: "NETANALYZER_NG",
}
