package story

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/lastack/lastack/internal/lab/path"
	"github.com/lastack/lastack/internal/packet"
	"github.com/lastack/lastack/wire"
)

var fastOpen = set{"tcp_fastopen": "519"} // client and server, both without cookie

var opening = []Story{
	{
		Name: "open", Title: "normal opening, idle to the end of the capture",
		Run: func(w *World) { w.Open(); w.Later() },
	},
	{
		Name: "simultaneous-open", Title: "simultaneous open: SYNs cross", Delay: 40 * ms,
		Verdict: [2]string{"SYN_SENT, SYN_RECEIVED, ESTABLISHED", "SYN_SENT, SYN_RECEIVED, ESTABLISHED"},
		Run: func(w *World) {
			a, b := w.Socket(&w.A, clientPort), w.Socket(&w.B, serverPort)
			a.Connect(w.server())
			b.Connect(w.client())
			need("connect", a.Result())
			need("connect", b.Result())
			w.Greet(a, b)
			closeBoth(w, a, b)
		},
	},
	{
		Name: "simultaneous-open-ack-lost", Title: "simultaneous open, A's SYN,ACK lost", Delay: 40 * ms,
		Run: func(w *World) {
			w.Rule(path.All(fromA, path.SYNACK), path.Drop, 1)
			a, b := w.Socket(&w.A, clientPort), w.Socket(&w.B, serverPort)
			a.Connect(w.server())
			b.Connect(w.client())
			need("connect", a.Result())
			need("connect", b.Result())
			w.Sleep(1500 * ms)
			w.Greet(a, b)
			closeBoth(w, a, b)
		},
	},
	closeUnseen("simultaneous-open-close-syn-lost", "simultaneous open, B's SYN lost; B closes in SYN_RECV before A's ACK comes", nil),
	closeUnseen("simultaneous-open-close-syn-lost-no-timestamps", "the same without time stamps", set{"tcp_timestamps": "0"}),
	endInSynRecv("simultaneous-open-close", "simultaneous open; A closes while in SYN_RECV, B's SYN,ACK being lost",
		func(w *World, a, b *Sock) { a.Close(); w.Later(); b.Close() }),
	endInSynRecv("simultaneous-open-abort", "simultaneous open; A aborts while in SYN_RECV, B's SYN,ACK being lost: RST",
		func(_ *World, a, _ *Sock) { a.Abort() }),
	{
		Name: "fast-open", Title: "fast open accepted: data in the SYN, answered at once", Sysctls: fastOpen,
		Run: func(w *World) {
			l := w.Listen(&w.B, serverPort, 8, Opt(unix.IPPROTO_TCP, unix.TCP_FASTOPEN, 8))
			a := w.Socket(&w.A, clientPort)
			a.FastOpen(w.server(), 100)
			b := l.Accept()
			b.Read(100)
			b.Write(50)
			a.Read(50)
			w.Later()
			closeBoth(w, a, b)
		},
	},
	{
		Name: "fast-open-refused", Title: "fast open refused: the data of the SYN is ignored and sent again", OnlyA: fastOpen,
		Run: func(w *World) {
			l := w.Listen(&w.B, serverPort, 8)
			a := w.Socket(&w.A, clientPort)
			a.FastOpen(w.server(), 100)
			b := l.Accept()
			b.Read(100)
			b.Write(50)
			a.Read(50)
			w.Later()
			closeBoth(w, a, b)
		},
	},
	{
		Name: "fast-open-syn-lost", Title: "fast open, the SYN with the data is lost", Sysctls: fastOpen,
		Run: func(w *World) {
			l := w.Listen(&w.B, serverPort, 8, Opt(unix.IPPROTO_TCP, unix.TCP_FASTOPEN, 8))
			w.Rule(path.SYN, path.Drop, 1)
			a := w.Socket(&w.A, clientPort)
			a.FastOpen(w.server(), 100)
			b := l.Accept()
			b.Read(100)
			w.Later()
			closeBoth(w, a, b)
		},
	},
	{
		Name: "fast-open-old-cookie", Title: "fast open with a cookie that B, whose key has changed, does not take: the data is sent again",
		OnlyA: set{"tcp_fastopen": "1"}, OnlyB: set{"tcp_fastopen": "2"}, Proof: [2][]string{{}, {"TcpExtTCPFastOpenPassiveFail"}},
		Run: func(w *World) {
			l := w.Listen(&w.B, serverPort, 8, Opt(unix.IPPROTO_TCP, unix.TCP_FASTOPEN, 8))
			a := w.Socket(&w.A, clientPort)
			a.FastOpen(w.server(), 100) // asks for the cookie, and leaves the data to another write
			b := l.Accept()
			w.Greet(a, b)
			closeBoth(w, a, b)
			need("key", w.B.host.Sysctl("net.ipv4.tcp_fastopen_key", "1-2-3-4"))
			a = w.Socket(&w.A, clientPort+1)
			a.FastOpen(w.server(), 100)
			b = l.Accept()
			b.Read(100)
			w.Later()
			closeBoth(w, a, b)
		},
	},
	{
		Name: "syn-lost", Title: "the first SYN is lost",
		Run: func(w *World) {
			w.Rule(path.SYN, path.Drop, 1)
			a, b := w.Pair()
			closeBoth(w, a, b)
		},
	},
	{
		Name: "syn-duplicated", Title: "the network repeats the SYN",
		Run: func(w *World) {
			w.Rule(path.SYN, path.Twice(3*ms), 1)
			a, b := w.Pair()
			closeBoth(w, a, b)
		},
	},
	{
		Name: "syn-ack-lost", Title: "the first SYN,ACK is lost",
		Run: func(w *World) {
			w.Rule(path.SYNACK, path.Drop, 1)
			a, b := w.Pair()
			closeBoth(w, a, b)
		},
	},
	{
		Name: "syn-ack-always-lost", Long: true, Title: "every SYN,ACK is lost: the client gives up (tcp_syn_retries=2), the request times out (tcp_synack_retries=2)",
		OnlyA: set{"tcp_syn_retries": "2", "tcp_syn_linear_timeouts": "0"}, OnlyB: set{"tcp_synack_retries": "2"},
		Verdict: [2]string{"SYN_SENT, CLOSED by time-out", "SYN_RECEIVED, CLOSED by time-out"},
		Run: func(w *World) {
			w.Listen(&w.B, serverPort, 8)
			w.Cut(path.SYNACK)
			a := w.Socket(&w.A, clientPort)
			a.Connect(w.server())
			_ = a.Result()
			w.Sleep(3 * time.Second)
		},
	},
	{
		Name: "silence", Long: true, Title: "nobody answers the SYN (tcp_syn_retries=2)",
		OnlyA:   set{"tcp_syn_retries": "2", "tcp_syn_linear_timeouts": "0"},
		Verdict: [2]string{"SYN_SENT, CLOSED by time-out", "nothing"},
		Run: func(w *World) {
			w.Cut(path.Any)
			a := w.Socket(&w.A, clientPort)
			a.Connect(w.server())
			_ = a.Result()
		},
	},
	{
		Name: "refused", Title: "SYN to a closed port: RST+ACK",
		Verdict: [2]string{"SYN_SENT, CLOSED (refused)", "CLOSED all the time (no endpoint)"},
		Run: func(w *World) {
			a := w.Socket(&w.A, clientPort)
			a.Connect(w.B.At(5999))
			_ = a.Result()
		},
	},
	{
		Name: "rejected-by-icmp", Title: "the SYN is answered by ICMP: administratively prohibited",
		Run: func(w *World) {
			w.Rule(path.SYN, w.unreachable(13, 1), 0)
			a := w.Socket(&w.A, clientPort)
			a.Connect(w.server())
			w.Sleep(200 * ms)
			a.Close()
		},
	},
	{
		Name: "icmp-port-unreachable", Title: "the SYN is answered by ICMP: port unreachable",
		Run: func(w *World) {
			w.Rule(path.SYN, w.unreachable(3, 4), 1)
			a := w.Socket(&w.A, clientPort)
			a.Connect(w.server())
			_ = a.Result()
		},
	},
	{
		Name: "icmp-when-established", Title: "ICMP host unreachable for data of a living connection changes nothing",
		Run: func(w *World) {
			a, b := w.Pair()
			w.Rule(path.All(fromA, path.Data), w.unreachable(1, 3), 1)
			a.Write(100)
			b.Read(100)
			w.Later()
			closeBoth(w, a, b)
		},
	},
	overflow("accept-queue-overflow", "accept queue overflow: listen(1), 3 connects; the third request times out (synack_retries=2); its later data gets RST",
		set{"tcp_synack_retries": "2"}, func(w *World, l, third *Sock) {
			w.Sleep(9 * time.Second)
			_ = third.TryWrite(5)
			w.Later()
		}),
	overflow("accept-queue-overflow-recovers", "accept queue overflow; the server accepts after 1.5 s and the third connection gets through",
		nil, func(w *World, l, third *Sock) {
			w.Sleep(1500 * ms)
			for range 3 {
				l.Accept()
			}
			third.Write(5)
			w.Later()
		}),
	queueFull("syn-dropped-queue-full", "the accept queue is full: B drops A's SYN; the server accepts after 1.5 s, and the SYN's copy is answered",
		nil, func(w *World, l, third *Sock) {
			w.Sleep(1500 * ms)
			l.Accept()
			l.Accept()
			need("connect", third.Result())
			w.Greet(third, l.Accept())
			w.Later()
		}),
	queueFull("syn-dropped-gives-up", "the accept queue is full and stays so: B drops A's SYNs, which gives up (tcp_syn_retries=1)",
		set{"tcp_syn_retries": "1", "tcp_syn_linear_timeouts": "0"}, func(w *World, l, third *Sock) {
			_ = third.Result()
		}),
	overflow("accept-queue-overflow-data", "accept queue overflow; the third client sends at once and its data is resent unacknowledged",
		nil, func(w *World, l, third *Sock) {
			third.Write(50)
			w.Sleep(1500 * ms)
			for range 3 {
				l.Accept()
			}
			w.Sleep(2500 * ms)
		}),
	overflow("accept-queue-overflow-aborts", "accept queue overflow with tcp_abort_on_overflow=1: RST to the third",
		set{"tcp_abort_on_overflow": "1"}, func(w *World, l, third *Sock) { w.Later() }),
	{
		Name: "accept-queue-overflow-aborts-many", Title: "the same to four clients at once; then the server accepts, and serves another",
		OnlyB: set{"tcp_abort_on_overflow": "1"}, Proof: [2][]string{{}, {"TcpExtListenOverflows"}},
		Run: func(w *World) {
			l := w.Listen(&w.B, serverPort, 8)
			for i := range uint16(8) {
				w.Dial(&w.A, clientPort+i, w.server())
			}
			w.Sleep(100 * ms)
			var clients [5]*Sock // the queue has room for one
			for i := range clients {
				clients[i] = w.Socket(&w.A, clientPort+10+uint16(i))
				clients[i].Connect(w.server())
			}
			for _, c := range clients {
				_ = c.Result()
			}
			w.Later()
			for range 9 {
				l.Accept()
			}
			a, b := w.meet(l, clientPort+20)
			closeBoth(w, a, b)
		},
	},
	cookied("accept-queue-syn-cookies", "three SYNs at once and room for two (somaxconn=1): the third gets a SYN cookie; its ACK is late and finds room",
		"TcpExtSyncookiesRecv", path.Rule{Match: path.Pure, Do: path.Later(200 * ms), Count: 1}, func(w *World, l, third *Sock) {
			l.Accept()
			l.Accept()
			w.Greet(third, l.Accept())
		}),
	cookied("accept-queue-overflow-syn-cookies", "the same, but the ACK with the cookie finds the accept queue full: dropped, no SYN,ACK again; data carries the cookie, too, and gets through",
		"TcpExtListenOverflows", path.Rule{Match: path.Any, Do: path.Pass}, func(w *World, l, third *Sock) {
			w.Sleep(1500 * ms)
			l.Accept()
			l.Accept()
			third.Write(12)
			b := l.Accept()
			b.Read(12)
			closeBoth(w, third, b)
		}),
	cookied("accept-queue-overflow-syn-cookies-reset", "the same, and the first data is lost: the second does not carry the cookie and draws a RST",
		"TcpExtSyncookiesFailed", path.Rule{Match: path.Data, Do: path.Drop, Count: 1}, func(w *World, l, third *Sock) {
			w.Later()
			l.Accept()
			l.Accept()
			third.Set(unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
			third.Write(12)
			w.Sleep(50 * ms)
			third.Write(12)
			w.Later()
		}),
	{
		Name: "defer-accept", Title: "TCP_DEFER_ACCEPT: the request waits for data, which comes after 600 ms",
		Run: func(w *World) {
			l := w.Listen(&w.B, serverPort, 8, Opt(unix.IPPROTO_TCP, unix.TCP_DEFER_ACCEPT, 3))
			a := w.Dial(&w.A, clientPort, w.server())
			w.Sleep(600 * ms)
			a.Write(20)
			b := l.Accept()
			b.Read(20)
			closeBoth(w, a, b)
		},
	},
	{
		Name: "defer-accept-late", Title: "TCP_DEFER_ACCEPT runs out (1 s) before the data comes: SYN,ACK once more",
		Run: func(w *World) {
			l := w.Listen(&w.B, serverPort, 8, Opt(unix.IPPROTO_TCP, unix.TCP_DEFER_ACCEPT, 1))
			a := w.Dial(&w.A, clientPort, w.server())
			w.Sleep(2500 * ms)
			a.Write(20)
			b := l.Accept()
			b.Read(20)
			closeBoth(w, a, b)
		},
	},
	{
		Name: "listener-closed", Title: "the listener is closed with two connections in its queue: RST to both",
		Run: func(w *World) {
			l := w.Listen(&w.B, serverPort, 8)
			w.Dial(&w.A, clientPort, w.server())
			a := w.Dial(&w.A, clientPort+1, w.server())
			a.Write(30)
			w.Later()
			l.Close()
			w.Later()
		},
	},
	{
		Name: "listener-closed-in-handshake", Title: "the listener is closed between SYN,ACK and ACK", Delay: 40 * ms,
		Run: func(w *World) {
			l := w.Listen(&w.B, serverPort, 8)
			a := w.Socket(&w.A, clientPort)
			a.Connect(w.server())
			w.Sleep(60 * ms)
			l.Close()
			w.Later()
			w.Sleep(time.Second)
		},
	},
	{
		Name: "close-in-syn-sent", Title: "the program closes while in SYN_SENT; nothing was answered",
		Run: func(w *World) {
			w.Cut(path.Any)
			a := w.Socket(&w.A, clientPort)
			a.Connect(w.server())
			w.Sleep(400 * ms)
			a.Close()
		},
	},
	{
		Name: "close-in-syn-sent-answered", Title: "the program closes while in SYN_SENT; the SYN,ACK then draws a RST", Delay: 40 * ms,
		Run: func(w *World) {
			w.Listen(&w.B, serverPort, 8)
			a := w.Socket(&w.A, clientPort)
			a.Connect(w.server())
			w.Sleep(20 * ms)
			a.Close()
			w.Later()
		},
	},
	{
		Name: "handshake-ack-lost", Title: "third ACK lost; the SYN,ACK's retransmission completes the handshake",
		Verdict: [2]string{"ESTABLISHED at SYN-ACK", "SYN_RECEIVED until the ACK of the retransmitted SYN-ACK"},
		Run: func(w *World) {
			w.Rule(path.All(fromA, path.Pure), path.Drop, 1)
			a, b := w.Open()
			w.Greet(a, b)
			w.Later()
		},
	},
	{
		Name: "handshake-ack-lost-data", Title: "third ACK lost; the client's data completes the handshake",
		Run: func(w *World) {
			l := w.Listen(&w.B, serverPort, 8)
			w.Rule(path.All(fromA, path.Pure), path.Drop, 1)
			a := w.Dial(&w.A, clientPort, w.server())
			w.Sleep(300 * ms)
			a.Write(12)
			b := l.Accept()
			b.Read(12)
			closeBoth(w, a, b)
		},
	},
	{
		Name: "handshake-ack-lost-fin", Title: "third ACK lost; the client's FIN completes the handshake",
		Run: func(w *World) {
			l := w.Listen(&w.B, serverPort, 8)
			w.Rule(path.All(fromA, path.Pure), path.Drop, 1)
			a := w.Dial(&w.A, clientPort, w.server())
			w.Sleep(300 * ms)
			a.Close()
			b := l.Accept()
			w.Later()
			b.Close()
			w.Later()
		},
	},
	{
		Name: "handshake-ack-always-lost", Long: true, Title: "no ACK of the client arrives any more; the request times out (tcp_synack_retries=1), the client stays",
		OnlyB: set{"tcp_synack_retries": "1"},
		Run: func(w *World) {
			w.Listen(&w.B, serverPort, 8)
			w.Rule(path.All(fromA, path.Pure), path.Drop, 0)
			w.Dial(&w.A, clientPort, w.server())
			w.Sleep(5 * time.Second)
		},
	},
	{
		Name: "server-speaks-first", Title: "the server sends first, the handshake's ACK is lost and its data waits", Delay: 20 * ms,
		Run: func(w *World) {
			l := w.Listen(&w.B, serverPort, 8)
			w.Rule(path.All(fromA, path.Pure), path.Drop, 1)
			a := w.Dial(&w.A, clientPort, w.server())
			b := l.Accept()
			b.Write(30)
			a.Read(30)
			w.Later()
			closeBoth(w, b, a)
		},
	},
	{
		Name: "syn-cookies", Title: "SYN cookies always (tcp_syncookies=2): nothing exists between SYN,ACK and ACK",
		OnlyB: set{"tcp_syncookies": "2"},
		Mind:  "B has no SYN_RECV before the ACK; the kernel shows it for an instant at the ACK.",
		Run: func(w *World) {
			a, b := w.Pair()
			closeBoth(w, a, b)
		},
	},
	{
		Name: "old-syn-to-listener", Title: "an old duplicate SYN reaches the listener: SYN,ACK, RST by the host that knows nothing of it",
		Run: func(w *World) {
			a, b := w.Pair()
			syn := packet.TCP{Src: w.A.At(41000), Dst: w.server(), Seq: 4_000_000, Flags: wire.SYN, Window: 1000}
			w.Inject(syn)
			w.Later()
			closeBoth(w, a, b)
		},
	},
	{
		Name: "syn-ack-again-late", Title: "the SYN,ACK comes again 300 ms late, into the open connection",
		Run: func(w *World) {
			w.Rule(path.SYNACK, path.Twice(300*ms), 1)
			a, b := w.Pair()
			w.Sleep(400 * ms)
			closeBoth(w, a, b)
		},
	},
	{
		Name: "syn-ack-again-after-close", Title: "the SYN,ACK comes again when A is in FIN_WAIT_2",
		Run: func(w *World) {
			w.Rule(path.SYNACK, path.Twice(500*ms), 1)
			a, b := w.Pair()
			a.Shutdown()
			w.Sleep(600 * ms)
			b.Close()
			w.Later()
		},
	},
	{
		Name: "syn-late", Title: "the SYN comes 400 ms after its retransmission was answered",
		Run: func(w *World) {
			w.Rule(path.SYN, path.Later(1400*ms), 1)
			a, b := w.Pair()
			w.Sleep(800 * ms)
			closeBoth(w, a, b)
		},
	},
	synAgain("syn-again-in-time-wait", "A holds TIME_WAIT; a late copy of its SYN reaches B's listener: SYN,ACK, ACK of the old connection, RST", nil),
	synAgain("syn-again-in-time-wait-no-timestamps", "the same without time stamps", set{"tcp_timestamps": "0"}),
	synAgain("syn-again-in-time-wait-rfc1337", "the same with tcp_rfc1337=1: the RST does not end A's TIME_WAIT, the SYN,ACK comes again", set{"tcp_rfc1337": "1"}),
	{
		Name: "syn-again-after-abort", Title: "B aborts; a late copy of A's SYN reaches its listener: the SYN,ACK of a new request, RST",
		Run: func(w *World) {
			w.Rule(path.SYN, path.Twice(700*ms), 1)
			_, b := w.Pair()
			b.Abort()
			w.Sleep(1100 * ms)
		},
	},
	{
		Name: "syn-other-isn", Title: "a SYN with another ISS reaches B while it is in SYN_RECEIVED", Delay: 40 * ms,
		Run: func(w *World) {
			w.Listen(&w.B, serverPort, 8)
			w.Rule(path.SYNACK, path.Drop, 1)
			a := w.Socket(&w.A, clientPort)
			a.Connect(w.server())
			w.Sleep(100 * ms)
			p := w.Forge(w.client())
			p.Flags, p.Ack = wire.SYN, 0
			p.Seq += 5000
			w.Inject(p)
			_ = a.Result()
			w.Later()
		},
	},
}

// unreachable answers by ICMP with the code that means the same in IPv4 and in
// IPv6 (RFC 792 and RFC 1812; RFC 4443).
func (w *World) unreachable(code4, code6 uint8) path.Action {
	if w.story.V6 {
		return path.Reject(code6)
	}
	return path.Reject(code4)
}

// overflow fills the accept queue of a server that does not accept, connects
// a third time, and goes on with then.
func overflow(name, title string, onlyB set, then func(w *World, l, third *Sock)) Story {
	return Story{
		Name: name, Title: title, OnlyB: onlyB, Long: onlyB["tcp_synack_retries"] != "",
		Mind: "Client ESTABLISHED while server SYN_RECEIVED: repeated SYN-ACK after the ACK is the sign.",
		Run: func(w *World) {
			l := w.Listen(&w.B, serverPort, 1)
			w.Dial(&w.A, clientPort, w.server())
			w.Sleep(100 * ms)
			second, third := w.Socket(&w.A, clientPort+1), w.Socket(&w.A, clientPort+2)
			second.Connect(w.server())
			third.Connect(w.server())
			_ = second.Result()
			_ = third.Result()
			then(w, l, third)
		},
	}
}

// queueFull fills the accept queue of a server that does not accept, and then
// connects once more.
func queueFull(name, title string, onlyA set, then func(w *World, l, third *Sock)) Story {
	return Story{
		Name: name, Title: title, OnlyA: onlyA, Proof: [2][]string{{}, {"TcpExtListenOverflows", "TcpExtListenDrops"}},
		Run: func(w *World) {
			l := w.Listen(&w.B, serverPort, 1)
			w.Dial(&w.A, clientPort, w.server())
			w.Dial(&w.A, clientPort+1, w.server())
			third := w.Socket(&w.A, clientPort+2)
			third.Connect(w.server())
			then(w, l, third)
		},
	}
}

// cookied connects three clients at once to a server whose queues have room
// for two. The third gets a SYN cookie, which counter has to prove; the rule
// is for that client.
func cookied(name, title, counter string, rule path.Rule, then func(w *World, l, third *Sock)) Story {
	return Story{
		Name: name, Title: title, OnlyB: set{"tcp_syncookies": "1", "net.core.somaxconn": "1"},
		Proof: [2][]string{{}, {"TcpExtTCPReqQFullDoCookies", "TcpExtSyncookiesSent", counter}},
		Mind:  "Nothing exists at the server between the SYN,ACK and an ACK that it takes: nothing is repeated.",
		Run: func(w *World) {
			l := w.Listen(&w.B, serverPort, 128)
			w.Path.AddTo(clientPort+2, rule)
			var clients [3]*Sock
			for i := range clients {
				clients[i] = w.Socket(&w.A, clientPort+uint16(i))
				clients[i].Connect(w.server())
			}
			for _, c := range clients {
				need("connect", c.Result())
			}
			then(w, l, clients[2])
		},
	}
}

// endInSynRecv keeps A in SYN_RECV, to end there, by losing B's SYN,ACK.
func endInSynRecv(name, title string, end func(w *World, a, b *Sock)) Story {
	return Story{Name: name, Title: title, Delay: 40 * ms, Run: func(w *World) {
		w.Rule(path.All(fromB, path.SYNACK), path.Drop, 1)
		a, b := w.Socket(&w.A, clientPort), w.Socket(&w.B, serverPort)
		a.Connect(w.server())
		b.Connect(w.client())
		w.Sleep(60 * ms)
		end(w, a, b)
		w.Later()
	}}
}

// closeUnseen is a simultaneous open of which A sees nothing, in which B closes
// before A's ACK comes: no listener can.
func closeUnseen(name, title string, sysctls set) Story {
	return Story{Name: name, Title: title, Sysctls: sysctls, Delay: 25 * ms, Run: func(w *World) {
		w.Rule(path.All(fromB, path.SYN), path.Drop, 1)
		a, b := w.Socket(&w.A, clientPort), w.Socket(&w.B, serverPort)
		a.Connect(w.server())
		b.Connect(w.client())
		w.Sleep(60 * ms)
		b.Close()
		w.Sleep(60 * ms)
		a.Close()
		w.Later()
	}}
}

// synAgain is a connection that A closes first, and a copy of its SYN that comes
// when B has no connection any more.
func synAgain(name, title string, ofA set) Story {
	return Story{Name: name, Title: title, OnlyA: ofA, Run: func(w *World) {
		w.Rule(path.SYN, path.Twice(700*ms), 1)
		a, b := w.Pair()
		closeBoth(w, a, b)
		w.Sleep(1600 * ms)
	}}
}
