package breach_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func TestTestersAllowThoseWhoAreNamedAndNobodyElse(t *testing.T) {
	t.Parallel()
	some := breach.Testers{"wei@mail.example", "@larkfield.example", "+14045550143", "device-token-of-somebody"}
	for _, to := range []string{"wei@mail.example", "Wei@Mail.example", "anybody@larkfield.example", "anybody@LARKFIELD.example", "+14045550143", "device-token-of-somebody"} {
		require.True(t, some.Allow(breach.Email, to), to)
	}
	for _, to := range []string{"", "ana@mail.example", "a@sub.larkfield.example", "a@larkfield.example.evil.example", "a@evil.example@mail.example",
		"larkfield.example", "+14045550144", "14045550143", "Device-Token-Of-Somebody", "wei@mail.example,ana@mail.example"} {
		require.False(t, some.Allow(breach.Email, to), to)
	}
	require.False(t, breach.Testers(nil).Allow(breach.Email, "wei@mail.example"), "nobody unless somebody is named")
	require.False(t, some.Allow(breach.Push, "token@larkfield.example"), "a domain is for mail")
	require.Empty(t, some.Fault())
	for _, wrong := range []string{"", "mail.example", "*@mail.example", "@", "wei@", "@mail", "a@b@c.example", "two words"} {
		require.NotEmpty(t, breach.Testers{"wei@mail.example", wrong}.Fault(), wrong)
	}
}
