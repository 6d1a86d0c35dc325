package crash

import (
	"archive/zip"
	"bufio"
	"encoding/json"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/evidence"
	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
	"github.com/tocsin-engine/tocsin/internal/simulator/smtpsim"
)

// summary is what of the demo's summary is looked at.
type summary struct {
	Incident string           `json:"incident"`
	State    string           `json:"state"`
	People   map[string]int64 `json:"people"`
	Evidence struct {
		File     string `json:"file"`
		Verified bool   `json:"verified"`
	} `json:"evidence"`
	Deliveries map[breach.Channel]map[string]int64 `json:"deliveries"`
}

// told is what the product says about one person.
type told struct {
	evidence.PersonRecord
	Channel  breach.Channel `json:"channel"`
	attempts []evidence.AttemptRecord
}

// refusedForGood says that the far end said no to the last try: 5xx, which no further try would change. The
// announcement tells such a person.
func (p told) refusedForGood() bool {
	n := len(p.attempts)
	return n > 0 && p.attempts[n-1].State == breach.FailedPermanent
}

// result are the figures of one test.
type result struct{ kills, unknown, confirmed, repeated, notKnowable, late, twice, lost, refused, bound int }

// prove holds the product's own account against the outbox on disk and fails the test where they disagree. The rig's
// bound is what kills may have left unknown; doubts is how many more messages the far end left without an answer.
func (r *rig) prove(kills, doubts int) result {
	t := r.t
	t.Helper()
	r.stopSimulators()
	box := r.witness()
	sum, people := r.account()
	out := result{kills: kills, bound: r.bound + doubts}
	drops := map[breach.Channel]int{}
	for i, want := range r.people {
		have := people[i]
		held := box[want.channel][want.contact]
		if want.fate == drop {
			drops[want.channel]++
		}
		r.proveOne(i, want, have, held, &out)
	}
	for _, n := range drops {
		out.bound += n
	}
	counts := map[breach.Channel]map[breach.Settlement]int{}
	for _, p := range people {
		for _, a := range p.attempts {
			require.NotEqual(t, breach.Intended, a.State, "person %d: %+v", p.Person, a)
			require.NotEqual(t, breach.Unknown, a.State, "person %d: %+v", p.Person, a)
			if a.Unknown == "" {
				require.Empty(t, a.Settlement)
				continue
			}
			if counts[a.Channel] == nil {
				counts[a.Channel] = map[breach.Settlement]int{}
			}
			counts[a.Channel][a.Settlement]++
			out.unknown++
		}
	}
	for c, n := range counts {
		all := n[breach.Confirmed] + n[breach.Repeated] + n[breach.NotKnowable] + n[""]
		require.LessOrEqual(t, all, out.bound, "unknown by %s: more than were under way", c)
		require.EqualValues(t, n[breach.Repeated], sum.Deliveries[c]["repeated"], "the summary counts what the ledger repeated by %s", c)
		out.confirmed, out.repeated = out.confirmed+n[breach.Confirmed], out.repeated+n[breach.Repeated]
		out.notKnowable, out.late = out.notKnowable+n[breach.NotKnowable], out.late+n[""] // a receipt answered before anybody asked
	}
	require.Zero(t, out.lost, "people whom nobody told")
	require.LessOrEqual(t, out.twice, out.bound, "people who were told twice")
	require.Positive(t, r.looks.Load(), "nobody could ask whether people add up")
	return out
}

// proveOne looks at one person: what must have arrived has, what arrived twice is on record as such, and the
// product claims nothing that the outbox does not hold.
func (r *rig) proveOne(i int, want person, have told, held []string, out *result) {
	t := r.t
	t.Helper()
	repeats, claimed := 0, false
	for _, a := range have.attempts {
		require.Equal(t, want.channel, a.Channel, "person %d has one contact", i)
		if a.Settlement == breach.Repeated {
			repeats++
		}
		claimed = claimed || a.State == breach.HandedOver || a.State == breach.Accepted || a.State == breach.Delivered
		if a.Reference != "" {
			known := func(id string) bool { return id == a.Reference || strings.HasSuffix(id, "/"+a.Reference) }
			require.True(t, slices.ContainsFunc(held, known), "person %d: the provider does not know the message that the ledger names", i)
		}
	}
	if claimed {
		require.NotEmpty(t, held, "person %d: the ledger says that %s was handed over, and the outbox has nothing", i, want.channel)
	}
	switch {
	case !want.working():
		require.Empty(t, held)
		require.Equal(t, breach.Covered, have.Outcome, "person %d cannot be reached", i)
		return
	case have.Outcome == breach.Covered && have.refusedForGood() && r.refused[want.contact]:
		out.refused++ // it may hold an earlier one that nobody answered for
		return
	case len(held) == 0:
		out.lost++
		t.Errorf("person %d (%s, %q) was told nothing; the ledger says %s: %+v", i, want.channel, want.fate, have.Outcome, have.attempts)
		return
	}
	if want.channel == breach.Push {
		require.Equal(t, breach.Attempted, have.Outcome, "push is no proof")
	} else {
		require.Contains(t, []breach.Outcome{breach.Reached, breach.Attempted}, have.Outcome, "person %d", i)
	}
	require.LessOrEqual(t, len(held), 1+repeats, "person %d was told %d times by %s, and %d repeats are on record: %+v", i, len(held), want.channel, repeats, have.attempts)
	if len(held) > 1 {
		out.twice++
		require.Contains(t, []breach.Channel{breach.Email, breach.Push}, want.channel, "only what is recognisable as the same is ever repeated")
		for _, id := range held { // a repeated push replaces the first by its collapse id, under a name of its own
			require.True(t, want.channel == breach.Push || id == held[0], "a repeated email is recognisable by its Message-ID")
		}
	}
}

// witness reads the outbox from disk: the ids of the messages that providers took, by channel and recipient, and
// whom the mail server refused for good.
func (r *rig) witness() map[breach.Channel]map[string][]string {
	r.t.Helper()
	box, err := outbox.Open(r.file("witness"))
	require.NoError(r.t, err)
	defer box.Close()
	r.refused = map[string]bool{}
	for _, m := range box.List(outbox.Query{Outcome: smtpsim.OutcomeStorm552, Refused: true, Limit: math.MaxInt}).Messages {
		r.refused[m.Recipient] = true
	}
	out := map[breach.Channel]map[string][]string{}
	for _, m := range box.List(outbox.Query{Limit: math.MaxInt}).Messages {
		c := breach.Channel(m.Channel)
		if out[c] == nil {
			out[c] = map[string][]string{}
		}
		out[c][m.Recipient] = append(out[c][m.Recipient], m.MessageID)
	}
	return out
}

// account reads the product's own account, summary and evidence pack, and checks that it is whole: verified
// by a stranger with the public key alone, adding up, nobody left.
func (r *rig) account() (sum summary, people []told) {
	t := r.t
	t.Helper()
	b, err := os.ReadFile(r.file("summary.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(b, &sum))
	require.Equal(t, "closed", sum.State)
	require.EqualValues(t, len(r.people), sum.People["total"])
	var all int64
	for _, o := range breach.Outcomes {
		all += sum.People[string(o)]
	}
	require.Equal(t, sum.People["total"], all, "people add up")
	for _, o := range []breach.Outcome{breach.Pending, breach.Unreachable, breach.Held, breach.Withdrawn, breach.Exempt} {
		require.Zero(t, sum.People[string(o)], o)
	}
	require.True(t, sum.Evidence.Verified)

	pem, err := os.ReadFile(r.file("data/keys/evidence.pub"))
	require.NoError(t, err)
	key, err := evidence.ParsePublicKey(pem)
	require.NoError(t, err)
	f, err := os.Open(sum.Evidence.File)
	require.NoError(t, err)
	defer f.Close()
	info, err := f.Stat()
	require.NoError(t, err)
	report, err := evidence.Verify(f, info.Size(), key)
	require.NoError(t, err)
	require.Empty(t, report.Problems)
	require.True(t, report.Verified && report.KeyTrusted)
	for o, n := range report.People {
		require.Equal(t, sum.People[o], n, "the pack and the summary count the same: %s", o)
	}
	pack, err := zip.NewReader(f, info.Size())
	require.NoError(t, err)
	records(t, pack, evidence.PeopleFile, func(p told) { people = append(people, p) })
	require.Len(t, people, len(r.people))
	for i, p := range people {
		require.EqualValues(t, i+1, p.Person, "people are numbered as they stand in the list")
	}
	records(t, pack, evidence.AttemptsFile, func(a evidence.AttemptRecord) {
		people[a.Person-1].attempts = append(people[a.Person-1].attempts, a)
	})
	return sum, people
}

// records reads one file of records.
func records[T any](t *testing.T, pack *zip.Reader, name string, see func(T)) {
	t.Helper()
	f, err := pack.Open(name)
	require.NoError(t, err)
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line struct {
			Record T `json:"record"`
		}
		require.NoError(t, json.Unmarshal(lines.Bytes(), &line))
		see(line.Record)
	}
	require.NoError(t, lines.Err())
}
