package outbox

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func get(t *testing.T, address string) (int, string, http.Header) {
	t.Helper()
	res, err := http.Get(address)
	require.NoError(t, err)
	return read(t, res)
}

func read(t *testing.T, res *http.Response) (int, string, http.Header) {
	t.Helper()
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(body), res.Header
}

const hostile = `<script>alert(1)</script>"'><img src=x>`

func filled(t *testing.T) (*Box, string) {
	t.Helper()
	box := open(t, "")
	for i := range 60 {
		add(t, box, Message{Channel: ChannelEmail, Provider: "smtp", Recipient: fmt.Sprintf("p%d@x.test", i), Subject: "Notice",
			Outcome: "accepted", Taken: true, Raw: []byte("Subject: Notice\r\nContent-Type: text/html\r\n\r\n<p title=\"q\">" + hostile + "</p>\r\n")})
	}
	add(t, box, Message{Channel: ChannelSMS, Provider: "twilio", Recipient: "+12025550101", Text: hostile, Subject: hostile, Outcome: "delivered", Taken: true})
	add(t, box, Message{Channel: ChannelSMS, Provider: "twilio", Recipient: "+12025550102", Outcome: "refused 21211"})
	server := httptest.NewServer(box.Handler())
	t.Cleanup(server.Close)
	return box, server.URL
}

func TestPagesListFilterAndPage(t *testing.T) {
	t.Parallel()
	_, base := filled(t)
	status, body, header := get(t, base+"/")
	require.Equal(t, 200, status)
	require.Contains(t, body, "61 messages")
	require.Contains(t, header.Get("Content-Security-Policy"), "default-src 'none'")
	require.NotContains(t, body, "<script")
	older := regexp.MustCompile(`href="(/\?before=[^"]+)"`).FindStringSubmatch(body)
	require.NotNil(t, older)
	_, second, _ := get(t, base+html.UnescapeString(older[1]))
	require.Contains(t, second, "p0@x.test")
	require.NotContains(t, second, "Older messages")

	_, refused, _ := get(t, base+"/?channel=sms&outcome=refused+21211&refused=1")
	require.Contains(t, refused, "12025550102")
	require.NotContains(t, refused, "12025550101")
	require.NotRegexp(t, `(src|href)="https?:`, body, "no external assets")
}

func TestSearchGoesByPost(t *testing.T) {
	t.Parallel()
	_, base := filled(t)
	res, err := http.PostForm(base+"/search", url.Values{"q": {"P17@"}, "channel": {"email"}})
	require.NoError(t, err)
	_, body, _ := read(t, res)
	require.Contains(t, body, "1 message,")
	require.Contains(t, body, "p17@x.test")
	status, _, _ := get(t, base+"/search?q=p17")
	require.Equal(t, http.StatusMethodNotAllowed, status)
}

func TestMessagePageShowsHTMLOnlyInASandbox(t *testing.T) {
	t.Parallel()
	_, base := filled(t)
	_, body, _ := get(t, base+"/messages/1")
	frame := regexp.MustCompile(`<iframe sandbox="" [^>]*srcdoc="([^"]*)"`).FindStringSubmatch(body)
	require.NotNil(t, frame)
	require.Equal(t, `<p title="q">`+hostile+"</p>\n", html.UnescapeString(frame[1]), "what the frame shows is what came")
	require.NotContains(t, body, "<script")
	_, sms, _ := get(t, base+"/messages/61")
	require.NotContains(t, sms, "<script")
	require.NotContains(t, sms, "<img")
	status, raw, header := get(t, base+"/messages/1/raw")
	require.Equal(t, 200, status)
	require.True(t, strings.HasPrefix(raw, "Subject: Notice\r\n"))
	require.Contains(t, header.Get("Content-Disposition"), "attachment")
	status, _, _ = get(t, base+"/messages/999")
	require.Equal(t, 404, status)
}

func TestJSON(t *testing.T) {
	t.Parallel()
	_, base := filled(t)
	_, body, _ := get(t, base+"/outbox.json?channel=email&limit=7")
	var page Page
	require.NoError(t, json.Unmarshal([]byte(body), &page))
	require.Equal(t, 60, page.Total)
	require.Len(t, page.Messages, 7)

	_, body, _ = get(t, base+"/outbox/counts.json")
	var counts Counts
	require.NoError(t, json.Unmarshal([]byte(body), &counts))
	require.Equal(t, map[string]int{"email": 60, "sms": 1}, counts.Channels)
	require.Equal(t, 1, counts.Refused["sms"]["refused 21211"])

	_, body, _ = get(t, base+"/outbox/recipients.json?channel=email")
	recipients := map[string]int{}
	require.NoError(t, json.Unmarshal([]byte(body), &recipients))
	require.Len(t, recipients, 60)

	_, body, _ = get(t, base+"/outbox/messages/1")
	var m Message
	require.NoError(t, json.Unmarshal([]byte(body), &m))
	require.Contains(t, m.HTML, hostile)
	require.Contains(t, string(m.Raw), "Subject: Notice")

	res, err := http.Post(base+"/outbox/search.json", "application/json", strings.NewReader(`{"recipient":"P3@x.test"}`))
	require.NoError(t, err)
	_, body, _ = read(t, res)
	require.NoError(t, json.Unmarshal([]byte(body), &page))
	require.Equal(t, 1, page.Total)

	status, _, _ := get(t, base+"/outbox.json?limit=x")
	require.Equal(t, 400, status)
}
