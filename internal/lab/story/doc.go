// Package story holds what the lab plays: sockets on two hosts, the stories
// that use them while the network misbehaves, and a random mix of both.
//
// A story is a short function on a World. To ask what Linux does if ..., write
// one beside its neighbours:
//
//	{
//		Name: "lost-final-ack", Title: "final ACK lost once",
//		Run: func(w *World) {
//			a, b := w.Pair()
//			a.Close()
//			w.Later()
//			w.Rule(path.All(path.From(path.A), path.AckOfFIN), path.Drop, 1)
//			b.Close()
//			w.Sleep(time.Second)
//		},
//	}
//
// and let it be played, alone, by `go run ./internal/lab run NAME`. Its line in
// testdata/paths.txt, to which every later play is held, is written by
//
//	go test ./internal/lab/story -run 'TestStories/NAME$' -update
package story
