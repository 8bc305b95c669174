package story

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/lastack/lastack/internal/lab/path"
)

// keepalive switches keepalive on: 1 s idle, 1 s between probes, 3 of them.
func (s *Sock) keepalive() {
	for _, o := range Keepalive(1, 1, 3) {
		s.Set(o.level, o.name, o.value)
	}
}

var idle = []Story{
	{
		Name: "keepalive-answered", Long: true, Title: "keepalive probes (idle 1 s, interval 1 s) answered, then normal close",
		Mind: "Probes: 0 bytes, seq = SND.NXT-1. Not retransmissions, not data.",
		Run: func(w *World) {
			a, b := w.Pair(Keepalive(1, 1, 3)...)
			w.Sleep(4200 * ms)
			closeBoth(w, a, b)
		},
	},
	{
		Name: "keepalive-both", Long: true, Title: "both ends probe, then B closes",
		Run: func(w *World) {
			a, b := w.Pair(Keepalive(1, 1, 3)...)
			b.keepalive()
			w.Sleep(3700 * ms)
			closeBoth(w, b, a)
		},
	},
	{
		Name: "keepalive-before-data", Title: "keepalive on a connection that never carried data",
		Run: func(w *World) {
			a, b := w.Open(Keepalive(1, 1, 3)...)
			w.Sleep(2500 * ms)
			closeBoth(w, a, b)
		},
	},
	{
		Name: "keepalive-half-closed", Title: "B probes in CLOSE_WAIT, A answers from FIN_WAIT_2; then B closes",
		Run: func(w *World) {
			a, b := w.Pair()
			b.keepalive()
			a.Shutdown()
			w.Sleep(3500 * ms)
			b.Close()
			w.Later()
		},
	},
	{
		Name: "keepalive-in-fin-wait-2", Title: "A probes in FIN_WAIT_2 with the number of its FIN; B answers from CLOSE_WAIT",
		Run: func(w *World) {
			a, b := w.Pair(Keepalive(1, 1, 3)...)
			a.Shutdown()
			w.Sleep(2600 * ms)
			b.Close()
			w.Later()
		},
	},
	{
		Name: "keepalive-unanswered", Long: true, Title: "keepalive probes unanswered (network dead in both directions): A resets and gives up",
		Verdict: [2]string{"ESTABLISHED ..., then CLOSED (ETIMEDOUT) at the RST it sends", "ESTABLISHED for ever (half-open)"},
		Run: func(w *World) {
			w.Pair(Keepalive(1, 1, 3)...)
			w.Cut(path.Any)
			w.Sleep(5 * time.Second)
		},
	},
	{
		Name: "keepalive-unanswered-rst-delivered", Long: true, Title: "only the answers are lost: A gives up and its RST reaches B",
		Run: func(w *World) {
			w.Pair(Keepalive(1, 1, 3)...)
			w.Cut(fromB)
			w.Sleep(5 * time.Second)
		},
	},
	{
		Name: "keepalive-one-lost", Title: "one probe is lost, the next is answered",
		Run: func(w *World) {
			a, b := w.Pair(Keepalive(1, 1, 3)...)
			w.Rule(fromA, path.Drop, 1)
			w.Sleep(3500 * ms)
			closeBoth(w, a, b)
		},
	},
	{
		Name: "keepalive-reset", Title: "keepalive answered with RST: B lost its state silently (crash/reboot)",
		Mind: "The RST (seq = ack of the probe, no ACK flag) is sent by a CLOSED endpoint; B left ESTABLISHED earlier than the RST.",
		Run: func(w *World) {
			_, b := w.Pair(Keepalive(1, 1, 3)...)
			w.Sleep(1500 * ms)
			b.Crash()
			w.Sleep(1500 * ms)
		},
	},
	{
		Name: "keepalive-garbage-octet", Title: "a keepalive probe with an octet of garbage, as old stacks send it",
		Run: func(w *World) {
			a, b := w.Pair()
			w.Later()
			for range 2 {
				p := w.Forge(w.client())
				p.Seq--
				p.Payload = []byte{0}
				w.Inject(p)
				w.Sleep(500 * ms)
			}
			closeBoth(w, a, b)
		},
	},
	{
		Name: "idle-cut", Title: "the cable is pulled while idle, without keepalive: nothing, ever",
		Run: func(w *World) {
			w.Pair()
			w.Cut(path.Any)
			w.Sleep(2 * time.Second)
		},
	},
	{
		Name: "dead-peer", Long: true, Title: "the path dies under data: A repeats it and gives up (tcp_retries2=3)",
		OnlyA: set{"tcp_retries2": "3"},
		Run: func(w *World) {
			a, _ := w.Pair()
			w.Cut(path.Any)
			a.Write(50)
			w.Sleep(6 * time.Second)
		},
	},
	{
		Name: "dead-peer-user-timeout", Long: true, Title: "the path dies under data: A gives up by TCP_USER_TIMEOUT 1500 ms",
		Run: func(w *World) {
			a, _ := w.Pair()
			a.Set(unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, 1500)
			w.Cut(path.Any)
			a.Write(50)
			w.Sleep(4 * time.Second)
		},
	},
	{
		Name: "outage", Title: "an outage of 1.3 s that heals: data of both sides gets through, then a close",
		Run: func(w *World) {
			a, b := w.Pair()
			mend := w.Cut(path.Any)
			a.Write(50)
			b.Write(70)
			w.Sleep(1300 * ms)
			mend()
			b.Read(50)
			a.Read(70)
			w.Later()
			closeBoth(w, a, b)
		},
	},
	{
		Name: "outage-bulk", Title: "an outage of 1.3 s in the middle of 400 kB: a whole flight is lost and sent again in slow start", Delay: 5 * ms,
		Run: func(w *World) {
			a, b := w.Pair()
			a.Write(20_000)
			b.Read(20_000)
			mend := w.Cut(path.Any)
			w.Together(func() { a.Write(400_000) }, func() { b.Read(400_000) },
				func() { w.Sleep(1300 * ms); mend() })
			w.Later()
			closeBoth(w, a, b)
		},
	},
	{
		Name: "outage-server-restarted", Title: "the server restarts behind an outage; A's data then draws a RST",
		Run: func(w *World) {
			a, b := w.Pair()
			mend := w.Cut(path.Any)
			a.Write(50)
			b.Crash()
			w.Sleep(1300 * ms)
			mend()
			w.Sleep(2 * time.Second)
		},
	},
	{
		Name: "zero-window", Title: "zero window with window probes, then the window opens",
		Mind: "Zero-window probes look like keepalives (seq below SND.NXT, 0 bytes): told apart by the advertised window 0.",
		Run: func(w *World) {
			l := w.Listen(&w.B, serverPort, 8, Opt(unix.SOL_SOCKET, unix.SO_RCVBUF, 4096))
			a := w.Dial(&w.A, clientPort, w.server())
			b := l.Accept()
			w.Together(func() { a.Write(60_000) }, func() {
				w.Sleep(3 * time.Second)
				b.Read(60_000)
			})
			closeBoth(w, a, b)
		},
	},
	neverRead("zero-window-never", "the reader never reads: A closes, its FIN cannot leave; it stays in FIN_WAIT_1 as long as B answers its probes",
		set{"tcp_orphan_retries": "3"}),
	neverRead("zero-window-never-gives-up", "the same, but A's probes soon come at the longest interval there is (tcp_rto_max_ms=1000, of Linux 6.15): its orphan gives up, answered or not",
		set{"tcp_orphan_retries": "3", "tcp_rto_max_ms": "1000"}),
	{
		Name: "zero-window-reader-dies", Title: "the reader never reads and closes: RST into the zero window's writer",
		Run: func(w *World) {
			l := w.Listen(&w.B, serverPort, 8, Opt(unix.SOL_SOCKET, unix.SO_RCVBUF, 4096))
			a := w.Dial(&w.A, clientPort, w.server())
			b := l.Accept()
			a.Write(20_000)
			w.Sleep(1500 * ms)
			b.Close()
			w.Later()
		},
	},
	{
		Name: "accept-never-called", Title: "the server never calls accept() though its queue has room: data acknowledged, no answer, the client closes",
		Run: func(w *World) {
			w.Listen(&w.B, serverPort, 8)
			a := w.Dial(&w.A, clientPort, w.server())
			a.Write(100)
			w.Sleep(1500 * ms)
			a.Close()
			w.Later()
		},
	},
	starving("descriptors-used-up", "the server has no descriptor left, accept() says EMFILE: handshakes and data are the kernel's; one client gives up, the other is served when there are some again",
		func(w *World, server *Child, first, second *Sock) {
			w.Sleep(time.Second)
			first.Close()
			w.Later()
			server.Order()
			second.Read(50)
			w.Later()
			second.Close()
			w.Later()
		}),
	starving("descriptors-used-up-for-good", "the server has no descriptor left, ever: the clients close, their FIN_WAIT_2 times out (tcp_fin_timeout=2), the server's end stays in CLOSE_WAIT",
		func(w *World, _ *Child, first, second *Sock) {
			w.Sleep(500 * ms)
			first.Close()
			second.Close()
			w.Sleep(3200 * ms)
		}),
}

// neverRead fills the window of a reader that does not read, and closes.
func neverRead(name, title string, onlyA set) Story {
	return Story{Name: name, Title: title, Long: true, OnlyA: onlyA, Run: func(w *World) {
		l := w.Listen(&w.B, serverPort, 8, Opt(unix.SOL_SOCKET, unix.SO_RCVBUF, 4096))
		a := w.Dial(&w.A, clientPort, w.server())
		l.Accept()
		a.Write(20_000)
		w.Sleep(300 * ms)
		a.Close()
		w.Sleep(6 * time.Second)
	}}
}

// starving lets a process that has used up its descriptors listen, and two
// clients connect to it and ask.
func starving(name, title string, then func(w *World, server *Child, first, second *Sock)) Story {
	return Story{
		Name: name, Title: title, OnlyA: set{"tcp_fin_timeout": "2"},
		Mind: "An acknowledgement of data does not say that a program has the connection.",
		Run: func(w *World) {
			server := w.Listen(&w.B, serverPort, 8).child("starve")
			first := w.Dial(&w.A, clientPort, w.server())
			second := w.Dial(&w.A, clientPort+1, w.server())
			server.Expect("accept: too many open files")
			first.Write(100)
			second.Write(100)
			then(w, server, first, second)
		},
	}
}
