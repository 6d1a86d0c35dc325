package delivery

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestRedact(t *testing.T) {
	t.Parallel()
	m := Message{To: "Zoe.Li@mail.example", ToName: "李雷 Zoë", Subject: "Notice for Zoë", Text: "Dear Zoë, what happened"}
	for in, want := range map[string]string{
		"user unknown": "user unknown",
		"<zoe.li@MAIL.example>: user zoe.li unknown in mail.example": "<[removed]>: user [removed] unknown in [removed]",
		"no mailbox for zoe here":                                    "no mailbox for [removed] here",
		"the person 李雷 has left":                                     "the person [removed] has left",
		"ZOË said Dear Zoë, what happened":                           "[removed] said [removed]",
		"try someone.else@example.org":                               "try [removed]",
		"not valid: +86 138-0013-8000.":                              "not valid: [removed].",
		"not valid: %2B8613800138000":                                "not valid: [removed]",
		"error 21211":                                                "error 21211",
		"token fGx8:" + strings.Repeat("aB3_", 30):                   "token [removed]",
		"a\x00b\x1b[0m\u202ec\r\nd":                                  "a b [0m c d",
		"zoology is not zoe":                                         "zoology is not [removed]",
	} {
		require.Equal(t, want, Redact(in, m), "%q", in)
	}
	require.Equal(t, "number [removed] is bad", Redact("number 15005550006 is bad", Message{To: "+15005550006"}))
}

func FuzzRedact(f *testing.F) {
	f.Add("user zoe@example.com unknown", "zoe@example.com", "Zoe")
	f.Add("\xff\xfe+8613800138000", "+8613800138000", "李雷")
	f.Add("ſK", "sk@x.example", "K")
	f.Fuzz(func(t *testing.T, text, to, name string) {
		out := Redact(text, Message{To: to, ToName: name})
		if !utf8.ValidString(out) || utf8.RuneCountInString(out) > MaxDetail || strings.ContainsAny(out, "\r\n\x00@") {
			t.Fatalf("%q", out)
		}
		if len(name) > 1 && !isASCII(name) && utf8.ValidString(name) && strings.TrimSpace(name) == name && strings.Contains(out, name) {
			t.Fatalf("the name is left: %q in %q", name, out)
		}
	})
}
