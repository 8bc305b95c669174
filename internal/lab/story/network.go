package story

import (
	"fmt"
	"time"

	"github.com/lastack/lastack/internal/lab/netns"
	"github.com/lastack/lastack/internal/lab/path"
	"github.com/lastack/lastack/internal/packet"
	"github.com/lastack/lastack/wire"
)

var network = []Story{
	{
		Name: "sequence-wrap-at-syn", Title: "the client's SYN has the last sequence number there is",
		Run: func(w *World) {
			l := w.Listen(&w.B, serverPort, 8)
			a, b := reopen(w, l, 0xffff_ffff)
			closeBoth(w, a, b)
		},
	},
	{
		Name: "sequence-wrap-in-data", Title: "the sequence numbers wrap around within 20 kB of data",
		Run: func(w *World) {
			l := w.Listen(&w.B, serverPort, 8)
			a, b := reopen(w, l, 0xffff_d000)
			w.Together(func() { a.Write(20_000) }, func() { b.Read(20_000) })
			closeBoth(w, a, b)
		},
	},
	{
		Name: "sequence-wrap-at-fin", Title: "the client's FIN has the last sequence number there is",
		Run: func(w *World) {
			l := w.Listen(&w.B, serverPort, 8)
			a, b := reopen(w, l, 0xffff_fff2)
			closeBoth(w, a, b)
		},
	},
	{
		Name: "bulk-with-loss", Title: "400 kB each way with 2 % random loss", Delay: 3 * ms,
		Run: func(w *World) {
			a, b := w.Open()
			w.Rule(path.Chance(0.02, 1), path.Drop, 0)
			w.Together(func() { a.Write(400_000) }, func() { b.Read(400_000) },
				func() { b.Write(400_000) }, func() { a.Read(400_000) })
			closeBoth(w, a, b)
			w.Sleep(time.Second)
		},
	},
	{
		Name: "bulk-reordered", Title: "200 kB with one packet in ten late by up to three RTTs, some twice", Delay: 3 * ms,
		Run: func(w *World) {
			a, b := w.Open()
			w.Rule(path.Chance(0.05, 2), path.Later(7*ms), 0)
			w.Rule(path.Chance(0.05, 3), path.Later(17*ms), 0)
			w.Rule(path.Chance(0.03, 4), path.Twice(5*ms), 0)
			w.Together(func() { a.Write(200_000) }, func() { b.Read(200_000) })
			closeBoth(w, a, b)
			w.Sleep(time.Second)
		},
	},
	{
		Name: "data-delayed-past-its-copy", Title: "A's data is held up; its retransmission is answered, then the original arrives",
		Run: func(w *World) {
			a, b := w.Pair()
			w.Rule(path.All(fromA, path.Data), path.Later(600*ms), 1)
			a.Write(80)
			b.Read(80)
			w.Sleep(900 * ms)
			closeBoth(w, a, b)
		},
	},
	{
		Name: "fragments", Title: "A's data arrives at B in IP fragments",
		Run: func(w *World) {
			a, b := w.Pair()
			w.Rule(path.All(fromA, path.Data), path.Fragments(400), 0)
			a.Write(4000)
			b.Read(4000)
			closeBoth(w, a, b)
		},
	},
	{
		Name: "fragments-overlap", Title: "A's data arrives in honest fragments; beside it forged ones overlap: B drops those packets whole",
		Run: func(w *World) {
			a, b := w.Pair()
			w.Rule(path.All(fromA, path.Data), path.Fragments(400), 0)
			a.Write(4000)
			b.Read(4000)
			for i := range uint16(3) {
				for _, offset := range []uint16{0, 4} { // in units of 8 octets: of 48 that came, 16 come again
					p := packet.TCP{Src: w.A.At(19_100), Dst: w.server(), Seq: 1, Ack: 1, Flags: wire.ACK, Window: 1024, Payload: make([]byte, 28)}
					p.IPID, p.IPFlags = 900+i, packet.MoreFragments|offset
					w.Inject(p)
				}
			}
			w.Sleep(100 * ms)
			closeBoth(w, a, b)
		},
	},
	{
		Name: "offload", Title: "400 kB each way between cards that segment (TSO, GSO, GRO): the captures show segments larger than the MTU", Cable: true,
		Mind: "The checksums are of the pseudo-header only, at either end: a true card would fill them in, these pass segments on as they are.",
		Run: func(w *World) {
			a, b := w.Open()
			w.Together(func() { a.Write(400_000) }, func() { b.Read(400_000) },
				func() { b.Write(400_000) }, func() { a.Read(400_000) })
			closeBoth(w, a, b)
			for _, end := range []*End{&w.A, &w.B} {
				if n := w.Largest(end); n <= netns.MTU {
					need("offload", fmt.Errorf("the largest packet of %v has %d octets", end.side, n))
				}
			}
		},
	},
	{
		Name: "loopback", Title: "both ends on A's loopback device", Local: true,
		Run: func(w *World) {
			l := w.Listen(&w.A, serverPort, 8)
			a := w.Dial(&w.A, clientPort, w.A.At(serverPort))
			b := l.Accept()
			w.Greet(a, b)
			closeBoth(w, a, b)
		},
	},
	{
		Name: "self-connection", Title: "a socket connects to its own address and port", Local: true,
		Run: func(w *World) {
			a := w.Socket(&w.A, clientPort)
			a.Connect(w.client())
			need("connect", a.Result())
			a.Write(40)
			a.Read(40)
			w.Sleep(50 * ms)
			a.Close()
			w.Later()
		},
	},
}
