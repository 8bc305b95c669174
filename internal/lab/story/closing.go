package story

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/lastack/lastack/internal/lab/path"
)

var (
	fromA = path.From(path.A)
	fromB = path.From(path.B)
)

// closeBoth is the polite end: A closes, B reads it and closes later.
func closeBoth(w *World, a, b *Sock) {
	a.Close()
	w.Later()
	b.Close()
	w.Later()
}

var closing = []Story{
	{
		Name: "four-segment-close", Title: "normal four-segment close, client (A) closes first",
		Verdict: [2]string{
			"SYN_SENT, ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, TIME_WAIT (still TIME_WAIT at the end of the capture)",
			"LISTEN/SYN_RECEIVED, ESTABLISHED, CLOSE_WAIT, LAST_ACK, CLOSED",
		},
		Run: func(w *World) {
			a, b := w.Pair()
			closeBoth(w, a, b)
		},
	},
	{
		Name: "four-segment-close-by-server", Title: "normal four-segment close, server (B) closes first",
		Verdict: [2]string{"ESTABLISHED, CLOSE_WAIT, LAST_ACK, CLOSED", "ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, TIME_WAIT"},
		Run: func(w *World) {
			a, b := w.Pair()
			closeBoth(w, b, a)
		},
	},
	{
		Name: "three-segment-close", Title: "three-segment close: B answers the FIN with a merged FIN+ACK",
		Verdict: [2]string{
			"ESTABLISHED, FIN_WAIT_1, TIME_WAIT, both caused by the same FIN+ACK",
			"ESTABLISHED, CLOSE_WAIT (momentarily, no packet of its own), LAST_ACK, CLOSED",
		},
		Run: func(w *World) {
			a, b := w.Pair()
			w.Together(a.Close, func() { b.ReadEOF(); b.Close() })
			w.Later()
		},
	},
	{
		Name: "three-segment-close-with-data", Title: "merged close whose FIN carries B's last data",
		Run: func(w *World) {
			a, b := w.Pair()
			w.Together(a.Shutdown, func() {
				b.ReadEOF()
				b.Set(unix.IPPROTO_TCP, unix.TCP_CORK, 1)
				b.Write(100)
				b.Close()
			})
			a.ReadEOF()
			w.Later()
		},
	},
	{
		Name: "simultaneous-close", Title: "simultaneous close: FINs cross", Delay: 50 * ms,
		Verdict: [2]string{"ESTABLISHED, FIN_WAIT_1, CLOSING, TIME_WAIT", "ESTABLISHED, FIN_WAIT_1, CLOSING, TIME_WAIT"},
		Run: func(w *World) {
			a, b := w.Pair()
			a.Close()
			b.Close()
			w.Later()
		},
	},
	{
		Name: "simultaneous-close-ack-lost", Title: "simultaneous close, B's ACK of A's FIN lost", Delay: 50 * ms,
		Run: func(w *World) {
			a, b := w.Pair()
			w.Rule(path.All(fromB, path.AckOfFIN), path.Drop, 1)
			a.Close()
			b.Close()
			w.Sleep(1500 * ms)
		},
	},
	{
		Name: "fin-lost-twice", Title: "A's FIN is lost twice: sent again as a probe (TLP), and then by the retransmission timer",
		Run: func(w *World) {
			a, b := w.Pair()
			w.Rule(path.All(fromA, path.FIN), path.Drop, 2)
			a.Close()
			w.Sleep(1500 * ms)
			b.Close()
			w.Later()
		},
	},
	{
		Name: "half-closed-unread", Title: "A half-closes and then closes with B's answer unread: RST in FIN_WAIT_2",
		Proof: [2][]string{{"TcpExtTCPAbortOnClose"}, {}},
		Run: func(w *World) {
			a, b := w.Pair()
			a.Shutdown()
			w.Later()
			b.Write(100)
			w.Later()
			a.Close()
			w.Later()
		},
	},
	{
		Name: "fin-wait-2-not-waited", Title: "A half-closes and then closes with TCP_LINGER2 = -1: RST instead of an orphan in FIN_WAIT_2",
		Proof: [2][]string{{"TcpExtTCPAbortOnLinger"}, {}},
		Run: func(w *World) {
			a, _ := w.Pair()
			a.Shutdown()
			w.Later()
			a.Set(unix.IPPROTO_TCP, unix.TCP_LINGER2, -1)
			a.Close()
			w.Later()
		},
	},
	{
		Name: "fin-lost-peer-closes", Title: "A's FIN is lost and B closes by itself: CLOSING on A only", Delay: 40 * ms,
		Verdict: [2]string{"FIN_WAIT_1, CLOSING, TIME_WAIT", "FIN_WAIT_1, FIN_WAIT_2, TIME_WAIT"},
		Run: func(w *World) {
			a, b := w.Pair()
			w.Rule(path.All(fromA, path.FIN), path.Drop, 1)
			a.Close()
			w.Sleep(20 * ms)
			b.Close()
			w.Sleep(1500 * ms)
		},
	},
	{
		Name: "lost-final-ack", Title: "final ACK lost once: FIN retransmitted from LAST_ACK, re-ACKed from TIME_WAIT",
		Verdict: [2]string{
			"FIN_WAIT_1, FIN_WAIT_2, TIME_WAIT (2MSL timer restarted by the second FIN)",
			"CLOSE_WAIT, LAST_ACK until the second ACK, CLOSED",
		},
		Mind: "At the A capture the first ACK is visible but B never received it; the retransmitted FIN proves B was still LAST_ACK.",
		Run: func(w *World) {
			a, b := w.Pair()
			a.Close()
			w.Later()
			w.Rule(path.All(fromA, path.AckOfFIN), path.Drop, 1)
			b.Close()
			w.Sleep(1200 * ms)
		},
	},
	{
		Name: "final-ack-always-lost", Long: true, Title: "final ACK always lost; B (orphan in LAST_ACK, tcp_orphan_retries=3) gives up",
		OnlyB: set{"tcp_orphan_retries": "3"},
		Verdict: [2]string{
			"FIN_WAIT_1, FIN_WAIT_2, TIME_WAIT",
			"CLOSE_WAIT, LAST_ACK, then silently CLOSED after the retries (time-out, no packet)",
		},
		Run: func(w *World) {
			a, b := w.Pair()
			a.Close()
			w.Later()
			w.Cut(path.All(fromA, path.AckOfFIN))
			b.Close()
			w.Sleep(8 * time.Second)
		},
	},
	{
		Name: "last-ack-gives-up", Long: true, Title: "B's FIN never arrives; B gives up in LAST_ACK, A's orphan FIN_WAIT_2 times out",
		OnlyA: set{"tcp_fin_timeout": "2"}, OnlyB: set{"tcp_orphan_retries": "2"},
		Run: func(w *World) {
			a, b := w.Pair()
			a.Close()
			w.Later()
			w.Cut(path.All(fromB, path.FIN))
			b.Close()
			w.Sleep(4500 * ms)
		},
	},
	{
		Name: "fin-wait-1-gives-up", Long: true, Title: "everything from A is lost from its FIN on; A gives up in FIN_WAIT_1 (tcp_orphan_retries=2)",
		OnlyA:   set{"tcp_orphan_retries": "2"},
		Verdict: [2]string{"FIN_WAIT_1, then silently CLOSED", "ESTABLISHED for ever"},
		Run: func(w *World) {
			a, _ := w.Pair()
			w.Cut(fromA)
			a.Close()
			w.Sleep(4500 * ms)
		},
	},
	{
		Name: "crash-in-last-ack", Title: "the final ACK is lost and B crashes in LAST_ACK",
		Verdict: [2]string{"FIN_WAIT_1, FIN_WAIT_2, TIME_WAIT", "CLOSE_WAIT, LAST_ACK, gone without a packet"},
		Run: func(w *World) {
			a, b := w.Pair()
			a.Close()
			w.Later()
			w.Cut(path.All(fromA, path.AckOfFIN))
			b.Shutdown()
			w.Sleep(50*ms + 2*w.story.Delay)
			b.Crash()
			w.Sleep(time.Second)
		},
	},
	{
		Name: "close-wait", Title: "CLOSE_WAIT: A closes, B never does (capture ends with B in CLOSE_WAIT)",
		Verdict: [2]string{"FIN_WAIT_1, FIN_WAIT_2 (an orphan; its limit not reached)", "CLOSE_WAIT at the end"},
		Run: func(w *World) {
			a, _ := w.Pair()
			a.Close()
			w.Later()
		},
	},
	{
		Name: "half-close", Title: "half-close: A shutdown(SHUT_WR), B sends 100 kB more, then closes",
		Verdict: [2]string{"FIN_WAIT_1, FIN_WAIT_2 (receiving 100 kB), TIME_WAIT", "CLOSE_WAIT (sending 100 kB), LAST_ACK, CLOSED"},
		Run: func(w *World) {
			a, b := w.Pair()
			a.Shutdown()
			b.ReadEOF()
			w.Together(func() { b.Write(100_000); b.Close() }, a.ReadEOF)
			a.Close()
			w.Later()
		},
	},
	{
		Name: "half-close-reset", Title: "half-close: A closes for good while B still sends: RST",
		Run: func(w *World) {
			a, b := w.Pair()
			a.Shutdown()
			b.ReadEOF()
			b.Write(3000)
			a.Read(3000)
			w.Later()
			a.Close()
			w.Sleep(50 * ms)
			b.Write(1000)
			w.Later()
		},
	},
	{
		Name: "fin-lost", Title: "A's FIN is lost once and retransmitted",
		Run: func(w *World) {
			a, b := w.Pair()
			w.Rule(path.All(fromA, path.FIN), path.Drop, 1)
			a.Close()
			b.ReadEOF()
			w.Later()
			b.Close()
			w.Later()
		},
	},
	{
		Name: "fin-lost-both", Title: "either side's first FIN is lost, the second arrives",
		Run: func(w *World) {
			a, b := w.Pair()
			w.Rule(path.All(fromA, path.FIN), path.Drop, 1)
			w.Rule(path.All(fromB, path.FIN), path.Drop, 1)
			a.Close()
			b.ReadEOF()
			w.Later()
			b.Close()
			w.Sleep(time.Second)
		},
	},
	{
		Name: "ack-of-fin-lost", Title: "B's ACK of A's FIN is lost; A repeats the FIN and stays in FIN_WAIT_1 until then",
		Run: func(w *World) {
			a, b := w.Pair()
			w.Rule(path.All(fromB, path.AckOfFIN), path.Drop, 1)
			a.Close()
			w.Sleep(1200 * ms)
			b.Close()
			w.Later()
		},
	},
	{
		Name: "fin-with-data", Title: "FINs with data in them",
		Run: func(w *World) {
			a, b := w.Pair()
			a.Set(unix.IPPROTO_TCP, unix.TCP_CORK, 1)
			a.Write(700)
			a.Shutdown()
			b.ReadEOF()
			w.Later()
			b.Set(unix.IPPROTO_TCP, unix.TCP_CORK, 1)
			b.Write(500)
			b.Close()
			a.ReadEOF()
			w.Later()
		},
	},
	{
		Name: "fin-with-data-after-close", Title: "B's FIN carries data that nobody reads any more: RST from FIN_WAIT_2",
		Run: func(w *World) {
			a, b := w.Pair()
			a.Close()
			w.Later()
			b.Set(unix.IPPROTO_TCP, unix.TCP_CORK, 1)
			b.Write(500)
			b.Close()
			w.Later()
		},
	},
	{
		Name: "fin-before-data", Title: "reordered: A's FIN overtakes its last data",
		Mind: "B must not go to CLOSE_WAIT at the FIN, only when the data before it is there.",
		Run: func(w *World) {
			a, b := w.Pair()
			w.Rule(path.All(fromA, path.Data), path.Later(30*ms), 1)
			a.Write(900)
			w.Sleep(5 * ms)
			a.Close()
			b.ReadEOF()
			w.Later()
			b.Close()
			w.Later()
		},
	},
	{
		Name: "data-lost-before-fin", Title: "A's last data is lost; its FIN arrives and has to wait",
		Mind: "B acknowledges the data and the FIN only when the data has come again.",
		Run: func(w *World) {
			a, b := w.Pair()
			w.Rule(path.All(fromA, path.Data), path.Drop, 1)
			a.Write(900)
			w.Sleep(5 * ms)
			a.Close()
			b.ReadEOF()
			w.Later()
			b.Close()
			w.Later()
		},
	},
	{
		Name: "close-with-queued-data", Title: "A writes 200 kB and closes at once: the FIN leaves long after close()",
		Mind: "The kernel is in FIN_WAIT_1 from close() on, the wire shows it at the FIN.",
		Run: func(w *World) {
			a, b := w.Pair()
			a.Write(200_000)
			a.Close()
			b.ReadEOF()
			w.Later()
			b.Close()
			w.Later()
		},
	},
	{
		Name: "fin-wait-2-orphan-timeout", Title: "A closed and its FIN_WAIT_2 times out (tcp_fin_timeout=2); B's late FIN draws a RST",
		OnlyA:   set{"tcp_fin_timeout": "2"},
		Verdict: [2]string{"FIN_WAIT_2, CLOSED after 2 s without a packet", "CLOSE_WAIT, LAST_ACK, CLOSED on RST"},
		Run: func(w *World) {
			a, b := w.Pair()
			a.Close()
			w.Sleep(3500 * ms)
			b.Close()
			w.Later()
		},
	},
	{
		Name: "fin-wait-2-orphan-timeout-data", Title: "A's orphan FIN_WAIT_2 times out (tcp_fin_timeout=2); B's late data draws a RST",
		OnlyA: set{"tcp_fin_timeout": "2"},
		Run: func(w *World) {
			a, b := w.Pair()
			a.Close()
			w.Sleep(3500 * ms)
			b.Write(100)
			w.Later()
			b.Close()
			w.Later()
		},
	},
	{
		Name: "fin-wait-2-orphan-timeout-data-and-fin", Long: true, Title: "A's orphan FIN_WAIT_2 times out (tcp_fin_timeout=2); B's late data draws a RST, which is lost; its late FIN draws another",
		OnlyA: set{"tcp_fin_timeout": "2"},
		Mind:  "Three effects in a row: A's end without a packet, a RST that B never hears, a RST that ends B's LAST_ACK.",
		Run: func(w *World) {
			a, b := w.Pair()
			a.Close()
			w.Sleep(3500 * ms)
			w.Rule(path.RST, path.Drop, 1)
			b.Write(100)
			w.Sleep(100 * ms) // less than B's RTO
			b.Close()
			w.Later()
		},
	},
	{
		Name: "shutdown-outlives-fin-timeout", Title: "shutdown() has no FIN_WAIT_2 limit: B closes after tcp_fin_timeout=2 has passed",
		OnlyA: set{"tcp_fin_timeout": "2"},
		Run: func(w *World) {
			a, b := w.Pair()
			a.Shutdown()
			w.Sleep(3500 * ms)
			b.Close()
			w.Later()
			a.Close()
			w.Later()
		},
	},
	{
		Name: "shutdown-then-close", Title: "A shuts down, and closes while in FIN_WAIT_2; then B closes",
		Run: func(w *World) {
			a, b := w.Pair()
			a.Shutdown()
			w.Later()
			a.Close()
			w.Later()
			b.Close()
			w.Later()
		},
	},
	{
		Name: "fin-delayed-past-its-copy", Title: "A's FIN is held up; its retransmission is answered, then the original arrives",
		Run: func(w *World) {
			a, b := w.Pair()
			w.Rule(path.All(fromA, path.FIN), path.Later(700*ms), 1)
			a.Close()
			b.ReadEOF()
			w.Later()
			b.Close()
			w.Sleep(900 * ms)
		},
	},
	{
		Name: "fin-duplicated", Title: "the network repeats both FINs",
		Run: func(w *World) {
			a, b := w.Pair()
			w.Rule(path.FIN, path.Twice(7*ms), 0)
			closeBoth(w, a, b)
		},
	},
	{
		Name: "final-ack-delayed", Title: "the final ACK is held up for longer than B's RTO: FIN and ACK again; the old ACK then draws a RST that ends A's TIME_WAIT",
		Mind: "The RST answers A's own delayed ACK and assassinates A's TIME_WAIT.",
		Run: func(w *World) {
			a, b := w.Pair()
			a.Close()
			w.Later()
			w.Rule(path.All(fromA, path.AckOfFIN), path.Later(900*ms), 1)
			b.Close()
			w.Sleep(1500 * ms)
		},
	},
}
