package console

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func TestWhoCarriedMessagesIsShownAndAsked(t *testing.T) {
	t.Parallel()
	d := sampleDesk()
	d.processors = func() (breach.Register, error) {
		return breach.Register{Policy: "mooc", Location: "CN", Processors: []breach.Processor{
			{Provider: "twilio", Channel: breach.SMS, OperatedBy: "processor", Location: "US", Contract: "addendum 4", Receives: []string{"phone", "notice"}, Deletes: "delete",
				Handed:  []breach.HandedTo{{Country: "GB", Messages: 1200}, {Messages: 3, Exception: "law_provides", Article: "PIPL 38"}},
				Refused: []breach.RefusedTo{{Channel: breach.SMS, Provider: "twilio", Reason: "processor_abroad", People: 40}},
				Told:    &breach.ProcessorErased{How: "delete", Messages: 1203, Deleted: 1200, Open: 2, Kept: 1}},
			{Provider: "gateway", Channel: breach.SMS, OperatedBy: "processor", Location: "CN", Receives: []string{"phone"}, Deletes: "request",
				Told: &breach.ProcessorErased{How: "request", Messages: 40}},
		}, Transfers: []breach.TransferSaid{{PeopleIn: []string{"CN"}, OnlyIn: []string{"CN"}, Exceptions: map[string]string{"law_provides": "PIPL 38"}}}}, nil
	}
	var did []string
	d.erased = func(what string) error { did = append(did, what); return nil }
	s := newSite(t, d).as(responder)
	here := "/console/incidents/" + sampleID + "/processors"
	p := s.get(here)
	wellMade(t, p, here)
	for _, want := range []string{"addendum 4", "1,200 messages to GB", "3 messages to no known country (exception law_provides: PIPL 38)", "40 people: processor_abroad",
		"Deleted 1,200 of 1,203 messages; open 2, cannot be deleted 1.", "It has to be asked to delete 40 messages.",
		"Data of people in CN stays in CN. An exception is claimed (law_provides): PIPL 38."} {
		require.Contains(t, p.text(), want)
	}
	s.send(here+"/requested", url.Values{"provider": {"gateway"}, "reference": {"letter 7"}})
	s.send(here+"/requested", url.Values{"provider": {"gateway"}, "reference": {" "}})
	require.Equal(t, []string{"gateway letter 7"}, did)
	require.Empty(t, newSite(t, d).as(reader).get(here).all(`form[action$="/requested"]`), "a reader asks nobody")
}
