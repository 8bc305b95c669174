package main

import (
	"os"
	"strings"
	"testing"
)

// TestUpToDate: the document in docs is what the table gives.
func TestUpToDate(t *testing.T) {
	have, err := os.ReadFile("../../docs/states.md")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	Write(&b)
	if b.String() != string(have) {
		t.Error("docs/states.md is not what fsm's table gives: run go generate ./fsm")
	}
}
