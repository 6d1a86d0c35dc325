package email

import (
	"bytes"
	"io"
	"mime/quotedprintable"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Two encoders, one result: line breaks, soft breaks, blanks at line ends included. Only a dot at the
// start of a line is written otherwise.
func TestQuotedIsWhatTheStandardLibraryWrites(t *testing.T) {
	t.Parallel()
	pieces := rapid.SampledFrom([]string{
		" ", "  ", "\t", "\n", "\r\n", ".", "..", "=", "é", "长", "𝒳", "\u00a0", "~", "\x7f", "\r", "\x1b", "x", "abcdefgh",
		strings.Repeat("x", 71), strings.Repeat("x", 72), strings.Repeat("x", 73), strings.Repeat("x", 74), strings.Repeat("x", 75), strings.Repeat("x", 76),
		strings.Repeat(".", 80), strings.Repeat(" ", 80), strings.Repeat("word ", 40), "<p style=\"margin:0\">",
	})
	fast := 0
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(pieces, 0, 40).Draw(t, "pieces"), "")
		got, ok := appendQuoted(nil, []byte(text))
		control := strings.ContainsAny(strings.ReplaceAll(text, "\r\n", "\n"), "\r\x1b\x7f")
		require.Equal(t, !control, ok, "what is left to the library: control characters and nothing else")
		if !ok {
			return
		}
		fast++
		var want bytes.Buffer
		w := quotedprintable.NewWriter(&want)
		_, err := w.Write([]byte(text))
		require.NoError(t, err)
		require.NoError(t, w.Close())
		if !dotAtLineStart(want.Bytes()) {
			require.Equal(t, want.String(), string(got))
			return
		}
		require.False(t, dotAtLineStart(got))
		for line := range bytes.SplitSeq(got, []byte("\r\n")) {
			require.LessOrEqual(t, len(line), quotedLine+1)
		}
		read, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(got)))
		require.NoError(t, err)
		require.Equal(t, strings.ReplaceAll(text, "\r\n", "\n"), strings.ReplaceAll(string(read), "\r\n", "\n"))
	})
	require.Positive(t, fast)
}

func dotAtLineStart(text []byte) bool {
	return bytes.HasPrefix(text, []byte(".")) || bytes.Contains(text, []byte("\n."))
}

func TestPlainRun(t *testing.T) {
	t.Parallel()
	for c := range 256 {
		for at := range 20 {
			s := strings.Repeat("a", at) + string([]byte{byte(c)}) + strings.Repeat("b", 12)
			want := at
			if quotedClass[c]&plain != 0 {
				want = len(s)
			}
			require.Equal(t, want, plainRun([]byte(s)), "%q", s)
		}
	}
}

func BenchmarkQuoted(b *testing.B) {
	for name, text := range map[string]string{
		"latin": strings.Repeat("On 14 November we detected that somebody had reached a system which holds records.\n", 40),
		"han":   strings.Repeat("我们发现有人进入了保存客户记录的系统，并已通知监管机构。\n", 40),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			var w []byte
			plain := []byte(text)
			for b.Loop() {
				w, _ = appendQuoted(w[:0], plain)
			}
		})
	}
}
