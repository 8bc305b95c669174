package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
)

// mutant is one change of one rule.
type mutant struct {
	name  string
	chose string // what the environment has to say for it
	where string // file:line
	of    *subject
}

// variable is the environment's.
const variable = "LASTACK_MUTANT"

// helper is added to each package. It is small enough to be inlined: the tests that
// count allocations, or that hurry, see no difference. Conditions are numbered from 1.
const helper = `package %s

import (
	"os"
	"strconv"
)

var mutated, _ = strconv.Atoi(os.Getenv("` + variable + `"))

func mutant(n int, condition bool) bool { return condition != (n == mutated) }
`

// overlay is what stands in the place of files: text by name.
type overlay map[string][]byte

// mutateAll makes all mutants of all subjects.
func (o overlay) mutateAll(root string) (every []mutant, err error) {
	for i := range subjects {
		list, err := o.mutate(root, &subjects[i], len(every)+1)
		if err != nil {
			return nil, err
		}
		every = append(every, list...)
	}
	return every, nil
}

// mutate makes all mutants of a package. Numbers go on from first.
func (o overlay) mutate(root string, of *subject, first int) (list []mutant, err error) {
	dir := filepath.Join(root, of.dir)
	files, err := sources(dir)
	if err != nil {
		return nil, err
	}
	call := names{of.dir, map[string]int{}}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		found, err := conditions(file, source)
		if err != nil {
			return nil, err
		}
		rel, _ := filepath.Rel(root, file)
		for _, c := range found {
			list = append(list, mutant{call.of(c.place, c.text), fmt.Sprint(first + len(list)), fmt.Sprintf("%s:%d", rel, c.line), of})
		}
		o[file] = wrap(source, found, first+len(list)-len(found))
	}
	o[filepath.Join(dir, "mutant.go")] = fmt.Appendf(nil, helper, filepath.Base(of.dir))
	if !of.table {
		return list, nil
	}
	rows, err := o.mutateTable(dir, of, &call)
	return append(list, rows...), err
}

// wrap puts the call of mutant around each condition. They lie one after another or
// one inside another, in the order of conditions.
func wrap(source []byte, list []condition, first int) []byte {
	var b bytes.Buffer
	var open []int // ends of those that are not closed yet, the innermost last
	at := 0
	copyTo := func(end int) {
		b.Write(source[at:end])
		at = end
	}
	for i, c := range list {
		for len(open) > 0 && open[len(open)-1] <= c.from {
			copyTo(open[len(open)-1])
			open = open[:len(open)-1]
			b.WriteByte(')')
		}
		copyTo(c.from)
		fmt.Fprintf(&b, "mutant(%d, ", first+i)
		open = append(open, c.to)
	}
	for len(open) > 0 {
		copyTo(open[len(open)-1])
		open = open[:len(open)-1]
		b.WriteByte(')')
	}
	copyTo(len(source))
	return b.Bytes()
}
