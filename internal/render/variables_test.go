package render

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func fieldsOf(prefix string, t reflect.Type) (out []string) {
	for _, f := range reflect.VisibleFields(t) {
		if f.Type == reflect.TypeFor[breach.Contact]() || f.Type == reflect.TypeFor[personView]() {
			out = append(out, fieldsOf(prefix+"."+f.Name, f.Type)...)
		} else {
			out = append(out, prefix+"."+f.Name)
		}
	}
	return out
}

func TestTheTableOfVariablesNamesExactlyThoseThatThereAre(t *testing.T) {
	t.Parallel()
	var named []string
	may := map[string]bool{}
	for _, v := range Variables() {
		named, may[v.Name] = append(named, v.Name), v.May != ""
		require.NotEmpty(t, v.Example+v.Type+v.Where, v.Name)
		require.NotEmpty(t, v.Example, v.Name)
	}
	there := fieldsOf("", reflect.TypeFor[view]())
	slices.Sort(named)
	slices.Sort(there)
	require.Equal(t, there, named)

	// What the table says may be empty, no shipped template writes without asking.
	for file, uses := range sampleEngine(t).uses {
		for _, u := range uses {
			if u.written && !strings.HasPrefix(file, "report/") {
				require.False(t, may[u.name], "%s:%d writes %s without asking whether there is any", file, u.line, u.name)
			}
		}
	}
}
