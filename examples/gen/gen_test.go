package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheListIsWhatTheGeneratorWrites(t *testing.T) {
	t.Parallel()
	want, err := os.ReadFile("../people.csv")
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, write(&out, people()))
	require.True(t, bytes.Equal(want, out.Bytes()), "run: go run ./examples/gen > examples/people.csv, and put its counts into incident.json")
}

func TestNobodyInTheListIsReal(t *testing.T) {
	t.Parallel()
	phones := map[string]bool{}
	for _, p := range people() {
		for _, email := range []string{p.email, p.guardianEmail} {
			_, domain, _ := strings.Cut(email, "@")
			reserved := email == "" || strings.HasSuffix(domain, ".test") || strings.HasPrefix(domain, "example.")
			require.True(t, reserved, domain)
		}
		for _, phone := range []string{p.phone, p.guardianPhone} {
			if phone == "" {
				continue
			}
			require.False(t, phones[phone], "each number is one person's, so that messages can be counted by number")
			phones[phone] = true
			nobodys := false
			for _, prefix := range []string{"+86194", "+8520", "+447700900", "+886900", "+650", "+491713920", "+3363998", "+5521900", "+81900", "+82100", "+915555", "+61491", "+1"} {
				nobodys = nobodys || strings.HasPrefix(phone, prefix)
			}
			require.True(t, nobodys, "a number outside the ranges for fiction")
			if strings.HasPrefix(phone, "+1") {
				require.Equal(t, "55501", phone[5:10])
			}
		}
	}
}
