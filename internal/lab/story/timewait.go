package story

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lastack/lastack/internal/lab/path"
	"github.com/lastack/lastack/wire"
)

var noTimestamps = set{"tcp_timestamps": "0"}

// serverHolds brings B into TIME_WAIT and returns its listener and the last
// number that A used.
func serverHolds(w *World) (l *Sock, next wire.Seq) {
	l = w.Listen(&w.B, serverPort, 8)
	a := w.Dial(&w.A, clientPort, w.server())
	b := l.Accept()
	w.Greet(a, b)
	closeBoth(w, b, a)
	p := w.Forge(w.client())
	return l, p.Seq
}

// reopen connects from the same port again, with this sequence number (0:
// the kernel's choice), and talks.
func reopen(w *World, l *Sock, isn wire.Seq) (a, b *Sock) {
	a = w.Socket(&w.A, clientPort)
	if isn != 0 {
		a.ISN(isn)
	}
	a.Connect(w.server())
	need("connect", a.Result())
	b = l.Accept()
	w.Greet(a, b)
	return a, b
}

var timeWait = []Story{
	{
		Name: "reuse-accepted-by-timestamp", Title: "B holds TIME_WAIT; A connects again from the same port: accepted, its time stamps are newer",
		Verdict: [2]string{"first: CLOSE_WAIT, LAST_ACK, CLOSED; second: SYN_SENT, ESTABLISHED", "TIME_WAIT, SYN_RECEIVED of a new incarnation, ESTABLISHED"},
		Run: func(w *World) {
			l, _ := serverHolds(w)
			w.Sleep(1200 * ms)
			reopen(w, l, 0)
		},
	},
	{
		Name: "reuse-accepted-by-sequence", Title: "B holds TIME_WAIT; A connects again with a higher sequence number, without time stamps: accepted",
		Sysctls: noTimestamps,
		Run: func(w *World) {
			l, next := serverHolds(w)
			w.Sleep(300 * ms)
			a, b := reopen(w, l, next+100_000)
			closeBoth(w, a, b)
		},
	},
	{
		Name: "reuse-refused", Title: "B in TIME_WAIT gets a SYN with an old sequence number (no time stamps): ACK, RST, SYN again",
		Sysctls: noTimestamps,
		Mind:    "The RST of A must not put A in CLOSED: A stays in SYN_SENT. The lone ACK to a SYN must not be read as a SYN-ACK.",
		Run: func(w *World) {
			l, next := serverHolds(w)
			w.Sleep(300 * ms)
			reopen(w, l, next-4_000_000)
		},
	},
	{
		Name: "reuse-refused-rfc1337", Long: true, Title: "the same with tcp_rfc1337=1: the RST does not end TIME_WAIT, the SYN is refused again and again",
		Sysctls: noTimestamps, OnlyB: set{"tcp_rfc1337": "1"}, OnlyA: set{"tcp_syn_retries": "2", "tcp_syn_linear_timeouts": "0"},
		Run: func(w *World) {
			_, next := serverHolds(w)
			w.Sleep(300 * ms)
			a := w.Socket(&w.A, clientPort)
			a.ISN(next - 4_000_000)
			a.Connect(w.server())
			w.Sleep(4 * time.Second)
			a.Close()
		},
	},
	{
		Name: "reuse-by-time-wait-holder", Title: "A holds TIME_WAIT (1.5 s old) and reconnects with the same 4-tuple (tcp_tw_reuse=1)",
		OnlyA: set{"tcp_tw_reuse": "1"},
		Run: func(w *World) {
			l := w.Listen(&w.B, serverPort, 8)
			a := w.Dial(&w.A, clientPort, w.server())
			b := l.Accept()
			w.Greet(a, b)
			closeBoth(w, a, b)
			w.Sleep(1500 * ms)
			a, b = reopen(w, l, 0)
			closeBoth(w, a, b)
		},
	},
	{
		Name: "reuse-after-abort", Title: "A aborts and connects again from the same port with a number inside the old sequence space",
		Sysctls: noTimestamps,
		Run: func(w *World) {
			l := w.Listen(&w.B, serverPort, 8)
			a := w.Dial(&w.A, clientPort, w.server())
			b := l.Accept()
			w.Greet(a, b)
			a.Abort()
			w.Later()
			p := w.Forge(w.client())
			a, b = reopen(w, l, p.Seq-6)
			closeBoth(w, a, b)
		},
	},
	{
		Name: "reuse-overlapping", Title: "B holds TIME_WAIT; A connects again with a number inside the old sequence space: accepted, its time stamps are newer; PAWS drops the old data that would fit",
		Proof: [2][]string{{}, {"TcpExtPAWSEstab"}},
		Run: func(w *World) {
			l := w.Listen(&w.B, serverPort, 8)
			a := w.Dial(&w.A, clientPort, w.server())
			b := l.Accept()
			w.Greet(a, b)
			w.Greet(a, b)
			old := w.oldData(a, b)
			closeBoth(w, b, a)
			w.Sleep(1200 * ms)
			a, b = reopen(w, l, old.Seq-13) // its SYN and its 12 octets come before
			w.Replay(old)
			w.Later()
			closeBoth(w, a, b)
		},
	},
	{
		Name: "reuse-overlapping-no-timestamps", Title: "A aborts and connects again inside the old sequence space, without time stamps; old data that would fit has an ACK of the old connection and is dropped for that",
		Sysctls: noTimestamps, Proof: [2][]string{{}, {"TcpExtTCPChallengeACK"}},
		Run: func(w *World) {
			l := w.Listen(&w.B, serverPort, 8)
			a := w.Dial(&w.A, clientPort, w.server())
			b := l.Accept()
			w.Greet(a, b)
			w.Greet(a, b)
			old := w.oldData(a, b)
			a.Abort()
			w.Later()
			a, b = reopen(w, l, old.Seq-13) // its SYN and its 12 octets come before
			w.Replay(old)
			w.Later()
			closeBoth(w, a, b)
		},
	},
	{
		Name: "reuse-unsafe", Title: "A aborts and connects again inside the old sequence space at once; a late copy of its old RST ends the new connection at B",
		Mind: "RFC 1337: this is what 2MSL is for. The RST that B hears is the first connection's; A has sent none in the second.",
		Run: func(w *World) {
			l := w.Listen(&w.B, serverPort, 8)
			a := w.Dial(&w.A, clientPort, w.server())
			b := l.Accept()
			w.Greet(a, b)
			w.Greet(a, b)
			a.Abort()
			w.Later()
			rst := w.Last(w.client())
			a, _ = reopen(w, l, rst.Seq-13) // its SYN and its 12 octets come before
			w.Replay(rst)
			w.Later()
			a.Write(20)
			w.Later()
		},
	},
	{
		Name: "reuse-three-times", Title: "three incarnations in a row, each closed by B",
		Run: func(w *World) {
			l, _ := serverHolds(w)
			for range 2 {
				w.Sleep(1100 * ms)
				a, b := reopen(w, l, 0)
				closeBoth(w, b, a)
			}
		},
	},
	{
		Name: "reuse-after-2msl", Long: true, Title: "the same ports again, 2MSL after the close",
		Run: func(w *World) {
			l, _ := serverHolds(w)
			w.Sleep(63 * time.Second) // the kernel may be 2 s late
			a, b := reopen(w, l, 0)
			closeBoth(w, a, b)
		},
	},
	{
		Name: "reuse-roles-swapped", Title: "B holds TIME_WAIT and A has closed; then B connects to A on the same ports",
		OnlyB: set{"tcp_tw_reuse": "1"},
		Run: func(w *World) {
			l, _ := serverHolds(w)
			l.Close()
			w.Sleep(1300 * ms)
			la := w.Listen(&w.A, clientPort, 8)
			b := w.Dial(&w.B, serverPort, w.client())
			a := la.Accept()
			w.Greet(b, a)
			closeBoth(w, b, a)
		},
	},
	oldSYN("old-duplicate-syn", "an old duplicate of A's SYN reaches B in TIME_WAIT: ACK; the closed A answers that with a RST, which ends TIME_WAIT", nil),
	oldSYN("old-duplicate-syn-no-timestamps", "the same without time stamps: refused by its sequence number", noTimestamps),
	oldSYN("old-duplicate-syn-rfc1337", "the same with tcp_rfc1337=1: the RST does not end TIME_WAIT", set{"tcp_rfc1337": "1"}),
	oldData("old-duplicate-data", "old duplicate data reaches B in its second incarnation: PAWS drops it", nil),
	oldData("old-duplicate-data-no-timestamps", "old duplicate data without time stamps reaches B in its second incarnation, outside the window", noTimestamps),
	assassination("time-wait-assassination", "TIME_WAIT assassination: RST in TIME_WAIT, tcp_rfc1337=0", "0", 0),
	assassination("time-wait-assassination-rfc1337", "a RST in TIME_WAIT with tcp_rfc1337=1: ignored", "1", 0),
	assassination("time-wait-rst-outside", "a RST in TIME_WAIT outside the window: ignored", "0", -5000),
	assassination("time-wait-rst-inside", "a RST in TIME_WAIT in the window, not exact", "0", 1000),
	{
		Name: "time-wait-bucket-limit", Title: "tcp_max_tw_buckets=0: no socket stays behind for a late FIN; B's draws a RST",
		OnlyA: set{"tcp_max_tw_buckets": "0"}, Proof: [2][]string{{"TcpExtTCPTimeWaitOverflow"}},
		Run: func(w *World) {
			a, b := w.Pair()
			a.Close()
			w.Later()
			b.Close()
			w.Sleep(200 * ms)
		},
	},
	{
		Name: "time-wait-bucket-limit-shutdown", Title: "tcp_max_tw_buckets=0 and a socket that waits in FIN_WAIT_2; its final ACK is lost",
		OnlyA: set{"tcp_max_tw_buckets": "0"}, Proof: [2][]string{{"TcpExtTCPTimeWaitOverflow"}},
		Run: func(w *World) {
			a, b := w.Pair()
			a.Shutdown()
			w.Later()
			w.Rule(path.All(fromA, path.AckOfFIN), path.Drop, 1)
			b.Close()
			w.Sleep(800 * ms)
		},
	},
	{
		Name: "fin-again-in-time-wait", Title: "a late copy of B's FIN in TIME_WAIT is acknowledged; the closed B answers that ACK with a RST, which ends TIME_WAIT",
		Run: func(w *World) {
			a, b := w.Pair()
			w.Rule(path.All(fromB, path.FIN), path.Twice(800*ms), 1)
			closeBoth(w, a, b)
			w.Sleep(time.Second)
		},
	},
	{
		Name: "ports-used-up", Title: "A has 50 ports, all of them in TIME_WAIT: connect() says EADDRNOTAVAIL and sends nothing",
		OnlyA: set{"ip_local_port_range": "40000 40049", "tcp_tw_reuse": "0"}, Delay: 2 * ms,
		Run: useUp,
	},
	{
		Name: "server-restart-refused", Title: "B is restarted without SO_REUSEADDR over its TIME_WAIT: bind() says EADDRINUSE, clients are refused",
		Run: func(w *World) {
			l, _ := serverHolds(w)
			l.Close()
			w.Later()
			_, err := w.socket(&w.B, serverPort, []Option{Opt(unix.SOL_SOCKET, unix.SO_REUSEADDR, 0)})
			if !errors.Is(err, unix.EADDRINUSE) {
				need("restart", fmt.Errorf("bind() said %v", err))
			}
			a := w.Socket(&w.A, clientPort+7)
			a.Connect(w.server())
			_ = a.Result()
		},
	},
	{
		Name: "server-restart", Title: "B is restarted while the old connections are in TIME_WAIT (SO_REUSEADDR), and goes on",
		Run: func(w *World) {
			l, _ := serverHolds(w)
			l.Close()
			w.Later()
			l = w.Listen(&w.B, serverPort, 8)
			a := w.Dial(&w.A, clientPort+7, w.server())
			b := l.Accept()
			w.Greet(a, b)
			closeBoth(w, a, b)
		},
	},
}

// useUp opens and closes connections from ports of the kernel's choice until
// it has none left; A closes first each time and keeps the port in TIME_WAIT.
func useUp(w *World) {
	l := w.Listen(&w.B, serverPort, 64)
	for range 50 {
		a := w.Dial(&w.A, 0, w.server())
		b := l.Accept()
		a.Close()
		b.ReadEOF()
		b.Close()
	}
	w.Later()
	a := w.Socket(&w.A, 0)
	if err := a.TryConnect(w.server()); !errors.Is(err, unix.EADDRNOTAVAIL) {
		need("ports used up", fmt.Errorf("connect() said %v", err))
	}
}

// lastSYN waits for the client's SYN and returns it.
func (w *World) lastSYN() path.Segment {
	w.Sleep(5 * ms)
	return w.Last(w.client())
}

// oldSYN repeats A's SYN to B after B has closed first, and A last.
func oldSYN(name, title string, sysctls set) Story {
	return Story{Name: name, Title: title, Sysctls: sysctls, Run: func(w *World) {
		l := w.Listen(&w.B, serverPort, 8)
		a := w.Socket(&w.A, clientPort)
		a.Connect(w.server())
		syn := w.lastSYN()
		need("connect", a.Result())
		b := l.Accept()
		w.Greet(a, b)
		closeBoth(w, b, a)
		w.Sleep(300 * ms)
		w.Replay(syn)
		w.Later()
	}}
}

// oldData sends B 300 octets and returns their segment.
func (w *World) oldData(a, b *Sock) path.Segment {
	a.Write(300)
	w.Sleep(5 * ms)
	old := w.Last(w.client())
	b.Read(300)
	return old
}

// oldData lets data of a first incarnation arrive in the second.
func oldData(name, title string, sysctls set) Story {
	return Story{Name: name, Title: title, Sysctls: sysctls, Run: func(w *World) {
		l := w.Listen(&w.B, serverPort, 8)
		a := w.Dial(&w.A, clientPort, w.server())
		b := l.Accept()
		old := w.oldData(a, b)
		closeBoth(w, b, a)
		w.Sleep(1200 * ms)
		p := w.Forge(w.client())
		a, b = reopen(w, l, p.Seq+10_000_000)
		w.Replay(old)
		w.Later()
		closeBoth(w, a, b)
	}}
}

// assassination sends A, in TIME_WAIT, a RST at its RCV.NXT + off.
func assassination(name, title, rfc1337 string, off int32) Story {
	return Story{Name: name, Title: title, OnlyA: set{"tcp_rfc1337": rfc1337}, Run: func(w *World) {
		a, b := w.Pair()
		closeBoth(w, a, b)
		w.Sleep(400 * ms)
		p := w.Forge(w.server())
		p.Flags = wire.RST
		p.Seq += wire.Seq(off)
		w.Inject(p)
		w.Sleep(200 * ms)
	}}
}
