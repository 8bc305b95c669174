// Package schema holds the JSON Schema of lastack's records, generated from
// the types of package report. It imports nothing of lastack: it is for those
// who read the records with other tools.
package schema

import _ "embed"

//go:generate go run ../../internal/schemagen -root ../.. -o lastack-1.json

//go:embed lastack-1.json
var v1 []byte

// V1 returns the JSON Schema (draft 2020-12) of the record format lastack/1.
// Its root describes one line of NDJSON; $defs/Document is the document of
// --format json.
func V1() []byte { return append([]byte(nil), v1...) }
