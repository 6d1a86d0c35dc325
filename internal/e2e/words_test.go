package e2e

import (
	"bytes"
	"encoding/csv"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/recipients"
)

// Somebody tries a push out on their own phone: it goes through the service to the one token that may get tests, says
// that it is one, and is nobody's delivery.
func TestAPushIsTriedOutOnTheTestersPhoneAlone(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	k := w.open(t, example(t))
	people := newCrowd().some(2)
	k.load(t, listOf(t, people), "")
	k.submit(t)
	const phone = "the-demo-testers-phone"
	before := w.taken(phone)
	var out breach.TestsSent
	k.author.do(t, http.MethodPost, k.path("/notices/test"), map[string]any{"to": phone, "channel": "push", "locale": "en"}, &out)
	require.Len(t, out.Tests, 1)
	require.Contains(t, []breach.AttemptState{breach.HandedOver, breach.Accepted, breach.Delivered}, out.Tests[0].State, "%+v", out.Tests[0])
	require.NotContains(t, out.Tests[0].To, phone)
	require.Equal(t, before+1, w.taken(phone))
	m := w.sentTo(t, phone)[0]
	said := m.Subject + " " + m.Text
	require.Contains(t, said, "[TEST] ")
	require.Contains(t, said, "EXM-0000-0000-0000")
	p := k.author.try(t, http.MethodPost, k.path("/notices/test"), map[string]any{"to": "somebody-elses-phone", "channel": "push"}, nil)
	require.Equal(t, breach.ErrForbidden, p.code())
	require.Zero(t, w.taken("somebody-elses-phone"))
	require.EqualValues(t, 2, k.overview(t).People[breach.Pending])
	require.True(t, k.recorded(t, "notice.tested"))
}

// corrected is the error file of a list with one cell changed, as a person writes it into the file.
func corrected(t *testing.T, list []byte, from, to string) []byte {
	t.Helper()
	var file bytes.Buffer
	e := recipients.NewErrorFile(&file)
	_, err := recipients.Read(t.Context(), bytes.NewReader(list), recipients.Options{On: time.Now()}, e.Add)
	require.NoError(t, err)
	require.NoError(t, e.Close())
	require.Contains(t, file.String(), from)
	fixed := strings.Replace(file.String(), from, to, 1)
	_, err = csv.NewReader(strings.NewReader(fixed)).ReadAll()
	require.NoError(t, err)
	return []byte(fixed)
}

// A row that is corrected while a plan waits makes that plan void, and is told under the next one. A row that is
// corrected after the approval is a person of a later list; nobody is told twice, and nobody by the wrong address.
func TestCorrectionsBeforeAndAfterTheApproval(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	k := w.open(t, example(t))
	c := newCrowd()
	people := c.some(4)
	early, late := people[1].Email, people[2].Email
	people[1].Email, people[2].Email = strings.Replace(early, "@", " at ", 1), strings.Replace(late, "@", " at ", 1)
	list := listOf(t, people)
	first := k.load(t, list, "")
	require.EqualValues(t, 4, first.Added)
	void := k.submit(t)

	again := k.load(t, corrected(t, list, people[1].Email, early), "")
	require.Zero(t, again.Added)
	require.Zero(t, again.Wave, "the corrected row stands in its own list")
	p := k.lead.try(t, http.MethodPost, k.path("/plan/approve"), map[string]any{"plan_hash": void, "accept_unreviewed": true}, nil)
	require.NotNil(t, p, "the plan that was shown names other people")
	require.Zero(t, w.taken(early))
	k.approve(t, k.submit(t))
	k.until(t, "the first list", func(breach.Overview) bool {
		return w.taken(people[0].Email) == 1 && w.taken(early) == 1 && w.taken(people[3].Email) == 1
	})

	anew := k.load(t, corrected(t, list, people[2].Email, late), "")
	require.Equal(t, first.Wave+1, anew.Wave)
	require.EqualValues(t, 1, anew.Added)
	k.until(t, "the second list's plan to be asked for", func(v breach.Overview) bool { return awaits(v, "submit") })
	require.Zero(t, w.taken(late), "nobody is told under another list's approval")
	k.approve(t, k.submit(t))
	v := k.until(t, "the second list", func(v breach.Overview) bool { return w.taken(late) == 1 && v.People[breach.Pending] == 0 })
	require.EqualValues(t, 1, v.People[breach.Withdrawn], "the earlier row")
	for _, mailbox := range []string{people[0].Email, early, people[3].Email, late} {
		require.Equal(t, 1, w.taken(mailbox))
	}
}
