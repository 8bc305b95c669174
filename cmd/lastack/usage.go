package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const helpWidth = 100

// groupOf is the annotation of a flag that names its group in the help.
const groupOf = "group"

// addGroups gives cmd the flags of groups, in their order.
func addGroups(cmd *cobra.Command, groups ...flagGroup) {
	cmd.Flags().SortFlags = false
	for _, g := range groups {
		g.VisitAll(func(f *pflag.Flag) { f.Annotations = map[string][]string{groupOf: {g.title}} })
		cmd.Flags().AddFlagSet(g.FlagSet)
		g.VisitAll(func(f *pflag.Flag) { complete(cmd, f) })
	}
}

// renamed lets a flag have the name that it had before.
func renamed(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	if name == "ignore-vlan" {
		name = "ignore-encapsulation"
	}
	return pflag.NormalizedName(name)
}

// complete tells the shell which words a flag takes.
func complete(cmd *cobra.Command, f *pflag.Flag) {
	if v, ok := f.Value.(interface{ words() []string }); ok {
		_ = cmd.RegisterFlagCompletionFunc(f.Name, cobra.FixedCompletions(v.words(), cobra.ShellCompDirectiveNoFileComp))
	}
}

// usage is what the help prints after the description: how to call it,
// examples, commands, and the flags by group.
func usage(cmd *cobra.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Usage:\n  %s\n", cmd.UseLine())
	if cmd.Example != "" {
		fmt.Fprintf(&b, "\nExamples:\n%s\n", cmd.Example)
	}
	if cmd.HasAvailableSubCommands() {
		b.WriteString("\nCommands:\n")
		for _, c := range cmd.Commands() {
			if c.IsAvailableCommand() {
				fmt.Fprintf(&b, "  %-11s %s\n", c.Name(), c.Short)
			}
		}
	}
	for _, g := range groupsOf(cmd) {
		fmt.Fprintf(&b, "\n%s:\n%s", g.title, g.FlagUsagesWrapped(helpWidth))
	}
	return b.String()
}

// groupsOf sorts the flags of cmd into their groups; those without one come
// last.
func groupsOf(cmd *cobra.Command) []flagGroup {
	var groups []flagGroup
	rest := newGroup("Other")
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		title := f.Annotations[groupOf]
		switch {
		case f.Hidden:
			return
		case len(title) == 0:
			rest.AddFlag(f)
			return
		}
		if n := len(groups); n == 0 || groups[n-1].title != title[0] {
			groups = append(groups, newGroup(title[0]))
		}
		groups[len(groups)-1].AddFlag(f)
	})
	if rest.HasAvailableFlags() {
		groups = append(groups, rest)
	}
	return groups
}
