package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Social security numbers were copied, and some of the people live in Massachusetts: its law forbids to tell them what
// kind of incident it was, wants help offered, and everybody else is told what happened. From the list to the mailbox:
// each reads the approved text of their own place, with the day on which it was sent.
func TestMainJob04PeopleOfAPlaceReadTheTextOfTheirLaw(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	people := newCrowd().some(3)
	people[0].Country, people[0].Region, people[0].Locale = "US", "US-MA", "en-US"
	people[1].Country, people[1].Region, people[1].Locale = "US", "US-CA", "en-US"
	file := example(t)
	file.Facts.Data.Classes = append(file.Facts.Data.Classes, "national_id")
	const own = "Personal information of yours was obtained by somebody who had no right to it."
	said := map[string]string{"summary": own, "credit_monitoring": "Enrol by calling us."}
	for _, field := range []string{"police_report_right", "security_freeze_how_to", "freeze_is_free", "parent_company_name"} {
		said[field] = "Words about " + strings.ReplaceAll(field, "_", " ") + "."
	}
	for tag := range file.Contents {
		for field, words := range said {
			file.Contents[tag][field] = words
		}
	}
	k := w.open(t, file)
	k.load(t, listOf(t, people), "")
	k.until(t, "the list to be judged", func(v breach.Overview) bool { return len(v.Duties) > 0 && k.recorded(t, "duties.judged") })
	gaps := func() map[string]breach.ContentGap {
		var check breach.PlanCheck
		require.Nil(t, k.eventually(t, k.author, http.MethodGet, k.path("/plan/check"), nil, &check))
		out := map[string]breach.ContentGap{}
		for _, g := range check.Contents.Gaps {
			out[g.Place()] = g
		}
		return out
	}
	const duty = "us-ma/individuals/notice"
	var lacking map[string]breach.ContentGap
	require.Eventually(t, func() bool {
		lacking = gaps()
		return lacking[duty+":credit_monitoring"].Kind == breach.GapRemedy
	}, patience, 200*time.Millisecond)
	require.NotContains(t, lacking, duty+" nature", "they have a text of their own")
	require.NotContains(t, lacking, "us-ca/individuals/notice notice_date", "nobody writes the date by hand")

	k.author.do(t, http.MethodPatch, k.path(""), sent{"application/json", []byte(`{"offers":[{"offer":"credit_monitoring","months":42},{"offer":"identity_theft_prevention","months":12}]}`)}, nil)
	require.Eventually(t, func() bool { return gaps()[duty+":credit_monitoring"].Kind == "" }, patience, 200*time.Millisecond)
	began := time.Now()
	k.approve(t, k.submit(t))
	k.until(t, "everybody to be told", func(v breach.Overview) bool { return v.People[breach.Reached] == 3 })

	read := func(h human) string {
		all := w.sentTo(t, h.Email)
		require.Len(t, all, 1, h.ExternalID)
		return strings.Join(strings.Fields(all[0].Text+" "+all[0].HTML), " ")
	}
	ma, ca := read(people[0]), read(people[1])
	happened := strings.Join(strings.Fields(file.Narrative["en"].Summary), " ")[:40]
	require.Contains(t, ma, own)
	require.NotContains(t, ma, happened)
	require.Contains(t, ma, "for 42 months")
	require.Contains(t, ma, "Words about police report right.")
	require.Contains(t, ca, happened)
	require.NotContains(t, ca, own)
	require.Contains(t, ca, "Date of this notice")
	require.NotContains(t, ma+ca, "{{")
	there, err := time.LoadLocation("America/Los_Angeles")
	require.NoError(t, err)
	dates := []string{began.In(there).Format("2 January 2006"), time.Now().In(there).Format("2 January 2006")} // midnight may pass
	require.True(t, strings.Contains(ca, dates[0]) || strings.Contains(ca, dates[1]), "%s in %s", dates, ca)
}
