package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Mail that was taken and comes back later by mail: who has another channel is told by it, who has none is taken
// care of as for any other failure; what is no failure changes nothing.
func TestMainJob04MailThatComesBack(t *testing.T) {
	t.Parallel()
	w, c := theWorld(t), newCrowd()
	person := func(domain, phone string) human {
		h := human{Person: breach.Person{Name: "Kim Doe", Email: c.email(domain), Phone: phone, Country: "GB", Locale: "en-GB"}}
		h.ExternalID = h.Email
		return h
	}
	gone, quit := person("dsn.simulator.test", c.british("12345")), person("expired.simulator.test", c.british("12345"))
	qmail, alone := person("qmail.simulator.test", c.british("12345")), person("dsn.simulator.test", "")
	still := []human{
		person("delayed.simulator.test", c.british("12345")), person("vacation.simulator.test", c.british("12345")),
		person("forged.simulator.test", c.british("12345")), person("complaint.simulator.test", c.british("12345")),
		person("confirmed.simulator.test", c.british("12345")), person("mail.test", c.british("12345")),
	}
	k := w.open(t, example(t))
	k.tell(t, append([]human{gone, quit, qmail, alone}, still...))
	k.told(t)
	v := k.until(t, "everybody to be taken care of", func(v breach.Overview) bool {
		return v.People[breach.Reached] == 9 && v.People[breach.Covered] == 1
	})
	require.True(t, v.Balanced)
	for _, h := range []human{gone, quit, qmail} {
		require.Equal(t, 1, w.taken(h.Email))
		require.Equal(t, 1, w.taken(h.Phone), "goes on to the next channel: %s", h.Email)
	}
	require.Equal(t, breach.Covered, k.find(t, alone).Outcome)
	for _, h := range still {
		require.Equal(t, 1, w.taken(h.Email))
		require.Zero(t, w.taken(h.Phone), "stays with email: %s", h.Email)
	}
	sql := w.sql(t)
	require.Eventually(t, func() bool {
		kept := one[string](t, sql, `SELECT coalesce(string_agg(state || ' ' || reason, ', ' ORDER BY state, reason), '') FROM receipt WHERE incident = $1 AND provider = 'smtp'`, k.id)
		return kept == strings.Join([]string{"complained ", "delayed ", "delivered ", "failed_permanent gave_up", "failed_permanent no_such_address", "failed_permanent no_such_address", "failed_permanent no_such_address"}, ", ")
	}, patience, 50*time.Millisecond)
	require.True(t, k.closed(t).Balanced)
}
