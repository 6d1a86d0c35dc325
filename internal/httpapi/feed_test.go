package httpapi_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func TestTheFeedIsAnsweredOnlyWhenItChanged(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.desk.notices = []breach.FeedNotice{{ID: "inc1.1.en", Locale: "en", Title: "Security notice"}}
	q := request{method: "GET", path: "/v1/feed", token: "application-token", header: map[string]string{}}
	first := b.do(q)
	require.Equal(t, 200, first.Code)
	require.Contains(t, first.Body.String(), "inc1.1.en")
	require.Equal(t, "private, no-cache", first.Header().Get("Cache-Control"))
	tag := first.Header().Get("ETag")
	require.NotEmpty(t, tag)
	for _, have := range []string{tag, "W/" + tag, `"x", ` + tag, "*"} {
		q.header["If-None-Match"] = have
		again := b.do(q)
		require.Equal(t, 304, again.Code, have)
		require.Empty(t, again.Body.String())
		require.Equal(t, tag, again.Header().Get("ETag"))
	}
	b.desk.notices = []breach.FeedNotice{}
	q.header["If-None-Match"] = tag
	gone := b.do(q)
	require.Equal(t, 200, gone.Code)
	require.JSONEq(t, `{"notices":[]}`, gone.Body.String())
}

func TestWhatApplicationsAskIsBounded(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	const secret = "user-4711"
	many := func(n int, one string) string { return strings.TrimSuffix(strings.Repeat(one+",", n), ",") }
	seen := `{"external_id":"` + secret + `","notice":"inc1.1.en"}`
	for _, x := range []struct{ path, body string }{
		{"lookup", ``}, {"lookup", `{}`}, {"lookup", `{"external_ids":[]}`}, {"lookup", `{"external_ids":[""]}`}, {"lookup", `{"external_ids":"` + secret + `"}`},
		{"lookup", `{"external_ids":[` + many(101, `"`+secret+`"`) + `]}`}, {"lookup", `{"external_ids":["` + secret + strings.Repeat("x", 200) + `"]}`},
		{"lookup", `{"external_ids":["` + secret + `"],"incident":"inc1"}`}, {"lookup", `{"external_ids":["` + secret + `\u0000"]}`},
		{"acknowledgements", `{"acknowledgements":[]}`}, {"acknowledgements", `{"acknowledgements":[` + many(101, seen) + `]}`},
		{"acknowledgements", `{"acknowledgements":[{"external_id":"` + secret + `"}]}`}, {"acknowledgements", `{"acknowledgements":["` + secret + `"]}`},
		{"acknowledgements", `{"acknowledgements":[{"external_id":"` + secret + strings.Repeat("x", 200) + `","notice":"n"}]}`},
	} {
		b.desk.calls = nil
		w := b.do(request{method: "POST", path: "/v1/feed/" + x.path, body: x.body, token: "application-token"})
		b.problem(w, breach.ErrInvalid)
		require.NotContains(t, w.Body.String(), secret, x.body)
		require.Equal(t, []string{"authenticate"}, b.desk.calls)
	}
	w := b.do(request{method: "POST", path: "/v1/feed/lookup", body: `{"external_ids":["` + strings.Repeat("x", 70<<10) + `"]}`, token: "application-token"})
	b.problem(w, breach.ErrTooLarge)
	w = b.do(request{method: "POST", path: "/v1/feed/acknowledgements", body: `{"acknowledgements":[` + many(100, seen) + `]}`, token: "application-token"})
	require.Equal(t, 200, w.Code)
	require.JSONEq(t, `{"on_record":100}`, w.Body.String())
	require.NotContains(t, b.log.String(), secret)
}
