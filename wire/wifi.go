package wire

// IEEE 802.11, and what monitors put before it. gopacket's decoder takes the last four octets
// of every frame for a check sequence; in many captures there is none. The IP length tells.

// Bits of the frame control field.
const (
	wifiTypeMask  = 0x0c // of its first octet
	wifiData      = 0x08
	wifiNoData    = 0x40 // in the subtypes of data frames: there is none
	wifiQoS       = 0x80
	wifiToDS      = 0x01 // of its second octet
	wifiFromDS    = 0x02
	wifiProtected = 0x40
	wifiOrder     = 0x80
)

// wifi takes off the header of a data frame (IEEE 802.11-2020 section 9.3.2). padded says
// that it was brought to a multiple of four octets. Of several frames in one (A-MSDU) it
// takes the first.
func (d *Decoder) wifi(s *Segment, p []byte, cut uint32, padded bool) Outcome {
	const aggregate, meshed = 0x80, 0x01 // of the QoS field's octets
	if len(p) < 24 {
		return OutcomeMalformed
	}
	if p[0]&wifiTypeMask != wifiData || p[0]&wifiNoData != 0 || p[1]&wifiProtected != 0 {
		return OutcomeNotIP
	}
	n := 24
	if both := byte(wifiToDS | wifiFromDS); p[1]&both == both {
		n += 6 // a fourth address
	}
	several, mesh := false, false
	if p[0]&wifiQoS != 0 {
		if len(p) < n+2 {
			return OutcomeMalformed
		}
		several = p[n]&aggregate != 0
		mesh = p[n+1]&meshed != 0 && p[1]&wifiFromDS != 0
		if n += 2; p[1]&wifiOrder != 0 {
			n += 4 // high-throughput control
		}
	}
	if padded {
		n = (n + 3) &^ 3
	}
	if several {
		n += ethernetHeader // two addresses and a length
	}
	if mesh && n < len(p) {
		n += meshControl(p[n])
	}
	if n > len(p) {
		return OutcomeMalformed
	}
	if sameEthernet(p, p[n:], cut) {
		return d.ethernet(s, p[n:], cut)
	}
	return d.llc(s, p[n:], cut)
}

// meshControl returns the length of what stands between the header and LLC in a mesh (IEEE
// 802.11-2020 section 9.2.4.7.3), by its first octet: that says how many addresses it has. LLC
// begins with another value.
func meshControl(flags byte) int {
	const flagsTTLAndNumber, address = 6, 6
	if flags > 2 {
		return 0
	}
	return flagsTTLAndNumber + int(flags)*address
}

// sameEthernet reports whether what follows the header p of a data frame is no LLC but a frame
// of Ethernet, as some drivers pass it on: from or to the same address.
func sameEthernet(p, body []byte, cut uint32) bool {
	to, from := p[16:22], p[10:16]
	if p[1]&wifiToDS == 0 {
		to = p[4:10]
	}
	if p[1]&wifiFromDS != 0 {
		from = p[16:22]
		if p[1]&wifiToDS != 0 && len(p) >= 30 {
			from = p[24:30]
		}
	}
	return len(body) >= ethernetHeader && (string(body[:6]) == string(to) || string(body[6:12]) == string(from)) && sound(etherBridged, body, cut)
}

// radiotap takes off radiotap's header (radiotap.org): its flags say whether the one behind it
// is padded.
func (d *Decoder) radiotap(s *Segment, p []byte, cut uint32) Outcome {
	const timestamp, flags, more, padded = 1 << 0, 1 << 1, 1 << 31, 0x20 // of what is present; and of the flags
	if len(p) < 8 {
		return OutcomeMalformed
	}
	n, present := int(le.Uint16(p[2:])), le.Uint32(p[4:])
	if p[0] != 0 || n < 8 || n > len(p) {
		return OutcomeMalformed
	}
	at := 8
	for word := present; word&more != 0; at += 4 {
		if at+4 > n {
			return OutcomeMalformed
		}
		word = le.Uint32(p[at:])
	}
	if present&timestamp != 0 {
		at = (at+7)&^7 + 8
	}
	pad := present&flags != 0 && at < n && p[at]&padded != 0
	return d.wifi(s, p[n:], cut, pad)
}

// monitored takes off the headers of Prism and of AbsoluteValue Systems, either of which is
// found under both link types.
func (d *Decoder) monitored(s *Segment, p []byte, cut uint32) Outcome {
	const avs = 0x80211
	if len(p) < 8 {
		return OutcomeMalformed
	}
	n := le.Uint32(p[4:])
	if be.Uint32(p)>>12 == avs {
		n = be.Uint32(p[4:])
	}
	if n < 8 || n > uint32(len(p)) {
		return OutcomeMalformed
	}
	return d.wifi(s, p[n:], cut, false)
}
