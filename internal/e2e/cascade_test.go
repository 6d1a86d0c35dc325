package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/app"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/config"
	"github.com/tocsin-engine/tocsin/internal/delivery/letter"
	"github.com/tocsin-engine/tocsin/internal/delivery/letter/paper"
	"github.com/tocsin-engine/tocsin/internal/delivery/voice"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// pairs has every channel that simulators answer for, all abroad, so that nothing is kept from anybody; text messages in
// one profile and calls in another, because one number cannot have an ending of its own for each. An email is tried
// four times and repeated twice: what befalls another in the same group (the line is cut, an answer is lost) befalls it
// too, and its own ending comes after that.
const pairs = `
name: pairs-%[1]s-%[2]s
title: every pair of channels
location: GB
languages: {default: en, available: [en]}
contact_required: [name, email]
strategy: %[1]s
channels:
  - {channel: email, proof: accepted, quiet: 24h, wait: 24h, retry: {tries: 4, repeats: 2, backoff: [1h]}, not_knowable: next}
%[3]s  - {channel: letter, proof: delivered, quiet: 144h, wait: 720h, retry: {tries: 1, repeats: 1}, not_knowable: stay}
unknown_email: repeat_same_id
third_party_processors: contracted
providers:
  - {id: smtp, channel: email, kind: smtp, operated_by: self, location: GB, receives: [name, email, notice]}
  - {id: twilio, channel: sms, kind: twilio, operated_by: processor, location: US, contract: addendum, receives: [phone, notice], deletion: delete}
  - {id: calls, channel: voice, kind: twilio_voice, operated_by: processor, location: US, contract: addendum, receives: [phone, notice], deletion: delete}
  - {id: fcm, channel: push, kind: fcm, operated_by: processor, location: US, contract: terms, receives: [push_token, notice]}
  - {id: post, channel: letter, kind: letter, operated_by: self, location: GB, receives: [name, postal_address, notice]}
minors: {age: 0}
announcement: {min_uncovered: {count: 1}, keep_days: 1, covers: [no_contact, not_allowed, failed_everywhere, unreachable]}
retention: {contact_days: 1, inquiry_days: 1, proof_days: 1}
`

// phoned are the channels between email and letters, in the order of breach.Channels.
var phoned = map[breach.Channel]string{
	breach.SMS: `  - {channel: sms, proof: delivered, quiet: 0s, wait: 96h, retry: {tries: 2, repeats: 1, backoff: [1h]}, not_knowable: next}
` + pushes,
	breach.Voice: pushes + `  - {channel: voice, proof: delivered, quiet: 0s, wait: 96h, retry: {tries: 2, repeats: 1, backoff: [1h]}, not_knowable: next}
`,
}

const pushes = `  - {channel: push, proof: never, quiet: 0s, wait: 12h, retry: {tries: 2, repeats: 1, backoff: [1h]}, not_knowable: next}
`

// ending1 is what becomes of messages to a magic contact of one channel.
type ending1 struct {
	channel breach.Channel
	says    string
	magic   string // domain, ending of the number, prefix of the token, country of the address
	proves  bool   // it reaches the person
	arrives bool   // it may have arrived
}

// endings are in the order of the channels.
var endings = []ending1{
	{breach.Email, "taken", "mail.test", true, true},
	{breach.Email, "refused", "bounce.simulator.test", false, false},
	{breach.Email, "full for good", "full.simulator.test", false, false},
	{breach.Email, "greylisted once", "greylist.simulator.test", true, true},
	{breach.Email, "unknown: answer lost", "drop.simulator.test", true, true},
	{breach.SMS, "delivered", "12345", true, true},
	{breach.SMS, "wrong number", "00001", false, false},
	{breach.SMS, "handset off", "00002", false, false},
	{breach.SMS, "taken, then failed", "00003", false, false},
	{breach.SMS, "STOP", "00004", false, false},
	{breach.SMS, "unknown: answer lost, the provider has it", "00005", true, true},
	{breach.SMS, "silence", "00007", false, true},
	{breach.SMS, "unknown: server error, the provider has it not", "00009", true, true},
	{breach.Push, "taken", "fine-", false, true},
	{breach.Push, "app removed", "gone-", false, false},
	{breach.Push, "unknown: answer lost", "drop-", false, true},
	{breach.Voice, "a key", "12345", true, true},
	{breach.Voice, "refused", "00001", false, false},
	{breach.Voice, "busy", "00011", false, false},
	{breach.Voice, "nobody answers", "00012", false, false},
	{breach.Voice, "not in use", "00013", false, false},
	{breach.Voice, "a machine", "00014", false, false},
	{breach.Voice, "listens, no key", "00015", false, true},
	{breach.Voice, "hangs up", "00017", false, false},
	{breach.Voice, "nobody can tell who answers", "00022", false, false},
	{breach.Voice, "unknown: answer lost, the call goes on", "00005", true, true},
	{breach.Letter, "posted", "GB", true, true},
	{breach.Letter, "returned", "IE", false, false},
}

// couple is somebody with two contacts, and what must become of them.
type couple struct {
	human
	second breach.Channel
	both   bool // the second channel is used
}

// couples are all pairs of channels with all their endings: those with calls apart from the others.
func couples(c *crowd, at string, phone breach.Channel) (out []couple) {
	for _, a := range endings {
		for _, b := range endings {
			called := a.channel == breach.Voice || b.channel == breach.Voice
			texted := a.channel == breach.SMS || b.channel == breach.SMS
			if place(a.channel) >= place(b.channel) || called != (phone == breach.Voice) || called && texted {
				continue
			}
			h := human{why: fmt.Sprintf("%s %s, then %s %s", a.channel, a.says, b.channel, b.says)}
			h.ExternalID, h.Name, h.Country, h.Locale = fmt.Sprintf("%s-pair-%d", c.tag, len(out)), "Alex Doe", "GB", "en-GB"
			for _, e := range []ending1{a, b} {
				switch e.channel {
				case breach.Email:
					h.Email = c.email(e.magic)
				case breach.SMS, breach.Voice:
					h.Phone = c.british(e.magic)
				case breach.Push:
					h.PushToken = c.token(e.magic)
				case breach.Letter:
					h.PostalAddress, h.Country = "12 Sample Street\nSampletown\nAB1 2CD", e.magic
				}
			}
			h.want = breach.Covered
			switch {
			case a.proves || b.proves:
				h.want = breach.Reached
			case a.arrives || b.arrives:
				h.want = breach.Attempted
			}
			out = append(out, couple{h, b.channel, !a.proves || at == "blast"})
		}
	}
	return out
}

func place(c breach.Channel) int {
	for i, known := range breach.Channels {
		if c == known {
			return i
		}
	}
	return -1
}

// Every pair of channels with every ending, in two incidents a strategy: one channel after the other, and all at once.
// At the end of the incident the processors delete what they got.
func TestPromise_M25_EveryPairOfChannelsAndWhatIsDeletedAfterwards(t *testing.T) {
	t.Parallel()
	if lost := paper.NewFonts().Missing("en"); len(lost) > 0 {
		t.Skipf("SKIPPED: the fonts %v are not installed (Debian: fonts-noto-core)", lost)
	}
	door := t.TempDir()
	letters := letter.Config{Dir: door, Every: 300 * time.Millisecond, Sender: "Example Learning Ltd, 1 Example Street, 10000 Example Town"}
	w := ownWorld(t, dataDir(t), func(s *app.Settings) {
		for _, by := range []string{"escalate", "blast"} {
			for phone, channels := range phoned {
				p, err := policy.ParseProfile([]byte(fmt.Sprintf(pairs, by, phone, channels)), app.Kinds())
				require.NoError(t, err)
				s.Policies.Add(p)
			}
		}
		s.Letters = &letters
		s.Voice = &voice.Config{
			AccountSID: s.Twilio.AccountSID, AuthToken: s.Twilio.AuthToken, From: s.Twilio.From, BaseURL: s.Twilio.BaseURL,
			PublicBaseURL: s.PublicBaseURL, Timeout: 10 * time.Second,
		}
	})
	settings := config.Config{Providers: config.Providers{Letters: &letters}}
	settings.Store = w.Settings.Store
	go thePrinter(t, door, settings)
	for _, by := range []string{"escalate", "blast"} {
		for phone := range phoned {
			t.Run(by+" "+string(phone), func(t *testing.T) {
				t.Parallel()
				w.everyPair(t, by, phone)
			})
		}
	}
}

func (w *world) everyPair(t *testing.T, by string, phone breach.Channel) {
	t.Helper()
	all := couples(newCrowd(), by, phone)
	people := make([]human, len(all))
	for i, c := range all {
		people[i] = c.human
	}
	file := example(t)
	file.Policy = "pairs-" + by + "-" + string(phone)
	k := w.open(t, file)
	k.tell(t, people)
	k.told(t)
	end := time.Now().Add(20 * time.Second)
	k.until(t, "late receipts", func(v breach.Overview) bool {
		return v.People[breach.Reached] == int64(count(people, breach.Reached)) && v.People[breach.Covered] == int64(count(people, breach.Covered)) || time.Now().After(end)
	})
	for _, c := range all {
		got := k.find(t, c.human)
		used := false
		for _, m := range got.History {
			used = used || strings.HasPrefix(m.What, string(c.second)+" ")
		}
		if got.Outcome != c.want || used != c.both {
			t.Errorf("%s, %s: is %s (%s), wanted %s; the second channel was used: %v\n  %+v", by, c.why, got.Outcome, got.Reason, c.want, used, got.History)
		}
	}
	v := k.overview(t)
	require.True(t, v.Balanced)
	w.erased(t, k, map[breach.Channel]string{breach.SMS: "twilio", breach.Voice: "calls"}[phone])
}

// erased closes the incident and has the processors delete what they got; provider is one with an interface for it.
func (w *world) erased(t *testing.T, k *kase, provider string) {
	t.Helper()
	k.closed(t)
	var r breach.Register
	k.lead.do(t, "POST", k.path("/processors/erase"), nil, &r)
	for end := time.Now().Add(patience); ; time.Sleep(200 * time.Millisecond) {
		k.lead.do(t, "GET", k.path("/processors"), nil, &r)
		of := slices.IndexFunc(r.Processors, func(p breach.Processor) bool { return p.Provider == provider })
		told := r.Processors[of].Told
		require.NotNil(t, told)
		if told.Open == 0 {
			require.Positive(t, told.Deleted)
			require.Zero(t, told.Kept)
			require.Equal(t, told.Messages, told.Deleted+told.Unnamed)
			require.NotNil(t, told.DoneAt)
			break
		}
		require.True(t, time.Now().Before(end), "the processors were told in vain: %+v", told)
	}
	require.True(t, k.recorded(t, "processors.deleted") && k.recorded(t, "processors.register"))
}

// thePrinter takes batches and says of each letter that it was posted; letters to Ireland come back.
func thePrinter(t *testing.T, door string, settings config.Config) {
	for ; t.Context().Err() == nil; time.Sleep(100 * time.Millisecond) {
		done, _ := filepath.Glob(filepath.Join(door, "*.done"))
		for _, marker := range done {
			batch := strings.TrimSuffix(marker, ".done")
			rows, err := os.ReadFile(filepath.Join(batch, "manifest.csv"))
			if err != nil {
				continue
			}
			today := time.Now().UTC().Format(time.DateOnly)
			posted, back := "letter_id,status,date\n", "letter_id,reason\n"
			for _, line := range strings.Split(strings.TrimSpace(string(rows)), "\r\n")[1:] {
				id, rest, _ := strings.Cut(line, ",")
				posted += id + ",posted," + today + "\n"
				if strings.HasPrefix(rest, "IE") {
					back += id + ",moved\n"
				}
			}
			told, err := app.LettersReport(t.Context(), settings, []byte(posted), "ada")
			if err != nil || len(told.Unknown) > 0 { // until its batch is closed nobody knows of it
				continue
			}
			if strings.Count(back, "\n") > 1 {
				_, _ = app.LettersReturned(t.Context(), settings, []byte(back), "ada")
			}
			_ = os.Remove(marker)
			_ = os.RemoveAll(batch)
		}
	}
}
