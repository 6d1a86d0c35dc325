package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Every real incident is assessed under every rule pack without an error, and nobody's silence is a no:
// without a country, a law of a country can neither apply nor be ruled out.
func TestEveryRealIncidentIsAssessed(t *testing.T) {
	t.Parallel()
	for from, least := range map[string]int{"veris": 29, "hibp": 800} {
		t.Run(from, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join("..", "..", "..", "shared", "data", "incidents", map[string]string{"veris": "vcdb", "hibp": "hibp"}[from])
			if _, err := os.Stat(dir); err != nil {
				t.Skipf("SKIPPED: ../shared/data/incidents is not there; the real incidents were not assessed")
			}
			out, errOut, status := onTerminal(t.Context(), t, "http://127.0.0.1:1", "assess", "--from", from, "--dir", dir, "-o", "json")
			require.Equal(t, exitDone, status, errOut)
			var got manyAnswer
			require.NoError(t, json.Unmarshal([]byte(out), &got))
			require.Empty(t, got.Errors)
			require.GreaterOrEqual(t, len(got.Incidents), least)
			for _, n := range got.Regimes {
				require.Equal(t, len(got.Incidents), n.Applies+n.CannotTell+n.DoesNotApply, n.Regime)
			}
			for _, row := range got.Incidents {
				require.NotEqual(t, breach.DoesNotApply, row.Regimes["eu-gdpr"], "%s: the people's countries are unknown", row.File)
				require.NotEmpty(t, row.Notes)
				if from == "hibp" {
					require.NotEqual(t, breach.Applies, row.Regimes["eu-gdpr"], "%s: no country is known", row.Title)
				}
			}
		})
	}
}

// The bar is drawn on a terminal and taken away again; stdout stays the answer.
func TestManyIncidentsShowProgress(t *testing.T) {
	t.Parallel()
	list := filepath.Join(t.TempDir(), "list.json")
	one := `{"Name":"X","PwnCount":1,"DataClasses":["Names"]}`
	require.NoError(t, os.WriteFile(list, []byte("["+strings.Repeat(one+",", 99)+one+"]"), 0o600))
	var out, errOut bytes.Buffer
	none := func(string) string { return "" }
	c := &cli{in: strings.NewReader(""), out: &out, err: &errOut, env: none, environ: os.Environ, now: time.Now, width: 80, errTTY: true}
	require.Equal(t, exitDone, c.execute(t.Context(), []string{"assess", "--from", "hibp", "-f", list}))
	require.Contains(t, errOut.String(), "100%")
	require.True(t, strings.HasSuffix(errOut.String(), "\r\x1b[K"))
	require.Contains(t, out.String(), "Incidents: 100, in")
}
