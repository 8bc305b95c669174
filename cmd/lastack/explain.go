package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lastack/lastack/report/explain"
	"github.com/lastack/lastack/report/term"
)

func explainCommand(a *app) *cobra.Command {
	s := newSettings()
	cmd := &cobra.Command{
		Use:   "explain [ID|STATE|TERM]",
		Short: "Tell what a finding, a state, a term or a sysctl means; without one, list them",
		Long: `Tells offline what a finding, a state, a term or a sysctl means, how lastack decides it, what looks
like it, and what to do. Every usual spelling is understood: FIN-WAIT-1, FIN_WAIT1, fin_wait_1.`,
		Example: `  lastack explain lost-final-ack
  lastack explain SYN_RCVD
  lastack explain net.ipv4.tcp_fin_timeout`,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return topics(""), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return a.listTopics(s)
			}
			return a.explain(s, strings.Join(args, " "))
		},
	}
	addGroups(cmd, s.lookFlags().only("names", "color", "ascii", "width"))
	return cmd
}

func (a *app) explain(s *settings, name string) error {
	entry, ok := explain.Lookup(name)
	if !ok {
		near := explain.Near(name)
		if len(near) == 0 {
			return usagef("nothing is known of %q; lastack explain lists what is", name)
		}
		return usagef("nothing is known of %q; near to it: %s", name, strings.Join(near, ", "))
	}
	return explain.Render(a.out, entry, s.look(a, false))
}

// listTopics prints the names of everything that can be explained.
func (a *app) listTopics(s *settings) error {
	look := s.look(a, false)
	for _, kind := range []explain.Kind{explain.State, explain.Finding, explain.Term} {
		if _, err := fmt.Fprintln(a.out, look.Paint().Bold(string(kind)+"s")); err != nil {
			return err
		}
		if err := a.listNames(topics(kind), look); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) listNames(names []string, look term.Look) error {
	for _, line := range term.Wrap(strings.Join(names, ", "), look.Columns()-2) {
		if _, err := fmt.Fprintln(a.out, "  "+line); err != nil {
			return err
		}
	}
	return nil
}

// topics are the names of the entries of a kind, or of all.
func topics(kind explain.Kind) (names []string) {
	for _, e := range explain.List() {
		if kind == "" || e.Kind == kind {
			names = append(names, e.Name)
		}
	}
	return names
}
