package app

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/config"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// The register of a policy says who carries messages, where they are, under which contract, and what they get.
func TestPromise_M17_TheRegisterOfProcessorsIsListed(t *testing.T) {
	t.Parallel()
	r, err := ListProcessors(config.Config{}, "mooc")
	require.NoError(t, err)
	require.Equal(t, "CN", r.Location)
	at := map[string]breach.Processor{}
	for _, p := range r.Processors {
		require.NotEmpty(t, p.Location)
		require.NotEmpty(t, p.Receives)
		require.True(t, p.OperatedBy == "self" || p.Contract != "", "%s has no contract", p.Provider)
		at[p.Provider] = p
	}
	require.Equal(t, "delete", at["twilio"].Deletes)
	require.Equal(t, "request", at["gateway"].Deletes)
	require.Equal(t, "nothing", at["smtp"].Deletes)
	require.Equal(t, []breach.TransferSaid{{PeopleIn: []string{"CN"}, OnlyIn: []string{"CN"}}}, r.Transfers, "no exception is claimed")
	_, err = ListProcessors(config.Config{}, "none")
	require.Equal(t, breach.ErrUnknownPolicy, breach.CodeOf(err))
}

// A way abroad that rests on an exception says on which one, with its article.
func TestPromise_M16_AnExceptionIsNamedWithItsArticle(t *testing.T) {
	t.Parallel()
	p, err := policy.Builtin("mooc")
	require.NoError(t, err)
	name, _ := p.RestsOn("twilio", "CN")
	require.Empty(t, name)
	p.Transfers[0].Exceptions.LawProvides = "PIPL article 38 (1)"
	for country, want := range map[string]string{"CN": "law_provides", "": "law_provides", "GB": ""} {
		name, article := p.RestsOn("twilio", country)
		require.Equal(t, want, name, country)
		require.Equal(t, want != "", article == "PIPL article 38 (1)", country)
	}
	name, _ = p.RestsOn("gateway", "CN")
	require.Empty(t, name, "it stays at home")
	require.Equal(t, map[string]string{"law_provides": "PIPL article 38 (1)"}, p.Register().Transfers[0].Exceptions)
}

func TestRestsGrowUntilTheyAreHours(t *testing.T) {
	t.Parallel()
	require.Equal(t, time.Minute, restAfter(1))
	require.Equal(t, 4*time.Minute, restAfter(3))
	require.Equal(t, 6*time.Hour, restAfter(200))
}
