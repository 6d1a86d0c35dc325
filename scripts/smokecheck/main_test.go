package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const good = `{"incident": "i", "policy": "mooc", "assessment": {"level": "medium"}, "obligations": [{}],
 "people": {"total": 10, "reached": 5, "attempted": 1, "unreachable": 0, "covered_by_announcement": 2, "exempt": 1, "held": 0, "withdrawn": 1, "pending": 0},
 "deliveries": {"email": {"intended": 0, "accepted": 9, "unknown": 0, "repeated": 1}, "sms": {}, "push": {}, "voice": {}, "letter": {}},
 "announcement": {"published": true, "reason": "r"},
 "reports": [{"regime": "eu-gdpr", "status": "filed", "acknowledgement": "A-1"}],
 "evidence": {"file": "?", "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "verified": true},
 "timings_ms": {"detect_to_open": 0, "approve_to_first_handover": 1, "approve_to_last_handover": 2}}`

// write returns the path of a summary, changed by edit, beside a pack that holds "abc".
func write(t *testing.T, edit func(map[string]any)) string {
	t.Helper()
	dir := t.TempDir()
	pack := filepath.Join(dir, "pack.zip")
	require.NoError(t, os.WriteFile(pack, []byte("abc"), 0o600))
	var s map[string]any
	require.NoError(t, json.Unmarshal([]byte(good), &s))
	in(t, s, "evidence")["file"] = pack
	edit(s)
	b, err := json.Marshal(s)
	require.NoError(t, err)
	file := filepath.Join(dir, "summary.json")
	require.NoError(t, os.WriteFile(file, b, 0o600))
	return file
}

func in(t *testing.T, s map[string]any, path ...string) map[string]any {
	t.Helper()
	for _, p := range path {
		next, ok := s[p].(map[string]any)
		require.True(t, ok, p)
		s = next
	}
	return s
}

func TestGoodSummary(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	file := write(t, func(map[string]any) {})
	require.NoError(t, run(&out, file, "mooc", false, false))
	require.Contains(t, out.String(), "10 people accounted for")
	require.ErrorContains(t, run(&out, file, "chinesepod", false, false), "should be")
	out.Reset()
	require.NoError(t, run(&out, file, "", true, false))
	require.Contains(t, out.String(), "pack.zip")
}

func TestBadSummaries(t *testing.T) {
	t.Parallel()
	for want, edit := range map[string]func(map[string]any){
		"add up to 9":            func(s map[string]any) { in(t, s, "people")["reached"] = 4 },
		"1 people are pending":   func(s map[string]any) { maps.Copy(in(t, s, "people"), map[string]any{"pending": 1, "reached": 4}) },
		"people has no held":     func(s map[string]any) { delete(in(t, s, "people"), "held") },
		"-1 people":              func(s map[string]any) { maps.Copy(in(t, s, "people"), map[string]any{"held": -1, "reached": 6}) },
		"deliveries has no push": func(s map[string]any) { delete(in(t, s, "deliveries"), "push") },
		"3 attempts by email":    func(s map[string]any) { in(t, s, "deliveries", "email")["unknown"] = 3 },
		"nothing was sent":       func(s map[string]any) { in(t, s, "deliveries", "email")["accepted"] = 0 },
		"was not published":      func(s map[string]any) { in(t, s, "announcement")["published"] = false },
		"no report":              func(s map[string]any) { s["reports"] = []any{} },
		"have no outcome":        func(s map[string]any) { in(t, s, "deliveries", "email")["intended"] = 1 },
		"no acknowledgement":     func(s map[string]any) { s["reports"] = []any{map[string]any{"status": "filed", "route": "email"}} },
		"is open: mend 1":        func(s map[string]any) { s["open"] = []any{map[string]any{"what": "mend", "ref": "1"}} },
		"was not verified":       func(s map[string]any) { in(t, s, "evidence")["verified"] = false },
		"has SHA-256":            func(s map[string]any) { in(t, s, "evidence")["sha256"] = "00" },
		"cannot be read":         func(s map[string]any) { in(t, s, "evidence")["file"] = "/nowhere" },
		"no assessment":          func(s map[string]any) { delete(s, "assessment") },
		"no timing":              func(s map[string]any) { s["timings_ms"] = map[string]any{} },
		"agreed shape":           func(s map[string]any) { s["people"] = "all" },
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			require.ErrorContains(t, run(&bytes.Buffer{}, write(t, edit), "", false, false), want)
		})
	}
}

func TestFlip(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "x")
	require.NoError(t, os.WriteFile(file, []byte("abc"), 0o600))
	require.NoError(t, run(&bytes.Buffer{}, file, "", false, true))
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "acc", string(b))
}
