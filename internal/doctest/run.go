package doctest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Runner runs examples.
type Runner struct {
	bin  string // where lastack is
	root string // the repository
}

// Build builds lastack into dir, from the repository at root.
func Build(root, dir string) (Runner, error) {
	bin := filepath.Join(dir, "lastack")
	cmd := exec.Command("go", "build", "-o", bin, "./cmd/lastack")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return Runner{}, fmt.Errorf("%w\n%s", err, out)
	}
	return Runner{bin, root}, nil
}

// Run returns what a command prints that begins with the arguments of lastack.
func (r Runner) Run(args string) (string, error) {
	cmd := exec.Command(r.bin, strings.Fields(args)...)
	if strings.Contains(args, "|") {
		cmd = exec.Command("sh", "-c", "lastack "+args)
	}
	cmd.Dir = r.root
	cmd.Env = append(os.Environ(), "TZ=UTC", "LC_ALL=C.UTF-8", "COLUMNS=100",
		"PATH="+filepath.Dir(r.bin)+string(os.PathListSeparator)+os.Getenv("PATH"))
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if err == nil && out.Len() == 0 {
		err = errors.New("prints nothing")
	}
	if err != nil {
		return "", fmt.Errorf("lastack %s: %w\n%s", args, err, errs.String())
	}
	return out.String(), nil
}

// Render returns a document with the output that run gives for its examples, and
// how many there are.
func Render(doc string, run func(args string) (string, error)) (string, int, error) {
	const fence = "```console\n"
	var b strings.Builder
	n := 0
	for {
		before, rest, ok := strings.Cut(doc, fence)
		b.WriteString(before)
		if !ok {
			return b.String(), n, nil
		}
		block, after, ok := strings.Cut(rest, "```")
		if !ok {
			return "", n, errors.New("a block without an end")
		}
		b.WriteString(fence)
		for line := range strings.Lines(block) {
			command, ok := strings.CutPrefix(line, "$ lastack ")
			if !ok {
				continue
			}
			out, err := run(strings.TrimSpace(command))
			if err != nil {
				return "", n, err
			}
			b.WriteString(line + out)
			n++
		}
		b.WriteString("```")
		doc = after
	}
}

// Strip returns a document without the output of its examples.
func Strip(doc string) (string, error) {
	doc, _, err := Render(doc, func(string) (string, error) { return "", nil })
	return doc, err
}
