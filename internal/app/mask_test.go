package app

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// What screens show of a contact lets its owner recognise it and nobody else read it.
func TestPromise_M18_ContactsAreMasked(t *testing.T) {
	t.Parallel()
	p := breach.Person{
		Name: "Ana Lima", Email: "ana.lima@mail.test", Phone: "+5511900000042", PushToken: "token-of-a-device",
		Guardian: &breach.Guardian{Name: "Rosa Lima", Email: "ř@post.test", Phone: "+5511900000077"},
	}
	masked := maskAll(p)
	require.Equal(t, []string{"email a•••@•••.test", "phone •••42", "push •••", "guardian's email ř•••@•••.test", "guardian's phone •••77"}, masked)
	all := strings.Join(masked, "\n")
	for _, secret := range []string{"ana", "lima", "mail.", "post.", "119", "token", "Rosa"} {
		require.NotContains(t, all, secret)
	}
	require.Empty(t, maskAll(breach.Person{Email: "not an address", Phone: "42"}), "what cannot be masked is not shown")
	for _, odd := range []string{"@", "a@", "@b", "a@b"} {
		require.NotPanics(t, func() { maskEmail(odd) })
	}
}
