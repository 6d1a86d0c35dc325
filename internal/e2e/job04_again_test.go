package e2e

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Whom no channel reached is listed with the reason, and tried again because a person decides so: who can be told
// then is told, the other is covered again, nobody is sent a message twice that may have arrived.
func TestMainJob04WhoWasNotReachedIsTriedAgain(t *testing.T) {
	t.Parallel()
	w, c := theWorld(t), newCrowd()
	alone := human{Person: breach.Person{ExternalID: c.tag + "a", Name: "Canary Alone", Phone: c.british("12345"), Country: "GB", Locale: "en-GB"}}
	bounced := human{Person: breach.Person{ExternalID: c.tag + "b", Name: "Canary Bounced", Email: c.email("bounce.simulator.test"), Country: "GB", Locale: "en-GB"}}
	fine := c.some(1)[0]
	k := w.open(t, example(t))
	k.tell(t, []human{alone, bounced, fine})
	k.told(t)
	w.failsLate(t, alone.Phone)
	v := k.until(t, "both to be covered", func(v breach.Overview) bool { return v.People[breach.Covered] == 2 && awaits(v, "close") })
	require.NotEmpty(t, v.Announcement.Because)

	var list breach.UnreachedPage
	k.author.do(t, http.MethodGet, k.path("/unreached"), nil, &list)
	require.Equal(t, []breach.UnreachedCount{{Outcome: breach.Covered, Reason: "failed_everywhere", People: 2}}, list.Counts)
	require.Len(t, list.People, 2)
	require.Empty(t, list.Next)
	for _, u := range list.People {
		require.Equal(t, "failed_everywhere", u.Reason)
		require.Contains(t, u.Why, "Every allowed channel was tried, and each failed")
		require.NotEmpty(t, u.Reference)
		require.Len(t, u.Tried, 1)
		require.NotNil(t, u.LastAttempt)
		require.Empty(t, u.Masked)
	}
	require.Equal(t, breach.ErrForbidden, w.as(w.reader).try(t, http.MethodGet, k.path("/unreached"), nil, nil).code())
	var first, second breach.UnreachedPage
	k.author.do(t, http.MethodGet, k.path("/unreached?limit=1&contacts=true"), nil, &first)
	k.author.do(t, http.MethodGet, k.path("/unreached?limit=1&after="+first.Next), nil, &second)
	require.NotEqual(t, first.People[0].Reference, second.People[0].Reference)
	require.Equal(t, 1, k.count(t, "unreached.viewed"), "masked contacts are shown on record")
	require.Contains(t, strings.Join(first.People[0].Masked, " "), "•••")

	var would, did breach.Retried
	k.author.do(t, http.MethodGet, k.path("/send/again?reason=failed_everywhere"), nil, &would)
	require.EqualValues(t, 2, would.People)
	require.EqualValues(t, 2, would.Covered)
	none := k.author.try(t, http.MethodPost, k.path("/send/again"), map[string]string{"why": "nobody has this reason", "reason": "no_contact"}, nil)
	require.Equal(t, breach.ErrConflict, none.code())
	why := map[string]string{"why": "the carrier mended its route", "reason": "failed_everywhere"}
	require.Equal(t, breach.ErrForbidden, w.as(w.reader).try(t, http.MethodPost, k.path("/send/again"), why, nil).code())
	k.author.do(t, http.MethodPost, k.path("/send/again"), why, &did)
	require.EqualValues(t, 2, did.People)
	v = k.until(t, "one to be told and the other to be covered again", func(v breach.Overview) bool {
		require.EqualValues(t, 3, v.People.Sum(), "the outcomes add up at every instant")
		return v.People[breach.Reached] == 2 && v.People[breach.Covered] == 1 && awaits(v, "close")
	})
	require.True(t, v.Balanced)
	require.Equal(t, 2, w.taken(alone.Phone))
	require.Equal(t, 1, w.taken(fine.Email), "nobody else is sent anything")
	require.Equal(t, breach.Reached, k.find(t, alone).Outcome)
	tries := 0
	for _, h := range k.find(t, bounced).History {
		if h.What == "email failed_permanent" {
			tries++
		}
	}
	require.Equal(t, 2, tries)
	require.Equal(t, 1, k.count(t, "send.again"))
	require.Equal(t, 1, k.count(t, "people.tried_again"))
	require.Equal(t, 1, k.count(t, "plan.approved"), "the approval covers it")
	require.True(t, k.closed(t).Balanced)
	require.Equal(t, breach.ErrConflict, k.author.try(t, http.MethodPost, k.path("/send/again"), why, nil).code(), "a closed incident is reopened first")
}

// A lead has the public told while people are still being told one by one: they get their own message all the
// same, and who cannot be reached is covered in the end by the same page.
func TestMainJob04ThePublicIsToldWhilePeopleAreBeingTold(t *testing.T) {
	t.Parallel()
	w, c := theWorld(t), newCrowd()
	people := append(slowly(c, 160), human{Person: breach.Person{ExternalID: c.tag + "b", Email: c.email("bounce.simulator.test"), Country: "GB", Locale: "en-GB"}})
	k := w.open(t, example(t))
	why := map[string]string{"why": "the mail server is too slow for the deadline"}
	require.Equal(t, breach.ErrConflict, k.lead.try(t, http.MethodPost, k.path("/announce"), why, nil).code(), "nothing is approved")
	k.tell(t, people)
	require.Equal(t, breach.ErrForbidden, w.as(w.reader).try(t, http.MethodPost, k.path("/announce"), why, nil).code())
	k.until(t, "Singapore's authority to be told, before whom nobody there is", func(v breach.Overview) bool {
		return slices.ContainsFunc(v.Filings, func(f breach.Filing) bool { return f.Obligation == "sg-pdpa/authority/report" })
	})
	k.lead.do(t, http.MethodPost, k.path("/announce"), why, nil)
	v := k.until(t, "the page to be up", func(v breach.Overview) bool { return v.Announcement != nil })
	require.Equal(t, "decided_by_a_lead", v.Announcement.Reason)
	require.NotEmpty(t, v.Announcement.Because)
	require.Zero(t, v.People[breach.Covered], "nobody is covered who gets a message")
	require.Equal(t, breach.IncidentNotifying, v.Incident.State, "people are still being told")
	resp, err := http.Get(v.Announcement.URL)
	require.NoError(t, err)
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode, string(page))
	require.Equal(t, breach.ErrConflict, k.lead.try(t, http.MethodPost, k.path("/announce"), why, nil).code(), "it is announced already")

	done := k.told(t)
	require.Equal(t, breach.Tally{breach.Reached: 160, breach.Covered: 1}, counted(done.People))
	require.Equal(t, v.Announcement.Reference, done.Announcement.Reference)
	require.Equal(t, v.Announcement.PublishedAt, done.Announcement.PublishedAt)
	for _, h := range people[:160] {
		require.Equal(t, 1, w.taken(h.Email), h.Email)
	}
	require.Equal(t, 1, k.count(t, "announce.early"))
	require.Equal(t, 1, k.count(t, "announce.asked"))
	require.True(t, k.closed(t).Balanced)
}
