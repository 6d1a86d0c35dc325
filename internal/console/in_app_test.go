package console

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// How many acknowledged the notice in an application stands beside the channels, also before anything was sent, and not
// at all where nobody did.
func TestAcknowledgementsInApplicationsAreCounted(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "", 1: "1 person acknowledged the notice in an application", 12345: "12,345 people acknowledged the notice in an application"} {
		for _, sent := range []bool{true, false} {
			d := sampleDesk()
			d.overview = func(string) (breach.Overview, error) {
				o := sampleOverview()
				if o.InApp = n; !sent {
					o.Channels = nil
				}
				return o, nil
			}
			text := newSite(t, d).as(responder).get("/console/incidents/" + sampleID).text()
			if want == "" {
				require.NotContains(t, text, "in an application")
			} else {
				require.Contains(t, text, want)
			}
		}
	}
}
