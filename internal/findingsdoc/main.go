package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/lastack/lastack/internal/doctest"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: findingsdoc FILE")
		os.Exit(2)
	}
	if err := generate(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "findingsdoc:", err)
		os.Exit(1)
	}
}

// generate writes the page, which lies in docs, with what its examples print.
func generate(file string) error {
	root := filepath.Dir(filepath.Dir(file))
	tmp, err := os.MkdirTemp("", "findingsdoc")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	cases, err := findCases(root, tmp)
	if err != nil {
		return err
	}
	var b strings.Builder
	Write(&b, cases)
	runner, err := doctest.Build(root, tmp)
	if err != nil {
		return err
	}
	page, _, err := doctest.Render(b.String(), runner.Run)
	if err != nil {
		return err
	}
	return os.WriteFile(file, []byte(page), 0o644)
}
