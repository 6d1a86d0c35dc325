package email

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// cutUp makes a form of a message: its texts are cut anywhere, in the middle of characters and line ends too,
// and any piece may be a person's own.
func cutUp(t *rapid.T, m delivery.Message) delivery.Message {
	cut := func(text string) (out delivery.Pieces) {
		for text != "" {
			n := rapid.IntRange(1, len(text)).Draw(t, "cut")
			if rapid.Bool().Draw(t, "own") {
				m.Own = append(m.Own, text[:n])
				out = append(out, delivery.Piece{Place: len(m.Own)})
			} else {
				out = append(out, delivery.Piece{Words: text[:n]})
			}
			text = text[n:]
		}
		return out
	}
	m.Form = &delivery.Form{Text: cut(m.Text), HTML: cut(m.HTML)}
	m.Text, m.HTML = "", ""
	return m
}

// drawForm is a text of some lines with places in them, as wild as its words.
func drawForm(t *rapid.T) *delivery.Form {
	words := rapid.SampledFrom([]string{
		"\n", "\r\n", "\r", " ", "", "Dear ", ".", "..\n.", "A line like any other of the text.\n", "我们发现有人进入了系统。\n", "  \r\n", strings.Repeat("long ", 40), "<p>\n", "=", "\x1b", "\xe6\x88", "\x91",
	})
	pieces := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) delivery.Piece {
		if rapid.Bool().Draw(t, "own") {
			return delivery.Piece{Place: rapid.IntRange(1, 3).Draw(t, "place")}
		}
		return delivery.Piece{Words: words.Draw(t, "words")}
	}), 0, 14)
	return &delivery.Form{Text: pieces.Draw(t, "text"), HTML: pieces.Draw(t, "html")}
}

// Whatever the words of a form and whatever a person's own values: what is prepared once gives the bytes that
// the text gives when it is written out and encoded as a whole, and leaves the same texts to the library.
func TestAStencilChangesNothing(t *testing.T) {
	t.Parallel()
	value := rapid.OneOf(nasty(3), rapid.SampledFrom([]string{"", "Zoë", "李雷", ".", "a=b", strings.Repeat("x", 80), "O'Brien \t", "\x1b", "a\rb", "\n", "\r", " ", "\x00", "\xff", "\x91", "\xe6"}))
	used, left := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		form := drawForm(t)
		s := newStencil(form)
		for i := range 4 {
			own := rapid.SliceOfN(value, 3, 3).Draw(t, fmt.Sprint("own", i))
			plain := (&delivery.Message{Form: form, Own: own}).Plain()
			want, wantOK := appendParts([]byte("x"), written(plain.Text), written(plain.HTML), nil)
			if !s.usable {
				left++
				continue
			}
			got, ok := appendParts([]byte("x"), s.text, s.html, own)
			require.Equal(t, wantOK, ok)
			require.Equal(t, string(want), string(got))
			used++
		}
	})
	require.Positive(t, used)
	require.Positive(t, left)
}

// A form that is of no use as a stencil is one that everybody's message must be written out for.
func TestAStencilIsUsableUnlessSomebodysTextMayBeEmptyOrIsTheLibrarys(t *testing.T) {
	t.Parallel()
	words, own := delivery.Pieces{{Words: "a\n"}, {Place: 1}}, delivery.Pieces{{Place: 1}, {Words: ""}}
	for i, c := range []struct {
		form   delivery.Form
		usable bool
	}{
		{delivery.Form{Text: words, HTML: words}, true},
		{delivery.Form{Text: words}, true},
		{delivery.Form{HTML: words}, true},
		{delivery.Form{Text: words, HTML: own}, false},
		{delivery.Form{Text: own}, false},
		{delivery.Form{Text: delivery.Pieces{{Words: "a\x1b\n"}}}, false},
		{delivery.Form{Text: delivery.Pieces{{Words: "a\xff\n"}}}, false},
	} {
		require.Equal(t, c.usable, newStencil(&c.form).usable, "%d", i)
	}
	c := testComposer(t)
	for _, value := range []string{"", "x"} {
		m := notice(&delivery.Form{Text: own}, 1)
		m.Own = []string{value}
		l, f := c.compose(nil, &m)
		if value == "" {
			require.Equal(t, delivery.Refused("the message has no text"), f)
			continue
		}
		require.Nil(t, f)
		text, _ := decodeParts(t, unstuffed(t, l.wire))
		require.Equal(t, value, text)
	}
}

// Only lines with a person's own values are encoded for each person.
func TestAStencilHoldsWhatAllShare(t *testing.T) {
	t.Parallel()
	s := newStencil(form(latin))
	require.True(t, s.usable)
	require.Len(t, s.html, 3, "before the name, between it and the reference, behind that")
	require.Equal(t, delivery.Pieces{{Words: "<p>Dear "}, {Place: 1}, {Words: ",</p>\n"}}, s.html[0].line)
	require.Empty(t, s.html[2].line)
	m := notice(form(latin), 1)
	shared := 0
	for _, part := range [][]stretch{s.text, s.html} {
		for _, stretch := range part {
			shared += len(stretch.wire)
		}
	}
	require.Greater(t, shared, 9*(len(m.Plain().Text)+len(m.Plain().HTML))/10)
}

func TestFormsAreRememberedApart(t *testing.T) {
	t.Parallel()
	var s stencils
	a, b := form(latin), form(latin)
	first := s.of(a)
	require.NotSame(t, first, s.of(b), "the same words in another form are another form")
	require.Same(t, first, s.of(a))
	for range 3 * mostForms {
		s.of(&delivery.Form{})
	}
	require.LessOrEqual(t, len(s.kept), mostForms)
}

// What no channel may carry is refused in a person's own values as in a text, and so is a form with places
// that nothing fills.
func TestHostileValuesOfAFormAreRefused(t *testing.T) {
	t.Parallel()
	c, shared := testComposer(t), form(latin)
	for _, own := range [][]string{nil, {"a"}, {"a\x00", "b"}, {"a", "b\xff\xfe"}, {"\xe6", "b"}} {
		m := notice(shared, 1)
		m.Own = own
		_, f := c.compose(nil, &m)
		require.NotNil(t, f, "%q", own)
		require.Equal(t, delivery.ReasonBadInput, f.Reason)
		require.False(t, f.Retryable || f.Unknown)
	}
	for _, value := range []string{"a\r\n.\r\nMAIL FROM:<x@y.example>", "--" + boundary + "--", "a\x1b[0m", "a\rb"} {
		m := notice(shared, 1)
		m.Own = []string{value, "."}
		l, f := c.compose(nil, &m)
		require.Nil(t, f)
		text, html := decodeParts(t, unstuffed(t, l.wire))
		plain := m.Plain()
		require.Equal(t, lines(plain.Text), lines(text))
		require.Equal(t, lines(plain.HTML), lines(html))
	}
}

func TestASubjectOfItsOwnIsKept(t *testing.T) {
	t.Parallel()
	c, m := testComposer(t), notice(form(latin), 1)
	for _, subject := range []string{"Notice", "Notice", "通知", "Notice", "=?UTF-8?Q?x?="} {
		m.Subject = subject
		formed, f := c.compose(nil, &m)
		require.Nil(t, f)
		written := m.Plain()
		plain, f := c.compose(nil, &written)
		require.Nil(t, f)
		require.Equal(t, string(plain.wire), string(formed.wire))
	}
}
