package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"

	"github.com/lastack/lastack/fsm"
)

// rowHelper changes one row of the table, before anything else reads it. What is
// chosen is the row, the effect that it gets, and the state that it leads to.
const rowHelper = `package fsm

import (
	"fmt"
	"os"
	"slices"
)

func mutantRows(rows []Row) []Row {
	var row, effect, to int
	if n, _ := fmt.Sscanf(os.Getenv("` + variable + `"), "row %d effect %d to %d", &row, &effect, &to); n != 3 {
		return rows
	}
	if effect == ` + removed + ` {
		return slices.Delete(rows, row, row+1)
	}
	rows[row].Effect, rows[row].To = Effect(effect), State(to)
	return rows
}
`

// removed stands for an effect.
const removed = "9"

// mutateTable makes the mutants of fsm's rows: each is removed, and each does
// whatever else a row can do.
func (o overlay) mutateTable(dir string, of *subject, call *names) (list []mutant, err error) {
	file := filepath.Join(dir, "table.go")
	keys, at, err := rowKeys(file, o[file])
	if err != nil {
		return nil, err
	}
	if len(keys) != len(fsm.Table) {
		return nil, fmt.Errorf("%s has %d rows, want %d", file, len(keys), len(fsm.Table))
	}
	o[file] = fmt.Appendf(nil, "%smutantRows(%s)%s", o[file][:at[0]], o[file][at[0]:at[1]], o[file][at[1]:])
	o[filepath.Join(dir, "mutantrows.go")] = []byte(rowHelper)
	for i, key := range keys {
		for _, what := range others(&fsm.Table[i]) {
			list = append(list, mutant{call.of("Table", key+" "+what[0]), fmt.Sprintf("row %d effect %s", i, what[1]), "fsm/table.go", of})
		}
	}
	return list, nil
}

// others lists all that a row does not do: in words, and as the effect and the state.
func others(row *fsm.Row) (list [][2]string) {
	list = append(list, [2]string{"removed", removed + " to 0"})
	for _, kind := range []struct {
		effect fsm.Effect
		text   string
	}{{fsm.Stay, "stays"}, {fsm.Never, "never"}} {
		if row.Effect != kind.effect {
			list = append(list, [2]string{kind.text, fmt.Sprintf("%d to 0", kind.effect)})
		}
	}
	for to := range fsm.State(fsm.NumStates) {
		if row.Effect != fsm.Change || row.To != to {
			list = append(list, [2]string{"leads to " + to.String(), fmt.Sprintf("%d to %d", fsm.Change, to)})
		}
	}
	return list
}

// rowKeys returns what each row is for, "Of(Closed), SndSYN", and where the table
// stands in the source.
func rowKeys(name string, source []byte) (keys []string, at [2]int, err error) {
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, name, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, at, err
	}
	table := tableOf(tree)
	if table == nil {
		return nil, at, errors.New(name + " has no var Table")
	}
	offset := func(p token.Pos) int { return set.Position(p).Offset }
	for _, row := range table.Elts {
		key := row.(*ast.CompositeLit).Elts
		keys = append(keys, strings.TrimSpace(string(source[offset(key[0].Pos()):offset(key[1].End())])))
	}
	return keys, [2]int{offset(table.Pos()), offset(table.End())}, nil
}

// tableOf finds the literal.
func tableOf(tree *ast.File) (table *ast.CompositeLit) {
	ast.Inspect(tree, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && v.Names[0].Name == "Table" && len(v.Values) == 1 {
			table, _ = v.Values[0].(*ast.CompositeLit)
		}
		return table == nil
	})
	return table
}
