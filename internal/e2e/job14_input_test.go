package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// changed is an incident file as a tree, with one thing changed.
func changed(t *testing.T, change func(file map[string]any)) []byte {
	t.Helper()
	b, err := json.Marshal(example(t))
	require.NoError(t, err)
	var file map[string]any
	require.NoError(t, json.Unmarshal(b, &file))
	change(file)
	b, err = json.Marshal(file)
	require.NoError(t, err)
	return b
}

// within goes down a tree by its keys.
func within(file map[string]any, keys ...string) map[string]any {
	for _, k := range keys {
		file, _ = file[k].(map[string]any)
	}
	return file
}

// Incident files that cannot be read, or only by half, open nothing; the answer names every place.
func TestMainJob14BadIncidentFiles(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	title := "Never opened " + pick(12, letters)
	set := func(at []string, key string, value any) []byte {
		return changed(t, func(f map[string]any) {
			within(f, "facts", "incident")["title"] = title
			within(f, at...)[key] = value
		})
	}
	incident, people := []string{"facts", "incident"}, []string{"facts", "people"}
	whole := set(incident, "title", title)
	gbk, err := simplifiedchinese.GBK.NewEncoder().Bytes([]byte(`{"facts": {"incident": {"title": "数据库外泄"}}}`))
	require.NoError(t, err)
	for _, x := range []struct {
		why  string
		body []byte
		code breach.Code
		says string // somewhere in the answer
	}{
		{"an unknown policy", set(nil, "policy", "atlantis"), breach.ErrUnknownPolicy, ""},
		{"a policy that looks like a path", set(nil, "policy", "../../etc/passwd"), breach.ErrUnknownPolicy, ""},
		{"nothing", nil, breach.ErrInvalid, ""},
		{"no text at all", []byte{0xff, 0x00, 0xfe, 0x01, 0x80}, breach.ErrInvalid, ""},
		{"another encoding", gbk, breach.ErrInvalid, "UTF-8"},
		{"cut off", whole[:len(whole)-20], breach.ErrInvalid, ""},
		{"a list", []byte(`[` + string(whole) + `]`), breach.ErrInvalid, ""},
		{"twice the same key", []byte(`{"policy": "mooc", ` + string(whole[1:])), breach.ErrInvalid, "policy"},
		{"no facts", []byte(`{"policy": "mooc", "facts": null}`), breach.ErrInvalid, "facts"},
		{"a field that nobody knows", set(incident, "titel", "x"), breach.ErrInvalid, ""},
		{"a word that nobody knows", set(incident, "nature", []string{"confidentiality", "confusion"}), breach.ErrInvalid, "facts.incident.nature"},
		{"a number for a text", set(incident, "cause", 7), breach.ErrInvalid, "facts.incident.cause"},
		{"a time without a zone", set(incident, "aware_at", "2026-05-01 10:00"), breach.ErrInvalid, "facts.incident.aware_at"},
		{"a negative number of people", set(people, "total", -1), breach.ErrInvalid, "facts.people.total"},
		{"a country that there is not", set(people, "by_country", map[string]any{"ZZ": 1}), breach.ErrInvalid, "facts.people.by_country"},
		{"a line break in a title", set(incident, "title", title+"\r\nBcc: all@example.com"), breach.ErrInvalid, "facts.incident.title"},
		{"far too deep", []byte(strings.Repeat(`{"facts":`, 5000) + "1" + strings.Repeat("}", 5000)), breach.ErrInvalid, ""},
		{"too large", append(bytes.Repeat([]byte(" "), 4<<20), whole...), breach.ErrTooLarge, ""},
	} {
		p := w.as(w.author).try(t, http.MethodPost, "/v1/incidents", sent{"application/json", x.body}, nil)
		require.Equal(t, x.code, p.code(), "%s: %+v", x.why, p)
		require.NotEmpty(t, p.Title)
		require.Contains(t, p.Detail+fmt.Sprint(p.Fields), x.says, x.why)
		require.NotContains(t, fmt.Sprint(*p), "all@example.com", "what was sent does not come back")
	}
	bomb := "a: &a [x, x, x, x]\nb: &b [*a, *a, *a, *a]\nfacts: {incident: {title: " + title + ", nature: *b}}\n"
	p := w.as(w.author).try(t, http.MethodPost, "/v1/incidents", sent{"application/yaml", []byte(bomb)}, nil)
	require.Equal(t, breach.ErrInvalid, p.code())
	p = w.as(w.author).try(t, http.MethodPost, "/v1/incidents?from=veris", sent{"application/json", whole}, nil)
	require.Equal(t, breach.ErrInvalid, p.code(), "no VERIS incident: %+v", p)
	p = w.as(w.author).try(t, http.MethodPost, "/v1/incidents", sent{"application/xml", []byte("<facts/>")}, nil)
	require.Equal(t, breach.ErrMediaType, p.code())
	require.Zero(t, one[int](t, w.sql(t), `SELECT count(*) FROM incident WHERE title LIKE $1 || '%'`, title))
}

// An amendment of which a part cannot be used changes nothing at all.
func TestMainJob14BadAmendments(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	k := w.open(t, example(t))
	k.load(t, listOf(t, newCrowd().some(2)), "")
	hash := k.submit(t)
	before := k.timeline(t)
	for _, patch := range []string{
		``, `{`, `[]`, `"text"`, `{"incident": {"title": "New", "nature": ["confusion"]}}`, `{"people": {"total": 2000, "totl": 1}}`,
		`{"people": null, "nobody": null}`, `{"facts": {"incident": {"aware_at": "yesterday"}}, "policy": "mooc"}`,
	} {
		p := k.author.try(t, http.MethodPatch, k.path(""), sent{"application/json", []byte(patch)}, nil)
		require.Equal(t, breach.ErrInvalid, p.code(), "%s: %+v", patch, p)
	}
	p := k.author.try(t, http.MethodPatch, "/v1/incidents/nobody", onlyChina(), nil)
	require.Equal(t, breach.ErrNotFound, p.code())
	require.Equal(t, before, k.timeline(t))
	v := k.overview(t)
	require.Equal(t, 2, v.Incident.FactRevision, "the opening, and what the list counts")
	require.Equal(t, hash, v.Waves[0].Plan.Hash)
	require.Equal(t, breach.PlanAwaiting, v.Waves[0].Plan.State, "the plan is not void")
}

// Lists that cannot be read to their end leave nobody listed, and the answer says what to do.
func TestMainJob14BadLists(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	k := w.open(t, example(t))
	good := "external_id,name,email,country\n"
	var gbkRows, cells strings.Builder
	for i := range 40 {
		fmt.Fprintf(&gbkRows, "u%d,张伟%d,u%d@mail.test,CN\n", i, i, i)
		fmt.Fprintf(&cells, "u%d,Kim Doe,u%d@mail.test,GB\n", i, i)
	}
	gbk := func(s string) []byte {
		b, err := simplifiedchinese.GBK.NewEncoder().Bytes([]byte(s))
		require.NoError(t, err)
		return b
	}
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().Bytes([]byte(good + cells.String()))
	require.NoError(t, err)
	for _, x := range []struct {
		why  string
		list []byte
		says string
	}{
		{"nothing", nil, "empty"},
		{"no usable column", []byte("colour,shape\nred,round\nblue,square\n"), "column"},
		{"no header", []byte(cells.String()), ""},
		{"half a spreadsheet", []byte("PK\x03\x04\x14\x00\x06\x00" + strings.Repeat("\x00\x81", 500)), ""},
		{"a picture", append([]byte("\x89PNG\r\n\x1a\n"), bytes.Repeat([]byte{0, 0xe9, 7}, 300)...), ""},
	} {
		p := k.author.try(t, http.MethodPost, k.path("/people"), sent{"text/csv", x.list}, nil)
		require.Equal(t, breach.ErrInvalid, p.code(), "%s: %+v", x.why, p)
		require.Contains(t, p.Detail+fmt.Sprint(p.Fields), x.says, x.why)
	}
	for why, list := range map[string][]byte{
		"GBK with a Chinese header": gbk("编号,姓名,邮箱,国家\n" + gbkRows.String()), "GBK below an English header": gbk(good + gbkRows.String()), "UTF-16": utf16,
	} {
		other := w.open(t, example(t))
		require.Nil(t, other.author.try(t, http.MethodPost, other.path("/people"), sent{"text/csv", list}, nil), why)
		require.EqualValues(t, 40, other.overview(t).Total, why)
	}
	list := []byte(good + cells.String())
	refuse := func(code breach.Code, who caller, path string, body any) {
		t.Helper()
		require.Equal(t, code, who.try(t, http.MethodPost, path, body, nil).code())
	}
	refuse(breach.ErrNotFound, k.author, "/v1/incidents/nobody/people", sent{"text/csv", list})
	refuse(breach.ErrInvalid, k.author, k.path("/people?map=Handy"), sent{"text/csv", list})
	refuse(breach.ErrInvalid, k.author, k.path("/people?map=name%3Dshoe_size"), sent{"text/csv", list})
	refuse(breach.ErrMediaType, k.author, k.path("/people"), sent{"application/pdf", list})
	refuse(breach.ErrForbidden, w.as(w.reader), k.path("/people"), sent{"text/csv", list})

	v := k.overview(t)
	require.Zero(t, v.Total)
	require.Empty(t, v.Waves)
	db := w.sql(t)
	for _, table := range []string{"recipient", "block", "wave"} {
		require.Zero(t, one[int](t, db, `SELECT count(*) FROM `+table+` WHERE incident = $1`, k.id), table)
	}
	require.Equal(t, breach.ErrIncomplete, k.author.try(t, http.MethodPost, k.path("/plan"), map[string]any{}, nil).code(), "there is nobody to tell")
	require.EqualValues(t, 40, k.load(t, list, "").Added, "a good list loads afterwards")
	require.Equal(t, 1, k.overview(t).Waves[0].Wave)
}

// An approval with an old hash, by the author, by a role that may not, of another incident, or a second time
// is refused, and leaves no trace in plan, approval or outbox; of many at once exactly one counts.
func TestMainJob14BadApprovals(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	second := "second-lead-" + pick(20, letters)
	require.NoError(t, w.Product.Store.PutToken(t.Context(), second, breach.Actor{ID: "ana.ruiz", Name: "Ana Ruiz", Role: breach.RoleLead}))
	people := newCrowd().some(4)
	k, other := w.open(t, example(t)), w.open(t, example(t))
	other.load(t, listOf(t, newCrowd().some(1)), "")
	foreign := other.submit(t)
	approve := func(who caller, hash any) breach.Code {
		return who.try(t, http.MethodPost, k.path("/plan/approve"), map[string]any{"plan_hash": hash, "accept_unreviewed": true}, nil).code()
	}
	require.Equal(t, breach.ErrConflict, approve(k.lead, foreign), "nothing is submitted yet")
	k.load(t, listOf(t, people), "")
	old := k.submit(t)
	k.author.do(t, http.MethodPatch, k.path(""), onlyChina(), nil)
	require.Nil(t, k.eventually(t, k.lead, http.MethodPost, k.path("/plan"), map[string]any{}, nil))
	v := k.until(t, "the new plan", func(v breach.Overview) bool { return v.Waves[0].Plan.State == breach.PlanAwaiting })
	hash := v.Waves[0].Plan.Hash
	require.NotEqual(t, old, hash)

	before := k.timeline(t)
	for _, x := range []struct {
		who  caller
		hash any
		want breach.Code
	}{
		{k.lead, hash, breach.ErrSelfApproval},
		{k.author, hash, breach.ErrForbidden},
		{w.as(w.reader), hash, breach.ErrForbidden},
		{w.as(w.detector), hash, breach.ErrForbidden},
		{w.as("nobody"), hash, breach.ErrUnauthorized},
		{w.as(second), old, breach.ErrOldHash},
		{w.as(second), foreign, breach.ErrOldHash},
		{w.as(second), strings.ToUpper(hash), breach.ErrOldHash},
		{w.as(second), hash[:20], breach.ErrOldHash},
		{w.as(second), hash + " ", breach.ErrOldHash},
		{w.as(second), 7, breach.ErrInvalid},
	} {
		require.Equal(t, x.want, approve(x.who, x.hash), "%v", x.hash)
	}
	require.Equal(t, breach.ErrInvalid, w.as(second).try(t, http.MethodPost, k.path("/plan/approve"), map[string]any{}, nil).code())
	require.Equal(t, before, k.timeline(t), "nothing of it is on the record")
	require.Equal(t, breach.PlanAwaiting, k.overview(t).Waves[0].Plan.State)
	require.Zero(t, one[int](t, w.sql(t), `SELECT count(*) FROM approval WHERE incident = $1`, k.id))

	codes := make([]breach.Code, 12)
	var wg sync.WaitGroup
	for i := range codes {
		wg.Go(func() { codes[i] = approve(w.as(second), hash) })
	}
	wg.Wait()
	slices.Sort(codes)
	require.Empty(t, codes[0], "one of them counts")
	require.Equal(t, slices.Repeat([]breach.Code{breach.ErrAlreadyDecided}, 11), codes[1:])
	require.Equal(t, breach.ErrAlreadyDecided, approve(w.as(second), hash))
	back := map[string]string{"plan_hash": hash, "comment": "too late"}
	require.Equal(t, breach.ErrAlreadyDecided, w.as(second).try(t, http.MethodPost, k.path("/plan/return"), back, nil).code())
	k.told(t)
	require.Equal(t, 1, one[int](t, w.sql(t), `SELECT count(*) FROM approval WHERE incident = $1`, k.id))
	for _, h := range people {
		require.Equal(t, 1, w.taken(h.Email))
	}
}
