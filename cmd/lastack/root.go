package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const rootLong = `lastack reads packet captures, follows every TCP connection with RFC 9293's state machine for both
ends, and tells which state each end was in, who closed first, how each connection ended, and what
stands out, with the frames that prove it.

  lastack FILE...      is short for lastack analyze FILE...; its flags can be given here too
  lastack -            reads standard input: tcpdump -w - | lastack -
  lastack demo         shows a report without any capture at hand`

const environmentHelp = `Every flag can be set by a variable: LASTACK_ and its name, as in LASTACK_FORMAT=ndjson or
LASTACK_MAX_CONNECTIONS=100000. What the command line says takes precedence. There is no
configuration file.`

// newRoot returns the command line with all its commands.
func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:                        "lastack FILE|DIRECTORY|-...",
		Short:                      "What happened to the TCP connections of a packet capture",
		Long:                       rootLong + "\n\n" + environmentHelp + "\n\n" + exitHelp,
		Version:                    version(),
		SuggestionsMinimumDistance: 2,
		SilenceErrors:              true,
		SilenceUsage:               true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return setFromEnvironment(cmd.Flags(), os.LookupEnv)
		},
	}
	root.SetVersionTemplate("{{.Name}} {{.Version}}\n")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &exitError{exitUsage, err} })
	root.SetHelpCommand(helpCommand())
	s := newSettings()
	root.Args = a.someCaptureOrHelp
	root.RunE = func(_ *cobra.Command, args []string) error { return a.analyze(s, args) }
	for _, g := range s.analyzeGroups() {
		g.VisitAll(func(f *pflag.Flag) { f.Hidden = true })
		root.Flags().AddFlagSet(g.FlagSet)
	}
	root.AddCommand(analyzeCommand(a), showCommand(a), liveCommand(a), findingsCommand(a), explainCommand(a), demoCommand(a),
		versionCommand(a), manCommand(a))
	root.SetGlobalNormalizationFunc(renamed)
	root.InitDefaultCompletionCmd()
	if c, _, err := root.Find([]string{"completion"}); err == nil {
		c.RunE = func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("there is no completion for %s: bash, fish, powershell or zsh", args[0])
			}
			return cmd.Help()
		}
		c.Args = cobra.ArbitraryArgs
	}
	root.SetUsageFunc(func(cmd *cobra.Command) error {
		_, err := fmt.Fprint(cmd.OutOrStderr(), usage(cmd))
		return err
	})
	return root
}

// someCaptureOrHelp is the check of root's arguments: what is there must be
// captures. A word that is near to a command's name, and no file, is a slip.
func (a *app) someCaptureOrHelp(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		cmd.SetOut(a.err)
		_ = cmd.Help()
		return &exitError{code: exitUsage}
	}
	if _, err := os.Lstat(args[0]); err != nil && !strings.ContainsAny(args[0], "./\\-") {
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			return usagef("%s is neither a file nor a command (is %s meant?)", args[0], strings.Join(near, " or "))
		}
	}
	return nil
}

// withArgs makes a wrong number of arguments a usage error.
func withArgs(check cobra.PositionalArgs, needs string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if check(cmd, args) != nil {
			return usagef("%s needs %s", cmd.CommandPath(), needs)
		}
		return nil
	}
}

// helpCommand is cobra's, but for the exit code of an unknown command.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Help about a command",
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return usagef("there is no command %q", strings.Join(args, " "))
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
	}
}

// environmentName is the variable that sets a flag.
func environmentName(flag string) string {
	return "LASTACK_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// setFromEnvironment sets the flags that the command line does not. A variable
// that is empty counts as not set.
func setFromEnvironment(flags *pflag.FlagSet, lookup func(string) (string, bool)) (err error) {
	flags.VisitAll(func(f *pflag.Flag) {
		name := environmentName(f.Name)
		value, ok := lookup(name)
		if !ok || value == "" || f.Changed || f.Name == "help" || f.Name == "version" || err != nil {
			return
		}
		if wrong := flags.Set(f.Name, value); wrong != nil {
			if f.Value.Type() == "bool" {
				wrong = fmt.Errorf("%q is neither true nor false", value)
			}
			err = usagef("%s: %w", name, wrong)
		}
	})
	return err
}
