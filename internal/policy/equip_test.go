package policy

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func nothing(string) bool { return false }
func all(string) bool     { return true }

// equipped is a built-in policy in a program that has settings for nothing that is there only when configured.
func equipped(name string) (Profile, error) {
	p, err := Builtin(name)
	return p.Equipped(nothing), err
}

// Whoever configures nothing new has the policies that they had: an approval outlives an update of the program.
func TestWithoutSettingsThePoliciesStayWhatTheyWere(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"mooc": "bccf004e17fb0355527eff5ed123e6e89c1670960ec843d2a68b55c819f59713", "chinesepod": "da51d0df693a558061a8e6343a80cdf5dc914addf9fc96d30c1c7e8cdad4d199"} {
		require.Equal(t, want, builtin(t, name).SHA256(), name)
	}
}

func TestPromise_M08_M10_M11_EveryChannelThatThePolicyNamesIsThereWhenConfigured(t *testing.T) {
	t.Parallel()
	full, err := Builtin("mooc")
	require.NoError(t, err)
	p := full.Equipped(all)
	require.Equal(t, []breach.Channel{breach.Email, breach.SMS, breach.Voice, breach.Letter, breach.Push}, p.Order())
	require.Empty(t, p.Closed)
	home, abroad := breach.Person{Country: "CN"}, breach.Person{Country: "DE"}
	for _, c := range []struct {
		who       breach.Person
		channel   breach.Channel
		provider  string
		refused   []refusedProvider
		platforms string
	}{
		{home, breach.Voice, "", []refusedProvider{{"calls", RefusedAbroad}}, ""},
		{abroad, breach.Voice, "calls", nil, ""},
		{home, breach.Letter, "post", nil, ""},
		{abroad, breach.Letter, "post", nil, ""},
		{home, breach.Push, "aggregator", nil, ""},
		{home, breach.Push, "aggregator", nil, "apns"},
		{abroad, breach.Push, "fcm", nil, ""},
		{abroad, breach.Push, "apns", nil, "apns"},
		{abroad, breach.Push, "browser", nil, "webpush"},
		{breach.Person{}, breach.Push, "aggregator", nil, ""}, // who counts as being where the organisation is
	} {
		c.who.PushPlatform = c.platforms
		got := p.routeFor(c.who, c.channel)
		require.Equal(t, c.provider, got.provider, "%s in %s, %s", c.channel, c.who.Country, c.platforms)
		require.Equal(t, c.refused, got.refused)
	}

	require.NotContains(t, p.candidates(abroad, breach.Push), "aggregator", "nor when another one fails")

	own, err := Builtin("chinesepod")
	require.NoError(t, err)
	own = own.Equipped(all)
	require.Equal(t, []breach.Channel{breach.Email, breach.Letter}, own.Order())
	require.Equal(t, "post", own.routeFor(home, breach.Letter).provider, "letters of one's own are no sharing")
}

// Whatever is configured: the profile is valid, every channel is open or closed, and nobody is named who is not there.
func TestAnEquippedProfileIsWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		full, err := Builtin(rapid.SampledFrom(BuiltinProfiles).Draw(t, "policy"))
		require.NoError(t, err)
		has := map[string]bool{}
		for i := range full.Providers {
			v := &full.Providers[i]
			if i > 0 && rapid.Bool().Draw(t, "conditional") {
				v.When = WhenConfigured
			}
			has[v.Kind] = rapid.Bool().Draw(t, v.Kind)
		}
		before := full.SHA256()
		p := full.Equipped(func(kind string) bool { return has[kind] })
		require.Equal(t, before, full.SHA256(), "the profile itself is left alone")
		again, err := ParseProfile(p.Canonical(), nil)
		require.NoError(t, err)
		require.Equal(t, p.SHA256(), again.SHA256())
		require.Equal(t, p.SHA256(), p.Equipped(nothing).SHA256())
		for _, c := range breach.Channels {
			open := slices.Contains(p.Order(), c)
			closed := slices.ContainsFunc(p.Closed, func(r ClosedChannel) bool { return r.Channel == c })
			require.NotEqual(t, open, closed, c)
		}
		for _, v := range full.Providers {
			_, there := p.Provider(v.ID)
			require.Equal(t, v.When == "" || has[v.Kind], there, v.ID)
		}
	})
}

func TestAPolicyCannotDependOnSettingsAlone(t *testing.T) {
	t.Parallel()
	p, err := Builtin("mooc")
	require.NoError(t, err)
	for i := range p.Providers {
		p.Providers[i].When = WhenConfigured
	}
	p.Providers[0].When = "sometimes"
	_, err = ParseProfile(p.Canonical(), nil)
	require.ErrorContains(t, err, "providers: must hold one that is there without a condition")
	require.ErrorContains(t, err, "providers[0].when: must be configured, or not be there")
}
