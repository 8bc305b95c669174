package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func manCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "man [DIRECTORY]",
		Short: "Write the manual pages into a directory, or all to standard output",
		Long:  "Writes the manual pages: one for each command into a directory, which is made, or all of them, one\nafter the other, to standard output.",
		Example: `  lastack man | man -l -
  lastack man /usr/local/share/man/man1`,
		Args: withArgs(cobra.MaximumNArgs(1), "one directory, or nothing"),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, c := range documented(cmd.Root()) {
				if err := a.writePage(c, args); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// documented lists cmd and the commands below it that the help shows.
func documented(cmd *cobra.Command) []*cobra.Command {
	list := []*cobra.Command{cmd}
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			list = append(list, documented(c)...)
		}
	}
	return list
}

// writePage writes the page of cmd to standard output, or into the directory
// that is given.
func (a *app) writePage(cmd *cobra.Command, dir []string) error {
	text := manPage(cmd)
	if len(dir) == 0 {
		_, err := io.WriteString(a.out, text)
		return err
	}
	if err := os.MkdirAll(dir[0], 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir[0], pageName(cmd)+".1"), []byte(text), 0o644)
}

// pageName is the name of a command's page, as git and others form it.
func pageName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// manPage is the manual page of cmd, in roff with the macros of man(7). It
// has no date: the same program writes the same pages.
func manPage(cmd *cobra.Command) string {
	var p page
	name := pageName(cmd)
	p.macro(".TH %s 1 \"\" \"lastack %s\" \"lastack\"", strings.ToUpper(name), version())
	p.section("NAME")
	p.line(name + " - " + cmd.Short)
	p.section("SYNOPSIS")
	p.line(cmd.UseLine())
	p.section("DESCRIPTION")
	p.prose(cmp.Or(cmd.Long, cmd.Short))
	if cmd.HasAvailableSubCommands() {
		p.section("COMMANDS")
		for _, c := range cmd.Commands() {
			if c.IsAvailableCommand() {
				p.item(c.Name(), "", c.Short)
			}
		}
	}
	for _, g := range groupsOf(cmd) {
		p.section(strings.ToUpper(g.title) + " OPTIONS")
		g.VisitAll(p.flag)
	}
	if cmd.Example != "" {
		p.section("EXAMPLES")
		p.prose(cmd.Example)
	}
	p.section("SEE ALSO")
	p.line(strings.Join(seeAlso(cmd), ", "))
	return p.String()
}

// seeAlso are the pages of the commands around cmd.
func seeAlso(cmd *cobra.Command) (pages []string) {
	around := cmd.Commands()
	if cmd.HasParent() {
		around = append([]*cobra.Command{cmd.Parent()}, around...)
	}
	for _, c := range around {
		if c.IsAvailableCommand() || c == cmd.Parent() {
			pages = append(pages, pageName(c)+"(1)")
		}
	}
	return pages
}

// page is roff text.
type page struct{ strings.Builder }

func (p *page) macro(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }
func (p *page) section(title string)             { p.macro(".SH %s", title) }
func (p *page) line(text string)                 { p.WriteString(roff(text) + "\n") }

// roff keeps text from being taken for requests and escapes.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(s)
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		s = `\&` + s
	}
	return s
}

// prose sets paragraphs; indented lines stay as they are.
func (p *page) prose(text string) {
	verbatim := false
	for line := range strings.SplitSeq(text, "\n") {
		if indented := strings.HasPrefix(line, "  "); indented != verbatim {
			verbatim = indented
			p.macro("%s", map[bool]string{true: ".PP\n.nf", false: ".fi"}[verbatim])
		}
		if line == "" {
			p.macro(".PP")
		} else {
			p.line(line)
		}
	}
	if verbatim {
		p.macro(".fi")
	}
}

// flag sets a flag with what it takes and does.
func (p *page) flag(f *pflag.Flag) {
	takes, does := pflag.UnquoteUsage(f)
	name := "--" + f.Name
	if f.Shorthand != "" {
		name = "-" + f.Shorthand + ", " + name
	}
	if f.DefValue != "" && f.DefValue != "false" {
		does += " (default " + f.DefValue + ")"
	}
	p.item(name, takes, does)
}

// item sets a term, what it takes, and what it means.
func (p *page) item(term, takes, means string) {
	p.macro(".TP\n\\fB%s\\fR \\fI%s\\fR", roff(term), roff(takes))
	p.line(means)
}
