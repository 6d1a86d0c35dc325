package store

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func TestCodesAreUniqueAndTurnBack(t *testing.T) {
	t.Parallel()
	b := setup(t)
	x, err := b.boxOf(b.ctx, b.pool, b.id)
	require.NoError(t, err)
	seen := map[string]bool{}
	for id := int64(1); id <= 20_000; id++ {
		code := x.reference(id)
		seen[code] = true
		read, ok := breach.ReadCode(code)
		require.True(t, ok)
		require.Equal(t, code, read)
		require.Equal(t, id, x.person(code))
	}
	require.Len(t, seen, 20_000)
	rapid.Check(t, func(rt *rapid.T) {
		id := rapid.Int64Range(1, codeMask).Draw(rt, "id")
		require.Equal(t, id, x.person(x.reference(id)))
		plain := rapid.StringOfN(rapid.SampledFrom([]rune(breach.CodeAlphabet)), breach.CodeSymbols, breach.CodeSymbols, -1).Draw(rt, "a guess")
		if got := x.person(breach.GroupCode(plain)); got != 0 { // one of 2^40, and then it is that code
			require.Equal(t, plain, breach.PlainCode(x.reference(got)))
		}
	})
}

// One changed symbol makes another code, which is nobody's: eighty bits are all in use.
func TestACodeIsNobodysWithOneSymbolChanged(t *testing.T) {
	t.Parallel()
	b := setup(t)
	x, err := b.boxOf(b.ctx, b.pool, b.id)
	require.NoError(t, err)
	plain := []byte(breach.PlainCode(x.reference(7)))
	for i := range plain {
		for _, c := range []byte(breach.CodeAlphabet) {
			if c != plain[i] {
				changed := append([]byte(nil), plain...)
				changed[i] = c
				require.Zero(t, x.person(breach.GroupCode(string(changed))))
			}
		}
	}
}

const page = "AAAA-BBBB"

// sentTo approves a plan with an announcement for two people and tells the first.
func (b *bench) sentTo() (told, other string) {
	b.t.Helper()
	file := someFile()
	name := "Larkfield Learning"
	file.Facts.Organisation.Name = &name
	file.Contact = breach.Contact{Name: "Data desk", Email: "desk@larkfield.example", Phone: "+1 555 0100"}
	_, err := b.AmendFile(b.ctx, b.id, file, 1, wei, day)
	require.NoError(b.t, err)
	b.load(people(1, 2))
	var texts []breach.Text
	for _, body := range []breach.TextBody{
		{Kind: breach.KindNotice, Channel: "email", Locale: "en", Variant: "self", Parts: map[string]string{"subject": "S", "text": "A table was copied.", "html": "<p>A</p>"}},
		{Kind: breach.KindAnnouncement, Channel: "page", Locale: "en", Parts: map[string]string{"title": "A table was copied", "html": "<p>A</p>", "text": "Ask Data desk, desk@larkfield.example."}},
		{Kind: breach.KindAnnouncement, Channel: "page", Locale: "zh-Hans", Parts: map[string]string{"title": "一张表被复制", "html": "<p>A</p>", "text": "Data desk"}},
	} {
		text, err := breach.NewText(body)
		require.NoError(b.t, err)
		texts = append(texts, text)
	}
	require.NoError(b.t, b.SaveTexts(b.ctx, b.id, texts))
	list, err := b.Snapshot(b.ctx, b.id, 1)
	require.NoError(b.t, err)
	p := breach.Plan{
		Incident: b.id, Wave: 1, Revision: 1, Notices: []breach.NoticeRef{texts[0].Ref}, Announcement: []breach.NoticeRef{texts[1].Ref, texts[2].Ref}, People: list,
		Channels: breach.ChannelPlan{Order: []breach.Channel{breach.Push, breach.Email}}, Rules: breach.RulesSnapshot{FactRevision: 2},
	}
	require.NoError(b.t, b.SavePlan(b.ctx, p, wei.ID, day))
	require.NoError(b.t, b.approve(p.Hash(), noor))
	require.NoError(b.t, b.Record(b.ctx, b.id, []breach.AttemptEvent{event(1, breach.Email, 1, breach.Accepted, day)}))
	return b.subject(1).Ref, b.subject(2).Ref
}

func TestPromise_M21_ACodeLeadsToItsNoticeAndToNobody(t *testing.T) {
	t.Parallel()
	b := setup(t)
	told, other := b.sentTo()
	require.NoError(t, b.OpenIncident(b.ctx, "other", someFile(), rules, wei, breach.IncidentOpen, day))
	want := breach.CodeCheck{
		Genuine: true, Organisation: "Larkfield Learning", Titles: map[string]string{"en": "A table was copied", "zh-Hans": "一张表被复制"}, At: day,
		Channels: []breach.Channel{breach.Email}, Contact: breach.Contact{Name: "Data desk", Email: "desk@larkfield.example"},
	}
	for _, typed := range []string{told, " " + strings.ToLower(told), strings.ReplaceAll(told, "-", " "), strings.ReplaceAll(told, "0", "O")} {
		got, err := b.CheckCode(b.ctx, typed)
		require.NoError(t, err)
		require.Equal(t, want, got, "the phone is in the facts and not in an approved text")
	}
	for _, typed := range []string{other, "", noCode, "0000-0000", "UUUU-UUUU-UUUU-UUUU", "no code at all", told + "0", told[:9], "\x00", strings.Repeat("A", 1<<20)} {
		got, err := b.CheckCode(b.ctx, typed)
		require.NoError(t, err)
		require.Equal(t, breach.CodeCheck{}, got, "%.40q", typed)
	}
	require.NoError(t, b.SaveAnnouncement(b.ctx, breach.Announcement{Reference: page, Incident: b.id, PublishedAt: day, KeepUntil: day}))
	got, err := b.CheckCode(b.ctx, told)
	require.NoError(t, err)
	require.Equal(t, page, got.Announcement)
}

// When the records of an incident are erased, its codes cannot be told from others any more, and that is said.
func TestCodesOfErasedIncidents(t *testing.T) {
	t.Parallel()
	b := setup(t)
	told, _ := b.sentTo()
	require.NoError(t, b.exec(`DELETE FROM data_key WHERE incident = $1`, b.id))
	for _, code := range []string{told, noCode} {
		got, err := b.CheckCode(b.ctx, code)
		require.NoError(t, err)
		require.Equal(t, breach.CodeCheck{Erased: day}, got)
	}
}

func TestChangedApprovalsAnswerNothing(t *testing.T) {
	t.Parallel()
	for _, change := range []string{
		`ALTER TABLE approval DISABLE TRIGGER append_only; UPDATE approval SET approver = 'someone'`,
		`UPDATE plan SET body = convert_to(replace(convert_from(body, 'UTF8'), '"push"', '"mail"'), 'UTF8')`,
		`UPDATE notice SET body = convert_to(replace(convert_from(body, 'UTF8'), 'desk@', 'evil@'), 'UTF8')`,
		`DELETE FROM notice WHERE kind = 'announcement'`,
	} {
		b := setup(t)
		told, _ := b.sentTo()
		require.NoError(t, b.exec(change))
		got, err := b.CheckCode(b.ctx, told)
		requireCode(t, breach.ErrTampered, err)
		require.False(t, got.Genuine, change)
	}
}

// statements notes what is asked of PostgreSQL.
type statements struct{ list []string }

func (s *statements) TraceQueryStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	s.list = append(s.list, d.SQL)
	return ctx
}

func (s *statements) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// A code that is known, unknown or malformed runs the same statements in the same order.
func TestPromise_M21_EveryCodeCostsTheSameStatements(t *testing.T) {
	t.Parallel()
	seen := &statements{}
	b := setupWith(t, seen)
	told, other := b.sentTo()
	var first []string
	for i, code := range []string{told, other, noCode, "", "malformed!", strings.Repeat("A", 1<<16), told} {
		seen.list = nil
		_, err := b.CheckCode(b.ctx, code)
		require.NoError(t, err)
		if i == 0 {
			first = seen.list
			require.GreaterOrEqual(t, len(first), 5)
		}
		require.Equal(t, first, seen.list, "%.20q", code)
	}
}
