package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"time"

	"github.com/invopop/jsonschema"

	"github.com/lastack/lastack/report"
)

const (
	module = "github.com/lastack/lastack"
	// ID names the schema; the number is that of report.Schema.
	id = "https://" + module + "/report/schema/lastack-1.json"
)

func main() {
	root := flag.String("root", ".", "the repository's root, for the types' comments")
	out := flag.String("o", "", "the file to write")
	flag.Parse()
	text, err := generate(*root)
	if err == nil {
		err = os.WriteFile(*out, text, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "schemagen:", err)
		os.Exit(1)
	}
}

// document is what --format json writes.
type document struct {
	Schema      string               `json:"schema"`
	Capture     *report.Capture      `json:"capture" jsonschema:"nullable"`
	Connections []*report.Connection `json:"connections"`
	Findings    []*report.Finding    `json:"findings"`
	Summary     *report.Summary      `json:"summary" jsonschema:"nullable"`
}

// generate returns the schema as indented JSON. root is the repository's.
func generate(root string) ([]byte, error) {
	here, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	if err := os.Chdir(root); err != nil {
		return nil, err
	}
	defer os.Chdir(here)
	// Other keys are allowed: a later version may add some.
	r := &jsonschema.Reflector{Anonymous: true, AllowAdditionalProperties: true, Mapper: mapType, Namer: nameType}
	if err := r.AddGoComments(module, "report"); err != nil {
		return nil, err
	}
	defs := jsonschema.Definitions{}
	for _, v := range []any{report.Capture{}, report.Connection{}, report.Finding{}, report.Summary{}, document{}} {
		for name, def := range r.Reflect(v).Definitions {
			defs[name] = def
		}
	}
	defs["Document"] = defs["document"]
	delete(defs, "document")
	if err := narrow(defs); err != nil {
		return nil, err
	}
	return encode(&jsonschema.Schema{
		Version:     jsonschema.Version,
		ID:          id,
		Title:       "lastack records, version 1",
		Description: "One line of `lastack analyze --format ndjson`; $defs/Document is the whole of --format json.",
		OneOf:       []*jsonschema.Schema{ref("Capture"), ref("Connection"), ref("Finding"), ref("Summary")},
		Definitions: defs,
	})
}

func ref(name string) *jsonschema.Schema { return &jsonschema.Schema{Ref: "#/$defs/" + name} }

func encode(s *jsonschema.Schema) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	err := e.Encode(s)
	return out.Bytes(), err
}

// mapType gives the types that reflection would describe too loosely.
func mapType(t reflect.Type) *jsonschema.Schema {
	switch t {
	case reflect.TypeFor[time.Time]():
		return &jsonschema.Schema{Type: "string", Format: "date-time", Pattern: `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$`}
	case reflect.TypeFor[netip.Addr]():
		return &jsonschema.Schema{Type: "string", Description: "An IPv4 or IPv6 address."}
	case reflect.TypeFor[map[string]any](), reflect.TypeFor[report.Values]():
		return &jsonschema.Schema{Type: "object"}
	}
	switch t.Kind() {
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return &jsonschema.Schema{Type: "integer", Minimum: "0"}
	}
	return nil
}

// nameType keeps netip.Addr apart from report.Addr.
func nameType(t reflect.Type) string {
	if t == reflect.TypeFor[netip.Addr]() {
		return "IP"
	}
	return t.Name()
}

// narrow puts the vocabulary into the definitions.
func narrow(defs jsonschema.Definitions) error {
	for name, kind := range recordTypes {
		if err := narrowOne(defs, field{name, "type"}, &jsonschema.Schema{Const: kind}); err != nil {
			return err
		}
	}
	for _, f := range []field{{"Capture", "schema"}, {"Document", "schema"}} {
		if err := narrowOne(defs, f, &jsonschema.Schema{Const: report.Schema}); err != nil {
			return err
		}
	}
	for f, words := range vocabulary {
		if err := narrowOne(defs, f, &jsonschema.Schema{Enum: anys(words)}); err != nil {
			return err
		}
	}
	for _, f := range nullable {
		p, ok := property(defs, f)
		if !ok {
			return fmt.Errorf("no field %v", f)
		}
		*p = jsonschema.Schema{
			AnyOf: []*jsonschema.Schema{{Type: p.Type, Minimum: p.Minimum}, {Type: "null"}}, Description: p.Description,
		}
	}
	return nil
}

func narrowOne(defs jsonschema.Definitions, f field, to *jsonschema.Schema) error {
	p, ok := property(defs, f)
	if !ok {
		return fmt.Errorf("no field %v", f)
	}
	if p.Type == "array" {
		p = p.Items
	}
	p.Const, p.Enum = to.Const, to.Enum
	return nil
}

func property(defs jsonschema.Definitions, f field) (*jsonschema.Schema, bool) {
	def, ok := defs[f.object]
	if !ok {
		return nil, false
	}
	return def.Properties.Get(f.key)
}

func anys(words []string) []any {
	list := make([]any, len(words))
	for i, w := range words {
		list[i] = w
	}
	return list
}

// field names a key of one of the definitions.
type field struct{ object, key string }

var recordTypes = map[string]string{
	"Capture": "capture", "Connection": "connection", "Finding": "finding", "Summary": "summary",
}

var nullable = []field{{"Connection", "previous"}, {"FileSummary", "truncated_at"}}

var (
	ends    = []string{"client", "server"}
	anySide = []string{"client", "server", "both", "unknown"}
	causes  = []string{
		"refused", "no-such-connection", "abort", "after-close", "keepalive", "retransmission",
		"time-wait-assassination", "challenge", "injected", "unknown",
	}
	confidence = []string{"high", "medium", "low"}
)

// symbols are what moves the state machine, as Transition.on has them.
var symbols = []string{
	"snd.SYN", "snd.ACK", "rcv.SYN", "rcv.SYN,ACK", "rcv.ACK-of-SYN", "snd.FIN", "rcv.FIN", "rcv.ACK-of-FIN",
	"snd.RST", "rcv.RST", "superseded", "rcv.ICMP", "timeout.2MSL", "timeout.user", "timeout.SYN", "timeout.FIN-WAIT-2",
}

// vocabulary has the words that a key can hold, as docs/records.md lists
// them.
var vocabulary = map[field][]string{
	{"Connection", "role_basis"}: {"syn", "syn-ack", "guess"},
	{"Connection", "final_by"}:   {"time", "end-of-input", "superseded", "evicted"},
	{"Connection", "confidence"}: confidence,
	{"Connection", "findings"}:   report.FindingIDs(),
	{"Open", "kind"}: {"three-way", "simultaneous", "fast-open", "split", "refused", "rejected", "unanswered",
		"incomplete", "stray-syn", "mid-stream"},
	{"Close", "kind"}: {"four-segment", "three-segment", "simultaneous", "half-closed", "reset", "timeout", "superseded",
		"evicted", "none"},
	{"Close", "first_closer"}:       anySide,
	{"Close", "basis"}:              {"ack-order", "only-fin", "reset", "retransmission", "inferred"},
	{"Close", "ended_by"}:           {"fin", "reset", "timer", "superseded", "none"},
	{"Close", "final_ack"}:          {"seen", "lost", "unseen"},
	{"ResetCause", "by"}:            {"client", "server", "unknown"},
	{"ResetCause", "cause"}:         causes,
	{"Reset", "by"}:                 {"client", "server", "unknown"},
	{"Reset", "cause"}:              causes,
	{"Reset", "form"}:               {"rst", "rst-ack"},
	{"Reset", "effect"}:             {"closed", "challenged", "ignored", "void", "unknown"},
	{"Endpoint", "state"}:           report.States(),
	{"Endpoint", "confirmed_state"}: report.States(),
	{"Endpoint", "possible"}:        report.States(),
	{"Transition", "side"}:          ends,
	{"Transition", "from"}:          report.States(),
	{"Transition", "to"}:            report.States(),
	{"Transition", "basis"}:         {"sent", "confirmed", "assumed", "inferred", "timer", "superseded"},
	{"Refuted", "side"}:             ends,
	{"Reuse", "accepted_by"}:        {"timestamp", "sequence", "reset", "expired", "holder"},
	{"HalfClose", "by"}:             ends,
	{"SYNDataSide", "accepted"}:     {"all", "part", "none"},
	{"Vantage", "near"}:             {"client", "server", "middle", "unknown"},
	{"Vantage", "basis"}:            {"direction", "checksum", "ttl", "rtt"},
	{"Finding", "id"}:               report.FindingIDs(),
	{"Finding", "severity"}:         {"info", "notice", "warning", "critical"},
	{"Finding", "confidence"}:       confidence,
	{"Finding", "side"}:             anySide,
	{"Transition", "on"}:            slices.Concat(symbols, []string{"inferred"}),
	{"Pending", "on"}:               symbols,
	{"Refuted", "on"}:               symbols,
}
