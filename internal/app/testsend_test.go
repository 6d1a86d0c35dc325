package app

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// post takes messages and has an answer for each.
type post struct {
	mu   sync.Mutex
	got  []delivery.Message
	fail error
}

func (p *post) Sender(kind string) (delivery.Sender, bool) {
	return p, kind == "smtp" || kind == "twilio"
}

func (p *post) Send(_ context.Context, m delivery.Message) (delivery.Receipt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f := m.Check(); f != nil {
		return delivery.Receipt{}, f
	}
	p.got = append(p.got, m)
	return delivery.Receipt{State: breach.Accepted}, p.fail
}

// A test goes to whoever tries it out and to nobody else, says that it is one, shows nobody's name, counts as nobody's
// delivery, and stands on the record.
func TestATestOfANoticeReachesTheTesterAlone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.serverOn(&updates{failures: map[string]error{}}, nil)
	ctx, author := t.Context(), breach.Actor{ID: "wei.lin", Role: breach.RoleResponder}
	out := &post{}
	p.Desk.Ways, p.Desk.Testers = out, breach.Testers{"@larkfield.example", "+14045550143"}
	incident := planOf(t, p, author)
	before, err := p.Desk.Overview(ctx, incident)
	require.NoError(t, err)

	ask := func(q breach.TestQuery) (breach.TestsSent, error) { return p.Desk.TestNotice(ctx, incident, q, author) }
	sent, err := ask(breach.TestQuery{To: "wei@larkfield.example", Channel: breach.Email})
	require.NoError(t, err)
	require.Equal(t, []breach.TestSent{{Why: "made up", Channel: breach.Email, Locale: "en", To: "w•••@•••.example", Provider: "smtp", State: breach.Accepted}}, sent.Tests)
	m := out.got[0]
	require.Equal(t, "wei@larkfield.example", m.To)
	require.Empty(t, m.ToName)
	require.True(t, strings.HasPrefix(m.Subject, "[TEST] "), m.Subject)
	require.True(t, strings.HasPrefix(m.Text, "TEST. This message shows"), m.Text)
	require.Contains(t, m.HTML, "<strong>TEST. This message shows")
	require.Contains(t, m.Text, "EXM-0000-0000-0000")
	require.True(t, strings.HasPrefix(m.AttemptID, "test-"))

	sent, err = ask(breach.TestQuery{To: "+14045550143", Channel: breach.SMS, Worst: true})
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(sent.Tests), 4)
	for _, m := range out.got[1:] {
		require.Equal(t, "+14045550143", m.To)
		require.True(t, strings.HasPrefix(m.Text, "*** TEST ***\n"), m.Text)
		for _, name := range []string{"Dahlberg", "olomew", "Brook", "علي"} {
			require.NotContains(t, m.Text, name)
		}
	}

	left := len(out.got)
	for _, x := range []struct {
		q    breach.TestQuery
		want breach.Code
	}{
		{breach.TestQuery{To: "marit@mail.test", Channel: breach.Email}, breach.ErrForbidden},
		{breach.TestQuery{To: "marit@mail.test", Channel: breach.Email, Person: 1}, breach.ErrForbidden},
		{breach.TestQuery{To: "a@larkfield.example\r\nBcc: b@mail.test", Channel: breach.Email}, breach.ErrForbidden},
		{breach.TestQuery{To: "b@mail.test\r\n@larkfield.example", Channel: breach.Email}, breach.ErrInvalid},
		{breach.TestQuery{To: "b@mail.test,c@larkfield.example", Channel: breach.Email}, breach.ErrInvalid},
		{breach.TestQuery{To: "wei@larkfield.example", Channel: breach.SMS}, breach.ErrForbidden},
		{breach.TestQuery{To: "wei@larkfield.example", Channel: breach.Letter}, breach.ErrInvalid},
		{breach.TestQuery{To: "wei@larkfield.example", Channel: breach.Email, Person: 99}, breach.ErrNotFound},
	} {
		_, err := ask(x.q)
		require.Equal(t, x.want, breach.CodeOf(err), "%+v", x.q)
		require.NotContains(t, err.Error(), "larkfield.example")
		require.NotContains(t, err.Error(), "mail.test")
	}
	_, err = p.Desk.TestNotice(ctx, incident, breach.TestQuery{To: "wei@larkfield.example", Channel: breach.Email}, breach.Actor{ID: "vera", Role: breach.RoleReader})
	require.Equal(t, breach.ErrForbidden, breach.CodeOf(err))
	require.Len(t, out.got, left)

	out.fail = errors.New("the line went dead")
	sent, err = ask(breach.TestQuery{To: "wei@larkfield.example", Channel: breach.Email})
	require.NoError(t, err)
	require.Equal(t, breach.Unknown, sent.Tests[0].State)

	after, err := p.Desk.Overview(ctx, incident)
	require.NoError(t, err)
	require.Equal(t, before.People, after.People)
	require.Equal(t, before.Channels, after.Channels)

	for err == nil {
		_, err = ask(breach.TestQuery{To: "wei@larkfield.example", Channel: breach.Email})
	}
	require.Equal(t, breach.ErrTooMany, breach.CodeOf(err))
	require.Len(t, out.got, mostTests)

	entries, err := p.Store.Timeline(ctx, incident, 0, 0)
	require.NoError(t, err)
	tests := 0
	for _, e := range entries {
		require.NotContains(t, string(e.Data), "wei@")
		require.NotContains(t, string(e.Data), "4045550143")
		if e.Action == "notice.tested" {
			tests++
			require.Equal(t, author.ID, e.Actor)
			require.Contains(t, string(e.Data), "•••")
		}
	}
	require.Equal(t, mostTests, tests)
}

// planOf loads five people and puts up a plan for them that nobody has approved.
func planOf(t *testing.T, p *Product, author breach.Actor) (incident string) {
	t.Helper()
	ctx := t.Context()
	opened, err := p.Desk.Open(ctx, breach.IncidentFile{Policy: "mooc"}, author)
	require.NoError(t, err)
	people := []breach.Person{
		{ExternalID: "1", Name: "Marit Dahlberg", Email: "marit@mail.test", Locale: "en", PostalAddress: "17 Oslogata\n0192 Oslo", Country: "NO"},
		{ExternalID: "2", Name: "محمد علي", Email: "m.ali@mail.test", Locale: "ar"},
		{ExternalID: "3", Name: "Bartholomew Featherstonehaugh-Cholmondeley", Phone: "+14045550151", Locale: "en-US"},
		{ExternalID: "4", Name: "Lea Brook", BirthDate: "2018-01-01", Locale: "en", Guardian: &breach.Guardian{Name: "Rosa Brook", Email: "rosa@mail.test"}},
		{ExternalID: "5", Name: "Nobody Here", Locale: "en"},
	}
	_, err = p.Desk.LoadPeople(ctx, opened.Incident, author, &breach.Source{Format: "csv", Encoding: "utf-8", SHA256: strings.Repeat("a", 64), Rows: 5}, func(yield func(breach.Person, error) bool) {
		for _, one := range people {
			if !yield(one, nil) {
				return
			}
		}
	})
	require.NoError(t, err)
	plan := breach.Plan{Incident: opened.Incident, Wave: 1, Revision: 1}
	for _, variant := range []breach.Addressee{breach.ToSelf, breach.ToGuardian} {
		for channel, parts := range map[breach.Channel]map[string]string{
			breach.Email: {"subject": "Notice", "text": "Dear {{name}}, code {{reference}} {{child_name}}", "html": "<html><body class=\"x\"><p>{{name}}</p></body></html>"},
			breach.SMS:   {"text": "Notice, code {{reference}}", "link": "https://x.test"},
		} {
			text, err := breach.NewText(breach.TextBody{Kind: breach.KindNotice, Channel: string(channel), Locale: "en", Variant: string(variant), Parts: parts})
			require.NoError(t, err)
			require.NoError(t, p.Store.SaveTexts(ctx, opened.Incident, []breach.Text{text}))
			plan.Notices = append(plan.Notices, text.Ref)
		}
	}
	plan.People, err = p.Store.Snapshot(ctx, opened.Incident, 1)
	require.NoError(t, err)
	require.NoError(t, p.Store.SavePlan(ctx, plan, author.ID, time.Now()))
	return opened.Incident
}

// A test goes by the push service whose token it names, and not by that of the person whose notice it is.
func TestATestGoesToTheTestersKindOfDevice(t *testing.T) {
	t.Parallel()
	for token, want := range map[string]string{
		`{"endpoint": "https://push.example.net/a", "keys": {"p256dh": "BPk", "auth": "c2U"}}`: "webpush",
		strings.Repeat("0a", 32):              "apns",
		"fXk2Canary:APA91bKanarienvogel01234": "",
	} {
		p := atTester(breach.Person{PushToken: "theirs", PushPlatform: "fcm"}, breach.TestQuery{To: token})
		require.Equal(t, []string{breach.PlainToken(token), want}, []string{p.PushToken, p.PushPlatform})
		require.NotContains(t, p.PushToken, " ")
	}
}
