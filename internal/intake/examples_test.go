package intake_test

import (
	"bytes"
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
)

func example(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "examples", name))
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
