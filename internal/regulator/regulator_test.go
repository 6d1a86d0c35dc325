package regulator

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
	"github.com/tocsin-engine/tocsin/internal/simulator/portalsim"
)

const (
	gdpr  = "eu-gdpr/authority/initial"
	pipl  = "cn-pipl-57/authority/notice"
	token = "portal-secret-token"
	key   = "incident-1/eu-gdpr/authority/initial/abc"
)

func reportText(t testing.TB, obligation string, change ...func(*breach.TextBody)) breach.Text {
	t.Helper()
	b := breach.TextBody{
		Kind: breach.KindReport, Channel: obligation, Locale: "en", Parts: map[string]string{"title": "Larkfield: first\nreport", "text": "1. Controller\nLarkfield <Learning>"},
		Fields: map[string]string{"consequences": "Passwords may be worked out.", "dpo": "Not known yet."}, Required: []string{"consequences"}, Open: []string{"dpo"},
	}
	for _, f := range change {
		f(&b)
	}
	x, err := breach.NewText(b)
	require.NoError(t, err)
	return x
}

// mailbox is a relay that keeps what it gets.
type mailbox struct {
	mu      sync.Mutex
	got     []delivery.Message
	receipt delivery.Receipt
	err     error
}

func (m *mailbox) Send(_ context.Context, msg delivery.Message) (delivery.Receipt, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.got = append(m.got, msg)
	return m.receipt, m.err
}

func routes(t testing.TB, s string) (r Routes) {
	t.Helper()
	require.NoError(t, r.UnmarshalText([]byte(s)))
	return r
}

func router(t testing.TB, base string, mail Mailer) *Router {
	t.Helper()
	r, err := New(Config{Routes: routes(t, "cn-*=email:cac@authority.test, eu-gdpr=portal:DPC"), Portal: &PortalConfig{BaseURL: base, Token: token, Timeout: 2 * time.Second}}, mail)
	require.NoError(t, err)
	return r
}

// The report goes to the portal, the number comes back, and filing again is the same filing.
func TestPromise_M13_FiledWithThePortal(t *testing.T) {
	t.Parallel()
	box, err := outbox.Open("")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, box.Close()) })
	service, err := portalsim.New(token, box)
	require.NoError(t, err)
	server := httptest.NewServer(service.Handler())
	t.Cleanup(server.Close)
	r := router(t, server.URL, &mailbox{})

	via, first, err := r.File(t.Context(), key, gdpr, reportText(t, gdpr))
	require.NoError(t, err)
	require.Equal(t, ViaPortal, via)
	require.Regexp(t, `^DPC-\d{4}-000001$`, first)
	_, again, err := r.File(t.Context(), key, gdpr, reportText(t, gdpr))
	require.NoError(t, err)
	require.Equal(t, first, again)
	require.Equal(t, 1, box.Counts().Channels[outbox.ChannelFiling])

	other := reportText(t, gdpr, func(b *breach.TextBody) { b.Parts["text"] = "another" })
	_, _, err = r.File(t.Context(), key, gdpr, other)
	require.Equal(t, breach.ErrConflict, breach.CodeOf(err))
	require.Equal(t, 1, box.Counts().Channels[outbox.ChannelFiling])
}

func TestPortalGetsTextAndFields(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var bodies []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		mu.Lock()
		bodies = append(bodies, string(b))
		mu.Unlock()
		if r.Method != http.MethodPost || r.URL.Path != "/api/filings" || r.Header.Get("Authorization") != "Bearer "+token || r.Header.Get("Idempotency-Key") != key {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte(`{"acknowledgement":"粤网信〔2026〕7号"}`))
	}))
	t.Cleanup(server.Close)
	r := router(t, server.URL+"/api/", &mailbox{})
	text := reportText(t, gdpr)
	_, ack, err := r.File(t.Context(), key, gdpr, text)
	require.NoError(t, err)
	require.Equal(t, "粤网信〔2026〕7号", ack)
	_, _, err = r.File(t.Context(), key, gdpr, text)
	require.NoError(t, err)
	require.Equal(t, bodies[0], bodies[1], "a repetition is the same bytes")
	var f filing
	require.NoError(t, json.Unmarshal([]byte(bodies[0]), &f))
	require.Equal(t, filing{
		Authority: "DPC", Obligation: gdpr, Regime: "eu-gdpr", Phase: "initial", Language: "en", Title: "Larkfield: first\nreport", Text: "1. Controller\nLarkfield <Learning>",
		Fields: map[string]string{"consequences": "Passwords may be worked out.", "dpo": "Not known yet."}, Open: []string{"dpo"}, SHA256: text.Ref.SHA256,
	}, f)
}

func TestPortalAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		want   breach.Code
		says   string
	}{
		"conflict":       {409, `{"detail":"other report"}`, breach.ErrConflict, "other report"},
		"refused":        {422, `{"title":"No","detail":"field dpo\r\nX: y ana@mail.test"}`, breach.ErrInvalid, "field dpo"},
		"refused, plain": {400, `<html>`, breach.ErrInvalid, "no reason"},
		"token":          {401, ``, breach.ErrUnavailable, "token"},
		"busy":           {429, ``, breach.ErrUnavailable, "safe"},
		"down":           {503, ``, breach.ErrUnavailable, "safe"},
		"elsewhere":      {307, ``, breach.ErrUnavailable, "307"},
		"no number":      {201, `{}`, breach.ErrUnavailable, "acknowledgement"},
		"number is text": {201, `{"acknowledgement":"<b>\n"}`, breach.ErrUnavailable, "acknowledgement"},
		"not JSON":       {200, `OK`, breach.ErrUnavailable, "acknowledgement"},
		"endless":        {200, `{"acknowledgement":"` + strings.Repeat("A", 1<<20), breach.ErrUnavailable, "acknowledgement"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			elsewhere := 0
			mux := http.NewServeMux()
			mux.HandleFunc("/filings", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "/stolen")
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			})
			mux.HandleFunc("/stolen", func(http.ResponseWriter, *http.Request) { elsewhere++ })
			server := httptest.NewServer(mux)
			t.Cleanup(server.Close)
			_, ack, err := router(t, server.URL, &mailbox{}).File(t.Context(), key, gdpr, reportText(t, gdpr))
			require.Equal(t, c.want, breach.CodeOf(err))
			require.ErrorContains(t, err, c.says)
			require.Empty(t, ack)
			require.Zero(t, elsewhere, "the token is never carried elsewhere")
			for _, secret := range []string{token, "ana@mail.test", server.URL, "\r"} {
				require.NotContains(t, err.Error(), secret)
			}
		})
	}
}

func TestPortalThatHangsOrBreaksMayBeAskedAgain(t *testing.T) {
	t.Parallel()
	stop := make(chan struct{})
	hang := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-stop }))
	drop := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	t.Cleanup(func() { close(stop); hang.Close(); drop.Close() })
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for name, base := range map[string]string{"hangs": hang.URL, "breaks": drop.URL, "is not there": gone.URL} {
		r, err := New(Config{Routes: routes(t, "*=portal"), Portal: &PortalConfig{BaseURL: base, Token: token, Timeout: 200 * time.Millisecond}}, nil)
		require.NoError(t, err)
		start := time.Now()
		_, _, err = r.File(t.Context(), key, gdpr, reportText(t, gdpr))
		require.Equal(t, breach.ErrUnavailable, breach.CodeOf(err), name)
		require.Less(t, time.Since(start), 5*time.Second, name)
		require.NotContains(t, err.Error(), base)
	}
}

func TestPromise_M13_FiledByEmail(t *testing.T) {
	t.Parallel()
	box := &mailbox{receipt: delivery.Receipt{State: breach.Accepted}}
	r := router(t, "https://portal.test", box)
	for range 2 {
		via, ack, err := r.File(t.Context(), key, pipl, reportText(t, pipl))
		require.NoError(t, err)
		require.Equal(t, ViaEmail, via)
		require.Empty(t, ack, "a person enters it when the authority answers")
	}
	require.Equal(t, box.got[0], box.got[1], "a repetition is recognisable")
	m := box.got[0]
	require.Nil(t, m.Check())
	require.Equal(t, "cac@authority.test", m.To)
	require.Equal(t, "Larkfield: first report", m.Subject)
	require.Contains(t, m.HTML, "Larkfield &lt;Learning&gt;")
	_, _, err := r.File(t.Context(), "another-key", pipl, reportText(t, pipl))
	require.NoError(t, err)
	require.NotEqual(t, m.DeliveryID, box.got[2].DeliveryID)

	for name, c := range map[string]struct {
		receipt delivery.Receipt
		err     error
		want    breach.Code
	}{
		"refused":        {delivery.Receipt{State: breach.FailedPermanent, Reason: delivery.ReasonNoMailbox}, nil, breach.ErrInvalid},
		"later":          {delivery.Receipt{State: breach.FailedTemporary, Reason: delivery.ReasonGreylisted}, nil, breach.ErrUnavailable},
		"refused (err)":  {delivery.Receipt{}, delivery.Refused("x"), breach.ErrInvalid},
		"not known":      {delivery.Receipt{}, delivery.NoAnswer("x"), breach.ErrUnavailable},
		"try again":      {delivery.Receipt{}, delivery.Temporary(delivery.ReasonProviderDown, "x", 0), breach.ErrUnavailable},
		"something else": {delivery.Receipt{}, io.ErrUnexpectedEOF, breach.ErrUnavailable},
	} {
		_, _, err := router(t, "https://portal.test", &mailbox{receipt: c.receipt, err: c.err}).File(t.Context(), key, pipl, reportText(t, pipl))
		require.Equal(t, c.want, breach.CodeOf(err), name)
	}
}

// What is not ready for an authority does not leave.
func TestUnfinishedReportsAreRefused(t *testing.T) {
	t.Parallel()
	box := &mailbox{receipt: delivery.Receipt{State: breach.Accepted}}
	r := router(t, "https://portal.test", box)
	tampered := reportText(t, pipl)
	tampered.Body = []byte(strings.Replace(string(tampered.Body), "worked", "guessed", 1))
	notice := reportText(t, pipl, func(b *breach.TextBody) { b.Kind = breach.KindNotice })
	for name, c := range map[string]struct {
		key, obligation string
		text            breach.Text
		want            breach.Code
		says            string
	}{
		"empty section":    {key, pipl, reportText(t, pipl, func(b *breach.TextBody) { b.Fields["consequences"] = " \n" }), breach.ErrIncomplete, "consequences: is required and empty"},
		"missing section":  {key, pipl, reportText(t, pipl, func(b *breach.TextBody) { b.Required = append(b.Required, "lessons") }), breach.ErrIncomplete, "lessons"},
		"no text":          {key, pipl, reportText(t, pipl, func(b *breach.TextBody) { b.Parts["text"] = "" }), breach.ErrIncomplete, "text: is empty"},
		"placeholder":      {key, pipl, reportText(t, pipl, func(b *breach.TextBody) { b.Parts["text"] += "{{name}}" }), breach.ErrIncomplete, "placeholders"},
		"in a field":       {key, pipl, reportText(t, pipl, func(b *breach.TextBody) { b.Fields["dpo"] = "{{x}}" }), breach.ErrIncomplete, "placeholders"},
		"tampered":         {key, pipl, tampered, breach.ErrTampered, ""},
		"a notice":         {key, pipl, notice, breach.ErrInvalid, "not the report"},
		"another's report": {key, gdpr, reportText(t, pipl), breach.ErrInvalid, "not the report"},
		"no route":         {key, "us-hhs/authority/first", reportText(t, "us-hhs/authority/first"), breach.ErrInvalid, "no route"},
		"key with line":    {"a\r\nX: y", pipl, reportText(t, pipl), breach.ErrInvalid, "key"},
		"no key":           {"", pipl, reportText(t, pipl), breach.ErrInvalid, "key"},
	} {
		_, _, err := r.File(t.Context(), c.key, c.obligation, c.text)
		require.Equal(t, c.want, breach.CodeOf(err), name)
		require.ErrorContains(t, err, c.says, name)
	}
	require.Empty(t, box.got)
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	r := routes(t, " cn-pipl-57=email:a@x.test ,cn-*=portal:CAC, eu-gdpr/authority/initial=portal, *=email:rest@x.test,")
	for obligation, want := range map[string]Route{
		"cn-pipl-57/authority/notice":            {"cn-pipl-57", ViaEmail, "a@x.test", ""},
		"cn-cac-incident-2025/authority/x":       {"cn-*", ViaPortal, "", "CAC"},
		"eu-gdpr/authority/initial":              {"eu-gdpr/authority/initial", ViaPortal, "", ""},
		"eu-gdpr/authority/phased":               {"*", ViaEmail, "rest@x.test", ""},
		"cn-pipl-57-of-another/authority/notice": {"cn-*", ViaPortal, "", "CAC"},
	} {
		got, ok := r.find(obligation)
		require.True(t, ok)
		require.Equal(t, want, got, obligation)
	}
	_, ok := routes(t, "eu-gdpr=portal").find("eu-gdpr-2/authority/x")
	require.False(t, ok)
	for _, bad := range []string{"cn", "cn=fax", "cn=email", "cn=email:not an address", "cn=email:A <a@x.test>", "CN=portal", "c*n=portal", "=portal", "cn=portal:a b", "cn=portal:x\r\ny"} {
		var out Routes
		require.Equal(t, breach.ErrInvalid, breach.CodeOf(out.UnmarshalText([]byte(bad))), bad)
	}
}

func TestConfigIsCheckedAsAWhole(t *testing.T) {
	t.Parallel()
	ok := &PortalConfig{BaseURL: "https://portal.test", Token: token}
	for name, c := range map[string]struct {
		config Config
		mail   Mailer
	}{
		"plain http":   {Config{Portal: &PortalConfig{BaseURL: "http://portal.test", Token: token}}, nil},
		"no token":     {Config{Portal: &PortalConfig{BaseURL: "https://portal.test"}}, nil},
		"token line":   {Config{Portal: &PortalConfig{BaseURL: "https://portal.test", Token: "a\nb"}}, nil},
		"no address":   {Config{Portal: &PortalConfig{Token: token}}, nil},
		"no portal":    {Config{Routes: Routes{{Match: "*", Via: ViaPortal}}}, &mailbox{}},
		"no mail":      {Config{Routes: Routes{{Match: "*", Via: ViaEmail, To: "a@x.test"}}, Portal: ok}, nil},
		"broken route": {Config{Routes: Routes{{Match: "*", Via: "fax"}}, Portal: ok}, &mailbox{}},
	} {
		_, err := New(c.config, c.mail)
		require.Equal(t, breach.ErrInvalid, breach.CodeOf(err), name)
		require.NotContains(t, err.Error(), token)
	}
	_, err := New(Config{Portal: &PortalConfig{BaseURL: "http://127.0.0.1:1", Token: token}}, nil)
	require.NoError(t, err, "loopback needs no TLS")
}

func FuzzPortalAnswer(f *testing.F) {
	for _, s := range []string{`{"acknowledgement":"DPC-1"}`, `{"title":"x","detail":"y"}`, "", "{", "[]", `{"acknowledgement":1}`} {
		f.Add(201, []byte(s))
		f.Add(422, []byte(s))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		ack, err := read(status, body)
		require.Equal(t, err == nil, ack != "")
		require.NotContains(t, ack, "\n")
		if err != nil {
			require.NotContains(t, err.Error(), "\r")
			require.NotContains(t, err.Error(), "\x00")
		}
	})
}

func FuzzRoutes(f *testing.F) {
	for _, s := range []string{"cn-*=email:a@x.test,eu-gdpr=portal:DPC", "*=portal", "=", ",,,", "a=b:c:d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var r Routes
		if r.UnmarshalText([]byte(s)) == nil {
			for _, route := range r {
				require.NoError(t, route.check())
			}
		}
	})
}
