package arch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const module = "github.com/tocsin-engine/tocsin"

// source is one Go file: pkg is its directory below the module's root, "." for the root.
type source struct {
	pkg, name string
	text      []byte
}

// sources reads all Go files below root, but testdata and hidden folders. It reads them itself: a
// test that asks the go command gets stale passes from the test cache.
func sources(root string) ([]source, error) {
	var all []source
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := d.Name()
		if d.IsDir() {
			if p != root && (strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata" || base == "vendor") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(base, ".go") {
			return nil
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		all = append(all, source{pkg: path.Dir(filepath.ToSlash(rel)), name: base, text: text})
		return nil
	})
	return all, err
}

// check says everything in which the sources break the tables.
func check(files []source) ([]string, error) {
	var broken []string
	missing := map[string]bool{}
	for _, f := range files {
		r, ok := rowOf(f.pkg)
		if !ok {
			if !missing[f.pkg] {
				broken = append(broken, fmt.Sprintf("package %s has no row: add it to the table in internal/arch/table.go", f.pkg))
			}
			missing[f.pkg] = true
			continue
		}
		found, err := checkFile(f, r)
		if err != nil {
			return nil, err
		}
		broken = append(broken, found...)
	}
	slices.Sort(broken)
	return broken, nil
}

func checkFile(f source, r row) ([]string, error) {
	where := path.Join(f.pkg, f.name)
	parsed, err := parser.ParseFile(token.NewFileSet(), where, f.text, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	test := strings.HasSuffix(f.name, "_test.go")
	var broken []string
	for _, spec := range parsed.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", where, err)
		}
		ours, isOurs := strings.CutPrefix(imported, module+"/")
		switch {
		case imported == module:
			broken = append(broken, where+" imports the root of the module, which holds nothing")
		case !isOurs:
			if why, ok := foreignAllowed(f.pkg, imported, test); !ok {
				broken = append(broken, fmt.Sprintf("%s imports %s: %s", where, imported, why))
			}
		case !oursAllowed(f.pkg, r, ours, test):
			broken = append(broken, fmt.Sprintf("%s imports %s, which %s may not: declare a small interface where you need it, or see internal/arch/table.go", where, ours, f.pkg))
		case !test:
			broken = append(broken, names(where, parsed, spec, ours, r)...)
		}
	}
	return broken, nil
}

func rowOf(pkg string) (row, bool) {
	if r, ok := rows[pkg]; ok {
		return r, true
	}
	for p := pkg; p != "." && p != "/"; p = path.Dir(p) {
		if r, ok := rows[p+"/..."]; ok {
			return r, true
		}
	}
	return row{}, false
}

func oursAllowed(pkg string, r row, imported string, test bool) bool {
	if imported == pkg {
		return test // an external test package imports what it tests
	}
	may := r.may
	if test {
		may = slices.Concat(may, r.inTests)
	}
	for _, m := range may {
		if m == noServer && !matchesAny(holdsServer, imported) || m != noServer && matches(m, imported) {
			return true
		}
	}
	return false
}

// foreignAllowed finds the most specific rule for an import.
func foreignAllowed(pkg, imported string, test bool) (why string, ok bool) {
	for p := imported; p != "." && p != "/"; p = path.Dir(p) {
		rule, found := foreign[p]
		if !found {
			continue
		}
		if matchesAny(rule.by, pkg) || test && matchesAny(rule.inTests, pkg) {
			return "", true
		}
		return rule.why, false
	}
	return "", true
}

// names checks that of a narrowed import only the listed names are used.
func names(where string, file *ast.File, spec *ast.ImportSpec, imported string, r row) []string {
	allowed, narrowed := r.onlyNames[imported]
	if !narrowed {
		return nil
	}
	local := path.Base(imported)
	if spec.Name != nil {
		local = spec.Name.Name
	}
	if local == "." {
		return []string{where + " imports " + imported + " with a dot"}
	}
	var broken []string
	ast.Inspect(file, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if id, ok := sel.X.(*ast.Ident); ok && id.Name == local && !slices.Contains(allowed, sel.Sel.Name) {
			broken = append(broken, fmt.Sprintf("%s uses %s.%s: of %s only %s may be used there", where, local, sel.Sel.Name, imported, strings.Join(allowed, ", ")))
		}
		return true
	})
	return broken
}

func matchesAny(patterns []string, pkg string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, pkg) })
}

func matches(pattern, pkg string) bool {
	if pattern == anything {
		return true
	}
	if below, ok := strings.CutSuffix(pattern, "/..."); ok {
		return pkg == below || strings.HasPrefix(pkg, below+"/")
	}
	return pkg == pattern
}
