package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lastack/lastack/internal/lab/story"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is the program: 0 when every story could be played, 1 when not, 2 when
// it was called wrongly.
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
	root.AddCommand(l.list(), l.run(), l.all(), l.random())
	if err := root.Execute(); err != nil {
		fmt.Fprintln(stderr, "lab:", err)
		if l.played {
			return 1
		}
		return 2
	}
	return 0
}

// doubleDash lets -seed be written as the Go tools write their flags.
func doubleDash(args []string) (out []string) {
	for _, a := range args {
		if strings.HasPrefix(a, "-seed") {
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
			return l.play(chosen)
		},
	}
}

func (l *lab) all() *cobra.Command {
	return &cobra.Command{
		Use: "all", Short: "Play every story", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return l.play(story.List()) },
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
			fmt.Fprintf(l.out, "seed %d\n", seed)
			var stories []story.Story
			for i := range mixes {
				stories = append(stories, story.Random(n, seed+uint64(i)))
			}
			return l.play(stories)
		},
	}
	c.Flags().IntVarP(&n, "connections", "n", n, "pairs of ports in a mix")
	c.Flags().Uint64Var(&seed, "seed", 0, "what to try; drawn and printed when not given")
	c.Flags().IntVar(&mixes, "mixes", mixes, "how many mixes, of consecutive seeds")
	return c
}

// play runs stories, writes each as soon as it is over, and prints a table.
func (l *lab) play(stories []story.Story) error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("needs root: it makes network namespaces and reads trace events")
	}
	l.played = true
	begin, failed := time.Now(), 0
	err := story.PlayAll(stories, l.parallel, func(s story.Story, r story.Result, err error) {
		if err == nil {
			err = r.Write(l.dir)
		}
		if err == nil {
			err = r.Record.Check()
		}
		if err != nil {
			failed++
			fmt.Fprintf(l.out, "%-34s FAILED: %v\n", s.Name, err)
			return
		}
		fmt.Fprintf(l.out, "%-34s %6.1f s, at most %v late, %v unseen\n", s.Name, r.Took.Seconds(),
			r.Late.Round(time.Millisecond), r.Unseen.Round(time.Millisecond))
		for side, endpoints := range r.Record.Endpoints {
			for i, e := range endpoints {
				if i < 4 {
					fmt.Fprintf(l.out, "    %c %v: %s\n", 'A'+side, e.Local, e.Path())
				}
			}
		}
	})
	fmt.Fprintf(l.out, "%d stories, %d failed, %.0f s\n", len(stories), failed, time.Since(begin).Seconds())
	if err == nil && failed > 0 {
		err = fmt.Errorf("%d of %d stories failed", failed, len(stories))
	}
	return err
}
