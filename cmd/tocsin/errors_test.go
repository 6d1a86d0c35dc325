package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// What is wrong in many places is said once, with all of them; none is left out.
func TestWhatIsAlikeIsSaidOnce(t *testing.T) {
	t.Parallel()
	p := newPage(80)
	late, own := "its deadline has passed", "is empty"
	fields := []breach.FieldError{{Where: "a", What: late}, {Where: "x", What: own}, {Where: "b", What: late}, {Where: "y", What: own}, {Where: "c", What: late}}
	describeFields(p, "The plan is not complete", "", fields, "")
	require.Equal(t, 1, strings.Count(p.String(), late))
	require.Contains(t, p.String(), "    "+late+":\n      a, b, c\n    x: "+own+"\n    y: "+own+"\n")
}
