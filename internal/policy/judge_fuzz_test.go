package policy

import (
	"testing"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Whatever a fact file says, if it is accepted every pack has an answer to it: a verdict with a reason.
func FuzzJudge(f *testing.F) {
	f.Add([]byte("{}"))
	f.Add([]byte(benchFacts))
	f.Add([]byte(cnCommon))
	f.Add([]byte("people: {total: 0, by_country: {}}\ndata: {classes: []}\nincident: {nature: []}\n"))
	f.Add([]byte("incident: {aware_at: 0001-01-01T00:00:00Z, filed_at: {eu-nis2/authority/incident_notification: 9999-12-31T23:59:59Z}}\n"))
	r := loadTestRules(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		facts, err := breach.ParseFacts(b)
		if err != nil {
			return
		}
		j, err := r.Judge(facts, Profile{}, testNow)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range j.Obligations {
			if o.Verdict == breach.DoesNotApply && (len(o.Because) == 0 || o.Because[0] == "") {
				t.Fatalf("%s: no reason", o.ID)
			}
			if o.Verdict == breach.CannotTell && len(o.Missing)+len(o.Questions) == 0 {
				t.Fatalf("%s: nobody can tell, and nothing is named that is missing: %v", o.ID, o.Because)
			}
		}
	})
}
