package demo

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

const verisFile = `{"schema_version": "1.3.7", "security_incident": "Confirmed", "action": {"physical": {"variety": ["Theft"]}}, "attribute": {}}`

func TestWhatADemoIsGivenIsJudgedBeforeAnythingStarts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	for name, c := range map[string]struct {
		given Given
		want  string // empty: it can be used
	}{
		"the shipped example":          {Given{}, ""},
		"another policy":               {Given{Policy: "chinesepod"}, ""},
		"an unknown policy":            {Given{Policy: "acme"}, "unknown-policy"},
		"a policy file that is absent": {Given{Policy: "./none.yaml"}, "the policy file is not there"},
		"a policy file without policy": {Given{Policy: file("p.yaml", "a: [")}, "policy"},
		"an incident that is absent":   {Given{Incident: filepath.Join(dir, "none")}, "the incident file is not there"},
		"an incident that is a folder": {Given{Incident: dir}, "the incident file cannot be read: is a directory"},
		"an incident without facts":    {Given{Incident: file("i.json", `{"a": 1}`)}, "the incident file"},
		"a VERIS incident":             {Given{Incident: file("veris.json", verisFile)}, ""},
		"a list that is absent":        {Given{People: filepath.Join(dir, "none")}, "the list of people is not there"},
		"a list that is a folder":      {Given{People: dir}, "is not a file"},
		"an empty list":                {Given{People: file("empty.csv", "")}, "empty"},
		"a list with a head alone":     {Given{People: file("head.csv", "email,name\n")}, "holds nobody"},
		"a list of other things":       {Given{People: file("other.csv", "foo,bar\n1,2\n")}, "none of the 2 columns"},
		"nobody can be used":           {Given{People: file("bad.csv", "email\n\x00\n")}, "who a person is"},
		"one person":                   {Given{People: file("one.csv", "\ufeffemail;name\na@x.test;A\n")}, ""},
		"a huge field":                 {Given{People: file("huge.csv", "email,name\na@x.test,"+strings.Repeat("x", 3<<20)+"\nb@x.test,B\n")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in, err := c.given.Read(t.Context(), time.Now())
			in.Close()
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.want)
			require.NotEqual(t, breach.ErrInternal, breach.CodeOf(err))
			require.NotContains(t, err.Error(), dir)
		})
	}
}

func TestAVERISFileSaysThatItIsADraft(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "v.json")
	require.NoError(t, os.WriteFile(path, []byte(verisFile), 0o600))
	in, err := Given{Incident: path}.Read(t.Context(), time.Now())
	require.NoError(t, err)
	t.Cleanup(in.Close)
	require.Contains(t, in.Notes[0], "VERIS")
	require.NotEmpty(t, in.File.Missing())
	require.Equal(t, "mooc", in.File.Policy)
}
