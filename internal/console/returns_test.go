package console

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func sampleReturns() []breach.ReturnCount {
	last := sampleNow.Add(-20 * time.Minute)
	return []breach.ReturnCount{
		{Provider: "relay", Domain: "mail.example", Kind: breach.ReturnFailed, Reason: "no_such_address", Count: 1204, Last: last},
		{Provider: "relay", Domain: "qq.example", Kind: breach.ReturnComplained, Count: 31, Last: last},
		{Provider: "backup", Kind: breach.ReturnDelayed, Count: 9, Last: last},
		{Provider: "relay", Kind: breach.ReturnUnclassified, Count: 2, Last: last}, {Provider: "relay", Kind: breach.ReturnFailed, Reason: "own_code", Count: 1, Last: last},
	}
}

func TestWhatCameBackIsCountedAndReportsSayWhatToDo(t *testing.T) {
	t.Parallel()
	d := sampleDesk()
	came := breach.FilingReturn{Kind: breach.ReturnFailed, Reason: "no_such_address", Detail: "550 5.1.1 no such mailbox", At: sampleNow}
	d.overview = func(string) (breach.Overview, error) {
		o := sampleOverview()
		for i := range o.Filings {
			o.Filings[i].Returned = &came
		}
		return o, nil
	}
	s := newSite(t, d).as(reader)
	here := "/console/incidents/" + sampleID + "/returns"
	p := s.get(here)
	wellMade(t, p, here)
	for _, want := range []string{"1,205 Bounced", "31 Complaints", "mail.example", "not named", "Own code", "File it by hand before the deadline", "550 5.1.1 no such mailbox"} {
		require.Contains(t, p.text(), want)
	}
	p = s.get("/console/incidents/" + sampleID)
	require.Contains(t, p.text(), "The authority's mail server sent the report back on")
	require.Len(t, p.all("a[href="+here+"]"), 1)
	came.Kind = breach.ReturnDelayed
	require.Contains(t, s.get(here).text(), "ours goes on trying since")
	came.Kind = breach.ReturnUnclassified
	require.Contains(t, s.get(here).text(), "does not say whether it has the report")
	came.Kind = breach.ReturnRelayed
	require.NotContains(t, s.get(here).text(), "authority's mail server")
	d.returns = nil
	require.Contains(t, s.get(here).text(), "Nothing came back.")
}
