package app

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/config"
	"github.com/tocsin-engine/tocsin/internal/policy"
	"github.com/tocsin-engine/tocsin/worker"
)

// Every kind is named once and serves a channel, and the shipped policies name kinds that there are.
func TestThePoliciesNameKindsThatThereAre(t *testing.T) {
	t.Parallel()
	require.Len(t, Kinds(), len(kinds), "a kind is there twice")
	for name, k := range Kinds() {
		require.NotEmpty(t, k.Channels, name)
		require.Subset(t, breach.Channels, k.Channels, name)
	}
	for _, name := range policy.BuiltinProfiles {
		p, err := policy.Builtin(name)
		require.NoError(t, err)
		_, err = policy.ParseProfile(p.Canonical(), Kinds())
		require.NoError(t, err)
	}
}

// A standalone server behind a proxy is reached, by people and by providers, where its operator says; without a word, where
// it listens.
func TestAStandaloneServerIsReachedWhereItsOperatorSays(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tocsin.yaml")
	t.Setenv("TOCSIN_CONFIG", file)
	twilio := "twilio:\n  account_sid: AC00000000000000000000000000000001\n  auth_token: x\n  from: \"+15005550006\"\n"
	for given, want := range map[string]string{
		"": "http://127.0.0.1:9999",
		"public:\n  url: https://notices.example/\npolicy:\n  default: chinesepod\n": "https://notices.example",
	} {
		require.NoError(t, os.WriteFile(file, []byte(twilio+given), 0o600))
		s := Settings{Policies: &worker.Policies{}, PublicBaseURL: "http://127.0.0.1:9999", DefaultPolicy: "mooc"}
		require.NoError(t, FromEnvironment(&s))
		require.Equal(t, want, s.PublicBaseURL)
		require.Equal(t, want, s.Twilio.PublicBaseURL)
		require.Equal(t, given != "", s.DefaultPolicy == "chinesepod")
	}
}

// What a policy asks of a provider is held against what its adapter can do.
func TestAPolicyIsHeldAgainstTheKinds(t *testing.T) {
	t.Parallel()
	p, err := policy.Builtin("mooc")
	require.NoError(t, err)
	p.Name, p.Providers = "own", append([]policy.Provider(nil), p.Providers...)
	for i := range p.Providers {
		switch v := &p.Providers[i]; v.Kind {
		case "twilio":
			v.Kind = "fcm"
		case "gateway":
			v.Deletion = policy.DeleteThere
		case "smtp":
			v.Kind = "pigeons"
		}
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "own.yaml"), p.Canonical(), 0o600))
	s := Settings{Policies: &worker.Policies{}}
	err = s.providers(config.Config{PolicyDir: dir})
	require.Equal(t, breach.ErrInvalid, breach.CodeOf(err))
	for _, want := range []string{"kind: must be one of ", ", smtp, smtp_backup, ", "channel: does not fit the kind", "deletion: is not offered by providers of this kind"} {
		require.ErrorContains(t, err, want)
	}
}

// What an interface does not offer is refused when the policy is read, not when the time to delete has come.
func TestAPolicyAsksForDeletionThatIsOffered(t *testing.T) {
	t.Parallel()
	p, err := policy.Builtin("mooc")
	require.NoError(t, err)
	for kind, want := range map[string]string{"twilio": "", "twilio_voice": "deletion: is not offered by providers of this kind; use delete or request", "gateway": "use request"} {
		for i := range p.Providers {
			if v := &p.Providers[i]; v.ID == "twilio" {
				v.Kind, v.Deletion, v.Channel = kind, policy.RedactThere, Kinds()[kind].Channels[0]
			}
		}
		_, err = policy.ParseProfile(p.Canonical(), Kinds())
		if want == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, want)
	}
}
