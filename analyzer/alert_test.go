package analyzer

import (
	"testing"

	"github.com/lastack/lastack/wire"
)

// TestTLSAlert: what is one record with an alert, and what only begins like it.
func TestTLSAlert(t *testing.T) {
	record := func(kind, minor byte, n int) []byte {
		return append([]byte{kind, 3, minor, byte(n >> 8), byte(n)}, make([]byte, n)...)
	}
	for _, x := range []struct {
		what    string
		payload []byte
		len     int // 0: as long as the payload
		want    bool
	}{
		{"an alert in clear", record(21, 3, 2), 0, true},
		{"of TLS 1.2, encrypted", record(21, 3, 26), 0, true},
		{"of TLS 1.3", record(23, 3, 19), 0, true},
		{"cut by the capture", record(21, 3, 26)[:12], 31, true},
		{"data of one octet of TLS 1.3", record(23, 3, 18), 0, false},
		{"data", record(23, 3, 300), 0, false},
		{"data in 275 octets", record(23, 3, 256+19), 0, false},
		{"an alert and more", append(record(21, 3, 26), record(23, 3, 100)...), 0, false},
		{"an alert longer than any", record(21, 3, 65), 0, false},
		{"another version", append([]byte{21, 2}, record(21, 3, 26)[2:]...), 0, false},
		{"too short", []byte{21, 3, 3, 0}, 0, false},
		{"nothing", nil, 0, false},
	} {
		header := [20]byte{12: 5 << 4}
		s := wire.Segment{TCP: append(header[:], x.payload...), Len: uint32(max(x.len, len(x.payload)))}
		if got := isTLSAlert(&s); got != x.want {
			t.Errorf("%s: %v", x.what, got)
		}
	}
}
