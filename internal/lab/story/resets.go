package story

import (
	"time"

	"github.com/lastack/lastack/internal/lab/path"
	"github.com/lastack/lastack/internal/packet"
	"github.com/lastack/lastack/wire"
)

var resets = []Story{
	{
		Name: "abort-linger-0", Title: "abortive close: SO_LINGER 0 -> RST",
		Verdict: [2]string{"ESTABLISHED, CLOSED at its own RST", "ESTABLISHED, CLOSED on RST"},
		Run: func(w *World) {
			a, _ := w.Pair()
			a.Abort()
			w.Later()
		},
	},
	{
		Name: "abort-in-close-wait", Title: "A closes, B aborts from CLOSE_WAIT",
		Run: func(w *World) {
			a, b := w.Pair()
			a.Close()
			w.Later()
			b.Abort()
			w.Later()
		},
	},
	{
		Name: "abort-in-fin-wait-2", Title: "A shuts down, then aborts in FIN_WAIT_2",
		Run: func(w *World) {
			a, _ := w.Pair()
			a.Shutdown()
			w.Later()
			a.Abort()
			w.Later()
		},
	},
	{
		Name: "unread-data-close", Title: "A closes with unread data: RST instead of FIN",
		Run: func(w *World) {
			a, b := w.Pair()
			b.Write(1000)
			w.Later()
			a.Close()
			w.Later()
		},
	},
	{
		Name: "data-after-close", Title: "A close()d (orphan FIN_WAIT_2), B still sends data: immediate RST",
		Verdict: [2]string{"FIN_WAIT_1, FIN_WAIT_2, RST sent on data -> CLOSED", "CLOSE_WAIT, CLOSED on RST"},
		Run: func(w *World) {
			a, b := w.Pair()
			a.Close()
			w.Later()
			b.Write(9)
			w.Later()
		},
	},
	{
		Name: "data-crosses-close", Title: "B's data crosses A's FIN: RST from FIN_WAIT_1", Delay: 40 * ms,
		Run: func(w *World) {
			a, b := w.Pair()
			a.Close()
			b.Write(500)
			w.Later()
		},
	},
	{
		Name: "write-after-rst", Title: "B goes on writing after A's RST: nothing leaves any more",
		Run: func(w *World) {
			a, b := w.Pair()
			a.Abort()
			w.Later()
			_ = b.TryWrite(10)
			_ = b.TryWrite(10)
			w.Later()
		},
	},
	{
		Name: "rst-lost", Title: "A's RST is lost; B's later data draws another",
		Run: func(w *World) {
			a, b := w.Pair()
			w.Rule(path.RST, path.Drop, 1)
			a.Abort()
			w.Sleep(500 * ms)
			b.Write(40)
			w.Later()
		},
	},
	{
		Name: "rst-always-lost", Long: true, Title: "A's RSTs are all lost; B repeats its data and gives up (tcp_retries2=3)",
		OnlyB: set{"tcp_retries2": "3"},
		Run: func(w *World) {
			a, b := w.Pair()
			w.Cut(path.RST)
			a.Abort()
			w.Sleep(300 * ms)
			b.Write(40)
			w.Sleep(5 * time.Second)
		},
	},
	{
		Name: "process-killed", Title: "kill -9 of A's process: its kernel closes with a FIN",
		Run: func(w *World) {
			a, b := w.Pair()
			kill := a.Hold()
			w.Later()
			kill()
			b.ReadEOF()
			w.Later()
			b.Close()
			w.Later()
		},
	},
	{
		Name: "process-killed-unread", Title: "kill -9 of A's process with unread data: RST",
		Run: func(w *World) {
			a, b := w.Pair()
			kill := a.Hold()
			b.Write(200)
			w.Later()
			kill()
			w.Later()
		},
	},
	{
		Name: "half-open-data-reset", Title: "half-open: B crashed silently, A sends data -> RST",
		Verdict: [2]string{"ESTABLISHED, CLOSED on RST", "CLOSED silently before, sends RST from CLOSED"},
		Run: func(w *World) {
			a, b := w.Pair()
			b.Crash()
			w.Sleep(300 * ms)
			a.Write(13)
			w.Later()
		},
	},
	{
		Name: "half-open-fin", Title: "half-open: B crashed silently, A closes: FIN -> RST",
		Run: func(w *World) {
			a, b := w.Pair()
			b.Crash()
			w.Sleep(300 * ms)
			a.Close()
			w.Later()
		},
	},
	{
		Name: "half-open-syn", Title: "A crashed and connects again from the same port while B is ESTABLISHED: challenge ACK, RST, SYN again",
		Mind: "RFC 9293 figure 9: A stays in SYN_SENT through the challenge.",
		Run: func(w *World) {
			l := w.Listen(&w.B, serverPort, 8)
			a := w.Dial(&w.A, clientPort, w.server())
			b := l.Accept()
			w.Greet(a, b)
			a.Crash()
			w.Sleep(300 * ms)
			a2 := w.Dial(&w.A, clientPort, w.server())
			b2 := l.Accept()
			w.Greet(a2, b2)
			closeBoth(w, a2, b2)
		},
	},
	forged("blind-rst-in-window", "a forged RST in B's window, not exact: challenge ACK, nothing closes",
		func(p *packet.TCP) { p.Flags = wire.RST; p.Seq += 1000 }),
	forged("blind-rst-exact", "a forged RST with exactly RCV.NXT closes B; A finds out later",
		func(p *packet.TCP) { p.Flags = wire.RST }),
	forged("blind-rst-outside", "a forged RST outside B's window: ignored",
		func(p *packet.TCP) { p.Flags = wire.RST; p.Seq -= 5000 }),
	forged("blind-syn", "a forged SYN in B's window: challenge ACK, nothing closes",
		func(p *packet.TCP) { p.Flags = wire.SYN; p.Seq += 1000; p.Ack = 0 }),
	forged("blind-data-bad-ack", "forged data whose ACK is ahead of what B sent: void, answered by an ACK",
		func(p *packet.TCP) { p.Ack += 100_000; p.Payload = make([]byte, 10) }),
	forged("blind-fin-bad-ack", "a forged FIN whose ACK is ahead of what B sent: void",
		func(p *packet.TCP) { p.Flags |= wire.FIN; p.Ack += 100_000 }),
	forged("fin-without-ack-bit", "a forged FIN without the ACK bit: dropped",
		func(p *packet.TCP) { p.Flags = wire.FIN }),
	{
		Name: "bad-rst-in-syn-sent", Title: "RST,ACK with a wrong ACK in SYN_SENT: ignored; the SYN is answered later",
		Run: func(w *World) {
			badInSynSent(w, wire.RST|wire.ACK)
		},
	},
	{
		Name: "bad-syn-ack-in-syn-sent", Title: "SYN,ACK with a wrong ACK in SYN_SENT: answered by RST, A stays; the SYN is answered later",
		Run: func(w *World) {
			badInSynSent(w, wire.SYN|wire.ACK)
		},
	},
	{
		Name: "bare-ack-in-syn-sent", Title: "a bare ACK with a right number in SYN_SENT changes nothing",
		Run: func(w *World) {
			badInSynSent(w, wire.ACK)
		},
	},
	{
		Name: "rst-bad-checksum", Title: "A's RST arrives with a bad checksum and is dropped",
		Run: func(w *World) {
			a, b := w.Pair()
			w.Rule(path.RST, path.BadChecksum, 1)
			a.Abort()
			w.Sleep(500 * ms)
			b.Write(40)
			w.Later()
		},
	},
	{
		Name: "fin-bad-checksum", Title: "A's FIN arrives with a bad checksum and is dropped",
		Run: func(w *World) {
			a, b := w.Pair()
			w.Rule(path.FIN, path.BadChecksum, 1)
			a.Close()
			b.ReadEOF()
			w.Later()
			b.Close()
			w.Later()
		},
	},
	{
		Name: "middlebox-rst-both", Title: "a middlebox sends RSTs to both ends",
		Run: func(w *World) {
			w.Pair()
			w.Later()
			a, b := w.Forge(w.client()), w.Forge(w.server())
			a.Flags, b.Flags = wire.RST|wire.ACK, wire.RST|wire.ACK
			w.Inject(a)
			w.Inject(b)
			w.Later()
		},
	},
	{
		Name: "middlebox-rst-one", Title: "a middlebox sends a RST to A only; B finds out when it sends",
		Run: func(w *World) {
			_, b := w.Pair()
			w.Later()
			p := w.Forge(w.server())
			p.Flags = wire.RST | wire.ACK
			w.Inject(p)
			w.Sleep(400 * ms)
			b.Write(20)
			w.Later()
		},
	},
	{
		Name: "rst-before-data", Title: "A's RST overtakes its data",
		Run: func(w *World) {
			a, _ := w.Pair()
			w.Rule(path.All(fromA, path.Data), path.Later(30*ms), 1)
			a.Write(200)
			w.Sleep(5 * ms)
			a.Abort()
			w.Later()
		},
	},
	{
		Name: "abort-with-queued-data", Title: "A aborts with 60 kB under way", Delay: 40 * ms,
		Run: func(w *World) {
			a, b := w.Pair()
			a.Write(60_000)
			a.Abort()
			_ = b.Drain(time.Second)
			w.Later()
		},
	},
}

// forged sends B a segment that pretends to continue what A sent, changed by
// change. Both then go on as if nothing had happened, if they can.
func forged(name, title string, change func(*packet.TCP)) Story {
	return Story{Name: name, Title: title, Run: func(w *World) {
		a, b := w.Pair()
		w.Later()
		p := w.Forge(w.client())
		change(&p)
		w.Inject(p)
		w.Sleep(400 * ms)
		_ = a.TryWrite(20)
		w.Later()
		_ = b.Drain(20 * ms)
		closeBoth(w, a, b)
	}}
}

// badInSynSent lets A hear a segment that does not answer its SYN, before
// the true answer (its first SYN is lost).
func badInSynSent(w *World, flags wire.Flags) {
	l := w.Listen(&w.B, serverPort, 8)
	w.Rule(path.SYN, path.Drop, 1)
	a := w.Socket(&w.A, clientPort)
	a.Connect(w.server())
	w.Sleep(200 * ms)
	syn := w.Last(w.client())
	p := packet.TCP{Src: syn.Dst, Dst: syn.Src, Seq: 77_000, Ack: syn.Seq + 70_000, Flags: flags, Window: 5000}
	if flags == wire.ACK {
		p.Ack = syn.Seq + 1
	}
	w.Inject(p)
	need("connect", a.Result())
	b := l.Accept()
	w.Greet(a, b)
	closeBoth(w, a, b)
}
