package breach

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What lists hold is counted by the product. Whoever opens an incident cannot state it.
func TestNobodyStatesWhatListsHold(t *testing.T) {
	t.Parallel()
	_, err := ParseNewIncident([]byte(`{"facts": {"list": {"lists": 1, "total": 7, "loaded_at": "2026-11-22T00:00:00Z", "no_country": 0, "child_age": 0, "minors": 0, "no_age": 0, "no_contact": 0}}}`))
	var e *Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, "facts.list", e.Fields[0].Where)
	_, err = ParseNewIncident([]byte(`{"facts": {"people": {"total": 7}}}`))
	require.NoError(t, err)
}
