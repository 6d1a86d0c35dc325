package render

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// What is offered stands in every text that tells more than where to look, in its language, and a text says that it
// offers it only then.
func TestOffersAreInEveryText(t *testing.T) {
	t.Parallel()
	e := sampleEngine(t)
	file, scope := sampleFile(), sampleScope()
	file.Offers = []breach.Offer{{Offer: "credit_monitoring", Months: 18}, {Offer: "identity_theft_prevention"}}
	file.Contents = map[string]map[string]string{"en": {"credit_monitoring": "Enrol with the code that we send **by post**."}}
	scope.Channels = append(scope.Channels, breach.Letter)
	texts, problems, err := e.Texts(file, scope, nil, []string{"en", "zh-Hans"})
	require.NoError(t, err)
	require.Empty(t, problems)
	words := map[string][]string{
		"en":      {"At no cost to you, for 18 months.", "At no cost to you.", "Credit monitoring"},
		"zh-Hans": {"免费为您提供，为期 18 个月。", "免费为您提供。", "信用监测"},
	}
	seen := 0
	for _, text := range texts {
		b, err := text.Open()
		require.NoError(t, err)
		if b.Parts["link"] != "" {
			require.Empty(t, b.Offers, "%s: what it points to says it", b.Channel)
			continue
		}
		seen++
		require.Equal(t, file.Offers, b.Offers, "%s %s", b.Channel, b.Locale)
		for part, said := range b.Parts {
			if part == "subject" || part == "title" {
				continue
			}
			for _, w := range words[b.Locale] {
				require.Contains(t, said, w, "%s %s %s", b.Channel, b.Locale, part)
			}
			if b.Locale == "en" {
				require.Contains(t, said, "Enrol with the code", "%s %s", b.Channel, part)
			}
		}
	}
	require.Equal(t, 10, seen, "emails and letters to both, and pages")
}

func TestNoOffersChangeNoText(t *testing.T) {
	t.Parallel()
	e := sampleEngine(t)
	texts, _, err := e.Texts(sampleFile(), sampleScope(), nil, []string{"en"})
	require.NoError(t, err)
	for _, text := range texts {
		require.NotContains(t, string(text.Body), "offers\"")
	}
}
