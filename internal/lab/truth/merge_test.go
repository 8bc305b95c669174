package truth

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/lastack/lastack/internal/packet"
	"github.com/lastack/lastack/wire"
)

var (
	own   = netip.MustParseAddrPort("198.51.100.1:5000")
	other = netip.MustParseAddrPort("192.0.2.1:40001")
)

const msec = int64(1e6)

// script is a host's record in lines, each beginning with a time in
// milliseconds: "5 < S." a frame received, "5 > R:9" one sent with that number, "5 LISTEN
// SYN_RECV" a trace event, "5 diag 3 9 TIME_WAIT" a mini-socket that dumps
// showed from 5 (not yet at 3) to 9 ("-": to the end).
func script(t *testing.T, lines string) Host {
	t.Helper()
	var h Host
	acked := map[bool]wire.Seq{}
	for line := range strings.Lines(lines) {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		at := number(t, f[0])
		switch f[1] {
		case "<", ">":
			flags, number, _ := strings.Cut(f[2], ":")
			x := frame(at, f[1] == ">", flags)
			if n, err := strconv.ParseUint(number, 10, 32); err == nil {
				x.Seq = wire.Seq(n)
			}
			x.Ack = acked[x.Sent]
			if strings.Contains(f[2], "F") {
				acked[!x.Sent] = 1 // what the other end sends from now on acknowledges it
			}
			h.Frames = append(h.Frames, x)
		case "icmp":
			syn := packet.TCP{Src: own, Dst: other, Flags: wire.SYN}
			e := packet.Unreachable(other.Addr(), own.Addr(), 1, syn.Append(nil, packet.Raw))
			h.Frames = append(h.Frames, Frame{T: at, Raw: e.Append(nil, packet.Raw)})
		case "diag":
			h.Samples = append(h.Samples, sample(t, at, f[2], f[3], f[4]))
		default:
			e := Event{T: at, Name: "inet_sock_set_state", Sock: 1, Local: own, Remote: other, Old: f[1], New: f[2]}
			if len(f) > 3 {
				e.Local = netip.AddrPortFrom(own.Addr(), 0)
			}
			h.Events = append(h.Events, e)
		}
	}
	return h
}

func number(t *testing.T, s string) int64 {
	t.Helper()
	var ms float64
	if _, err := fmt.Sscan(s, &ms); err != nil {
		t.Fatal(s, err)
	}
	return int64(ms * float64(msec))
}

func frame(at int64, sent bool, flags string) Frame {
	p := packet.TCP{Src: other, Dst: own}
	if sent {
		p.Src, p.Dst = own, other
	}
	for _, c := range flags {
		p.Flags |= map[rune]wire.Flags{'S': wire.SYN, 'F': wire.FIN, 'R': wire.RST, '.': wire.ACK}[c]
	}
	return Frame{T: at, Sent: sent, TCP: p, Whole: true, Raw: p.Append(nil, packet.Raw)}
}

func sample(t *testing.T, from int64, before, to, state string) Sample {
	s := Sample{Tuple: Tuple{own, other}, State: state, Mini: true, Before: number(t, before), From: from}
	if to != "-" {
		s.To = number(t, to)
		s.After = s.To + 2*msec
	}
	return s
}

func TestMerge(t *testing.T) {
	const opened = `
		1 < S
		1.03 > S.
		2 diag 0 9 SYN_RECV
		10 < .
		10.01 LISTEN SYN_RECV
		10.02 SYN_RECV ESTABLISHED
	`
	const toFinWait2 = opened + `
		20 ESTABLISHED FIN_WAIT1
		20.01 > F.
		30 < .
		30.01 FIN_WAIT1 FIN_WAIT2
	`
	tests := []struct {
		name, script, want string // state@frame
		set                func(*Host)
	}{
		{"request, then child", opened, "SYN_RECV@1 ESTABLISHED@3", nil},
		{"request too short for a dump", `
			1 < S
			1.03 > S.
			1.5 < .
			1.51 LISTEN SYN_RECV
			1.52 SYN_RECV ESTABLISHED`, "SYN_RECV@1 ESTABLISHED@3", nil},
		{"SYN cookie", `
			1 < S
			1.03 > S.
			10 < .
			10.01 LISTEN SYN_RECV
			10.02 SYN_RECV ESTABLISHED`, "SYN_RECV@3 ESTABLISHED@3", func(h *Host) { h.Cookies = true }},
		{"fast open", `
			1 < S
			1.02 LISTEN SYN_RECV
			1.03 > S.
			10 < .
			10.02 SYN_RECV ESTABLISHED`, "SYN_RECV@1 ESTABLISHED@3", nil},
		{"request times out", `
			1 < S
			1.03 > S.
			2 diag 0 9 SYN_RECV`, "SYN_RECV@1 CLOSED@0", nil},
		{"request reset before a dump", `
			1 < S
			1.03 > S.
			1.5 < R`, "SYN_RECV@1 CLOSED@3", nil},
		{"request reset, and another before the next dump", `
			1 < S
			1.03 > S.
			2 diag 0 - SYN_RECV
			10 < R
			40 < S
			40.03 > S.:9`, "SYN_RECV@1 CLOSED@3 SYN_RECV@4", nil},
		{"request reset", `
			1 < S
			1.03 > S.
			2 diag 0 9 SYN_RECV
			10 < R`, "SYN_RECV@1 CLOSED@3", nil},
		{"request answers a wrong SYN by RST", `
			1 < S
			1.03 > S.
			2 diag 0 9 SYN_RECV
			10 < S
			10.02 > R.`, "SYN_RECV@1 CLOSED@3", nil},
		{"connect without bind", `
			1 CLOSE SYN_SENT port0
			1.01 > S
			5 < S.
			5.01 SYN_SENT ESTABLISHED`, "SYN_SENT@1 ESTABLISHED@2", nil},
		{"connect without bind, unanswered", `
			1 CLOSE SYN_SENT port0
			1.01 > S`, "SYN_SENT@1", nil},
		{"connect that fails before its SYN", opened + `
			15 CLOSE SYN_SENT
			15.01 SYN_SENT CLOSE`, "SYN_RECV@1 ESTABLISHED@3", nil},
		{"refused", `
			1 CLOSE SYN_SENT
			1.01 > S
			5 < R.
			5.01 SYN_SENT CLOSE`, "SYN_SENT@1 CLOSED@2", nil},
		{"rejected by ICMP", `
			1 CLOSE SYN_SENT
			1.01 > S
			5 icmp
			5.01 SYN_SENT CLOSE`, "SYN_SENT@1 CLOSED@2", nil},
		{"passive close", opened + `
			20 < F.
			20.01 ESTABLISHED CLOSE_WAIT
			20.05 > .
			30 CLOSE_WAIT LAST_ACK
			30.01 > F.
			40 < .
			40.01 LAST_ACK CLOSE`, "SYN_RECV@1 ESTABLISHED@3 CLOSE_WAIT@4 LAST_ACK@6 CLOSED@7", nil},
		{"passive close, on a machine that stands still", opened + `
			20 < F.
			25 ESTABLISHED CLOSE_WAIT
			25.05 > .
			30 CLOSE_WAIT LAST_ACK
			30.01 > F.
			40 < .
			48 LAST_ACK CLOSE`, "SYN_RECV@1 ESTABLISHED@3 CLOSE_WAIT@4 LAST_ACK@6 CLOSED@7", nil},
		{"LAST_ACK gives up", opened + `
			20 < F.
			20.01 ESTABLISHED CLOSE_WAIT
			30 CLOSE_WAIT LAST_ACK
			900 < .
			900.01 > F.
			910 LAST_ACK CLOSE`, "SYN_RECV@1 ESTABLISHED@3 CLOSE_WAIT@4 LAST_ACK@6 CLOSED@0", nil},
		{"FIN leaves later", opened + `
			20 < F.
			20.01 ESTABLISHED CLOSE_WAIT
			30 CLOSE_WAIT LAST_ACK
			75 > F.`, "SYN_RECV@1 ESTABLISHED@3 CLOSE_WAIT@4 LAST_ACK@5", nil},
		{"FIN never leaves", opened + `
			20 ESTABLISHED FIN_WAIT1
			900 FIN_WAIT1 CLOSE`, "SYN_RECV@1 ESTABLISHED@3 FIN_WAIT1@0 CLOSED@0", nil},
		{"orphan, TIME_WAIT by diag", toFinWait2 + `
			30.02 FIN_WAIT2 CLOSE
			31 diag 29 44 FIN_WAIT2
			45 < F.
			45.03 > .
			46 diag 44 - TIME_WAIT`, "SYN_RECV@1 ESTABLISHED@3 FIN_WAIT1@4 FIN_WAIT2@5 TIME_WAIT@6", nil},
		{"orphan, FIN before the next dump", toFinWait2 + `
			30.02 FIN_WAIT2 CLOSE
			31 < F.
			31.03 > .
			31.5 diag 29 - TIME_WAIT`, "SYN_RECV@1 ESTABLISHED@3 FIN_WAIT1@4 FIN_WAIT2@5 TIME_WAIT@6", nil},
		{"orphan times out", toFinWait2 + `
			30.02 FIN_WAIT2 CLOSE
			31 diag 29 900 FIN_WAIT2`, "SYN_RECV@1 ESTABLISHED@3 FIN_WAIT1@4 FIN_WAIT2@5 CLOSED@0", nil},
		{"orphan gets data", toFinWait2 + `
			30.02 FIN_WAIT2 CLOSE
			31 diag 29 44 FIN_WAIT2
			45 < .
			45.01 > R`, "SYN_RECV@1 ESTABLISHED@3 FIN_WAIT1@4 FIN_WAIT2@5 CLOSED@6", nil},
		{"orphan's tuple taken by connect()", toFinWait2 + `
			30.02 FIN_WAIT2 CLOSE
			31 diag 29 49 FIN_WAIT2
			50 CLOSE SYN_SENT
			50.01 > S`, "SYN_RECV@1 ESTABLISHED@3 FIN_WAIT1@4 FIN_WAIT2@5 SYN_SENT@6", nil},
		{"TIME_WAIT too short for a dump", toFinWait2 + `
			30.02 FIN_WAIT2 CLOSE
			31 diag 29 49 FIN_WAIT2
			49.5 < F.
			49.53 > .
			49.6 CLOSE SYN_SENT
			49.61 > S`, "SYN_RECV@1 ESTABLISHED@3 FIN_WAIT1@4 FIN_WAIT2@5 TIME_WAIT@6 SYN_SENT@8", nil},
		{"close() in FIN_WAIT2", toFinWait2 + `
			60 FIN_WAIT2 FIN_WAIT2
			60.01 FIN_WAIT2 CLOSE
			61 diag 59 - FIN_WAIT2`, "SYN_RECV@1 ESTABLISHED@3 FIN_WAIT1@4 FIN_WAIT2@5", nil},
		{"merged FIN,ACK", opened + `
			20 ESTABLISHED FIN_WAIT1
			20.01 > F.
			30 < F.
			30.01 FIN_WAIT1 FIN_WAIT2
			30.02 FIN_WAIT2 CLOSE
			31 diag 29 - TIME_WAIT`, "SYN_RECV@1 ESTABLISHED@3 FIN_WAIT1@4 FIN_WAIT2@5 TIME_WAIT@5", nil},
		{"no TIME_WAIT left", toFinWait2 + `
			30.02 FIN_WAIT2 CLOSE`, "SYN_RECV@1 ESTABLISHED@3 FIN_WAIT1@4 FIN_WAIT2@5 CLOSED@5", func(h *Host) { h.NoTimeWait = true }},
		{"FIN with data that nobody reads", opened + `
			20 ESTABLISHED FIN_WAIT1
			20.01 > F.
			30 < F.
			30.01 FIN_WAIT1 FIN_WAIT2
			30.02 FIN_WAIT2 CLOSE
			30.04 > R`, "SYN_RECV@1 ESTABLISHED@3 FIN_WAIT1@4 FIN_WAIT2@5 CLOSED@5", nil},
		{"simultaneous close", opened + `
			20 ESTABLISHED FIN_WAIT1
			20.01 > F.
			30 < F.
			30.01 FIN_WAIT1 CLOSING
			40 < .
			40.01 CLOSING CLOSE
			41 diag 39 - TIME_WAIT`, "SYN_RECV@1 ESTABLISHED@3 FIN_WAIT1@4 CLOSING@5 TIME_WAIT@6", nil},
		{"simultaneous close, on a machine that stands still", opened + `
			20 ESTABLISHED FIN_WAIT1
			20.01 > F.
			30 < F.
			32 FIN_WAIT1 CLOSING
			40 < .
			45 CLOSING CLOSE
			46 diag 39 - TIME_WAIT`, "SYN_RECV@1 ESTABLISHED@3 FIN_WAIT1@4 CLOSING@5 TIME_WAIT@6", nil},
		{"RST, on a machine that stands still", opened + `
			40 < R
			48 ESTABLISHED CLOSE`, "SYN_RECV@1 ESTABLISHED@3 CLOSED@4", nil},
		{"a crash soon after data", opened + `
			40 < .
			40.02 > .
			41 ESTABLISHED CLOSE`, "SYN_RECV@1 ESTABLISHED@3 CLOSED@0", nil},
		{"RST in CLOSING", opened + `
			20 ESTABLISHED FIN_WAIT1
			20.01 > F.
			30 < F.
			30.01 FIN_WAIT1 CLOSING
			40 < R
			40.01 CLOSING CLOSE`, "SYN_RECV@1 ESTABLISHED@3 FIN_WAIT1@4 CLOSING@5 CLOSED@6", nil},
		{"TIME_WAIT assassinated", toFinWait2 + `
			45 < F.
			45.01 FIN_WAIT2 CLOSE
			46 diag 44 99 TIME_WAIT
			100 < R`, "SYN_RECV@1 ESTABLISHED@3 FIN_WAIT1@4 FIN_WAIT2@5 TIME_WAIT@6 CLOSED@7", nil},
		{"TIME_WAIT accepts a SYN", toFinWait2 + `
			45 < F.
			45.01 FIN_WAIT2 CLOSE
			46 diag 44 99 TIME_WAIT
			100 < S
			100.03 > S.
			101 diag 99 - SYN_RECV`, "SYN_RECV@1 ESTABLISHED@3 FIN_WAIT1@4 FIN_WAIT2@5 TIME_WAIT@6 SYN_RECV@7", nil},
		{"abort", opened + `
			20 ESTABLISHED CLOSE
			20.01 > R.`, "SYN_RECV@1 ESTABLISHED@3 CLOSED@4", nil},
		{"crash", opened + `
			20 ESTABLISHED CLOSE`, "SYN_RECV@1 ESTABLISHED@3 CLOSED@0", nil},
		{"keepalive gives up", opened + `
			20 > R.
			20.02 ESTABLISHED CLOSE`, "SYN_RECV@1 ESTABLISHED@3 CLOSED@4", nil},
		{"orphan in FIN_WAIT1 gets data", opened + `
			20 ESTABLISHED FIN_WAIT1
			20.01 > F.
			30 < .
			30.01 FIN_WAIT1 CLOSE
			30.03 > R`, "SYN_RECV@1 ESTABLISHED@3 FIN_WAIT1@4 CLOSED@5", nil},
	}
	for _, x := range tests {
		t.Run(x.name, func(t *testing.T) {
			h := script(t, x.script)
			if x.set != nil {
				x.set(&h)
			}
			eps := Merge(h)
			if len(eps) != 1 {
				t.Fatalf("%d endpoints", len(eps))
			}
			var got []string
			for _, s := range eps[0].States {
				got = append(got, fmt.Sprintf("%s@%d", s.Name, s.Frame))
			}
			if !slices.Equal(got, strings.Fields(x.want)) {
				t.Errorf("got  %v\nwant %v", got, x.want)
			}
			if err := eps[0].Check(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	for want, states := range map[string][]State{
		"ESTABLISHED after": {{Name: "ESTABLISHED", Frame: 1}},
		"without a frame":   {{Name: "SYN_SENT"}},
		"FIN_WAIT2 after":   {{Name: "SYN_SENT", Frame: 1}, {Name: "ESTABLISHED", Frame: 2}, {Name: "FIN_WAIT2", Frame: 3}},
	} {
		if err := (Endpoint{States: states}).Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestCut(t *testing.T) {
	h := script(t, `
		1 < S
		2 diag 0 9 SYN_RECV
		20 < .
		20.01 LISTEN SYN_RECV
		21 diag 20 - TIME_WAIT`)
	h.Cut(10 * msec)
	if len(h.Frames) != 1 || len(h.Events) != 0 || len(h.Samples) != 1 || h.Samples[0].After != 0 {
		t.Errorf("left: %+v", h)
	}
}
