package reassembly

import "github.com/lastack/lastack/internal/pack"

// Packable reports whether Pack takes all of sp: it does not take what is missing.
func (sp *Space) Packable() bool { return sp.gaps == nil }

// Pack writes sp, or reads it into the zero Space: all of it that Packable says.
// start is a time shortly before those in sp.
func (sp *Space) Pack(k *pack.Coder, start int64) {
	pack.Num(k, &sp.Known)
	pack.Num(k, &sp.Next)
	pack.Since(k, &sp.Una, sp.Next)
	pack.Num(k, &sp.Wnd)
	pack.Since(k, &sp.Right, sp.Una.Add(sp.Wnd))
	pack.Since(k, &sp.Edge, sp.Next)
	pack.Since(k, &sp.ISS, sp.Next)
	pack.Since(k, &sp.FIN, sp.Next)
	pack.Since(k, &sp.sacked, sp.Una)
	pack.Since(k, &sp.wide, sp.Wnd)
	pack.Num(k, &sp.Scale)
	pack.Num(k, &sp.Repeats)
	pack.Num(k, &sp.TSNewest)
	pack.Since(k, &sp.TSRecent, sp.TSNewest)
	if sp.Known&timing != 0 { // else they mean nothing
		pack.Since(k, &sp.timedEnd, sp.Next)
		pack.Since(k, &sp.timedTS, sp.TSNewest)
		pack.Since(k, &sp.timedAt, start)
		pack.Since(k, &sp.timedAgainTS, sp.TSNewest)
		pack.Since(k, &sp.timedAgainAt, start)
	}
	pack.Num(k, &sp.rtt)
	pack.Num(k, &sp.lost)
}
