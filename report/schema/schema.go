package schema

import _ "embed"

//go:generate go run ../../internal/schemagen -root ../.. -o lastack-1.json

//go:embed lastack-1.json
var v1 []byte

// V1 returns the JSON Schema (draft 2020-12) of the record format lastack/1.
// Its root describes one line of NDJSON; $defs/Document is the document of
// --format json.
func V1() []byte { return append([]byte(nil), v1...) }
