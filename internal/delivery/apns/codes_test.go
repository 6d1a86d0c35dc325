package apns

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// Whatever the vendor answers, people can read what it means, and nothing of its own words is kept.
func FuzzAnswer(f *testing.F) {
	f.Add(http.StatusGone, "", []byte(`{"reason":"Unregistered","timestamp":1800000000000}`))
	f.Add(http.StatusTooManyRequests, "4", []byte(`{"reason":"TooManyRequests"}`))
	f.Add(http.StatusBadRequest, "-1", []byte(`{"reason":"BadDeviceToken ExpiredToken"}`))
	f.Add(http.StatusBadGateway, "Sun, 22 Nov 2026 08:00:30 GMT", []byte(`<html>`))
	f.Add(http.StatusTeapot, "x", []byte(`{"reason":{"reason":"Unregistered"}}`))
	now := time.Unix(1_800_000_000, 0)
	f.Fuzz(func(t *testing.T, status int, after string, body []byte) {
		a := readAnswer(status, http.Header{"Retry-After": {after}}, body)
		fault := a.failure(now)
		require.Contains(t, delivery.Reasons, fault.Reason)
		require.False(t, fault.Retryable && fault.Unknown)
		require.True(t, fault.After >= 0 && fault.After <= time.Hour)
		word, rest, known := strings.Cut(fault.Detail, ", ")
		if !known {
			word, rest = "", fault.Detail
		}
		require.True(t, word == "" || strings.Contains(reasons, " "+word+" "), "the vendor's own text: %q", fault.Detail)
		require.Regexp(t, `^HTTP -?[0-9]+$`, rest)
		if fault.Reason == delivery.ReasonTokenGone {
			require.True(t, status == http.StatusGone || word == "Unregistered" || word == "ExpiredToken", "dropped for good without the vendor's word")
		}
	})
}
