package detect

import (
	"net/netip"
	"time"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/words"
)

// Warning: no sender makes such fragments by mistake.
var fragmentAttack = over(Detector{
	ID:       "fragment-attack",
	Title:    "IP fragments that no sender makes",
	Means:    "Fragments of one packet overlap, are together larger than a packet can be, or cut the TCP header in two: the way to slip something past a filter, or to crash an old stack.",
	Severity: warning,
	Disproof: "A device on the path that is known to cut packets so, or an id that two packets share within a second.",
	Advice:   "Drop such fragments where they come in; Linux drops what overlaps, and takes what is tiny. Look at what else comes from that address, which may be forged.",
	Check:    []string{"nstat -az IpReasmReqds IpReasmOKs IpReasmFails", "nft list ruleset"},
	Refs:     []string{"RFC 1858", "RFC 3128", "RFC 5722", "ip_frag_reasm()"},
}, findFragmentAttack)

// FragmentAttack is what was seen of one trick between two addresses.
type FragmentAttack struct {
	Src, Dst netip.Addr
	Trick    string // "overlap", "tiny" or "oversized"
	N        uint64 // fragments
	First    []Mark // some of them
	Lasted   time.Duration
}

// AddFragments takes what the decoder has seen of attacks with fragments, and how many more
// fragments of them there were.
func (s *Survey) AddFragments(list []FragmentAttack, more uint64) {
	s.attacks, s.moreAttacks = append(s.attacks, list...), s.moreAttacks+more
}

// tricks are the ways to attack with fragments, as they are told.
var tricks = map[string]struct{ title, means, outcome string }{
	"overlap": {"overlapping others", "brought octets that another fragment of the same packet had brought",
		"Receivers differ in which of them they believe, so a filter may have seen another packet than the host. Linux drops the whole packet; here counts what of it came before."},
	"tiny": {"cutting the TCP header in two", "had a part of the TCP header and no more",
		"A filter that looks at the first fragment alone does not see the flags. The host puts the segment together, and so does this report."},
	"oversized": {"reaching beyond 65,535 octets", "lay beyond the 65,535 octets that a packet can have",
		"Old stacks wrote past the end of their buffer (the ping of death). Today's drop the packet; here counts what of it came before."},
}

func findFragmentAttack(s *Survey) (out []overall) {
	for i := range s.attacks {
		a := &s.attacks[i]
		trick := tricks[a.Trick]
		c := overall{ids: []uint64{}}
		c.at, c.proof, c.confidence = a.First[0].Time, a.First, either(a.N > 1, high, medium)
		c.title = words.Plural(a.N, "IP fragment") + " from " + a.Src.String() + " to " + a.Dst.String() + ", " + trick.title
		c.explanation = say(words.Plural(a.N, "fragment")+" from "+a.Src.String()+" to "+a.Dst.String()+" "+trick.means+".", trick.outcome,
			when(a.N > 1, "They came within "+dur(a.Lasted)+"."),
			when(s.moreAttacks > 0, words.Plural(s.moreAttacks, "more fragment")+" of the kind came between other hosts, more than are told apart."))
		c.saw = [2]string{"nothing", either(a.Trick == "tiny", "nothing: the segment is put together", "nothing: the packet is dropped below the socket")}
		c.values = []report.Value{report.Any("trick", a.Trick), report.Int("fragments", a.N)}
		out = append(out, c)
	}
	return out
}
