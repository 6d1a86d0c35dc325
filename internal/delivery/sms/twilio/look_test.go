package twilio

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// Where the vendor cannot reach us it gets no address, and is asked by the message's id.
func TestPolling(t *testing.T) {
	t.Parallel()
	forms := make(chan url.Values, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			_ = r.ParseForm()
			forms <- r.PostForm
			w.WriteHeader(http.StatusCreated)
			_, _ = w.Write([]byte(`{"sid":"SM1","status":"queued"}`))
			return
		}
		if r.URL.Path != "/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Messages/SM1.json" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = w.Write([]byte(`{"sid":"SM1","status":"undelivered","error_code":30036}`))
	}))
	defer server.Close()
	c := testConfig(server.URL)
	c.Poll, c.PublicBaseURL, c.Validity = true, "", 90*time.Minute
	s := newSender(t, c)
	_, err := s.Send(t.Context(), message())
	require.NoError(t, err)
	form := <-forms
	require.Empty(t, form.Get("StatusCallback"))
	require.Equal(t, "5400", form.Get("ValidityPeriod"))
	receipt, err := s.Look(t.Context(), "SM1")
	require.NoError(t, err)
	require.Equal(t, delivery.Receipt{State: breach.FailedTemporary, ProviderRef: "SM1", Reason: delivery.ReasonHandsetOff, Detail: "undelivered, error 30036"}, receipt)
	for _, sid := range []string{"SM2", "../x"} {
		_, err = s.Look(t.Context(), sid)
		require.Error(t, err)
	}
	for code, m := range meanings {
		require.Contains(t, delivery.Reasons, m.reason, code)
	}
	c.Validity = 11 * time.Hour
	require.ErrorContains(t, c.Validate(), "validity")
}
