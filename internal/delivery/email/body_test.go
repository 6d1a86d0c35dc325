package email

import (
	"bytes"
	"mime"
	"net/textproto"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// requireLibrarysBody holds a composed message against the library's: the same parts with the same headers,
// the same bytes in each but for the boundary.
func requireLibrarysBody(t require.TestingT, m delivery.Message, raw []byte) {
	want, wantBody, err := mimeBody(m)
	require.NoError(t, err)
	head, body, found := bytes.Cut(raw, []byte("\r\n\r\n"))
	require.True(t, found)
	wantHead, gotHead := contentHeaders(t, want), contentHeaders(t, append(head, "\r\n"...))
	if m.Text == "" || m.HTML == "" {
		require.Equal(t, wantHead, gotHead)
		if !dotAtLineStart(wantBody) { // which the library leaves as it is
			require.Equal(t, string(wantBody), string(body))
		}
		return
	}
	wantType, wantParameters, err := mime.ParseMediaType(wantHead.Get("Content-Type"))
	require.NoError(t, err)
	gotType, gotParameters, err := mime.ParseMediaType(gotHead.Get("Content-Type"))
	require.NoError(t, err)
	require.Equal(t, wantType, gotType)
	require.Len(t, gotHead, len(wantHead))
	require.NotContains(t, m.Text+m.HTML, wantParameters["boundary"], "it is random")
	if dotAtLineStart(wantBody) {
		return
	}
	require.Equal(t,
		strings.ReplaceAll(string(wantBody), wantParameters["boundary"], "|"),
		strings.ReplaceAll(string(body), "--"+gotParameters["boundary"], "--|"))
}

func contentHeaders(t require.TestingT, head []byte) textproto.MIMEHeader {
	all, err := textproto.NewReader(newReader(append(head, "\r\n"...))).ReadMIMEHeader()
	require.NoError(t, err)
	for name := range all {
		if !strings.HasPrefix(name, "Content-") || name == "Content-Language" {
			all.Del(name)
		}
	}
	return all
}

// The boundary is fixed, so that a text may hold it: encoded, it is no boundary any more.
func TestATextThatHoldsTheBoundary(t *testing.T) {
	t.Parallel()
	m := message(1)
	m.Text = "a\n--" + boundary + "\nContent-Type: text/html\n\nb\n--" + boundary + "--\n"
	m.HTML = m.Text
	l, f := testComposer(t).compose(nil, &m)
	require.Nil(t, f)
	text, html := decodeParts(t, unstuffed(t, l.wire))
	require.Equal(t, lines(m.Text), lines(text))
	require.Equal(t, lines(m.HTML), lines(html))
}

func TestManyComposeAtOnce(t *testing.T) {
	t.Parallel()
	c, forms := testComposer(t), []*delivery.Form{form(latin), form(han)}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 25 {
				m := notice(forms[i%2], g*25+i)
				l, f := c.compose(nil, &m)
				if f != nil {
					t.Error(f)
					return
				}
				m = m.Plain()
				text, html := decodeParts(t, unstuffed(t, l.wire))
				if lines(text) != lines(m.Text) || lines(html) != lines(m.HTML) {
					t.Errorf("message %d of %d is not what went in", i, g)
				}
			}
		})
	}
	wg.Wait()
}
