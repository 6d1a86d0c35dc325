package e2e

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var anyCode = regexp.MustCompile(`\b[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){3}\b`)

// Whoever got a notice checks its code on the organisation's own page, without an account: a genuine one shows
// which notice it is and nobody's data, one that was never sent or cannot be a code is said not to be ours, and
// nothing but the words tells these answers apart.
func TestMainJob08ACodeIsCheckedByWhoGotIt(t *testing.T) {
	t.Parallel()
	w, c := theWorld(t), newCrowd()
	people := c.some(1)
	people[0].Name = "Quillan Ashgrove"
	file := example(t)
	k := w.open(t, file)
	k.tell(t, people)
	k.told(t)
	m := w.lastTo(t, people[0].Email)
	code := anyCode.FindString(m.Text)
	require.NotEmpty(t, code)
	require.Contains(t, m.HTML, code)

	public := w.as("")
	check := func(typed string) string {
		form := sent{"application/x-www-form-urlencoded", []byte(url.Values{"code": {typed}}.Encode())}
		status, page, kind := public.raw(t, http.MethodPost, "/verify", form, "Accept-Language", "en")
		for end := time.Now().Add(patience); status == http.StatusServiceUnavailable && time.Now().Before(end); { // the machine is busy
			status, page, kind = public.raw(t, http.MethodPost, "/verify", form, "Accept-Language", "en")
		}
		require.Equal(t, http.StatusOK, status)
		require.Contains(t, kind, "text/html")
		require.NotContains(t, string(page), typed, "the code is not said again")
		for _, secret := range []string{people[0].Name, people[0].Email, people[0].ExternalID, k.id} {
			require.NotContains(t, string(page), secret)
		}
		return string(page)
	}
	page := check(strings.ToLower(strings.ReplaceAll(code, "-", " ")))
	said := squeeze(visible(t, page))
	for _, want := range []string{"Yes, this code is ours.", *file.Facts.Organisation.Name, file.Contact.Email, "email", "password"} {
		require.Contains(t, said, squeeze(want))
	}
	wrong := []byte(code)
	wrong[0] = map[bool]byte{true: '8', false: '7'}[wrong[0] == '7']
	for _, typed := range []string{string(wrong), "<b>no code</b>"} {
		other := check(typed)
		require.Contains(t, squeeze(visible(t, other)), squeeze("No, this code is not ours."))
		require.NotContains(t, other, file.Contact.Email)
		require.Len(t, other, len(page), "as many bytes")
	}
}
