package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/app"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/config"
	"github.com/tocsin-engine/tocsin/internal/delivery/letter"
	"github.com/tocsin-engine/tocsin/internal/delivery/letter/paper"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// byPost tries email and then paper. Letters count when they were posted and did not come back.
const byPost = `
name: by-post
title: email, then letters of our own
location: CN
languages: {default: en, available: [en]}
contact_required: [name, email]
strategy: escalate
channels:
  - {channel: email, proof: accepted, quiet: 48h, wait: 24h, retry: {tries: 1, repeats: 1}, not_knowable: next}
  - {channel: letter, proof: delivered, quiet: 48h, wait: 240h, retry: {tries: 2, repeats: 1, backoff: [1h]}, not_knowable: stay}
unknown_email: repeat_same_id
third_party_processors: none
providers:
  - {id: relay, channel: email, kind: smtp, operated_by: self, location: CN, receives: [name, email, notice]}
  - {id: post, channel: letter, kind: letter, operated_by: self, location: CN, receives: [name, postal_address, notice]}
minors: {age: 0}
announcement: {min_uncovered: {count: 1}, keep_days: 1, covers: [no_contact, not_allowed, failed_everywhere, unreachable]}
retention: {contact_days: 1, inquiry_days: 1, proof_days: 1}
`

// Whose email fails gets a letter. It goes to the printer in a batch; what was posted and does not come back has
// reached them, what the printer spoiled is printed again, and whose letter comes back is covered by the announcement.
func TestPromise_M08_ALetterFromTheListToTheReturn(t *testing.T) {
	t.Parallel()
	if lost := paper.NewFonts().Missing("en"); len(lost) > 0 {
		t.Skipf("SKIPPED: the fonts %v are not installed (Debian: fonts-noto-core)", lost)
	}
	door := t.TempDir()
	letters := letter.Config{Dir: door, Every: 300 * time.Millisecond, Sender: "Example Learning Ltd, 1 Example Street, 10000 Example Town"}
	w := ownWorld(t, dataDir(t), func(s *app.Settings) {
		p, err := policy.ParseProfile([]byte(byPost), app.Kinds())
		require.NoError(t, err)
		s.Policies.Add(p)
		s.Letters = &letters
	})
	file := example(t)
	file.Policy = "by-post"
	c := newCrowd()
	people := c.some(4)
	for i := range 3 {
		people[i].Email, people[i].PostalAddress = c.email("bounce.simulator.test"), "12 Sample Street\nSpringfield, IL 62701"
	}
	k := w.open(t, file)
	k.tell(t, people)

	ids := printedAt(t, door, 3)
	k.until(t, "the letters to be with the printer", func(v breach.Overview) bool { return v.Channels[breach.Letter]["accepted"] == 3 })
	settings := config.Config{Providers: config.Providers{Letters: &letters}}
	settings.Store = w.Settings.Store
	today := time.Now().UTC().Format(time.DateOnly)
	report := "letter_id,status,date\n" + ids[0] + ",posted," + today + "\n" + ids[1] + ",failed," + today + "\n" + ids[2] + ",posted," + today + "\nnobody-1,posted," + today + "\n"
	for _, taken := range []int{3, 0} {
		told, err := app.LettersReport(t.Context(), settings, []byte(report), "ada")
		require.NoError(t, err)
		require.Equal(t, taken, told.Taken)
		require.Equal(t, []string{"nobody-1"}, told.Unknown)
	}
	back, err := app.LettersReturned(t.Context(), settings, []byte("letter_id,reason\n"+ids[2]+",moved\n"), "ada")
	require.NoError(t, err)
	require.Equal(t, 1, back.Taken)
	require.Equal(t, 1, k.entries(t, "letters.report"), "who brought the report is on record, once")
	require.Equal(t, 1, k.entries(t, "letters.returned"))

	again := printedAt(t, door, 1)
	require.Equal(t, strings.TrimSuffix(ids[1], "-1")+"-2", again[0], "the second try of the one that was spoiled")
	require.Eventually(t, func() bool { // until its batch is closed nobody knows of it
		_, err = app.LettersReport(t.Context(), settings, []byte("letter_id,status,date\n"+again[0]+",posted,"+today+"\n"), "ada")
		return err == nil
	}, patience, 200*time.Millisecond)
	v := k.until(t, "everybody to be told", func(v breach.Overview) bool {
		return v.People[breach.Reached] == 3 && v.People[breach.Covered] == 1
	})
	require.True(t, v.Balanced)
}

// Who configures a printer opens letters in the built-in policy: whoever has nothing but a postal address gets one there,
// where the announcement was all that was left for them.
func TestPromise_M08_LettersAreOpenWhereTheyAreConfigured(t *testing.T) {
	t.Parallel()
	if lost := paper.NewFonts().Missing("en"); len(lost) > 0 {
		t.Skipf("SKIPPED: the fonts %v are not installed (Debian: fonts-noto-core)", lost)
	}
	door := t.TempDir()
	letters := letter.Config{Dir: door, Every: 300 * time.Millisecond, Sender: "Example Learning Ltd, 1 Example Street, 10000 Example Town"}
	w := ownWorld(t, dataDir(t), func(s *app.Settings) { s.Letters = &letters })
	people := newCrowd().some(2)
	for i := range people {
		people[i].Email, people[i].Phone, people[i].PushToken = "", "", ""
		people[i].PostalAddress, people[i].Country = "12 Sample Street\nSpringfield, IL 62701", "CN"
	}
	k := w.open(t, example(t))
	k.tell(t, people)
	ids := printedAt(t, door, 2)
	k.until(t, "the letters to be with the printer", func(v breach.Overview) bool { return v.Channels[breach.Letter]["accepted"] == 2 })
	settings := config.Config{Providers: config.Providers{Letters: &letters}}
	settings.Store = w.Settings.Store
	today := time.Now().UTC().Format(time.DateOnly)
	_, err := app.LettersReport(t.Context(), settings, []byte("letter_id,status,date\n"+ids[0]+",posted,"+today+"\n"+ids[1]+",posted,"+today+"\n"), "ada")
	require.NoError(t, err)
	k.until(t, "both to be reached", func(v breach.Overview) bool { return v.People[breach.Reached] == 2 })
}

// printedAt is a printer: it waits for n letters in batches that are marked as done, takes them away and gives their ids.
func printedAt(t *testing.T, door string, n int) (ids []string) {
	t.Helper()
	for end := time.Now().Add(patience); len(ids) < n; time.Sleep(100 * time.Millisecond) {
		require.True(t, time.Now().Before(end), "the printer waits in vain")
		done, err := filepath.Glob(filepath.Join(door, "*.done"))
		require.NoError(t, err)
		for _, marker := range done {
			batch := strings.TrimSuffix(marker, ".done")
			rows, err := os.ReadFile(filepath.Join(batch, "manifest.csv"))
			require.NoError(t, err)
			for _, line := range strings.Split(strings.TrimSpace(string(rows)), "\r\n")[1:] {
				id, _, _ := strings.Cut(line, ",")
				ids = append(ids, id)
			}
			require.NoError(t, os.Remove(marker))
			require.NoError(t, os.RemoveAll(batch))
		}
	}
	require.Len(t, ids, n)
	return ids
}
