package e2e

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/app"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// ownPolicy is one that incidents of a test name: channels and providers are the test's, the rest is the same for all.
const ownPolicy = `
name: %s
title: a policy of a test
location: %s
languages: {default: en, available: [en]}
contact_required: [name, email]
strategy: escalate
unknown_email: repeat_same_id
third_party_processors: contracted
minors: {age: 0}
announcement: {min_uncovered: {count: 1}, keep_days: 1, covers: [no_contact, not_allowed, failed_everywhere, unreachable]}
retention: {contact_days: 1, inquiry_days: 1, proof_days: 1}
`

// pushThenText pushes first; only a text message counts.
const pushThenText = `
channels:
  - channel: push
    proof: never
    quiet: 0s
    wait: 12h
    retry: {tries: 2, repeats: 1, backoff: [1h]}
    not_knowable: stay
  - channel: sms
    proof: delivered
    quiet: 0s
    wait: 24h
    retry: {tries: 2, repeats: 1, backoff: [1h]}
    not_knowable: next
`

// withPolicy adds a policy to a server's; rest is its channels, its providers, and what else it has.
func withPolicy(t *testing.T, s *app.Settings, name, location, rest string) {
	t.Helper()
	p, err := policy.ParseProfile([]byte(fmt.Sprintf(ownPolicy, name, location)+rest), app.Kinds())
	require.NoError(t, err)
	s.Policies.Add(p)
}
