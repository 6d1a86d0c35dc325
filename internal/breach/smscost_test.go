package breach_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// What has no price is unknown, and never nothing.
func TestAnUnknownPriceIsNotZero(t *testing.T) {
	t.Parallel()
	some, none := 0.05, 0.0
	var c breach.SMSCost
	c.Add(breach.SMSLine{Locale: "zh-Hans", Country: "CN", Provider: "gateway", People: 1000, Parts: 2, Currency: "CNY", Price: &some})
	c.Add(breach.SMSLine{Locale: "zh-Hans", Country: "CN", Provider: "gateway", People: 200, Parts: 2, Currency: "CNY", Price: &some})
	c.Add(breach.SMSLine{Locale: "en", Country: "SG", Provider: "twilio", People: 7, Parts: 3})
	c.Add(breach.SMSLine{Locale: "en", Country: "XK", Provider: "twilio", People: 5, Parts: 3, Currency: "USD", Price: &none})
	c.Sum()
	require.Len(t, c.Lines, 3)
	require.EqualValues(t, 1212, c.People)
	require.EqualValues(t, 2436, c.Parts)
	require.InDelta(t, 120, *c.Lines[0].Cost, 1e-9)
	require.Nil(t, c.Lines[1].Cost)
	require.Equal(t, map[string]float64{"CNY": *c.Lines[0].Cost, "USD": 0}, c.Totals)
	require.EqualValues(t, 7, c.Unpriced)
}
