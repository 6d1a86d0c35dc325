package console

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func ask(contact string) url.Values {
	return url.Values{"contact": {contact}, "kind": {"auto"}, "incident": {sampleID}, "reason": {"Call 4711"}}
}

func TestFindingAPerson(t *testing.T) {
	t.Parallel()
	s := newSite(t, sampleDesk()).as(responder)
	p := s.send("/console/person", ask(" lin@mail.example "))
	require.Equal(t, http.StatusOK, p.status)
	require.Equal(t, "/console/person", p.path, "nothing of it is in the address")
	require.NotContains(t, p.raw, "lin@mail", "the contact does not come back")
	require.Equal(t, "no-store", p.header.Get("Cache-Control"))
	require.Equal(t, "Yes. Told, and it is confirmed.", p.one(".answer h2").text())
	require.Equal(t, "1 person found.", p.one("main p[role=status]").text())
	require.NotContains(t, p.one("title").text(), "LKF")
	require.Contains(t, p.text(), "l•••@•••.example")
	var history []string
	for _, li := range p.all(".hist li div") {
		history = append(history, li.text())
	}
	require.Equal(t, []string{"Reached", "SMS: Arrived", "SMS: On the way", "Push: not allowed by the policy Their data may not go abroad.", "Email: Failed The mailbox does not exist.", "Email: On the way"}, history)
	require.Equal(t, chinese, p.all(".say p")[1].attr("lang"), "what to say is marked with its language")
	wellMade(t, p, "person")

	p = s.send("/console/person", ask("nobody@mail.example"))
	require.Equal(t, http.StatusOK, p.status)
	require.Equal(t, "Nobody found.", p.one("main p[role=status]").text())
	require.Contains(t, p.text(), "Do not say “you are not affected”")
	require.NotContains(t, p.raw, "nobody@mail")
	wellMade(t, p, "nobody")
}

func TestLookingNeedsAReason(t *testing.T) {
	t.Parallel()
	d := sampleDesk()
	d.findPerson = func(string, breach.Actor, breach.PersonQuery, string) (breach.PersonView, error) {
		t.Error("nobody may be looked up")
		return breach.PersonView{}, nil
	}
	s := newSite(t, d).as(lead)
	for field, id := range map[string]string{"reason": "why-e", "contact": "q-e", "incident": "q-e"} {
		form := ask("lin@mail.example")
		form.Set(field, "  ")
		p := s.send("/console/person", form)
		require.Equal(t, http.StatusUnprocessableEntity, p.status, field)
		require.NotEmpty(t, p.one("#"+id).text(), field)
		wellMade(t, p, field)
	}
	for _, contact := range []string{"a\x00b@x.example", "x\r\ny"} {
		require.Equal(t, http.StatusUnprocessableEntity, s.send("/console/person", ask(contact)).status)
	}
	p := newSite(t, d).as(reader).get("/console/person")
	require.Empty(t, p.all("main form"))
	require.Contains(t, p.text(), "Your role sees numbers, not people.")
}

func TestAReaderIsRefusedBehindThePage(t *testing.T) {
	t.Parallel()
	d := sampleDesk()
	d.findPerson = func(string, breach.Actor, breach.PersonQuery, string) (breach.PersonView, error) {
		return breach.PersonView{}, breach.Errorf(breach.ErrForbidden, "only responders and leads may look at a person's data")
	}
	require.Equal(t, http.StatusForbidden, newSite(t, d).as(reader).send("/console/person", ask("lin@mail.example")).status)
}

func TestWhatIsTyped(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind, contact string
		want          breach.PersonQuery
		ok            bool
	}{
		{"auto", "Lin@Mail.example", breach.PersonQuery{Email: "Lin@Mail.example"}, true},
		{"auto", "+86 138-0013 8000", breach.PersonQuery{Phone: "+8613800138000"}, true},
		{"", "0086 (138) 0013.8000", breach.PersonQuery{Phone: "+8613800138000"}, true},
		{"auto", "20261117", breach.PersonQuery{ExternalID: "20261117"}, true},
		{"phone", "020 7946 0018", breach.PersonQuery{Phone: "02079460018"}, true},
		{"id", "+86-7", breach.PersonQuery{ExternalID: "+86-7"}, true},
		{"auto", "stu-7719", breach.PersonQuery{ExternalID: "stu-7719"}, true},
		{"phone", "call me", breach.PersonQuery{}, false}, {"email", "nobody", breach.PersonQuery{}, false}, {"other", "x", breach.PersonQuery{}, false}, {"auto", "  ", breach.PersonQuery{}, false},
	} {
		got, ok := queryOf(c.kind, c.contact)
		require.Equal(t, c.ok, ok, c.contact)
		if ok {
			require.Equal(t, c.want, got, c.contact)
		}
	}
}

func TestEveryOutcomeHasAnAnswer(t *testing.T) {
	t.Parallel()
	for _, o := range breach.Outcomes {
		d := sampleDesk()
		d.findPerson = func(string, breach.Actor, breach.PersonQuery, string) (breach.PersonView, error) {
			return breach.PersonView{Outcome: o, Reference: "LKF-1", Wave: 1}, nil
		}
		p := newSite(t, d).as(lead).send("/console/person", ask("lin@mail.example"))
		require.Len(t, p.all(".answer h2"), 1, o)
		for _, say := range p.all(".say p") {
			require.Greater(t, len(say.text()), 20, o)
		}
	}
}
