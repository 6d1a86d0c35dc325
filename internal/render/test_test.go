package render_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/render"
)

// Whoever gets a test sees in the subject and in the first line that it is one, in every language; a text message
// stays in its alphabet.
func TestATestSaysThatItIsOne(t *testing.T) {
	t.Parallel()
	e, err := render.New()
	require.NoError(t, err)
	marks := map[string]bool{}
	for _, tag := range []string{"en", "zh-Hans", "zh-Hant", "ja", "ko", "de", "fr", "es", "pt-BR", "ar", "tlh"} {
		mail := e.Test(delivery.Message{Channel: breach.Email, Locale: tag, Subject: "S", Text: "T", HTML: `<html><BODY dir="rtl"><p>H</p></BODY></html>`})
		require.Regexp(t, `^\[.+\] S$`, mail.Subject)
		line, rest, _ := strings.Cut(mail.Text, "\n\n")
		require.Equal(t, "T", rest)
		require.Greater(t, len(line), 30)
		require.Contains(t, mail.HTML, `<BODY dir="rtl"><p><strong>`+line+`</strong></p><p>H</p>`)
		marks[line] = true

		sms := e.Test(delivery.Message{Channel: breach.SMS, Locale: tag, Text: "Hello"})
		require.Regexp(t, `^\*\*\* .+ \*\*\*\nHello$`, sms.Text)
		latin := !strings.Contains("zh-Hans zh-Hant ja ko ar", tag)
		require.Equal(t, !latin, breach.SizeOfSMS(sms.Text).UCS2, tag)

		push := e.Test(delivery.Message{Channel: breach.Push, Locale: tag, Title: "P", Text: "B"})
		require.Regexp(t, `^\[.+\] P$`, push.Title)
		require.Equal(t, line+" B", push.Text)
	}
	require.Len(t, marks, 10, "each language has its own words; another one gets English")
	bare := e.Test(delivery.Message{Channel: breach.Email, Locale: "en", HTML: "<p>x</p>"})
	require.True(t, strings.HasPrefix(bare.HTML, "<p><strong>TEST"))
}
