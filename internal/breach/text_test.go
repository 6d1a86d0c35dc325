package breach

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTextOpensOnlyAsWhatWasHashed(t *testing.T) {
	t.Parallel()
	text, err := NewText(TextBody{Kind: KindNotice, Channel: "email", Locale: "en", Variant: "self", Parts: map[string]string{"subject": "a < b"}})
	require.NoError(t, err)
	again, err := NewText(TextBody{Kind: KindNotice, Channel: "email", Locale: "en", Variant: "self", Parts: map[string]string{"subject": "a < b"}})
	require.NoError(t, err)
	require.Equal(t, text, again)
	b, err := text.Open()
	require.NoError(t, err)
	require.Equal(t, "a < b", b.Parts["subject"])

	changed := Text{Ref: text.Ref, Body: append([]byte(nil), text.Body...)}
	changed.Body[len(changed.Body)-3] ^= 1
	_, err = changed.Open()
	require.Equal(t, ErrTampered, CodeOf(err))

	moved := text
	moved.Ref.Channel = "sms"
	_, err = moved.Open()
	require.Equal(t, ErrTampered, CodeOf(err))
}
