package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A check names each gap with its duty, field, source and what to do, and ends with 1 while one is open.
func TestPlanCheckNamesGapsAndNumbers(t *testing.T) {
	t.Parallel()
	srv, _ := newServer(nil)
	defer srv.Close()
	out, errOut, status := onTerminal(t.Context(), t, srv.URL, "plan", "check", "inc1")
	require.Equal(t, exitNo, status)
	for _, words := range []string{
		"! eu-gdpr/individuals/notice:dpo", "the data protection officer", "(GDPR art. 34(2))", "in email en self", "contents.<language>.dpo",
		"jp-appi/individuals/notice", "! people.total: 1,203 from the list loaded at",
	} {
		require.Contains(t, out, words)
	}
	require.Contains(t, errOut, "Missing: 0; gaps that were not")
	_, errOut, status = onTerminal(t.Context(), t, srv.URL, "plan", "waive", "inc1", "--gap", "dpo", "--reason", "no officer is appointed")
	require.Equal(t, exitUsage, status, errOut)
	out, errOut, status = onTerminal(t.Context(), t, srv.URL, "plan", "waive", "inc1", "--all", "--reason", "no officer is appointed")
	require.Equal(t, exitDone, status, errOut)
	require.Contains(t, out, "eu-gdpr/individuals/notice dpo")
	_, _, status = onTerminal(t.Context(), t, srv.URL, "incident", "number", "inc1", "--field", "people.total", "--reason", "the list has doubles")
	require.Equal(t, exitUsage, status, "a number that is left out is not zero")
}
