package e2e

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// At every instant of a send the outcomes of people add up to the people, by the tallies and by a recount
// from the rows; receipts, retries and refusals notwithstanding.
func TestMainJob05OutcomesAddUpAtEveryInstant(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	c := newCrowd()
	people := c.some(1100) // two blocks
	for i := range people {
		switch i % 10 {
		case 3:
			people[i].Email = c.email("bounce.simulator.test")
		case 5:
			people[i].Email, people[i].Phone = "", c.british("12345")
		case 7:
			people[i].Email = c.email("greylist.simulator.test")
		case 9:
			people[i].Email = ""
		}
	}
	k := w.open(t, example(t))
	k.load(t, listOf(t, people), "")
	hash := k.submit(t)

	var looks, seen int
	over := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() {
		before := breach.Tally{}
		for {
			var inv breach.Invariant
			if p := k.lead.try(t, http.MethodGet, k.path("/invariant"), nil, &inv); p != nil {
				t.Errorf("the invariant cannot be read: %+v", p)
				return
			}
			looks++
			if inv.Tally.Sum() != int64(len(people)) || inv.People != int64(len(people)) || !inv.Equal {
				t.Errorf("%d people, tally %v, recount %v", inv.People, inv.Tally, inv.Recount)
				return
			}
			if inv.Tally[breach.Pending] != before[breach.Pending] || inv.Tally[breach.Reached] != before[breach.Reached] {
				seen++
			}
			before = inv.Tally
			select {
			case <-over:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
	k.approve(t, hash)
	v := k.told(t)
	close(over)
	watch.Wait()
	t.Logf("%d looks, %d of them saw another state", looks, seen)
	require.Greater(t, seen, 3, "the send was watched")
	require.Zero(t, v.People[breach.Pending])
	require.EqualValues(t, len(people), v.People.Sum())

	n, err := w.Product.Store.VerifyAudit(t.Context(), k.id)
	require.NoError(t, err)
	require.EqualValues(t, len(k.timeline(t)), n)
	status, metrics, _ := w.as("").raw(t, http.MethodGet, "/metrics", nil)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, string(metrics), "\ntocsin_people_unaccounted 0\n")
}

// What was recorded can be added to, not changed: not by the product, and not by who has its database role
// and forgets to take the triggers away first.
func TestMainJob05TheRecordIsAppendOnly(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	k := w.open(t, example(t))
	k.tell(t, newCrowd().some(3))
	k.told(t)
	db := w.sql(t)
	for _, table := range []string{"audit", "outcome", "person_outcome", "intent", "approval", "obligation"} {
		require.Positive(t, one[int](t, db, `SELECT count(*) FROM `+table+` WHERE incident = $1`, k.id), table)
		for _, sql := range []string{
			`UPDATE ` + table + ` SET incident = incident WHERE incident = '` + k.id + `'`,
			`DELETE FROM ` + table + ` WHERE incident = '` + k.id + `'`,
			`TRUNCATE ` + table,
		} {
			_, err := db.Exec(t.Context(), sql)
			require.ErrorContains(t, err, "append-only", sql)
		}
	}
	// A chain that was forged behind the triggers' back is found.
	write(t, db, `ALTER TABLE audit DISABLE TRIGGER append_only`)
	defer write(t, db, `ALTER TABLE audit ENABLE TRIGGER append_only`)
	write(t, db, `UPDATE audit SET actor = 'somebody.else' WHERE incident = $1 AND action = 'plan.approved'`, k.id)
	_, err := w.Product.Store.VerifyAudit(t.Context(), k.id)
	require.Equal(t, breach.ErrTampered, breach.CodeOf(err))
	write(t, db, `UPDATE audit SET actor = 'wei.lin' WHERE incident = $1 AND action = 'plan.approved'`, k.id)
	_, err = w.Product.Store.VerifyAudit(t.Context(), k.id)
	require.NoError(t, err)
}

// Personal fields are not readable in the database, and the key that opens them is not in it.
func TestMainJob05PersonalFieldsAreSealed(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	c := newCrowd()
	mark := func(what string) string { return "Qz" + what + c.tag + "vw" }
	secret := human{Person: breach.Person{
		ExternalID: mark("id"), Name: mark("name"), Email: strings.ToLower(mark("mail")) + "@mail.test", Phone: c.british("97531"), Country: "GB",
		PostalAddress: mark("street"), PushToken: mark("token"), BirthDate: time.Now().AddDate(-8, 0, 0).Format(time.DateOnly),
		Guardian: &breach.Guardian{Name: mark("guardian"), Email: strings.ToLower(mark("parent")) + "@mail.test", Phone: c.british("97532")},
	}}
	marks := map[string]string{
		"id": secret.ExternalID, "name": secret.Name, "address": secret.Email, "number": secret.Phone, "street": secret.PostalAddress,
		"token": secret.PushToken, "guardian's name": secret.Guardian.Name, "guardian's address": secret.Guardian.Email, "guardian's number": secret.Guardian.Phone,
	}
	k := w.open(t, example(t))
	k.tell(t, []human{secret})
	k.told(t)
	k.find(t, secret)
	rows := 0
	tables := eachRow(t, w.sql(t), func(table string, row []byte) {
		rows++
		for what, mark := range marks {
			if strings.Contains(strings.ToLower(string(row)), strings.ToLower(mark)) {
				t.Errorf("table %s shows the %s of a person", table, what)
			}
		}
	})
	require.Greater(t, tables, 20)
	require.Greater(t, rows, 100)
	require.Positive(t, w.taken(secret.Email), "what was sent has them: the search would find them")
}
