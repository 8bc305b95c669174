package analyzer_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/lastack/lastack/analyzer"
	"github.com/lastack/lastack/internal/script"
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/wire"
)

// zeekCase is a conversation and what Zeek says of it. Its segments are a script's, apart
// by ";" and without times and states: each comes 10 ms after the one before, or so many
// seconds after it as "+N" says.
type zeekCase struct {
	from     string // where it was read
	segments string
	ports    string
	want     string // conn_state and history
}

// btest are cases of Zeek's own tests (testing/btest): what is captured in Traces, shorter
// where more of the same follows, and what Baseline says of it, which is Zeek's output.
var btest = []zeekCase{
	{"conn_state-RST-behavior, syn-then-rst", "> S seq=0; > R seq=0", "", "RSTOS0 SR"},
	{"conn_state-RST-behavior, syn-then-ack-then-rst", "> S seq=0; < . seq=0 ack=0; > R seq=0", "", "RSTOS0 SaR"},
	{"conn_state-RST-behavior, syn-then-stuff-then-rst", "> S seq=0; < . seq=0 ack=0; > F seq=0; > R seq=0", "", "OTH SaFR"},
	{"core.tcp.missing-syn", `< S. seq=300 ack=101; > . seq=101 ack=301; > P. seq=101 ack=301 len=98; < . seq=301 ack=199 len=1448;
		> . seq=199 ack=1749; > F. seq=199 ack=1749; < . seq=1749 ack=200; < F. seq=1749 ack=200; > . seq=200 ack=1750`,
		"a=56730 b=80", "SF ^hADdFaf"},
	{"core.tcp.flip-without-syn", `< S. seq=300 ack=101; > . seq=101 ack=301; > P. seq=101 ack=301 len=136; < . seq=301 ack=237;
		< P. seq=301 ack=237 len=663; > . seq=237 ack=964; > F. seq=237 ack=964; < F. seq=964 ack=238; > . seq=238 ack=965`,
		"a=6669 b=80", "SF ^hADadFf"},
	{"core.connection_flipped, handshake-reorder", `< S. seq=300 ack=101; > S seq=100; > . seq=101 ack=301; > P. seq=101 ack=301 len=136;
		< . seq=301 ack=237; < P. seq=301 ack=237 len=663; > . seq=237 ack=964; > F. seq=237 ack=964; < F. seq=964 ack=238;
		> . seq=238 ack=965`, "", "SF Hs^ADadFf"},
	{"core.conn-size-flip, one-sided-2745", "> S. seq=300 ack=101; > . seq=301 ack=153; > F. seq=301 ack=154", "", "SHR ^haf"},
	{"core.conn-size-flip, ctu-64702-888", `< S. seq=300 ack=101; < S. seq=300 ack=101; > . seq=101 ack=301; > . seq=101 ack=301;
		< F. seq=314 ack=101; < F. seq=314 ack=101; < P. seq=301 ack=101 len=13; < P. seq=301 ack=101 len=13; > . seq=101 ack=301;
		> . seq=101 ack=315; > F. seq=101 ack=315; < R seq=315; < R seq=315`, "", "SF ^hAfdtFr"},
	{"scripts.base.protocols.http.http-connect", `> S seq=100; < S. seq=300 ack=101; > . seq=101 ack=301; > P. seq=101 ack=301 len=103;
		< . seq=301 ack=204; < P. seq=301 ack=204 len=39; > . seq=204 ack=340; < P. seq=340 ack=204 len=69; < P. seq=340 ack=204 len=69;
		> . seq=224 ack=409; > P. seq=204 ack=409 len=20; < . seq=409 ack=224; < F. seq=409 ack=224; > . seq=224 ack=410;
		> F. seq=224 ack=410; < . seq=410 ack=225`, "", "SF ShADadtTfF"},
	{"core.tcp.miss-end-data", `> S seq=100; < S. seq=300 ack=101; > . seq=101 ack=301; > P. seq=101 ack=301 len=538; < . seq=301 ack=639;
		< F. seq=3203 ack=639; > . seq=639 ack=3204; > F. seq=639 ack=3204; < . seq=3204 ack=640`, "", "SF ShADafgF"},
	{"scripts.base.protocols.irc.starttls", `> S seq=100; < S. seq=300 ack=101; > . seq=101 ack=301; > P. seq=101 ack=301 len=9;
		< . seq=301 ack=110; < P. seq=301 ack=110 len=9; > . seq=110 ack=310; > F. seq=110 ack=310; < P. seq=310 ack=111 len=31;
		> R seq=111; < F. seq=341 ack=111; > R seq=111`, "", "SF ShADadFRf"},
	{"scripts.base.protocols.xmpp.starttls", `> S seq=100; < S. seq=300 ack=101; > . seq=101 ack=301; > P. seq=101 ack=301 len=9;
		< . seq=301 ack=110; < P. seq=301 ack=110 len=9; < F. seq=310 ack=110; > . seq=110 ack=311; > P. seq=110 ack=311 len=31;
		> F. seq=141 ack=311; < R seq=311; < R seq=311`, "", "SF ShADadfFr"},
	{"core.tunnels.teredo, 1577", "< F. seq=300 ack=100; > . seq=100 ack=301; > +12 F. seq=100 ack=301; < . seq=301 ack=101",
		"a=1577 b=80", "SHR ^fA"},
	{"scripts.base.protocols.ssh.half-duplex-server", `< S. seq=300 ack=101; < P. seq=301 ack=101 len=20; < . seq=321 ack=150;
		< F. seq=321 ack=160`, "b=22", "SHR ^hdaf"},
	{"scripts.base.protocols.ssh.half-duplex-client", "> S seq=100; > . seq=101 ack=301; > P. seq=101 ack=301 len=20; > F. seq=121 ack=341",
		"b=22", "SH SADF"},
	{"scripts.base.protocols.modbus.modbus_and_non_modbus_on_port_502", "> S seq=100; < S. seq=300 ack=101; > R seq=101", "b=502", "RSTO ShR"},
	{"scripts.base.protocols.pop3.basic", "> S seq=100; < R. seq=0 ack=101", "b=110", "REJ Sr"},
	{"core.mpls-in-vlan", "< P. seq=300 ack=100 len=9", "a=32828 b=80", "OTH ^d"},
	{"scripts.base.protocols.ldap.spnego-ntlmssp", `> S seq=100; < S. seq=300 ack=101; > . seq=101 ack=301; > P. seq=101 ack=301 len=9;
		< P. seq=301 ack=110 len=9; > F. seq=110 ack=310; < . seq=310 ack=111; < R. seq=310 ack=111`, "b=389", "RSTR ShADdFar"},
}

// zeekSource are cases of what the documentation and the source say: the states' meanings
// are in scripts/base/protocols/conn/main.zeek, which letter when in
// src/packet_analysis/protocol/tcp/TCPSessionAdapter.cc and src/session/Session.cc.
var zeekSource = []zeekCase{
	{"S0: an attempt, no reply", "> S seq=100; > +1 S seq=100; > +2 S seq=100", "", "S0 S"},
	{"S1: established, not terminated", "> S seq=100; < S. seq=300 ack=101; > . seq=101 ack=301", "", "S1 ShA"},
	{"S2: the originator has closed", "> S seq=100; < S. seq=300 ack=101; > . seq=101 ack=301; > F. seq=101 ack=301", "", "S2 ShAF"},
	{"S3: the responder has closed", "> S seq=100; < S. seq=300 ack=101; > . seq=101 ack=301; < F. seq=301 ack=101", "", "S3 ShAf"},
	{"RSTR: the responder aborts", "> S seq=100; < S. seq=300 ack=101; > . seq=101 ack=301; < R. seq=301 ack=101", "", "RSTR ShAr"},
	{"RSTRH: SYN,ACK and RST of the responder, no SYN", "< S. seq=300 ack=101; < R seq=301", "b=80", "RSTRH ^hr"},
	{"SH: SYN and FIN of the originator, no SYN,ACK", "> S seq=100; > F. seq=101 ack=0", "", "SH SF"},
	{"OTH: no SYN", "> . seq=100 ack=300 len=5; < . seq=300 ack=105", "", "OTH Da"},
	{"conn_state: both reset, and nothing was sent", `> S seq=100; < S. seq=300 ack=101; > R seq=101; < R. seq=301 ack=101`,
		"", "REJ ShRr"},
	{"UpdateEstablishedState: a RST after the own FIN is undone by the peer's FIN", `> S seq=100; < S. seq=300 ack=101; > . seq=101 ack=301;
		> F. seq=101 ack=301; > R seq=102; < F. seq=301 ack=102`, "", "SF ShAFRf"},
	{"UpdateInactiveState: a simultaneous open", "> S seq=100; < S seq=300; > S. seq=100 ack=301; < S. seq=300 ack=101", "", "S1 Ss"},
	{"update_history: SYN and FIN", "> SF seq=100", "", "SH Q"},
	{"update_history: FIN and RST", "> S seq=100; < S. seq=300 ack=101; > . seq=101 ack=301; > FR. seq=101 ack=301", "", "RSTO ShAI"},
	{"update_history: another FIN, another RST", `> S seq=100; < S. seq=300 ack=101; > . seq=101 ack=301; > F. seq=101 ack=301;
		> P. seq=101 ack=301 len=5; > F. seq=106 ack=301; < R. seq=301 ack=101; < R. seq=302 ack=101`, "", "RSTR ShAFDFrr"},
	{"ZeroWindow: the first and the tenth", `> S seq=100; < S. seq=300 ack=101; > . seq=101 ack=301; > P. seq=101 ack=301 len=9;
		< . seq=301 ack=110 win=0` + strings.Repeat("; > +0.3 . seq=109 ack=301; < . seq=301 ack=110 win=0", 9), "", "S1 ShADaww"},
	{"DidRxmit: the first and the tenth", "> S seq=100; < S. seq=300 ack=101; > . seq=101 ack=301; > P. seq=101 ack=301 len=9" +
		strings.Repeat("; > +0.3 P. seq=101 ack=301 len=9", 12), "", "S1 ShADTT"},
	{"init_endpoint and update_last_seq: data on a SYN are seen as sent again", "> S seq=100 len=5; < S. seq=300 ack=106", "", "S1 STh"},
	{"Gap: the first of the responder", `> S seq=100; < S. seq=300 ack=101; > . seq=101 ack=301; > P. seq=101 ack=301 len=9;
		< . seq=301 ack=110; > . seq=110 ack=1301`, "", "S1 ShADag"},
	{"TCPAnalyzer::ValidateChecksum: it is dropped", `> S seq=100; < S. seq=300 ack=101; > . seq=101 ack=301; > P. seq=101 ack=301 len=9;
		< . seq=301 ack=110; > F. seq=110 ack=301 badsum`, "", "S1 ShADaC"},
	{"tcp_close_delay: what comes later is another connection's", `> S seq=100; < S. seq=300 ack=101; > . seq=101 ack=301; > F. seq=101 ack=301;
		< F. seq=301 ack=102; > . seq=102 ack=302; < +6 R seq=302`, "", "SF ShAFf"},
}

// TestZeek plays what Zeek's tests, documentation and source tell of.
func TestZeek(t *testing.T) {
	for _, k := range append(btest, zeekSource...) {
		for name, v := range map[string]script.Variant{"v4": {}, "v6": {V6: true}, "wrap": {AddA: 0xffffff00, AddB: 0xffffff80}, "swap": {Swap: true}} {
			if name == "wrap" && strings.Contains(k.segments, "ack=0;") {
				continue
			}
			list := analyzeBytes(t, k.compile(t, v), analyzer.Options{})
			if len(list) != 1 {
				t.Errorf("%s: %s: %d connections", k.from, name, len(list))
				continue
			}
			if c := list[0].Compat; c.ZeekConnState+" "+c.ZeekHistory != k.want {
				t.Errorf("%s: %s: have %s %s, want %s", k.from, name, c.ZeekConnState, c.ZeekHistory, k.want)
			}
		}
	}
}

// compile makes a capture of a case.
func (k *zeekCase) compile(t *testing.T, v script.Variant) []byte {
	t.Helper()
	text, at := "-- segments --\n", 0.0
	for line := range strings.SplitSeq(k.segments, ";") {
		words := strings.Fields(line)
		gap := 0.01
		if after, ok := strings.CutPrefix(words[1], "+"); ok {
			if _, err := fmt.Sscan(after, &gap); err != nil {
				t.Fatal(err)
			}
			words = append(words[:1], words[2:]...)
		}
		text += fmt.Sprintf("%.3f - %s %s %s -\n", at+gap, words[0], strings.Join(words[1:], " "), k.ports)
		at += gap
	}
	sc, err := script.Parse([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", k.from, err)
	}
	data, err := sc.Compile(v)
	must(t, err)
	return data
}

// TestCommunityID: what the specification of Community ID has for TCP in
// baseline/baseline_deflt.json, IPv4 and IPv6, whichever end begins.
func TestCommunityID(t *testing.T) {
	for _, k := range []struct{ one, two, want string }{
		{"[2001:470:e5bf:dead:4957:2174:e82c:4887]:63943", "[2607:f8b0:400c:c03::1a]:25", "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4="},
		{"[2607:f8b0:400c:c03::1a]:25", "[2001:470:e5bf:dead:4957:2174:e82c:4887]:63943", "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4="},
		{"128.232.110.120:34855", "66.35.250.204:80", "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
		{"66.35.250.204:80", "128.232.110.120:34855", "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
	} {
		a := analyzer.New(analyzer.Options{})
		s := wire.Segment{Packet: 1, Ref: wire.MakeFrameRef(0, 1), Time: 1e18, Seq: 1, Flags: wire.SYN}
		s.Tuple, s.Dir = wire.NewTuple(netip.MustParseAddrPort(k.one), netip.MustParseAddrPort(k.two))
		a.Add(&s)
		a.Close()
		for r := range a.Records() {
			if c, ok := r.(*report.Connection); ok && c.CommunityID != k.want {
				t.Errorf("%s to %s: have %s, want %s", k.one, k.two, c.CommunityID, k.want)
			}
		}
	}
}
