package obs_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/obs"
)

func TestRedact(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"mail to mei.lin+x@example.com failed": "mail to [email] failed",
		"<a@b.co>, c@d.e":                      "<[email]>, [email]",
		`{"email":"a@b.co"}`:                   `{"email":[email]"}`,
		"url?q=a%40b.co&x=1":                   "url?q=[email]&x=1",
		"用户@例子.公司":                             "[email]",
		"name＠example。com":                     "[email]",
		"a@b.co.9":                             "[email].9",
		"call +86 138-0013-8000 now":           "call [phone] now",
		"+1 (415) 555.0100":                    "[phone]",
		"to=%2B447700900123":                   "to=[phone]",
		"13800138000 and 1380013800":           "[phone] and 1380013800",
		"电话13800138000。":                       "电话[phone]。",
		"go.temporal.io/sdk@v1.50.0/x.go:12":   "go.temporal.io/sdk@v1.50.0/x.go:12",
		"1234@host@queue":                      "1234@host@queue",
		"2026-03-01T10:00:00+08:00":            "2026-03-01T10:00:00+08:00",
		"took +12 ms, 100%":                    "took +12 ms, 100%",
		"incident/0d3fa13800138000b":           "incident/0d3fa13800138000b",
		"sha 1700000000 1700000000000":         "sha 1700000000 1700000000000",
		"":                                     "",
	} {
		require.Equal(t, want, obs.Redact(in), in)
	}
}

type valuer struct{ s string }

func (v valuer) LogValue() slog.Value { return slog.GroupValue(slog.String("inner", v.s)) }

type plain struct{ P *string }

const (
	mail  = "canary@example.test"
	phone = "+8613800138000"
)

func TestPromise_C04_NothingGetsPastTheHandler(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"text", "json"} {
		var out bytes.Buffer
		log, err := obs.NewLogger(&out, obs.LogOptions{Format: format, Level: "debug"})
		require.NoError(t, err)
		m := mail
		var asKey slog.Attr
		asKey.Key, asKey.Value = mail, slog.IntValue(1)
		log.With("with", mail).With(slog.Group("g", "x", phone), asKey).WithGroup("group "+mail).Debug("message "+phone,
			"error", fmt.Errorf("wrapped: %w", errors.New(mail)), "valuer", valuer{mail}, "pointer", plain{&m},
			"list", []string{mail, "kept"}, "bytes", []byte(phone), "map", map[string]any{"k": phone},
			"number", 7, "took", time.Second)
		require.NotContains(t, out.String(), "canary")
		require.NotContains(t, out.String(), "138001")
		require.Contains(t, out.String(), "kept")
		require.Contains(t, out.String(), obs.RedactedEmail)
		require.Contains(t, out.String(), obs.RedactedPhone)
	}
}

func TestLogOptions(t *testing.T) {
	t.Parallel()
	require.ErrorContains(t, obs.LogOptions{Level: "loud"}.Validate(), "loud")
	require.ErrorContains(t, obs.LogOptions{Format: "xml"}.Validate(), "xml")
	var out bytes.Buffer
	log, err := obs.NewLogger(&out, obs.LogOptions{Level: "warn"})
	require.NoError(t, err)
	log.Info("quiet")
	require.Empty(t, out.String())
	log.Warn("loud")
	require.Contains(t, out.String(), "loud")
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	reg := obs.NewMetrics()
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: "tocsin_test_total", Help: "x"})
	reg.MustRegister(c)
	c.Inc()
	rec := httptest.NewRecorder()
	obs.MetricsHandler(reg).ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	body, err := io.ReadAll(rec.Result().Body)
	require.NoError(t, err)
	require.Contains(t, string(body), "tocsin_test_total 1")
	require.Contains(t, string(body), "go_goroutines")
}

func TestTracingIsOffWithoutACollector(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "")
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "")
	tp, stop, err := obs.NewTracing(t.Context(), "tocsin", "test", slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	_, span := tp.Tracer("x").Start(t.Context(), "y")
	require.False(t, span.IsRecording())
	require.NoError(t, stop(t.Context()))
}

func TestTracingSurvivesAMissingCollector(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
	tp, stop, err := obs.NewTracing(t.Context(), "tocsin", "test", slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	_, span := tp.Tracer("x").Start(t.Context(), "y")
	require.True(t, span.IsRecording())
	span.End()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_ = stop(ctx)
}

// FuzzRedact plants an address at any place of any text: it is never in what is logged.
func FuzzRedact(f *testing.F) {
	f.Add("before ", " after", uint8(0))
	f.Add("+12@", ".0@x.9", uint8(1))
	f.Add("%40", "%2B1", uint8(2))
	f.Fuzz(func(t *testing.T, before, after string, kind uint8) {
		planted := []string{"canary@planted.example", "+442071838750", "x%40planted.example"}[int(kind)%3]
		got := obs.Redact(before + planted + after)
		for _, gone := range []string{"@planted.example", "+442071838750", "%40planted.example"} {
			if strings.Contains(got, gone) && !strings.Contains(before+after, gone) {
				t.Fatalf("still there: %q", got)
			}
		}
	})
}
