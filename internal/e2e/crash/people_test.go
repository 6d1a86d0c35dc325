package crash

import (
	"encoding/csv"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// fate is what the far end does with messages to a person.
type fate string

const (
	ordinary fate = ""
	bounce   fate = "bounce"   // the mailbox does not exist
	greylist fate = "greylist" // refused once, taken later
	drop     fate = "drop"     // taken, but the connection breaks before the answer
)

// person is one row of the list. Exactly one contact is set, and no two people share one.
type person struct {
	channel breach.Channel
	contact string
	fate    fate
	home    string // country, where it is not as the channel says
}

// working says that a message to this person can arrive.
func (p person) working() bool { return p.fate != bounce }

// crowd makes n people: eight in a hundred have a phone number only (half of them in mainland China), two
// only the app, everybody else an address; now and then the far end does something odd.
func crowd(n int) []person {
	people := make([]person, n)
	for i := range people {
		p := &people[i]
		switch slot := i % 100; {
		case slot%25 == 3:
			p.channel, p.contact = breach.SMS, fmt.Sprintf("+1202555%04d", i)
			if i%1000 == 503 {
				p.fate, p.contact = drop, fmt.Sprintf("+1202%d500005", 3+i/1000%6)
			}
		case slot%25 == 14:
			p.channel, p.contact = breach.SMS, fmt.Sprintf("+861381234%04d", i)
			if i%1000 == 614 {
				p.fate, p.contact = drop, fmt.Sprintf("+8613812%d00005", 1+i/1000%9)
			}
		case slot%50 == 21:
			p.channel, p.contact = breach.Push, fmt.Sprintf("crash-device-%06d", i)
		default:
			p.channel, p.contact = breach.Email, fmt.Sprintf("p%d@crash.test", i)
			if odd, is := map[int]fate{107: bounce, 207: greylist, 307: drop}[i%500]; is {
				p.fate, p.contact = odd, fmt.Sprintf("p%d@%s.simulator.test", i, odd)
			}
		}
	}
	return people
}

// mailing makes n people in New Zealand who have an address and nothing else. However many they are, few have an
// odd one: a domain at which many fail is held until somebody looks, as it should be.
func mailing(n int) []person {
	people := make([]person, n)
	every := max(500, n/40)
	for i := range people {
		p := &people[i]
		p.channel, p.home, p.contact = breach.Email, "NZ", fmt.Sprintf("p%d@crash.test", i)
		if odd, is := map[int]fate{107: bounce, 207: greylist, 307: drop}[i%every]; is {
			p.fate, p.contact = odd, fmt.Sprintf("p%d@%s.simulator.test", i, odd)
		}
	}
	return people
}

// writeList writes people as a CSV file, one row each in order: the ledger numbers them the same from 1.
func writeList(t *testing.T, path string, people []person) {
	t.Helper()
	f, err := os.Create(path)
	require.NoError(t, err)
	defer f.Close()
	w := csv.NewWriter(f)
	require.NoError(t, w.Write([]string{"external_id", "name", "email", "phone", "locale", "country", "push_token", "push_platform"}))
	for i, p := range people {
		row := []string{fmt.Sprintf("C%06d", i), fmt.Sprintf("Person %d", i), "", "", "en", "DE", "", ""}
		switch p.channel {
		case breach.Email:
			row[2] = p.contact
			if i%2 == 0 && p.home == "" {
				row[4], row[5] = "zh-Hans", "CN"
			}
		case breach.SMS:
			row[3], row[5] = p.contact, "US"
			if p.contact[:3] == "+86" {
				row[4], row[5] = "zh-Hans", "CN"
			}
		case breach.Push:
			row[6], row[7] = p.contact, "fcm"
		}
		if p.home != "" {
			row[5] = p.home
		}
		require.NoError(t, w.Write(row))
	}
	w.Flush()
	require.NoError(t, w.Error())
}
