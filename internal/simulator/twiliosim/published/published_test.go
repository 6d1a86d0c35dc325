package published

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const account = "AC00000000000000000000000000000001"

// The watch sees what the description does not have, in requests and in answers.
func TestTheWatchSees(t *testing.T) {
	t.Parallel()
	path := Find()
	if path == "" {
		t.Skip("NOT CHECKED: the vendor's OpenAPI description is not there; scripts/ensure-test-tools.sh gets it")
	}
	d, err := Read(path)
	require.NoError(t, err)
	const good = `{"sid":"SM00000000000000000000000000000001","status":"queued","num_segments":"1","date_created":"Thu, 24 Aug 2023 05:01:45 +0000"}`
	messages := "/2010-04-01/Accounts/" + account + "/Messages"
	for name, c := range map[string]struct {
		method, path, form string
		status             int
		answer, want       string // part of the fault; empty: there is none
	}{
		"as it should be":           {"POST", messages + ".json", "To=%2B15005559876&Body=x&ValidityPeriod=60", 201, good, ""},
		"a field that there is not": {"POST", messages + ".json", "To=%2B15005559876&Bodi=x", 201, good, "no field Bodi"},
		"a field that is missing":   {"POST", messages + ".json", "Body=x", 201, good, "To"},
		"words in place of number":  {"POST", messages + ".json", "To=%2B15005559876&ValidityPeriod=long", 201, good, "ValidityPeriod"},
		"an account that is none":   {"POST", "/2010-04-01/Accounts/me/Messages.json", "To=%2B15005559876", 201, good, "AccountSid"},
		"no such address":           {"POST", "/2010-04-01/Accounts/" + account + "/Letters.json", "", 201, good, "has no POST"},
		"no such parameter":         {"GET", messages + ".json?Too=x", "", 200, `{"messages":[]}`, "no parameter Too"},
		"another status":            {"POST", messages + ".json", "To=%2B15005559876", 200, good, "status"},
		"a state that is none":      {"POST", messages + ".json", "To=%2B15005559876", 201, strings.Replace(good, "queued", "asleep", 1), "status"},
		"a number for a text":       {"POST", messages + ".json", "To=%2B15005559876", 201, strings.Replace(good, `"1"`, `1`, 1), "num_segments"},
		"another kind of date":      {"POST", messages + ".json", "To=%2B15005559876", 201, strings.Replace(good, "Thu, 24 Aug 2023 05:01:45 +0000", "2023-08-24", 1), "date_created"},
		"an id of something else":   {"GET", messages + "/CA00000000000000000000000000000001.json", "", 200, good, "Sid"},
		"a refusal":                 {"POST", messages + ".json", "To=x", 400, `{"code":21211}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var faults []string
			h := d.Watch(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json;charset=utf-8")
				w.WriteHeader(c.status)
				_, _ = fmt.Fprint(w, c.answer)
			}), func(err error) { faults = append(faults, err.Error()) })
			r := httptest.NewRequest(c.method, c.path, strings.NewReader(c.form))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			require.Equal(t, c.status, w.Code)
			require.Equal(t, c.answer, w.Body.String())
			if c.want == "" {
				require.Empty(t, faults)
				return
			}
			require.Contains(t, strings.Join(faults, "\n"), c.want)
		})
	}
}
