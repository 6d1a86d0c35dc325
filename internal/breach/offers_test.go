package breach

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOffersOfAnIncident(t *testing.T) {
	t.Parallel()
	base, err := ParseIncident([]byte(`{"facts":{"incident":{"title":"x"}},"policy":"mooc"}`))
	require.NoError(t, err)
	require.Empty(t, base.Offers)
	changed, err := MergeFile(base, []byte(`{"offers":[{"offer":"credit_monitoring","months":18}]}`))
	require.NoError(t, err, "an amendment may name offers alone")
	require.Equal(t, []Offer{{Offer: "credit_monitoring", Months: 18}}, changed.Offers)
	require.Equal(t, "mooc", changed.Policy)
	for name, file := range map[string]string{
		"no word":     `{"facts":{},"offers":[{"offer":"Credit monitoring","months":18}]}`,
		"a line":      `{"facts":{},"offers":[{"offer":"x\r\ny"}]}`,
		"twice":       `{"facts":{},"offers":[{"offer":"credit_monitoring","months":18},{"offer":"credit_monitoring","months":24}]}`,
		"less than 0": `{"facts":{},"offers":[{"offer":"credit_monitoring","months":-1}]}`,
		"for ever":    `{"facts":{},"offers":[{"offer":"credit_monitoring","months":1201}]}`,
		"unknown":     `{"facts":{},"offers":[{"offer":"credit_monitoring","years":2}]}`,
	} {
		_, err := ParseIncident([]byte(file))
		require.Equal(t, ErrInvalid, CodeOf(err), name)
		require.ErrorContains(t, err, "offers[", name)
	}
}

// Duties that were judged before there were remedies and print in them are read as they were written, and written as
// they were read.
func TestOldObligationsStillRead(t *testing.T) {
	t.Parallel()
	const old = `{"id":"us-ma/individuals/notice","regime":"us-ma","duty":"notify_individuals","addressee":"residents","phase":"notice","verdict":"applies","binding":"law","basis":"law","overdue":false,"because":["x"],"citation":"c","verified":true,"rules":{"version":"1","sha256":"ab"},"title":"Tell people","forbidden":["nature"]}`
	var o Obligation
	require.NoError(t, json.Unmarshal([]byte(old), &o))
	require.Empty(t, o.Remedies)
	again, err := json.Marshal(o)
	require.NoError(t, err)
	require.JSONEq(t, old, string(again))
}
