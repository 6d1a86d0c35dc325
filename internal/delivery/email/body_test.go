package email

import (
	"bytes"
	"fmt"
	"mime"
	"net/textproto"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

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
		require.Equal(t, string(wantBody), string(body))
		return
	}
	wantType, wantParameters, err := mime.ParseMediaType(wantHead.Get("Content-Type"))
	require.NoError(t, err)
	gotType, gotParameters, err := mime.ParseMediaType(gotHead.Get("Content-Type"))
	require.NoError(t, err)
	require.Equal(t, wantType, gotType)
	require.Len(t, gotHead, len(wantHead))
	require.NotContains(t, m.Text+m.HTML, wantParameters["boundary"], "it is random")
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
	l, f := testComposer(t).compose(nil, m)
	require.Nil(t, f)
	text, html := decodeParts(t, unstuffed(t, l.wire))
	require.Equal(t, lines(m.Text), lines(text))
	require.Equal(t, lines(m.HTML), lines(html))
}

// person draws what one person makes of a text: some lines with a name in them, some left out.
func person(template []string) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		name := rapid.SampledFrom([]string{"", "Zoë", "李雷", ".", "a=b", strings.Repeat("x", 80), "O'Brien \t", "\x1b", "a\rb", "\n"}).Draw(t, "name")
		drop := rapid.IntRange(0, 3*len(template)).Draw(t, "drop")
		var out strings.Builder
		for i, line := range template {
			if i != drop {
				out.WriteString(strings.ReplaceAll(line, "{}", name))
			}
		}
		return strings.TrimSuffix(out.String(), rapid.SampledFrom([]string{"", "\n"}).Draw(t, "end"))
	})
}

// Whatever was composed before, and in whatever order, a message is the same bytes as without a memory.
func TestWhatIsRememberedChangesNothing(t *testing.T) {
	t.Parallel()
	line := rapid.SampledFrom([]string{
		"\n", "\r\n", "Dear {},\n", ".{}\n", "{}\n", " \n", "A line like any other of the text, with nothing special in it at all.\n",
		"我们发现有人进入了保存客户记录的系统，并已通知监管机构。\n", "{} and something after it  \r\n", strings.Repeat("long ", 40) + "\n", "<p>\n", "..\n",
	})
	used := 0
	rapid.Check(t, func(t *rapid.T) {
		template := rapid.SliceOfN(line, 1, 25).Draw(t, "template")
		var remembered stencil
		for i := range 8 {
			text := person(template).Draw(t, fmt.Sprint("text", i))
			want, wantOK := appendQuoted([]byte("x"), text)
			got, ok := remembered.append([]byte("x"), text)
			require.Equal(t, wantOK, ok)
			require.Equal(t, string(want), string(got))
			if known := remembered.blocks.Load(); known != nil {
				used += len(*known)
			}
		}
	})
	require.Positive(t, used)
}

func TestAStencilBecomesWhatAllHaveInCommon(t *testing.T) {
	t.Parallel()
	var s stencil
	compose := func(i int) {
		m := notice(i, latin)
		_, ok := s.append(nil, m.HTML)
		require.True(t, ok)
	}
	compose(1)
	compose(2)
	blocks := *s.blocks.Load()
	require.Len(t, blocks, 2, "what is before and after the reference; the few bytes before the name are not worth a block")
	for i := range 50 {
		compose(i)
	}
	require.Same(t, &blocks[0], &(*s.blocks.Load())[0], "nothing is learned from messages that fit")
	for _, b := range blocks {
		require.NotContains(t, b.plain, "d1<", "nothing of a person stays")
	}

	for i := range 3 * mostRounds {
		_, ok := s.append(nil, strings.Repeat(fmt.Sprint("something else ", i, "\n"), 30))
		require.True(t, ok)
	}
	require.True(t, s.settled.Load(), "texts that have nothing in common are not learned from for ever")
}

func TestTextsAreRememberedApart(t *testing.T) {
	t.Parallel()
	var p patterns
	a, b := message(1), message(2)
	require.Same(t, p.of(a), p.of(b))
	b.TextID = "other"
	require.NotSame(t, p.of(a), p.of(b))
	for i := range 3 * mostTexts {
		b.TextID = fmt.Sprint(i)
		p.of(b)
	}
	require.LessOrEqual(t, len(p.text), mostTexts)
}

func TestManyComposeAtOnce(t *testing.T) {
	t.Parallel()
	c := testComposer(t)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 25 {
				m := notice(g*25+i, []string{latin, han}[i%2])
				l, f := c.compose(nil, m)
				if f != nil {
					t.Error(f)
					return
				}
				text, html := decodeParts(t, unstuffed(t, l.wire))
				if lines(text) != lines(m.Text) || lines(html) != lines(m.HTML) {
					t.Errorf("message %d of %d is not what went in", i, g)
				}
			}
		})
	}
	wg.Wait()
}
