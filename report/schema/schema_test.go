package schema_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/internal/sample"
	"github.com/lastack/lastack/report/schema"
)

// compile returns the schema at a place in lastack-1.json, formats asserted.
func compile(t *testing.T, at string) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema.V1()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("lastack-1.json", doc); err != nil {
		t.Fatal(err)
	}
	return c.MustCompile("lastack-1.json" + at)
}

func validate(s *jsonschema.Schema, text []byte) error {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	return s.Validate(v)
}

// stories are records with every part filled by some of them.
func stories() []report.Record {
	records := sample.Incident(2)
	for _, l := range sample.Ladders() {
		records = append(records, l.Connection)
	}
	return append(records, sample.V6(sample.Connection(9)), &report.Capture{Schema: report.Schema}, &report.Summary{})
}

func TestNDJSON(t *testing.T) {
	s := compile(t, "")
	for _, rec := range stories() {
		line := report.Append(nil, rec)
		if err := validate(s, line); err != nil {
			t.Errorf("%v\n%s", err, line)
		}
	}
}

func TestDocument(t *testing.T) {
	s := compile(t, "#/$defs/Document")
	for _, n := range []int{0, 1, 5} {
		var out bytes.Buffer
		d := report.NewDocument(&out)
		for _, rec := range sample.Incident(n) {
			d.Add(rec)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		if err := validate(s, out.Bytes()); err != nil {
			t.Error(n, err)
		}
	}
}

// TestFaultsAreFound changes one thing in a good record at a time.
func TestFaultsAreFound(t *testing.T) {
	s := compile(t, "")
	good := string(report.Append(nil, sample.Connection(1)))
	for _, c := range [][2]string{
		{`"type":"connection"`, `"type":"link"`},
		{`"id":1,`, ``},
		{`"id":1,`, `"id":"1",`},
		{`"id":1,`, `"id":-1,`},
		{`"state":"TIME-WAIT"`, `"state":"TIME_WAIT"`},
		{`"kind":"four-segment"`, `"kind":"four segments"`},
		{`Z","end"`, `","end"`},
		{`.123456789Z`, `.123Z`},
		{`"pending":[]`, `"pending":null`},
		{`"findings":["lost-final-ack"]`, `"findings":["lost-ack"]`},
		{`"on":"snd.FIN"`, `"on":"FIN"`},
		{`"basis":"sent"`, `"basis":"guessed"`},
	} {
		bad := strings.Replace(good, c[0], c[1], 1)
		if bad == good {
			t.Errorf("%s is not in the record", c[0])
		} else if err := validate(s, []byte(bad)); err == nil {
			t.Errorf("%s for %s is let through", c[1], c[0])
		}
	}
}

// TestEveryKeyIsDescribed: an encoder that wrote a key the types do not have
// would pass a schema that allows more keys, so they are compared here.
func TestEveryKeyIsDescribed(t *testing.T) {
	var doc struct {
		Defs map[string]struct {
			Properties map[string]json.RawMessage
		} `json:"$defs"`
	}
	if err := json.Unmarshal(schema.V1(), &doc); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, def := range doc.Defs {
		for key := range def.Properties {
			known[key] = true
		}
	}
	for _, rec := range stories() {
		d := json.NewDecoder(bytes.NewReader(report.Append(nil, rec)))
		var v map[string]any
		if err := d.Decode(&v); err != nil {
			t.Fatal(err)
		}
		unknownKeys(v, known, func(key string) { t.Errorf("%T: key %q is not in the schema", rec, key) })
	}
}

// free are the objects whose keys are data.
var free = map[string]bool{
	"options": true, "values": true, "networks": true, "by_open": true, "by_close": true, "by_first_closer": true,
	"by_reset_cause": true, "states_at_end": true, "findings": true, "lifetimes": true,
}

func unknownKeys(v any, known map[string]bool, tell func(string)) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			unknownKeys(e, known, tell)
		}
	case map[string]any:
		for k, e := range v {
			if !known[k] {
				tell(k)
			}
			if _, object := e.(map[string]any); !object || !free[k] {
				unknownKeys(e, known, tell)
			}
		}
	}
}
