package judge

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
)

// Score counts the verdicts of the rows at one kind of tap.
type Score struct{ Exact, Displaced, Excepted, Missed, Unseen, Contradicted int }

// Count counts the rows at the endpoints' own taps, and at the other ones.
func Count(rows []Row) (own, other Score) {
	for i := range rows {
		s := &other
		if rows[i].Own() {
			s = &own
		}
		switch rows[i].Verdict {
		case Exact:
			s.Exact++
			if rows[i].Displaced {
				s.Displaced++
			}
		case Excepted:
			s.Excepted++
		case Missed:
			s.Missed++
			if rows[i].Unseen {
				s.Unseen++
			}
		case Contradicted:
			s.Contradicted++
		}
	}
	return own, other
}

// Total is how many endpoints were judged.
func (s Score) Total() int { return s.Exact + s.Excepted + s.Missed + s.Contradicted }

// Share is the part of the endpoints that is exact.
func (s Score) Share() float64 { return float64(s.Exact) / float64(max(s.Total(), 1)) }

// ShareSeen is the part that is exact of the endpoints that the captures show
// anything of.
func (s Score) ShareSeen() float64 { return float64(s.Exact) / float64(max(s.Total()-s.Unseen, 1)) }

// String is "47/50 exact (94.0 %), 2 excepted, 1 not exact, 0 contradicted".
func (s Score) String() string {
	displaced := ""
	if s.Displaced > 0 {
		displaced = fmt.Sprintf(", %d of them by another packet", s.Displaced)
	}
	unseen := ""
	if s.Unseen > 0 {
		unseen = fmt.Sprintf(" (%d of which nothing was captured)", s.Unseen)
	}
	return fmt.Sprintf("%d/%d exact (%.2f %%)%s, %d excepted, %d not exact%s, %d contradicted",
		s.Exact, s.Total(), 100*s.Share(), displaced, s.Excepted, s.Missed, unseen, s.Contradicted)
}

// Table writes the rows, lined up.
func Table(w io.Writer, rows []Row) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "CAPTURE\tEND\tTAP\tVERDICT\tSTATES (? assumed, @ frame)")
	for i := range rows {
		r := &rows[i]
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", r.Capture, r.Endpoint.EP, r.Tap, r.Verdict, r.Ours)
		if r.Verdict != Exact {
			fmt.Fprintf(t, "\t\t\tkernel\t%s\n", r.Kernel)
		}
		if r.Why != "" {
			fmt.Fprintf(t, "\t\t\twhy\t%s\n", r.Why)
		}
	}
	return t.Flush()
}

// Summary writes a line for each capture, and the exceptions with their reasons.
func Summary(w io.Writer, rows []Row) error {
	byCapture := make(map[string][]Row)
	for i := range rows {
		byCapture[rows[i].Capture] = append(byCapture[rows[i].Capture], rows[i])
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "own tap\texact\tother tap\texact\texcepted\tcontradicted\t  capture")
	var excepted []Row
	for _, name := range slices.Sorted(maps.Keys(byCapture)) {
		own, other := Count(byCapture[name])
		fmt.Fprintf(t, "%d\t%d\t%d\t%d\t%d\t%d\t  %s\n", own.Total(), own.Exact, other.Total(), other.Exact,
			own.Excepted+other.Excepted, own.Contradicted+other.Contradicted, name)
		for _, r := range byCapture[name] {
			if r.Verdict == Excepted {
				excepted = append(excepted, r)
			}
		}
	}
	fmt.Fprintln(t)
	if err := t.Flush(); err != nil {
		return err
	}
	for i := range excepted {
		if _, err := fmt.Fprintf(w, "excepted: %s: %s\n", excepted[i].Name(), excepted[i].Why); err != nil {
			return err
		}
	}
	return nil
}
