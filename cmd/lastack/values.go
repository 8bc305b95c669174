package main

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lastack/lastack/analyzer"
	"github.com/lastack/lastack/analyzer/detect"
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/wire"
)

// This file has the types of flags that need more than pflag's own: each is
// a pflag.Value, and each names what it knows when it is given something else.

// choice is one of a few words.
type choice[T any] struct {
	value T
	word  string
	known []string
	parse func(string) (T, bool)
	unit  string // the placeholder in the help
}

// oneOf is a choice whose value is the word itself.
func oneOf(unit, first string, others ...string) choice[string] {
	known := append([]string{first}, others...)
	return choice[string]{unit: unit, value: first, word: first, known: known,
		parse: func(s string) (string, bool) { return s, slices.Contains(known, s) }}
}

func (c *choice[T]) String() string { return c.word }
func (c *choice[T]) Type() string   { return c.unit }

func (c *choice[T]) words() []string { return c.known }

func (c *choice[T]) Set(s string) error {
	s = strings.ToLower(s)
	v, ok := c.parse(s)
	if !ok {
		return fmt.Errorf("known: %s", strings.Join(c.known, ", "))
	}
	c.value, c.word = v, s
	return nil
}

// number is a whole number within bounds.
type number struct {
	value, low, high int
	unit             string // the placeholder in the help
}

func (n *number) Type() string { return n.unit }

func (n *number) String() string {
	if n.value == 0 {
		return ""
	}
	return strconv.Itoa(n.value)
}

func (n *number) Set(s string) error {
	v, err := strconv.Atoi(s)
	if err != nil || v < n.low || v > n.high {
		return fmt.Errorf("a whole number from %d to %d is needed", n.low, n.high)
	}
	n.value = v
	return nil
}

// connectionID is the id of a connection, as the report prints it.
type connectionID uint64

func (c *connectionID) Type() string { return "N" }

func (c *connectionID) String() string {
	if *c == 0 {
		return ""
	}
	return strconv.FormatUint(uint64(*c), 10)
}

func (c *connectionID) Set(s string) error {
	v, err := strconv.ParseUint(strings.TrimPrefix(s, "#"), 10, 64)
	if err != nil || v == 0 {
		return fmt.Errorf("the number of a connection is needed, as the report prints it after #")
	}
	*c = connectionID(v)
	return nil
}

// lifetime is a maximum segment lifetime: a duration, or seconds.
type lifetime time.Duration

const maxLifetime = lifetime(24 * time.Hour)

func (l *lifetime) Type() string { return "DURATION" }

func (l *lifetime) String() string {
	if *l == 0 {
		return ""
	}
	return time.Duration(*l).String()
}

func (l *lifetime) Set(s string) error {
	d, err := time.ParseDuration(s)
	if seconds, failed := strconv.ParseUint(s, 10, 32); failed == nil {
		d, err = time.Duration(seconds)*time.Second, nil
	}
	if err != nil || d <= 0 || lifetime(d) > maxLifetime {
		return fmt.Errorf("a duration such as 30s or 2m is needed, at most 24h")
	}
	*l = lifetime(d)
	return nil
}

// stacks is which TCP implementation the hosts are assumed to run: one for
// all, and others for single networks.
type stacks struct {
	all      *analyzer.Stack
	networks []analyzer.NetworkStack
}

func (s *stacks) Type() string { return "[PREFIX=]NAME" }

func (s *stacks) String() string {
	var list []string
	if s.all != nil {
		list = append(list, s.all.Name)
	}
	for _, n := range s.networks {
		list = append(list, n.Prefix.String()+"="+n.Stack.Name)
	}
	return strings.Join(list, ",")
}

func (s *stacks) words() (names []string) {
	for i := range analyzer.Stacks {
		names = append(names, analyzer.Stacks[i].Name)
	}
	return names
}

// Set takes one or several, separated by commas. Of two for the same network
// the later counts.
func (s *stacks) Set(text string) error {
	for item := range strings.SplitSeq(text, ",") {
		network, name, limited := strings.Cut(strings.TrimSpace(item), "=")
		if !limited {
			name = network
		}
		stack, err := analyzer.StackNamed(name)
		if err != nil {
			return err
		}
		if !limited {
			s.all = stack
			continue
		}
		prefix, err := parsePrefix(network)
		if err != nil {
			return err
		}
		s.networks = slices.DeleteFunc(s.networks, func(n analyzer.NetworkStack) bool { return n.Prefix == prefix })
		s.networks = append(s.networks, analyzer.NetworkStack{Prefix: prefix, Stack: stack})
	}
	return nil
}

// parsePrefix reads a network such as 10.0.0.0/8, or a single address.
func parsePrefix(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return p, fmt.Errorf("%q is neither a network such as 10.0.0.0/8 nor an address", s)
	}
	return p.Masked(), nil
}

// decapPorts are UDP ports on which an encapsulation is looked for.
type decapPorts struct {
	ports map[uint16]wire.Encapsulation
	set   []string // as they were given
}

func (p *decapPorts) Type() string { return "PORT=NAME" }

func (p *decapPorts) String() string { return strings.Join(p.set, ",") }

// Set takes one or several, separated by commas. Of two for the same port the later counts.
func (p *decapPorts) Set(text string) error {
	for item := range strings.SplitSeq(text, ",") {
		item = strings.TrimSpace(item)
		number, name, _ := strings.Cut(item, "=")
		port, err := strconv.ParseUint(number, 10, 16)
		kind, known := wire.ParseEncapsulation(name)
		if err != nil || port == 0 || !known {
			return fmt.Errorf("a UDP port and what is there are needed, as 4790=vxlan: one of %s", strings.Join(wire.EncapsulationNames(), ", "))
		}
		if p.ports == nil {
			p.ports = map[uint16]wire.Encapsulation{}
		}
		p.ports[uint16(port)] = kind
		p.set = append(p.set, item)
	}
	return nil
}

// thresholds are those of the detectors, and which of them were set.
type thresholds struct {
	limits *detect.Limits
	set    []string // as they were given
}

func (t *thresholds) Type() string { return "NAME=VALUE" }

func (t *thresholds) String() string { return strings.Join(t.set, ",") }

func (t *thresholds) words() (names []string) {
	for i := range detect.Thresholds {
		names = append(names, detect.Thresholds[i].Name+"=")
	}
	return names
}

// Set takes one or several, separated by commas.
func (t *thresholds) Set(text string) error {
	for item := range strings.SplitSeq(text, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(item), "=")
		if !ok {
			return fmt.Errorf("a threshold and its value are needed, as close-wait=60s (lastack findings lists them)")
		}
		if err := t.limits.Set(name, value); err != nil {
			return err
		}
		t.set = append(t.set, name+"="+value)
	}
	return nil
}

// openFiles is --ulimit: a threshold that has a name of its own.
type openFiles struct {
	number
	all *thresholds
}

func (o *openFiles) Set(s string) error {
	if err := o.number.Set(s); err != nil {
		return err
	}
	return o.all.Set("ulimit=" + s)
}

// severities are the words that --fail-on takes beside ids of findings.
var severities = []string{"info", "notice", "warning", "critical"}

// alarm is what --fail-on asks for. The zero value is never met.
type alarm struct {
	severity string // this one and worse ones
	ids      []string
}

func (a *alarm) Type() string { return "SEVERITY|ID" }

func (a *alarm) String() string {
	list := a.ids
	if a.severity != "" {
		list = append([]string{a.severity}, list...)
	}
	return strings.Join(list, ",")
}

func (a *alarm) words() []string { return append(slices.Clone(severities), report.FindingIDs()...) }

// Set takes one or several, separated by commas. Of two severities the lower
// counts.
func (a *alarm) Set(text string) error {
	for word := range strings.SplitSeq(text, ",") {
		word = strings.ToLower(strings.TrimSpace(word))
		rank := report.SeverityRank(word)
		switch {
		case rank >= 0 && (a.severity == "" || rank < report.SeverityRank(a.severity)):
			a.severity = word
		case rank >= 0:
		case slices.Contains(report.FindingIDs(), word):
			a.ids = append(a.ids, word)
		default:
			return fmt.Errorf("%q is neither a severity (%s) nor the id of a finding (%s)",
				word, strings.Join(severities, ", "), strings.Join(report.FindingIDs(), ", "))
		}
	}
	return nil
}

// met reports whether f is what was asked for.
func (a *alarm) met(f *report.Finding) bool {
	severe := a.severity != "" && report.SeverityRank(f.Severity) >= report.SeverityRank(a.severity)
	return severe || slices.Contains(a.ids, f.ID)
}
