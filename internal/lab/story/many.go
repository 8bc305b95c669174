package story

import (
	"github.com/lastack/lastack/internal/lab/path"
	"github.com/lastack/lastack/internal/packet"
	"github.com/lastack/lastack/wire"
)

// many are stories of which only many connections together tell.
var many = []Story{
	{
		Name: "close-wait-leak", Title: "the server closes 30 connections at once and forgets 6 others: they stay in CLOSE_WAIT", Delay: 2 * ms,
		Run: func(w *World) {
			l := w.Listen(&w.B, serverPort, 64)
			for i := range uint16(36) {
				a, b := w.meet(l, clientPort+i)
				a.Close()
				b.ReadEOF()
				if i%6 != 5 {
					b.Close()
				}
			}
			w.Sleep(1500 * ms)
			a, b := w.meet(l, clientPort+100) // by which the capture goes on
			closeBoth(w, a, b)
		},
	},
	{
		Name: "time-wait-pile-up", Title: "A opens 120 connections, one after the other, and closes each first: TIME_WAIT holds 120 of its ports", Delay: 2 * ms,
		Run: func(w *World) { w.pileUp(func(a, b *Sock) (first, last *Sock) { return a, b }) },
	},
	{
		Name: "time-wait-on-server", Title: "B closes 120 connections first: it holds 120 TIME_WAIT, and no port", Delay: 2 * ms,
		Run: func(w *World) { w.pileUp(func(a, b *Sock) (first, last *Sock) { return b, a }) },
	},
	{
		Name: "syn-flood", Title: "400 SYNs from forged ports in 2 s, none of which is ever acknowledged: 17 requests are held, the others dropped (tcp_syncookies=0)",
		OnlyB: set{"tcp_syncookies": "0"}, Proof: [2][]string{{}, {"TcpExtTCPReqQFullDrop"}},
		Run: func(w *World) {
			w.Listen(&w.B, serverPort, 16)
			w.Cut(path.All(fromB, path.SYNACK))
			w.flood(400)
			w.Later()
		},
	},
	{
		Name: "syn-flood-cookies", Title: "the same flood with tcp_syncookies=1: B answers each with a cookie and holds nothing; a client gets through, a wrong cookie draws a RST",
		Proof: [2][]string{{}, {"TcpExtTCPReqQFullDoCookies", "TcpExtSyncookiesSent", "TcpExtSyncookiesRecv", "TcpExtSyncookiesFailed"}},
		Run: func(w *World) {
			l := w.Listen(&w.B, serverPort, 16)
			w.Cut(path.All(fromB, path.SYNACK, path.Not(path.Port(clientPort))))
			w.flood(200)
			a := w.Dial(&w.A, clientPort, w.server())
			w.Inject(packet.TCP{Src: w.A.At(19_001), Dst: w.server(), Seq: 1, Ack: 1, Flags: wire.ACK, Window: 1024})
			w.flood(200)
			b := l.Accept()
			w.Greet(a, b)
			closeBoth(w, a, b)
		},
	},
	{
		Name: "syn-flood-client", Title: "a client in a SYN flood without cookies: its SYNs are dropped, it gives up (tcp_syn_retries=1)",
		OnlyA: set{"tcp_syn_retries": "1", "tcp_syn_linear_timeouts": "0"}, OnlyB: set{"tcp_syncookies": "0"}, Proof: [2][]string{{}, {"TcpExtTCPReqQFullDrop"}},
		Run: func(w *World) {
			w.Listen(&w.B, serverPort, 16)
			w.Cut(path.All(fromB, path.SYNACK))
			w.flood(100)
			a := w.Socket(&w.A, clientPort)
			a.Connect(w.server())
			w.flood(300)
			_ = a.Result()
		},
	},
	{
		Name: "time-wait-recycled", Title: "A has 110 ports and opens 120 connections: with tcp_tw_reuse=1 the last take ports from TIME_WAIT", Delay: 2 * ms,
		OnlyA: set{"ip_local_port_range": "40000 40109", "tcp_tw_reuse": "1"}, Proof: [2][]string{{"TcpExtTWRecycled"}, {}},
		Run: func(w *World) { w.pileUp(func(a, b *Sock) (first, last *Sock) { return a, b }) },
	},
	{
		Name: "middlebox-idle-timeout", Title: "a middlebox has forgotten 4 idle connections: what A then sends is never answered, while a new one works",
		Run: func(w *World) {
			l := w.Listen(&w.B, serverPort, 8)
			clients, _ := w.meetAll(l, 4)
			w.Sleep(1300 * ms)
			w.Cut(path.Not(path.Port(clientPort + 100)))
			for _, a := range clients {
				a.Write(13)
				w.Sleep(100 * ms)
			}
			w.Sleep(2200 * ms)
			a, b := w.meet(l, clientPort+100)
			closeBoth(w, a, b)
		},
	},
	{
		Name: "peer-rebooted", Title: "B forgets 3 connections, as if it were restarted; what A sends on each draws a RST",
		Run: func(w *World) {
			l := w.Listen(&w.B, serverPort, 8)
			clients, servers := w.meetAll(l, 3)
			for _, b := range servers {
				b.Crash()
			}
			w.Sleep(1300 * ms)
			for i, a := range clients {
				a.Write(13 + i)
				w.Sleep(200 * ms)
			}
			w.Later()
		},
	},
}

// flood injects n SYNs from forged ports, one in 5 ms.
func (w *World) flood(n uint32) {
	for i := range n {
		w.flooded++
		from := w.A.At(uint16(20_000 + 7*w.flooded))
		w.Inject(packet.TCP{Src: from, Dst: w.server(), Seq: wire.Seq(i) * 1_000_003, Flags: wire.SYN, Window: 1024})
		w.Sleep(5 * ms)
	}
}

// meet connects A, from a port (0: any), to the listener at B, and says hello.
func (w *World) meet(l *Sock, port uint16) (a, b *Sock) {
	a = w.Dial(&w.A, port, w.server())
	b = l.Accept()
	w.Greet(a, b)
	return a, b
}

// meetAll is meet for n ports.
func (w *World) meetAll(l *Sock, n uint16) (clients, servers []*Sock) {
	for i := range n {
		a, b := w.meet(l, clientPort+i)
		clients, servers = append(clients, a), append(servers, b)
	}
	return clients, servers
}

// pileUp makes short connections, of which the same end always closes first.
func (w *World) pileUp(order func(a, b *Sock) (first, last *Sock)) {
	l := w.Listen(&w.B, serverPort, 64)
	for range 120 {
		a, b := w.meet(l, 0)
		first, last := order(a, b)
		first.Close()
		last.ReadEOF()
		last.Close()
	}
	w.Later()
}
