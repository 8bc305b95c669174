package oracle

import (
	"testing"

	"github.com/lastack/lastack/report"
)

var (
	fuzzStates  = report.States()
	fuzzSymbols = []string{"snd.SYN", "snd.FIN", "snd.RST", "snd.ACK", "snd.data", "rcv.SYN", "rcv.SYN,ACK", "rcv.ACK-of-SYN",
		"rcv.FIN", "rcv.ACK-of-FIN", "rcv.RST", "rcv.ICMP", "rcv.data", "timeout.2MSL", "timeout.SYN", "superseded", ""}
	fuzzBases = []string{sentBasis, confirmed, assumed, inferred, timer, superseded, ""}
	fuzzSides = []report.Side{report.Client, report.Server, report.SideBoth, ""}
)

// edit changes one field of a transition.
func edit(t *report.Transition, field, value byte) {
	frame := uint64(value % 20)
	switch field % 10 {
	case 0:
		t.From = fuzzStates[int(value)%len(fuzzStates)]
	case 1:
		t.To = fuzzStates[int(value)%len(fuzzStates)]
	case 2:
		t.On = fuzzSymbols[int(value)%len(fuzzSymbols)]
	case 3:
		t.Basis = fuzzBases[int(value)%len(fuzzBases)]
	case 4:
		t.Side = fuzzSides[int(value)%len(fuzzSides)]
	case 5:
		t.Frame = &frame
	case 6:
		t.ConfirmedFrame = &frame
	case 7:
		t.Frame, t.T = nil, nil
	case 8:
		t.T, t.NotBefore, t.NotAfter = nil, nil, nil
	case 9:
		at := frameTime(int(value))
		t.T = &at
	}
}

// FuzzExamine: whatever a record says and whatever the capture lacks, the
// oracle comes to an end without a panic, and says the same twice.
func FuzzExamine(f *testing.F) {
	for i := range stories {
		f.Add(uint8(i), uint32(0), []byte{})
		f.Add(uint8(i), uint32(0b10), []byte{0, 0, 11, 3, 5, 9, 6, 7, 0})
	}
	f.Fuzz(func(t *testing.T, n uint8, without uint32, edits []byte) {
		c, all := stories[int(n)%len(stories)].record()
		for ; len(edits) >= 3; edits = edits[3:] {
			edit(&c.Transitions[int(edits[0])%len(c.Transitions)], edits[1], edits[2])
		}
		segs := all[:0]
		for i := range all {
			if without>>i&1 == 0 {
				segs = append(segs, all[i])
			}
		}
		if a, b := Check(c, segs), Check(c, segs); len(a) != len(b) {
			t.Errorf("%v, then %v", a, b)
		}
	})
}
