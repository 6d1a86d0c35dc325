package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/intake"
	"github.com/tocsin-engine/tocsin/internal/recipients"
)

func example(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", name))
	require.NoError(t, err)
	return b
}

// incident reads an example strictly: a misspelt field is an error.
func incident(t *testing.T, name string) breach.IncidentFile {
	t.Helper()
	b := example(t, name)
	if strings.HasSuffix(name, ".yaml") {
		var v any
		require.NoError(t, yaml.Unmarshal(b, &v))
		var err error
		b, err = json.Marshal(v)
		require.NoError(t, err)
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	var f breach.IncidentFile
	require.NoError(t, dec.Decode(&f))
	return f
}

func TestTheListIsWhatTheGeneratorWrites(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, write(&out, people()))
	require.True(t, bytes.Equal(example(t, "people.csv"), out.Bytes()), "run: go run ./examples/gen > examples/people.csv, and put its counts into incident.json")
}

func TestTheIncidentCountsTheListBesideIt(t *testing.T) {
	t.Parallel()
	f := incident(t, "incident.json").Facts
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

func TestNobodyInTheListIsReal(t *testing.T) {
	t.Parallel()
	phones := map[string]bool{}
	for _, p := range people() {
		for _, email := range []string{p.email, p.guardianEmail} {
			_, domain, _ := strings.Cut(email, "@")
			reserved := email == "" || strings.HasSuffix(domain, ".test") || strings.HasPrefix(domain, "example.")
			require.True(t, reserved, domain)
		}
		for _, phone := range []string{p.phone, p.guardianPhone} {
			if phone == "" {
				continue
			}
			require.False(t, phones[phone], "each number is one person's, so that messages can be counted by number")
			phones[phone] = true
			nobodys := false
			for _, prefix := range []string{"+86194", "+8520", "+447700900", "+886900", "+650", "+491713920", "+3363998", "+5521900", "+81900", "+82100", "+915555", "+61491", "+1"} {
				nobodys = nobodys || strings.HasPrefix(phone, prefix)
			}
			require.True(t, nobodys, "a number outside the ranges for fiction")
			if strings.HasPrefix(phone, "+1") {
				require.Equal(t, "55501", phone[5:10])
			}
		}
	}
}

func TestTheIncidentsAreComplete(t *testing.T) {
	t.Parallel()
	for name, languages := range map[string][]string{"incident.json": {"en", "zh-Hans"}, "incident-small-en.yaml": {"en"}} {
		f := incident(t, name)
		require.NotEmpty(t, f.Policy)
		require.Equal(t, 2026, f.Facts.Incident.AwareAt.Year())
		require.Len(t, f.Narrative, len(languages))
		for _, l := range languages {
			for _, s := range f.Narrative[l].Sections() {
				require.NotEmpty(t, s.Text, "%s %s %s", name, l, s.Name)
				require.NotContains(t, s.Text, "2026", "the demo shifts the times to now, so the words name no dates")
				require.NotContains(t, s.Text, "http")
			}
		}
		var sum int64
		for _, n := range f.Facts.People.ByCountry {
			sum += n
		}
		require.Equal(t, *f.Facts.People.Total, sum, "by_country is complete")
		require.NotEmpty(t, f.Contact.Email)
		require.NotNil(t, f.Facts.Incident.Malicious)
		require.NotNil(t, f.Facts.Exposure.MisuseSeen)
		require.False(t, f.Facts.Incident.AwareAt.Before(*f.Facts.Incident.DetectedAt))
		require.Less(t, f.Facts.Incident.AwareAt.Sub(*f.Facts.Incident.DetectedAt), 4*time.Hour, "the shortest clock is not over before it is seen")
	}
}

func TestTheVERISDraftOpens(t *testing.T) {
	t.Parallel()
	f, notes, err := intake.FromVERIS(example(t, "incident-veris-draft.json"))
	require.NoError(t, err)
	require.Equal(t, "physical", *f.Facts.Incident.Cause)
	require.Equal(t, []string{"education"}, f.Facts.Organisation.Sectors)
	require.Nil(t, f.Facts.People.Total)
	require.Empty(t, f.Narrative)
	require.NotEmpty(t, notes)
}
