//go:build linux

package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"os"
	"text/template"
)

//go:embed page.md.tmpl
var pageText string

// summaryText is what the program says at its end.
const summaryText = `
{{range .Goals}}{{printf "%-9s" (outcome .)}} {{printf "%-12s" .Load}} {{.What}}: {{value .}} ({{wanted .}})
{{end}}{{with .Profile}}{{printf "%.1f" .Total}} ns of processor time a packet:
{{range .Groups}}{{printf "%7.1f ns %5.1f %%" .Each (percent .Part)}}  {{.Name}}
{{end}}{{end}}instructions a packet: {{.Instructions}}
`

// Load, What: for the templates.
func (v *verdict) Load() string { return v.load }
func (v *verdict) What() string { return v.what }

// Name, What: for the templates.
func (l *loaded) Name() string { return l.work.name }
func (l *loaded) What() string { return l.work.what }
func (l *loaded) Piped() bool  { return l.work.piped }

// Line is the command as one types it.
func (t *taken) Line() string { return t.line() }

// limits are what the page says of what is possible, for the first load:
// ns a packet. It is nil where too little was measured.
type limits struct {
	Read, Decode float64 // by one goroutine
	Tcpdump      float64
	CPU, Wall    float64 // of lastack
	Cores        int
	Ideal        float64 // CPU / Cores
	Busy         float64 // of all cores, percent
}

func (r *results) limits() *limits {
	l := r.load("first")
	if l == nil || l.tool("lastack") == nil || l.tool("tcpdump") == nil || r.layer("read") == 0 {
		return nil
	}
	each := 1e9 / float64(l.Packets)
	t := l.tool("lastack")
	m := &limits{
		Read: r.layer("read"), Decode: r.layer("decode"), Tcpdump: each * median(l.tool("tcpdump").each(wall)),
		CPU: each * median(t.each(cpu)), Wall: each * median(t.each(wall)), Cores: r.Machine.Cores,
	}
	m.Ideal = m.CPU / float64(m.Cores)
	m.Busy = 100 * m.Ideal / m.Wall
	return m
}

// layer is the time of the layer of that name, ns a packet.
func (r *results) layer(name string) float64 {
	for _, l := range r.Layers {
		if l.Name == name {
			return l.Each
		}
	}
	return 0
}

var functionsOfPages = template.FuncMap{
	"percent": func(x float64) float64 { return 100 * x },
	"outcome": func(v verdict) string {
		switch {
		case !v.Known:
			return "unknown"
		case v.Met():
			return "met"
		}
		return "missed"
	},
	"value": func(v verdict) string {
		if !v.Known {
			return "not measured"
		}
		return quantity(v.Value, v.unit)
	},
	"wanted": func(v verdict) string {
		if v.least {
			return "at least " + quantity(v.limit, v.unit)
		}
		return "at most " + quantity(v.limit, v.unit)
	},
	"medianWall": func(t *taken) float64 { return median(t.each(wall)) },
	"medianCPU":  func(t *taken) float64 { return median(t.each(cpu)) },
	"memory": func(r *results, t *taken) string {
		mb := median(t.each(memory))
		if mb*1e6 <= float64(r.Floor) {
			return fmt.Sprintf("≤ %.0f", mb)
		}
		return fmt.Sprintf("%.0f", mb)
	},
	"rate": func(l *loaded, t *taken) float64 { return float64(l.Packets) / 1e6 / median(t.each(wall)) },
	"each": func(l *loaded, t *taken) float64 { return 1e9 * median(t.each(wall)) / float64(l.Packets) },
	"toTcpdump": func(l *loaded, t *taken) string {
		if base := l.tool("tcpdump"); base != nil && t.Beyond == "" {
			return fmt.Sprintf("%.2f", ratio(t, base))
		}
		return ""
	},
	"wall":   wall,
	"groups": group,
	"mb":     func(octets int64) string { return fmt.Sprintf("%.0f", float64(octets)/1e6) },
	"size": func(octets int64) string {
		if octets < 1e9 {
			return quantity(float64(octets)/1e6, "MB")
		}
		return quantity(float64(octets)/1e9, "GB")
	},
	"rounds": func(n int) []int {
		list := make([]int, n)
		for i := range list {
			list[i] = i + 1
		}
		return list
	},
	"limits": (*results).limits,
	"missed": func(r *results) (list []verdict) {
		for _, v := range r.Goals {
			if v.Known && !v.Met() {
				list = append(list, v)
			}
		}
		return list
	},
}

// quantity has three digits, and all those before the point.
func quantity(x float64, unit string) string {
	s := fmt.Sprintf("%.3g", x)
	if x >= 1000 {
		s = fmt.Sprintf("%.0f", x)
	}
	if unit != "" {
		s += " " + unit
	}
	return s
}

// group writes a number with commas.
func group(n uint64) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", group(n/1000), n%1000)
}

func render(w io.Writer, text string, r *results) error {
	t, err := template.New("page").Funcs(functionsOfPages).Parse(text)
	if err != nil {
		return err
	}
	return t.Execute(w, r)
}

// save writes the page, whole or not at all.
func (r *results) save(path string) error {
	var b bytes.Buffer
	if err := render(&b, pageText, r); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o666)
}
