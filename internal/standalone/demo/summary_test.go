package demo

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func TestTheAnnouncementAlwaysHasAReason(t *testing.T) {
	t.Parallel()
	decision := json.RawMessage(`{"announce":false,"reason":"not_needed","because":["Nobody is left for whom an announcement is needed."],"covers":0}`)
	up := &breach.Notice{URL: "http://x.test/notices/A", Reason: "no_contact"}
	for name, c := range map[string]struct {
		up       *breach.Notice
		decision json.RawMessage
		want     SummaryAnnouncement
	}{
		"nothing was decided": {nil, nil, SummaryAnnouncement{Reason: "not_decided", Because: []string{}}},
		"not published":       {nil, decision, SummaryAnnouncement{Reason: "not_needed", Because: []string{"Nobody is left for whom an announcement is needed."}}},
		"published":           {up, json.RawMessage(`{"reason":"no_contact","because":["b"]}`), SummaryAnnouncement{Published: true, URL: up.URL, Reason: "no_contact", Because: []string{"b"}}},
		"a later list needs none": {up, decision,
			SummaryAnnouncement{Published: true, URL: up.URL, Reason: "no_contact", Because: []string{"Nobody is left for whom an announcement is needed."}}},
	} {
		require.Equal(t, c.want, announcement(c.up, c.decision), name)
	}
}

func TestTheLastScreenSaysWhatIsOpenAndWhyNothingWasAnnounced(t *testing.T) {
	t.Parallel()
	sum := Summary{
		Incident: "i1", Policy: "mooc", State: breach.IncidentNotifying, People: map[string]int64{"total": 1234567, "reached": 1234567},
		Announcement: SummaryAnnouncement{Reason: "not_needed"},
		Reports:      []SummaryReport{{Obligation: "a/authority/x", Status: "acknowledged", Acknowledgement: "CAC-1"}},
		Open:         []SummaryOpen{{What: "mend", Ref: "2", Reason: "the profile differs"}, {What: "close"}},
	}
	var b bytes.Buffer
	s := &Screen{Out: &b, Now: time.Now, Begin: time.Now()}
	s.Close(sum, Links{DataDir: "/d"})
	for _, want := range []string{"1,234,567", "none (not needed)", "number CAC-1", "Still open", "mend 2: the profile differs", "close the incident", "/d"} {
		require.Contains(t, b.String(), want)
	}
	require.NotContains(t, b.String(), "Console", "a page that has ended is no place to go")
	require.NotContains(t, b.String(), "\x1b", "no colours where there is no terminal")
}
