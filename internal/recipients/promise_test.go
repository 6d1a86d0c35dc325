package recipients_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/recipients"
)

// Who refused advertising is told all the same: the column is known, and it changes nothing.
func TestPromise_M14_MarketingConsentChangesNothing(t *testing.T) {
	t.Parallel()
	want := one(t, "name,email,phone,country", "Ana Lima,ana@mail.test,+5511900000001,BR", recipients.Options{})
	require.True(t, want.Verdict.Kept())
	require.Empty(t, want.Person.Objections)
	for _, column := range []string{"consent_marketing", "Marketing OK", "newsletter", "营销同意"} {
		for _, answer := range []string{"no", "yes", "0", "STOP", ""} {
			got := one(t, "name,email,phone,country,"+column, "Ana Lima,ana@mail.test,+5511900000001,BR,"+answer, recipients.Options{})
			require.Equal(t, want.Person, got.Person, "%s=%s", column, answer)
			require.Equal(t, want.Verdict, got.Verdict, "%s=%s", column, answer)
		}
	}
}
