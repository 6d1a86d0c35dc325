package policy

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Regenerate docs/CASCADE.md: go test ./internal/policy/ -run TestTheScenarioMatrix -cascade
var writeCascade = flag.Bool("cascade", false, "write the tables of docs/CASCADE.md")

// What must come of it, said once more in other words than the code: whether a fate proves by what counts as proof,
// whether the message may have arrived, and when the next channel has its turn (never: -1).

func (f fate) proves(proof string) bool {
	switch f.name {
	case "delivered", "late receipt", "busy once", "unknown: has it", "unknown: has it not", "crash", "not begun":
		return proof != proofNever
	case "taken":
		return proof == "accepted"
	}
	return false
}

func (f fate) mayHaveArrived() bool {
	return f.proves("accepted") || f.name == "silence" || f.name == "unknown for good"
}

const never = time.Duration(-1)

func (f fate) next(c breach.Channel) time.Duration {
	r := sure[c]
	switch f.name {
	case "refused", "kept", "objection", "no contact":
		return 0
	case "busy":
		return 65 * time.Minute // two back-offs
	case "bounce", "returned":
		return bounced
	case "silence", "late receipt", "unknown for good":
		return r.Wait
	}
	switch { // of what is left, a pointer alone is never enough
	case f.proves(r.Proof):
		return never
	case f.name == "taken":
		return r.Wait
	}
	at := postman + r.Wait
	switch f.name {
	case "busy once":
		at += 5 * time.Minute
	case "crash":
		at += leased
	}
	return at
}

func mostSent(f fate, c breach.Channel) int {
	repeated := c == breach.Email || c == breach.Push // the others are asked
	switch f.name {
	case "unknown: has it", "unknown for good", "crash":
		if !repeated {
			return 1
		}
	case "busy":
		return 3
	case "kept", "objection", "no contact":
		return 0
	case "delivered", "taken", "silence", "late receipt", "refused", "bounce", "returned":
		return 1
	}
	return 2
}

// Every pair of channels with every outcome of the first and every outcome of the second, under both strategies:
// the second begins exactly when it must and never after proof, and the person ends as they must.
func TestTheScenarioMatrix(t *testing.T) {
	t.Parallel()
	var doc strings.Builder
	channelTable(&doc)
	scenarios := 0
	for _, one := range breach.Channels {
		for _, two := range breach.Channels {
			if one == two {
				continue
			}
			fmt.Fprintf(&doc, "\n### %s, then %s\n\n| | %s |\n|---|%s\n", word1(one), word1(two), strings.Join(numbers(), " | "), strings.Repeat("---|", len(fates)))
			for i, a := range fates {
				fmt.Fprintf(&doc, "| %d %s |", i+1, a.name)
				for _, b := range fates {
					doc.WriteString(" " + pair(t, one, two, a, b) + " |")
					scenarios += 2
				}
				doc.WriteString("\n")
			}
		}
	}
	require.Equal(t, 2*20*len(fates)*len(fates), scenarios)
	compareDoc(t, doc.String(), scenarios)
}

// pair tries one pair under both strategies and gives the cell of the table.
func pair(t *testing.T, one, two breach.Channel, a, b fate) string {
	t.Helper()
	what := fmt.Sprintf("%s %s, then %s %s", one, a.name, two, b.name)
	next, can := a.next(one), b.kept == ""
	want := breach.Unreachable
	switch {
	case a.proves(sure[one].Proof), b.proves(sure[two].Proof):
		want = breach.Reached
	case a.mayHaveArrived(), b.mayHaveArrived():
		want = breach.Attempted
	}

	w := newPair(t, Escalate, one, two, a, b)
	w.run()
	require.Equal(t, want, w.s.Outcome, what)
	began, used := w.begun[two]
	require.Equal(t, next != never && can, used, "%s: the second channel", what)
	if used {
		require.Equal(t, next, began, "%s: when the second channel begins", what)
	}
	require.Equal(t, mostSent(a, one), w.sent[one], what)
	if want == breach.Unreachable {
		require.Equal(t, unreachableWhy(one, two, a, b), w.end.Reason, what)
	}

	blast := newPair(t, Blast, one, two, a, b)
	blast.run()
	require.Equal(t, want, blast.s.Outcome, "%s at once", what)
	for c, f := range map[breach.Channel]fate{one: a, two: b} {
		at, used := blast.begun[c]
		require.Equal(t, f.kept == "", used, "%s at once: %s", what, c)
		require.Zero(t, at, "%s at once: %s", what, c)
		require.LessOrEqual(t, blast.sent[c], mostSent(f, c), what)
	}
	cell := map[breach.Outcome]string{breach.Reached: "R", breach.Attempted: "A", breach.Unreachable: "–"}[want]
	if used {
		cell += "2"
	}
	return cell
}

func unreachableWhy(one, two breach.Channel, a, b fate) string {
	phone := func(c breach.Channel) bool { return c == breach.SMS || c == breach.Voice } // without a number both are gone: see newPair
	switch {
	case a.kept == "" || b.kept == "":
		return UncoveredFailedEverywhere
	case a.kept == "contact" && b.kept == "contact" && !phone(one) && !phone(two):
		return UncoveredNoContact
	}
	return UncoveredNotAllowed
}

// What a person may have had already is sent no further once proof comes: receipts stop what is queued, also after
// the wait that led to the next channel.
func TestALateReceiptStopsWhatIsQueued(t *testing.T) {
	t.Parallel()
	for _, one := range []breach.Channel{breach.Email, breach.SMS, breach.Voice, breach.Letter} {
		for _, two := range breach.Channels {
			if one == two {
				continue
			}
			for _, by := range []Strategy{Escalate, Blast} {
				w := newPair(t, by, one, two, fates[3], fates[5]) // a late receipt; the second channel is busy
				w.p.Channels[1].Retry.Backoff = []time.Duration{500 * time.Hour}
				w.run()
				require.Equal(t, breach.Reached, w.s.Outcome)
				require.Equal(t, 1, w.sent[two], "%s after a receipt of %s: the second try was queued", two, one)
			}
		}
	}
}

func word1(c breach.Channel) string {
	return map[breach.Channel]string{breach.Email: "Email", breach.SMS: "SMS", breach.Push: "Push", breach.Voice: "Call", breach.Letter: "Letter"}[c]
}

func numbers() (out []string) {
	for i := range fates {
		out = append(out, fmt.Sprint(i+1))
	}
	return out
}

// channelTable says when the next channel begins, for each outcome of each channel.
func channelTable(doc *strings.Builder) {
	heads := []string{}
	for _, c := range breach.Channels {
		heads = append(heads, word1(c))
	}
	fmt.Fprintf(doc, "| | outcome | what happened | %s |\n|---|---|---|%s\n", strings.Join(heads, " | "), strings.Repeat("---|", len(heads)))
	for i, f := range fates {
		fmt.Fprintf(doc, "| %d | %s | %s |", i+1, f.name, f.says)
		for _, c := range breach.Channels {
			switch at := f.next(c); at {
			case never:
				doc.WriteString(" reached |")
			case 0:
				doc.WriteString(" at once |")
			default:
				doc.WriteString(" after " + shortly(at) + " |")
			}
		}
		doc.WriteString("\n")
	}
}

// shortly leaves out the noughts of 24h0m0s.
func shortly(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

const (
	generatedFrom = "<!-- generated: go test ./internal/policy/ -run TestTheScenarioMatrix -cascade -->\n"
	generatedTo   = "<!-- end of what is generated -->\n"
)

func compareDoc(t *testing.T, tables string, scenarios int) {
	t.Helper()
	path := filepath.Join("..", "..", "docs", "CASCADE.md")
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	before, rest, ok := strings.Cut(string(b), generatedFrom)
	require.True(t, ok)
	_, after, ok := strings.Cut(rest, generatedTo)
	require.True(t, ok)
	want := before + generatedFrom + fmt.Sprintf("%d scenarios: every pair of channels, every outcome of the first with every outcome of the second, under both strategies.\n\n", scenarios) +
		tables + generatedTo + after
	if *writeCascade {
		require.NoError(t, os.WriteFile(path, []byte(want), 0o644))
		return
	}
	require.True(t, slices.Equal(strings.Split(want, "\n"), strings.Split(string(b), "\n")), "docs/CASCADE.md is older than the decision; write it anew with -cascade")
}
