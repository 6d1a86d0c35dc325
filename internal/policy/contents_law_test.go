package policy

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// A letter to people in Massachusetts must not say what happened, nor how many are concerned: by the pack itself, not
// by a duty made up for the test.
func TestALetterToMassachusetts(t *testing.T) {
	t.Parallel()
	duty := obligation(t, judge(t, loadTestRules(t), usFacts(t, usPeople("MA", 10))), "us-ma/individuals/notice")
	require.Equal(t, yes, duty.Verdict)
	letter := func(more ...string) breach.TextBody {
		return breach.TextBody{Kind: breach.KindNotice, Channel: "letter", Locale: "en", Variant: "self",
			Carries: slices.Concat(duty.Contents, more), Parts: map[string]string{"text": "-"}}
	}
	forbidden := func(l breach.TextBody) (out []string) {
		for _, g := range checked([]breach.TextBody{l}, nil, duty).Gaps {
			if g.Kind == "forbidden" {
				out = append(out, g.Field)
			}
		}
		return out
	}
	require.Empty(t, forbidden(letter()), "what the law asks for is allowed")
	for _, field := range []string{"nature", "subject_count", "subject_count_local"} {
		require.Equal(t, []string{field}, forbidden(letter(field)))
	}
}
