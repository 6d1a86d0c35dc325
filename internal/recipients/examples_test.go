package recipients_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/recipients"
)

func example(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "examples", name))
	require.NoError(t, err)
	return b
}

func incidentFacts(t *testing.T) breach.Facts {
	t.Helper()
	var f breach.IncidentFile
	require.NoError(t, json.Unmarshal(example(t, "incident.json"), &f))
	return f.Facts
}

func TestTheIncidentCountsTheListBesideIt(t *testing.T) {
	t.Parallel()
	f := incidentFacts(t)
	byRegion := map[string]int64{}
	kinds := map[string]int{}
	s, err := recipients.Read(context.Background(), bytes.NewReader(example(t, "people.csv")), recipients.Options{On: *f.Incident.AwareAt}, func(r recipients.Row) error {
		if strings.HasPrefix(r.Person.Region, "US-") {
			byRegion[r.Person.Region]++
		}
		count(kinds, r.Person)
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, s.Rows, s.Accepted+s.Flagged)
	require.Equal(t, *f.People.Total, s.Rows)
	require.Equal(t, f.People.ByCountry, s.ByCountry)
	require.Equal(t, f.People.ByRegion, byRegion)
	require.Equal(t, *f.People.Minors, s.Minors.WithGuardian+s.Minors.WithoutGuardian)
	require.Equal(t, *f.Contacts.Missing, s.Reachable.None)
	require.Equal(t, map[string]int64{"no_contact": 40, "minor_no_guardian": 10}, s.ByProblem)
	require.Equal(t, recipients.Minors{WithGuardian: 40, WithoutGuardian: 10}, s.Minors)
	for kind, n := range map[string]int{
		"bounce": 30, "greylist": 20, "full": 10, "drop": 8, "00002": 6, "00003": 4, "00004": 4, "00005": 4, "00007": 4,
		"gone-": 6, "drop-": 4, "quota-": 4, "only phone": 60, "only push": 40,
	} {
		require.Equal(t, n, kinds[kind], kind)
	}
}

// count notes what of a person makes a simulator answer in a certain way.
func count(kinds map[string]int, p breach.Person) {
	if _, domain, ok := strings.Cut(p.Email, "@"); ok {
		if kind, magic := strings.CutSuffix(domain, ".simulator.test"); magic {
			kinds[kind]++
		}
	}
	if n := len(p.Phone); n > 5 && strings.HasPrefix(p.Phone[n-5:], "0000") {
		kinds[p.Phone[n-5:]]++
	}
	if prefix, _, ok := strings.Cut(p.PushToken, "-"); ok {
		kinds[prefix+"-"]++
	}
	switch {
	case p.Email == "" && p.Phone != "" && p.PushToken == "":
		kinds["only phone"]++
	case p.Email == "" && p.Phone == "" && p.PushToken != "":
		kinds["only push"]++
	}
}
