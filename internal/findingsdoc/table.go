package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/lastack/lastack/analyzer/detect"
	"github.com/lastack/lastack/report/explain"
)

// checks are commands that tell more on a host, by what they ask.
type checks struct {
	counters, sysctls, ss, others []string
}

// sorted puts commands in order, each once.
func sorted(commands []string) (k checks) {
	add := func(list *[]string, more ...string) {
		for _, s := range more {
			if !slices.Contains(*list, s) {
				*list = append(*list, s)
			}
		}
	}
	for _, c := range commands {
		bare, _, _ := strings.Cut(c, "   #")
		words := strings.Fields(bare)
		switch words[0] {
		case "nstat":
			add(&k.counters, words[2:]...)
		case "sysctl":
			add(&k.sysctls, words[1:]...)
		case "ss":
			add(&k.ss, bare)
		default:
			add(&k.others, bare)
		}
	}
	return k
}

// writeTable writes what each finding looks like on a host.
func writeTable(w io.Writer, cases map[string]Case) {
	fmt.Fprint(w, `
## At a glance

What the programs likely saw in the case that the section shows, which counters rise, which sysctls
bear on it, and which sockets to look at.

| finding | the client's program | the server's program | nstat -az | sysctl | ss |
|---|---|---|---|---|---|
`)
	for i := range detect.All {
		d := &detect.All[i]
		e, _ := explain.Lookup(d.ID)
		k := sorted(slices.Concat(e.Check, d.Check))
		client, server := "", ""
		if f := cases[d.ID].Finding; f != nil && f.SeenBy != nil {
			client, server = f.SeenBy.Client, f.SeenBy.Server
		}
		fmt.Fprintf(w, "| [%s](#%s) | %s | %s | %s | %s | %s |\n", d.ID, d.ID, cell(client), cell(server), code(k.counters), code(k.sysctls), code(k.ss))
	}
}

// code lists commands, or words of them.
func code(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return "`" + cell(strings.Join(list, "`<br>`")) + "`"
}
