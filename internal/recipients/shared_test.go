package recipients_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/recipients"
)

// shared finds a file beside the module, or skips.
func shared(t *testing.T, name string) []byte {
	t.Helper()
	_, here, _, ok := runtime.Caller(0)
	require.True(t, ok)
	b, err := os.ReadFile(filepath.Join(filepath.Dir(here), "..", "..", "..", "shared", "data", "recipients", name))
	if err != nil {
		t.Skipf("SKIPPED: ../shared/data/recipients/%s is not there; the lists with ground truth were not tested", name)
	}
	return b
}

var asOf = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func read(t testing.TB, b []byte, o recipients.Options) ([]recipients.Row, recipients.Summary) {
	t.Helper()
	if o.On.IsZero() {
		o.On = asOf
	}
	var rows []recipients.Row
	s, err := recipients.Read(context.Background(), bytes.NewReader(b), o, func(r recipients.Row) error {
		rows = append(rows, r)
		return nil
	})
	require.NoError(t, err)
	require.EqualValues(t, len(rows), s.Rows)
	require.Equal(t, s.Rows, s.Accepted+s.Repaired+s.Flagged+s.Rejected+s.Duplicates+s.SkippedBlank, "no row vanishes")
	return rows, s
}

type truth struct {
	File struct {
		SHA256      string   `json:"sha256"`
		Bytes       int64    `json:"bytes"`
		HeaderCells []string `json:"header_cells"`
	} `json:"file"`
	Records int64            `json:"records_after_header"`
	Good    int64            `json:"good_rows"`
	Stats   map[string]int64 `json:"good_rows_stats"`
	Country map[string]int64 `json:"good_rows_by_country"`
	Locale  map[string]int64 `json:"good_rows_by_locale"`
}

func TestTheCleanListIsTakenWhole(t *testing.T) {
	t.Parallel()
	var want truth
	require.NoError(t, json.Unmarshal(shared(t, "recipients_1k.truth.json"), &want))
	rows, s := read(t, shared(t, "recipients_1k.csv"), recipients.Options{})
	for _, r := range rows {
		require.Equal(t, recipients.Accepted, r.Verdict, "record %d: %v", r.Record, r.Problems)
		require.Equal(t, r.Record+1, r.Line)
	}
	require.Equal(t, want.Records, s.Accepted)
	require.Equal(t, want.Country, s.ByCountry)
	require.Equal(t, want.Locale, s.ByLocale)
	require.Equal(t, want.Stats["with_email"], s.Reachable.Email)
	require.Equal(t, want.Stats["with_phone"], s.Reachable.SMS)
	require.Equal(t, want.Stats["with_phone"], s.Reachable.Voice)
	require.Equal(t, want.Stats["with_push"], s.Reachable.Push)
	require.Equal(t, want.Stats["with_postal_address"], s.Reachable.Letter)
	require.Zero(t, s.Reachable.None)
	require.Equal(t, want.Stats["under_14"], s.Minors.WithGuardian+s.Minors.WithoutGuardian)
	require.Zero(t, s.Minors.WithoutGuardian)
	require.Equal(t, recipients.FileInfo{Format: "csv", Encoding: "utf-8", SHA256: want.File.SHA256, Bytes: want.File.Bytes, Delimiter: ","}, s.File)
	var unknown, guardianEmail, guardianPhone int64
	for _, r := range rows {
		p := r.Person
		if p.BirthDate == "" {
			unknown++
		}
		if r.Child && p.Guardian.Email != "" {
			guardianEmail++
		}
		if r.Child && p.Guardian.Phone != "" {
			guardianPhone++
		}
	}
	require.Equal(t, want.Stats["birth_date_unknown"], unknown)
	require.Equal(t, want.Stats["under_14_guardian_email"], guardianEmail)
	require.Equal(t, want.Stats["under_14_guardian_phone"], guardianPhone)
	require.Empty(t, s.ByProblem)
}

// expected is what becomes of a kind of bad row; code may hold several, with a bar between, of which one is there.
type expected struct {
	verdict recipients.Verdict
	code    string
}

func (e expected) codes() []string { return strings.Split(e.code, "|") }

// What becomes of each kind of bad row.
var dirtyKinds = map[string]expected{
	"address_overlong": {recipients.Flagged, "too_long"}, "birth_ambiguous": {recipients.Flagged, "birth_ambiguous"},
	"birth_future": {recipients.Flagged, "birth_future"}, "birth_impossible": {recipients.Flagged, "birth_impossible"},
	"classes_empty": {recipients.Flagged, "classes_missing"}, "classes_unknown": {recipients.Flagged, "classes_unknown"},
	"country_alias": {recipients.Repaired, "country_rewritten"}, "csv_bare_quote": {recipients.Flagged, "csv_bare_quote"},
	"csv_blank_line": {recipients.SkippedBlank, "csv_blank_line"}, "csv_long_row": {recipients.Rejected, "csv_cells_too_many"},
	"csv_newline_comma_quote": {recipients.Accepted, ""}, "csv_repeated_header": {recipients.SkippedBlank, "csv_repeated_header"},
	"csv_short_row": {recipients.Rejected, "csv_cells_too_few"}, "dup_case_space": {recipients.Duplicate, "duplicate"},
	"dup_exact": {recipients.Duplicate, "duplicate"}, "dup_nfd": {recipients.Duplicate, "duplicate"},
	"dup_phone_format": {recipients.Duplicate, "duplicate"}, "dup_same_id_changed": {recipients.Duplicate, "duplicate"},
	"email_display_name": {recipients.Repaired, "email_rewritten"}, "email_double_at": {recipients.Repaired, "email_rewritten"},
	"email_eai_local": {recipients.Accepted, ""}, "email_fullwidth": {recipients.Repaired, "email_rewritten"},
	"email_header_injection": {recipients.Rejected, "email_injection"}, "email_homoglyph_domain": {recipients.Flagged, "email_lookalike"},
	"email_idn_domain": {recipients.Accepted, ""}, "email_inner_space": {recipients.Repaired, "email_rewritten"},
	"email_no_at": {recipients.Repaired, "email_no_at"}, "email_overlong_local": {recipients.Rejected, "email_too_long"},
	"email_surrounding_space": {recipients.Repaired, "space_trimmed"}, "email_trailing_dot": {recipients.Repaired, "email_rewritten"},
	"email_two_in_cell": {recipients.Flagged, "email_several"}, "email_zero_width": {recipients.Repaired, "email_rewritten"},
	"external_id_empty": {recipients.Flagged, "external_id_missing"}, "formula_injection": {recipients.Flagged, "formula"},
	"locale_underscore": {recipients.Repaired, "locale_rewritten"}, "locale_unknown": {recipients.Repaired, "locale_unknown|locale_missing|locale_rewritten"},
	"minor_guardian_no_contact":   {recipients.Flagged, "minor_guardian_no_contact"},
	"minor_guardian_same_contact": {recipients.Flagged, "minor_guardian_same_contact"},
	"minor_no_guardian":           {recipients.Flagged, "minor_no_guardian"}, "name_astral": {recipients.Accepted, ""},
	"name_bidi_override": {recipients.Flagged, "bidi_control"}, "name_empty": {recipients.Flagged, "name_missing"},
	"name_header_injection": {recipients.Flagged, "control_characters"}, "name_html_injection": {recipients.Flagged, "markup"},
	"name_invalid_utf8": {recipients.Flagged, "bad_encoding"}, "name_nul_byte": {recipients.Flagged, "control_characters"},
	"name_overlong": {recipients.Flagged, "too_long"}, "name_template_injection": {recipients.Flagged, "markup"},
	"no_contact": {recipients.Flagged, "no_contact"}, "phone_00_prefix": {recipients.Repaired, "phone_rewritten"},
	"phone_excel_sci": {recipients.Flagged, "phone_spreadsheet"}, "phone_foreign_digits": {recipients.Repaired, "phone_rewritten"},
	"phone_national": {recipients.Flagged, "phone_national|phone_impossible|phone_malformed"}, "phone_punctuated": {recipients.Repaired, "phone_rewritten"},
	"phone_too_short": {recipients.Repaired, "phone_too_short"}, "phone_with_ext": {recipients.Repaired, "phone_extension"},
	"push_bad_platform": {recipients.Repaired, "push_platform|push_rewritten"},
}

func TestTheDirtyListLosesNoRow(t *testing.T) {
	t.Parallel()
	var want truth
	require.NoError(t, json.Unmarshal(shared(t, "recipients_1k_dirty.truth.json"), &want))
	list := shared(t, "recipients_1k_dirty.csv")
	rows, s := read(t, list, recipients.Options{})
	require.Equal(t, want.Records, s.Rows)
	require.Equal(t, want.File.SHA256, s.File.SHA256)
	require.Equal(t, "utf-8-bom", s.File.Encoding)

	bad := map[int64]bool{}
	ids := map[string]int64{}
	for _, r := range rows {
		if r.Verdict.Kept() {
			ids[r.Person.ExternalID] = r.Record
		}
	}
	sc := bufio.NewScanner(bytes.NewReader(shared(t, "recipients_1k_dirty.rows.jsonl")))
	for sc.Scan() {
		var e struct {
			Record, Line int64
			Kind         string
			DuplicateOf  string `json:"duplicate_of"`
		}
		require.NoError(t, json.Unmarshal(sc.Bytes(), &e))
		bad[e.Record] = true
		r := rows[e.Record-1]
		k, known := dirtyKinds[e.Kind]
		require.True(t, known, e.Kind)
		require.Equal(t, e.Line, r.Line, e.Kind)
		require.Equal(t, k.verdict, r.Verdict, "%s: %v", e.Kind, r.Problems)
		if k.code != "" {
			require.Subset(t, k.codes(), first(codes(r), k.codes()), e.Kind)
		}
		if e.DuplicateOf != "" {
			require.Equal(t, ids[e.DuplicateOf], r.DuplicateOf, e.Kind)
		}
	}
	require.Len(t, bad, 57)
	good := int64(0)
	for _, r := range rows {
		if !bad[r.Record] {
			good++
			require.Equal(t, recipients.Accepted, r.Verdict, "record %d: %v", r.Record, r.Problems)
		}
	}
	require.Equal(t, want.Good, good)
	for _, r := range rows {
		require.NotContains(t, r.Person.Name+r.Person.Email+r.Person.Phone, "\n")
		require.NotContains(t, r.Person.Name, "<")
	}
}

func codes(r recipients.Row) []string {
	var out []string
	for _, p := range r.Problems {
		out = append(out, p.Code)
	}
	return out
}

func TestTheErrorFileShowsEveryRowThatNeedsALook(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	e := recipients.NewErrorFile(&out)
	s, err := recipients.Read(context.Background(), bytes.NewReader(shared(t, "recipients_1k_dirty.csv")), recipients.Options{On: asOf}, e.Add)
	require.NoError(t, err)
	require.NoError(t, e.Close())
	cr := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(out.Bytes(), []byte("\xef\xbb\xbf"))))
	cr.FieldsPerRecord = -1
	lines, err := cr.ReadAll()
	require.NoError(t, err, "the error file is good CSV whatever the rows hold")
	require.EqualValues(t, s.Rows-s.Accepted, len(lines)-1)
	require.Equal(t, []string{"record", "line", "verdict", "problem", "what was done", "what to do"}, lines[0][:6])
	for _, l := range lines[1:] {
		require.NotEmpty(t, l[3])
		require.NotEmpty(t, l[5])
		for _, cell := range l {
			require.NotEqual(t, 0, strings.IndexAny(strings.TrimSpace(cell), "=+-@"), "a spreadsheet would run it")
			require.NotContains(t, cell, "\x00")
		}
	}
	sum := sha256.Sum256(shared(t, "recipients_1k_dirty.csv"))
	require.Equal(t, hex.EncodeToString(sum[:]), s.File.SHA256)
}
