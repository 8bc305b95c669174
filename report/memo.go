package report

import "slices"

// Transitions and findings repeat themselves: there are a few hundred different
// transitions but for times and frames, and every finding of a kind has the same
// advice. An appender remembers how it wrote them and copies that.

// memoSize is how many transitions an appender remembers, each in the one place
// that its words give it.
const memoSize = 1024

// transitionWords are the words of a transition.
type transitionWords struct {
	side                      Side
	from, to, on, basis, rule string
	momentary                 bool
}

// wroteTransition is how the words of a transition were written: what comes
// before its times and frames, and what comes after.
type wroteTransition struct {
	words      transitionWords
	head, tail []byte
}

// place mixes what tells the words apart: lengths and last letters.
func (w *transitionWords) place() int {
	h := uint(0)
	for _, n := range [...]int{last(string(w.side)), len(w.from), len(w.to), last(w.to), len(w.on), last(w.on), len(w.basis), last(w.rule)} {
		h = h*37 + uint(n)
	}
	return int(h % memoSize)
}

// last returns the last letter of s, 0 if it has none.
func last(s string) int {
	if s == "" {
		return 0
	}
	return int(s[len(s)-1])
}

// words returns how the words of t are written.
func (a *appender) words(t *Transition) *wroteTransition {
	words := transitionWords{t.Side, t.From, t.To, t.On, t.Basis, t.Rule, t.Momentary}
	if a.wrote == nil {
		a.wrote = new([memoSize]wroteTransition)
	}
	w := &a.wrote[words.place()]
	if w.head != nil && w.words == words {
		return w
	}
	w.words = words
	b := append(w.head[:0], `{"side":`...)
	b = appendString(b, string(t.Side))
	b = append(b, `,"from":`...)
	b = appendString(b, t.From)
	b = append(b, `,"to":`...)
	b = appendString(b, t.To)
	b = append(b, `,"on":`...)
	w.head = appendString(b, t.On)
	b = append(w.tail[:0], `,"basis":`...)
	b = appendString(b, t.Basis)
	b = append(b, `,"rule":`...)
	b = appendString(b, t.Rule)
	if t.Momentary {
		b = append(b, `,"momentary":true`...)
	}
	w.tail = append(b, '}')
	return w
}

// wroteFinding is how the standing texts of a kind of finding were written.
type wroteFinding struct {
	disproof, advice string
	check, refs      []string
	before, after    []byte // from "disproof" to "check", and "refs"
}

// maxKinds bounds the kinds of finding that an appender remembers.
const maxKinds = 256

// standing returns how the texts are written that f shares with others of its
// kind.
func (a *appender) standing(f *Finding) *wroteFinding {
	w := a.kinds[f.ID]
	if w == nil {
		if a.kinds == nil || len(a.kinds) >= maxKinds {
			a.kinds = map[string]*wroteFinding{}
		}
		w = new(wroteFinding)
		a.kinds[f.ID] = w
	}
	if w.before != nil && w.disproof == f.Disproof && w.advice == f.Advice && slices.Equal(w.check, f.Check) && slices.Equal(w.refs, f.Refs) {
		return w
	}
	w.disproof, w.advice = f.Disproof, f.Advice
	w.check, w.refs = append(w.check[:0], f.Check...), append(w.refs[:0], f.Refs...)
	b := append(w.before[:0], `,"disproof":`...)
	b = appendString(b, f.Disproof)
	b = append(b, `,"advice":`...)
	b = appendString(b, f.Advice)
	b = append(b, `,"check":`...)
	w.before = appendList(b, f.Check, appendString)
	w.after = appendList(append(w.after[:0], `,"refs":`...), f.Refs, appendString)
	return w
}
