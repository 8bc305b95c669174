package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/lastack/lastack/internal/lab/derive"
	"github.com/lastack/lastack/internal/lab/judge"
	"github.com/lastack/lastack/internal/lab/story"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is the program: 0 when every story could be played, 1 when not, 2 when
// it was called wrongly, 130 when it was interrupted.
func run(args []string, stdout, stderr io.Writer) int {
	l := lab{out: stdout}
	root := &cobra.Command{
		Use: "lab", Short: "Two real TCP stacks, a broken network, and the truth beside every capture",
		SilenceUsage: true, SilenceErrors: true,
	}
	root.SetArgs(doubleDash(args))
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.PersistentFlags().StringVarP(&l.dir, "output", "o", "lab-out", "folder for the captures, one folder each story")
	root.PersistentFlags().IntVarP(&l.parallel, "parallel", "p", 16, "stories played side by side")
	root.AddCommand(l.list(), l.run(), l.all(), l.random(), l.judge())
	err := root.Execute()
	if err == nil {
		return 0
	}
	fmt.Fprintln(stderr, "lab:", err)
	switch {
	case errors.Is(err, context.Canceled):
		return 130
	case l.played:
		return 1
	}
	return 2
}

// doubleDash lets long flags be written as the Go tools write theirs.
func doubleDash(args []string) (out []string) {
	for _, a := range args {
		name, _, _ := strings.Cut(a, "=")
		if slices.Contains([]string{"-seed", "-mixes", "-output", "-parallel", "-connections"}, name) {
			a = "-" + a
		}
		out = append(out, a)
	}
	return out
}

// lab is one call of the program.
type lab struct {
	out      io.Writer
	dir      string
	parallel int
	played   bool
	judged   []string // the stories of rows
	rows     []judge.Row
}

func (l *lab) list() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the stories", Args: cobra.NoArgs,
		Run: func(*cobra.Command, []string) {
			for _, s := range story.List() {
				fmt.Fprintf(l.out, "%-34s %s\n", s.Name, s.Title)
			}
		},
	}
}

func (l *lab) run() *cobra.Command {
	return &cobra.Command{
		Use: "run NAME...", Short: "Play stories", Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, names []string) error {
			var chosen []story.Story
			all := story.List()
			for _, name := range names {
				i := slices.IndexFunc(all, func(s story.Story) bool { return s.Name == name })
				if i < 0 {
					return fmt.Errorf("no story %q; `lab list` shows them", name)
				}
				chosen = append(chosen, all[i])
			}
			err := l.play(chosen)
			if len(l.rows) == 0 {
				return err
			}
			return errors.Join(err, judge.Table(l.out, l.rows), l.verdict())
		},
	}
}

func (l *lab) all() *cobra.Command {
	return &cobra.Command{
		Use: "all", Short: "Play every story", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			err := l.play(story.List())
			if len(l.rows) == 0 {
				return err
			}
			return errors.Join(err, judge.Summary(l.out, l.rows), l.verdict(), l.derived())
		},
	}
}

func (l *lab) random() *cobra.Command {
	n, seed, mixes := 300, uint64(0), 1
	c := &cobra.Command{
		Use: "random", Short: "Play connections of random behaviour under random faults", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if !c.Flags().Changed("seed") {
				seed = uint64(time.Now().UnixNano())
			}
			if n < 1 || mixes < 1 {
				return errors.New("at least one connection and one mix are needed")
			}
			fmt.Fprintf(l.out, "seed %d\n", seed)
			var stories []story.Story
			for i := range mixes {
				stories = append(stories, story.Random(n, seed+uint64(i)))
			}
			if err := l.play(stories); err != nil {
				return err
			}
			return errors.Join(l.verdict(), l.enough())
		},
	}
	c.Flags().IntVarP(&n, "connections", "n", n, "pairs of ports in a mix")
	c.Flags().Uint64Var(&seed, "seed", 0, "what to try; drawn and printed when not given")
	c.Flags().IntVar(&mixes, "mixes", mixes, "how many mixes, of consecutive seeds")
	return c
}

func (l *lab) judge() *cobra.Command {
	return &cobra.Command{
		Use: "judge FOLDER...", Short: "Judge captures that were played before, and show what is not exact", Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, dirs []string) error {
			l.played = true
			for _, dir := range dirs {
				rows, err := judge.Folder(dir)
				if err != nil {
					return err
				}
				l.rows = append(l.rows, rows...)
			}
			for i := range l.rows {
				if r := &l.rows[i]; r.Verdict != judge.Exact && !r.Unexplained() { // verdict shows the others
					fmt.Fprintln(l.out, r)
				}
			}
			return l.verdict()
		},
	}
}

// What a random mix must reach: parts of its endpoints that are exact. The rest
// did something that left no trace at the tap; nothing may be contradicted.
const (
	enoughOwn   = 0.99
	enoughOther = 0.92 // of those that the capture shows anything of
	fewRows     = 3000 // of so few, a part says little: chance alone is half a percent
)

// enough fails if less of a random mix is exact.
func (l *lab) enough() error {
	own, other := judge.Count(l.rows)
	if len(l.rows) < fewRows {
		return nil
	}
	if own.Share() < enoughOwn || other.ShareSeen() < enoughOther {
		return fmt.Errorf("less than %.0f %% of the endpoints are exact at their own tap, or less than %.0f %% at the other",
			100*enoughOwn, 100*enoughOther)
	}
	return nil
}

// play runs stories, writes each as soon as it is over, judges it, and prints
// what came of it.
func (l *lab) play(stories []story.Story) error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("needs root: it makes network namespaces and reads trace events")
	}
	l.played = true
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	begin, failed := time.Now(), 0
	err := story.PlayAll(ctx, stories, l.parallel, func(s story.Story, r story.Result, err error) {
		if err == nil {
			err = l.finish(r)
		}
		if err != nil {
			failed++
			fmt.Fprintf(l.out, "%-38s FAILED: %v\n", s.Name, err)
		}
	})
	fmt.Fprintf(l.out, "%d stories, %d of them failed, %.0f s\n", len(stories), failed, time.Since(begin).Seconds())
	if err == nil && failed > 0 {
		err = fmt.Errorf("%d of %d stories failed", failed, len(stories))
	}
	return err
}

// finish writes and judges a story that was played.
func (l *lab) finish(r story.Result) error {
	if err := errors.Join(r.Write(l.dir), r.Record.Check()); err != nil {
		return err
	}
	rows, err := judge.Folder(filepath.Join(l.dir, r.Story.Name))
	if err != nil {
		return err
	}
	l.rows, l.judged = append(l.rows, rows...), append(l.judged, r.Story.Name)
	fmt.Fprintf(l.out, "%-38s %5.1f s, at most %v late, %v unseen\n", r.Story.Name, r.Took.Seconds(),
		r.Late.Round(time.Millisecond), r.Unseen.Round(time.Millisecond))
	return nil
}

// verdict prints what became of all rows, and fails if something of it is
// neither exact nor explained.
func (l *lab) verdict() error {
	unexplained := 0
	for i := range l.rows {
		if l.rows[i].Unexplained() {
			unexplained++
			fmt.Fprintln(l.out, &l.rows[i])
		}
	}
	own, other := judge.Count(l.rows)
	fmt.Fprintf(l.out, "own tap:   %v\nother tap: %v\n", own, other)
	if unexplained > 0 {
		return fmt.Errorf("%d endpoints are neither exact nor explained", unexplained)
	}
	return nil
}

// derived judges what captures suffer, on captures derived from the stories that
// were just played.
func (l *lab) derived() error {
	scratch, err := os.MkdirTemp("", "lab-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	scores, unexplained := make(map[string]*derive.Score), 0
	var excepted []string
	for _, name := range l.judged {
		faults, err := derive.Judge(filepath.Join(l.dir, name), scratch, scores)
		if err != nil {
			return err
		}
		for i := range faults {
			f := &faults[i]
			if why := f.Why(); why != "" {
				excepted = append(excepted, fmt.Sprintf("%v: %s: %s", &f.Capture, f.Row.Name(), why))
				continue
			}
			unexplained++
			fmt.Fprintln(l.out, f)
		}
	}
	fmt.Fprintln(l.out, "\nderived from them, by what captures suffer:")
	for _, kind := range slices.Sorted(maps.Keys(scores)) {
		fmt.Fprintf(l.out, "%-15s %v\n", kind, scores[kind])
	}
	for _, line := range excepted {
		fmt.Fprintln(l.out, "contradicted, for a reason:", line)
	}
	if unexplained > 0 {
		return fmt.Errorf("%d endpoints of derived captures are contradicted, or worse than the whole, and nothing explains it", unexplained)
	}
	return nil
}
