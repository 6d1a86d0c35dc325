package twilio

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/simulator/twiliosim"
)

type stopped struct {
	numbers, started []string
	err              error
}

func (s *stopped) StopTexts(_ context.Context, number string, _ time.Time) (int, error) {
	s.numbers = append(s.numbers, number)
	return 1, s.err
}

func (s *stopped) StartTexts(_ context.Context, number string, _ time.Time) (int, error) {
	s.started = append(s.started, number)
	return 1, s.err
}

// hearing is a sender that hears answers, and what it made of them.
func hearing(t testing.TB) (http.Handler, *stopped, twiliosim.Config) {
	t.Helper()
	c, kept := testConfig("https://api.example.com"), &stopped{}
	s, err := New(c, kept)
	require.NoError(t, err)
	pattern, h := s.Door()
	mux := http.NewServeMux()
	mux.Handle(pattern, h)
	return mux, kept, twiliosim.Config{AccountSID: c.AccountSID, AuthToken: c.AuthToken}
}

// brought has the vendor bring an answer to the public address, from which a proxy takes it to another one.
func brought(t *testing.T, h http.Handler, by twiliosim.Config, text string) *httptest.ResponseRecorder {
	t.Helper()
	r, err := twiliosim.Answer(t.Context(), by, publicBase+Answers, "+15005559876", "+15005550006", text)
	require.NoError(t, err)
	r.Host, r.URL.Scheme, r.URL.Host = "127.0.0.1:8080", "http", "127.0.0.1:8080"
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestWhoAnswersStopIsHeard(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"STOP": true, " stop ": true, "Stop.": true, "UNSUBSCRIBE": true, "Revoke": true, "OPTOUT": true, "STOPP": true, "ARRET": true, "Arrêt": true,
		"退订": true, "TD": true, "停止": true, "СТОП": true, "\"stop\"": true,
		"stop please": false, "don't stop": false, "": false, "START": false, "thanks": false, "stopwatch": false,
	} {
		h, kept, vendor := hearing(t)
		w := brought(t, h, vendor, text)
		require.Equal(t, http.StatusOK, w.Code)
		require.Contains(t, w.Body.String(), "<Response>", "the vendor says what is to be said")
		require.Equal(t, want, len(kept.numbers) == 1, text)
		require.Equal(t, text == "START", len(kept.started) == 1, text)
		if want {
			require.Equal(t, "+15005559876", kept.numbers[0])
		}
	}
}

// START undoes STOP: the vendor's words, in any writing, and ours; what the vendor takes for one counts before the text.
func TestWhoAnswersStartIsHeard(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"START": true, " unstop. ": true, "Yes": true, "恢复": true, "再開": true, "yes please": false, "restart": false, "STOP": false, "": false,
	} {
		h, kept, vendor := hearing(t)
		require.Equal(t, http.StatusOK, brought(t, h, vendor, text).Code)
		require.Equal(t, want, len(kept.started) == 1, text)
	}
	for vendors, want := range map[string][2]int{"START": {0, 1}, "STOP": {1, 0}, "HELP": {1, 0}} {
		h, kept, vendor := hearing(t)
		form := url.Values{"AccountSid": {vendor.AccountSID}, "From": {"+15005559876"}, "Body": {"stop"}, "OptOutType": {vendors}}
		r := httptest.NewRequest(http.MethodPost, Answers, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("X-Twilio-Signature", twiliosim.Signature(vendor.AuthToken, publicBase+Answers, form))
		h.ServeHTTP(httptest.NewRecorder(), r)
		require.Equal(t, want, [2]int{len(kept.numbers), len(kept.started)}, vendors)
	}
}

// What is not the vendor's own word stops nothing, and what could not be kept is told again.
func TestOnlyTheVendorBringsAnswers(t *testing.T) {
	t.Parallel()
	h, kept, vendor := hearing(t)
	for _, other := range []twiliosim.Config{{AccountSID: vendor.AccountSID, AuthToken: "guessed"}, {AccountSID: "ACother", AuthToken: vendor.AuthToken}} {
		require.Equal(t, http.StatusForbidden, brought(t, h, other, "STOP").Code)
	}
	for _, body := range []string{"", "%zz", "Body=STOP&From=%2B15005559876", strings.Repeat("a", maxReport+1)} {
		r := httptest.NewRequest(http.MethodPost, Answers, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		require.GreaterOrEqual(t, w.Code, 400)
	}
	require.Empty(t, kept.numbers)
	kept.err = errors.New("away")
	w := brought(t, h, vendor, "STOP")
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.NotContains(t, w.Body.String(), "9876")

	kept.err, kept.numbers = nil, nil
	form := url.Values{"AccountSid": {vendor.AccountSID}, "From": {"+15005559876"}, "Body": {"basta"}, "OptOutType": {"STOP"}}
	r := httptest.NewRequest(http.MethodPost, Answers, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Twilio-Signature", twiliosim.Signature(vendor.AuthToken, publicBase+Answers, form))
	h.ServeHTTP(httptest.NewRecorder(), r)
	require.Len(t, kept.numbers, 1, "the vendor's console has words of its own")
}

func FuzzAnswers(f *testing.F) {
	f.Add("Body=STOP&From=%2B15005559876&AccountSid=AC1", "c2ln")
	f.Add("", "")
	h, kept, _ := hearing(f)
	f.Fuzz(func(t *testing.T, body, signature string) {
		r := httptest.NewRequest(http.MethodPost, Answers, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("X-Twilio-Signature", signature)
		h.ServeHTTP(httptest.NewRecorder(), r)
		if len(kept.numbers)+len(kept.started) > 0 {
			t.Fatal("an answer that nobody signed was believed")
		}
	})
}
