package main

import (
	"bytes"
	"testing"

	"github.com/lastack/lastack/report/schema"
)

func TestSchemaIsUpToDate(t *testing.T) {
	want, err := generate("../..")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, schema.V1()) {
		t.Error("report/schema/lastack-1.json is not what the types say: run go generate ./report/schema")
	}
}
