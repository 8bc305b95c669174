package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// condition is an expression of type bool that decides something.
type condition struct {
	place    string // the function, or the variable, that it stands in
	text     string // of it, or of the return that it is a constant of
	from, to int    // its octets in the file
	line     int
}

// finder collects the conditions of a file. It is handed down the tree: what it says
// of where it is holds for what is below.
type finder struct {
	*findings
	place string
	bools []bool // which results of the function are of type bool
}

// findings are what the finders of one file share.
type findings struct {
	file   *token.File
	source []byte
	list   []condition
	known  map[ast.Node]bool
}

// conditions returns those of a file in their order, by this grammar: what an if or
// a case without a tag asks, what && || and ! take, comparisons wherever they are,
// and what a function returns as a bool. The condition of a loop is not one, but its
// operands are: most of the loops that go wrong never end, or count nothing.
func conditions(name string, source []byte) ([]condition, error) {
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, name, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	f := finder{findings: &findings{file: set.File(tree.Pos()), source: source, known: map[ast.Node]bool{}}}
	ast.Walk(f, tree)
	slices.SortFunc(f.list, func(a, b condition) int {
		if a.from != b.from {
			return a.from - b.from
		}
		return b.to - a.to // of two that begin together the outer one is the first
	})
	return f.list, nil
}

// Visit notes the conditions that hang on a node.
func (f finder) Visit(n ast.Node) ast.Visitor {
	switch n := n.(type) {
	case *ast.FuncDecl:
		f.place, f.bools = funcName(n), boolResults(n.Type)
	case *ast.FuncLit:
		f.bools = boolResults(n.Type)
	case *ast.ValueSpec:
		if f.place == "" {
			f.place = n.Names[0].Name
		}
	case *ast.GenDecl:
		if n.Tok == token.CONST {
			return nil // it has to stay constant
		}
	case *ast.ForStmt:
		f.known[n.Cond] = true
	case *ast.IfStmt:
		f.add(n.Cond)
	case *ast.SwitchStmt:
		f.addCases(n)
	case *ast.ReturnStmt:
		f.addResults(n)
	case *ast.UnaryExpr:
		if n.Op == token.NOT {
			f.add(n.X)
		}
	case *ast.BinaryExpr:
		f.addOperation(n)
	}
	return f
}

// add notes a condition, once. Of !C it is C: both are the same mutant.
func (f finder) add(e ast.Expr) {
	if in := ast.Unparen(e); in != e {
		f.add(in)
	} else if not, ok := e.(*ast.UnaryExpr); ok && not.Op == token.NOT {
		f.add(not.X)
	} else {
		f.addAs(e, e)
	}
}

// addAs notes a condition under the text of another node.
func (f finder) addAs(e ast.Expr, text ast.Node) {
	if f.known[e] {
		return
	}
	f.known[e] = true
	from, to := f.file.Offset(text.Pos()), f.file.Offset(text.End())
	words := strings.Join(strings.Fields(string(f.source[from:to])), " ")
	f.list = append(f.list, condition{f.place, words, f.file.Offset(e.Pos()), f.file.Offset(e.End()), f.file.Line(e.Pos())})
}

func (f finder) addCases(n *ast.SwitchStmt) {
	if n.Tag != nil {
		return
	}
	for _, clause := range n.Body.List {
		for _, e := range clause.(*ast.CaseClause).List {
			f.add(e)
		}
	}
}

// addResults notes what a return gives as a bool. A constant is called by the whole
// return.
func (f finder) addResults(n *ast.ReturnStmt) {
	if len(n.Results) != len(f.bools) {
		return // named results, or those of another function
	}
	for i, e := range n.Results {
		id, _ := e.(*ast.Ident)
		switch constant := id != nil && (id.Name == "true" || id.Name == "false"); {
		case !f.bools[i]:
		case constant:
			f.addAs(e, n)
		default:
			f.add(e)
		}
	}
}

func (f finder) addOperation(n *ast.BinaryExpr) {
	switch n.Op {
	case token.LAND, token.LOR:
		f.add(n)
		f.addOperand(n.X, n.Op)
		f.addOperand(n.Y, n.Op)
	case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
		f.add(n)
	}
}

// addOperand notes an operand. A && B && C has three: that the grammar sees two, one
// of which is A && B, says nothing about the rule.
func (f finder) addOperand(e ast.Expr, of token.Token) {
	if in, ok := e.(*ast.BinaryExpr); ok && in.Op == of {
		f.known[e] = true
		return
	}
	f.add(e)
}

// funcName is a function's name with its receiver's: Space.kind.
func funcName(n *ast.FuncDecl) string {
	if n.Recv == nil {
		return n.Name.Name
	}
	var name string
	ast.Inspect(n.Recv.List[0].Type, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && name == "" {
			name = id.Name
		}
		return true
	})
	return name + "." + n.Name.Name
}

// boolResults says which results of a function are of type bool.
func boolResults(t *ast.FuncType) (list []bool) {
	if t.Results == nil {
		return nil
	}
	for _, field := range t.Results.List {
		id, _ := field.Type.(*ast.Ident)
		for range max(len(field.Names), 1) {
			list = append(list, id != nil && id.Name == "bool")
		}
	}
	return list
}

// sources returns the files of a package but for its tests.
func sources(dir string) ([]string, error) {
	all, err := filepath.Glob(filepath.Join(dir, "*.go"))
	files := slices.DeleteFunc(all, func(name string) bool { return strings.HasSuffix(name, "_test.go") })
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("%s has no Go files", dir)
	}
	return files, err
}

// names calls the mutants of a package: no two have one name.
type names struct {
	pkg  string
	used map[string]int
}

func (n *names) of(place, text string) string {
	name := path.Base(n.pkg) + "." + place + ": " + text
	n.used[name]++
	if nth := n.used[name]; nth > 1 {
		name = fmt.Sprintf("%s (%d)", name, nth)
	}
	return name
}
