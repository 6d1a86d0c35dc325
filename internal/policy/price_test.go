package policy_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

func TestThePriceOfAPartIsThatOfThePersonsProviderAndCountry(t *testing.T) {
	t.Parallel()
	p, err := policy.Builtin("mooc")
	require.NoError(t, err)
	_, _, _, known := p.SMSPrice(breach.Person{Country: "CN"})
	require.False(t, known, "nobody said what it costs")
	with := func(more string) (policy.Profile, error) {
		b := string(p.Canonical())
		at := strings.Index(b, "id: twilio")
		require.Positive(t, at)
		end := at + strings.Index(b[at:], "receives:")
		return policy.ParseProfile([]byte(b[:end]+more+b[end:]), nil)
	}
	q, err := with("price_per_part: {currency: USD, by: {SG: 0.04, XK: 0}, other: 0.0079}\n      ")
	require.NoError(t, err)
	for country, want := range map[string]float64{"SG": 0.04, "sg": 0.04, "XK": 0, "US": 0.0079} {
		provider, currency, price, known := q.SMSPrice(breach.Person{Country: country})
		require.True(t, known, country)
		require.Equal(t, []any{"twilio", "USD", want}, []any{provider, currency, price}, country)
	}
	provider, _, _, known := q.SMSPrice(breach.Person{Country: "CN"})
	require.False(t, known, "the gateway's price is not the other's")
	require.Equal(t, "gateway", provider)
	for _, wrong := range []string{"{currency: dollars, other: 1}", "{currency: USD}", "{currency: USD, other: -1}", "{currency: USD, by: {Singapore: 1}}", "{currency: USD, by: {SG: 1000000}}", "{other: 1}"} {
		_, err := with("price_per_part: " + wrong + "\n      ")
		require.Equal(t, breach.ErrInvalid, breach.CodeOf(err), wrong)
	}
	require.NotEqual(t, p.SHA256(), q.SHA256())
}
