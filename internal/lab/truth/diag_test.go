package truth

import (
	"fmt"
	"slices"
	"testing"
)

// TestNote: what a row of dumps says of one tuple. Each dump is a letter: the
// state shown, or "-"; dump i begins at 10*i and ends at 10*i+1.
func TestNote(t *testing.T) {
	names := map[rune]string{'r': "SYN_RECV", '2': "FIN_WAIT2", 'w': "TIME_WAIT"}
	k := Tuple{own, other}
	for _, x := range []struct {
		dumps string
		want  []string // state, Before, From, To, After
	}{
		{"---", nil},
		{"--rr--", []string{"SYN_RECV 0 21 30 51"}},
		{"---r-rr", []string{"SYN_RECV 10 31 60 0"}},
		{"---22ww", []string{"FIN_WAIT2 10 31 40 51", "TIME_WAIT 30 51 60 0"}},
		{"---2-w--", []string{"FIN_WAIT2 10 31 30 51", "TIME_WAIT 30 51 50 71"}},
	} {
		s := &Sampler{open: make(map[Tuple]*Sample), seen: make(map[Tuple]look)}
		for i, c := range x.dumps {
			clear(s.seen)
			if c != '-' {
				s.seen[k] = look{names[c], true}
			}
			s.note(int64(10*i), int64(10*i+1))
		}
		for _, o := range s.open {
			s.closed = append(s.closed, *o)
		}
		var got []string
		for _, y := range s.closed {
			got = append(got, fmt.Sprint(y.State, " ", y.Before, " ", y.From, " ", y.To, " ", y.After))
		}
		if !slices.Equal(got, x.want) {
			t.Errorf("%s: %q, want %q", x.dumps, got, x.want)
		}
	}
}

func FuzzEachMessage(f *testing.F) {
	f.Add(make([]byte, 40))
	f.Add([]byte{16, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		s := &Sampler{seen: make(map[Tuple]look)}
		_, _ = eachMessage(b, s.addSocket)
	})
}
