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

// A browser is named by its subscription, which is JSON with commas; it is the same one however it is written.
func TestTestersMayBeBrowsers(t *testing.T) {
	t.Parallel()
	const one = `{"endpoint":"https://push.example.net/a,b","expirationTime":null,"keys":{"p256dh":"BPk","auth":"c2U"}}`
	some := breach.ReadTesters(` wei@mail.example, { "endpoint": "https://push.example.net/a,b", "keys": {"auth": "c2U", "p256dh": "BPk"} } ,+14045550143,` + one)
	require.Equal(t, breach.Testers{"wei@mail.example", `{"endpoint":"https://push.example.net/a,b","keys":{"auth":"c2U","p256dh":"BPk"}}`, "+14045550143", one}, some)
	require.Empty(t, some.Fault())
	require.True(t, some[:3].Allow(breach.Push, one))
	require.True(t, some[:3].Allow(breach.Push, " "+one+"\n"))
	require.False(t, some.Allow(breach.Email, `{"endpoint":"https://push.example.net/a,b","keys":{"p256dh":"BPk","auth":"c2U"}}`), "a browser gets no mail")
	for _, other := range []string{
		`{"endpoint":"https://push.example.net/c","keys":{"p256dh":"BPk","auth":"c2U"}}`, `{"endpoint":"https://push.example.net/a,b","keys":{"p256dh":"BPk","auth":"other"}}`,
		`{"endpoint":"https://push.example.net/a,b"}`, `{}`, `{"endpoint":"https://push.example.net/a,b","endpoint":"https://elsewhere.example","keys":{"p256dh":"BPk","auth":"c2U"}}`, one + one,
	} {
		require.False(t, some.Allow(breach.Push, other), other)
	}
	for _, wrong := range []string{"", ",", "wei@mail.example,", `{"endpoint":""}`, `{"keys":{}}`, `{"endpoint":`, `{} x`, one + "x", one + one} {
		require.NotEmpty(t, breach.ReadTesters(wrong).Fault(), wrong)
	}
}

func FuzzTesters(f *testing.F) {
	f.Add("wei@mail.example,@larkfield.example, +14045550143")
	f.Add(`{"endpoint":"https://push.example.net/a,b","keys":{}},{`)
	f.Fuzz(func(t *testing.T, list string) {
		some := breach.ReadTesters(list)
		if some.Fault() != "" {
			return
		}
		for _, each := range some {
			c := breach.Email
			if breach.Subscription(each) {
				c = breach.Push
			}
			require.True(t, each[0] == '@' || some.Allow(c, each), each)
		}
	})
}
