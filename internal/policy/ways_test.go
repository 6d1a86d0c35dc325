package policy

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// What is said of groups is what is decided person by person: the first step of each is the way that was counted.
func TestTheWaysThatAreSaidAreThoseThatAreGone(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)
	mooc, chinesepod := builtin(t, "mooc"), builtin(t, "chinesepod")
	blast := mooc
	blast.Strategy = Blast
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom([]Profile{mooc, chinesepod, blast}).Draw(t, "policy")
		if rapid.Bool().Draw(t, "equipped") {
			p = p.Equipped(func(string) bool { return true })
		} else {
			p = p.Equipped(func(string) bool { return false })
		}
		groups := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) breach.ContactGroup {
			g := breach.ContactGroup{Country: rapid.SampledFrom([]string{"CN", "DE", "US", ""}).Draw(t, "country"), People: rapid.Int64Range(1, 9).Draw(t, "people")}
			phone := rapid.Bool().Draw(t, "phone") // one for texts is one for calls
			for _, c := range breach.Channels {
				if number := c == breach.SMS || c == breach.Voice; number && phone || !number && rapid.Bool().Draw(t, string(c)) {
					g.Channels = append(g.Channels, c)
				}
			}
			return g
		}), 0, 6).Draw(t, "groups")
		said := p.Ways(groups)
		want := map[breach.FirstWay]int64{}
		var nobody, begun, contacts int64
		for _, g := range groups {
			who := breach.Person{Country: g.Country}
			for _, c := range g.Channels {
				switch c {
				case breach.Email:
					who.Email = "a@mail.test"
				case breach.SMS, breach.Voice:
					who.Phone = "+4915112345678"
				case breach.Push:
					who.PushToken = "t"
				case breach.Letter:
					who.PostalAddress = "1 Sample Street\nSampletown"
				}
			}
			some := false
			for _, s := range Steps(p, breach.Subject{Person: who}, now, now) {
				if s.Kind == StepSend {
					by := s.Provider
					if v, _ := p.Provider(by); slices.Contains(breach.PushPlatforms, v.Kind) {
						by = "" // the device decides
					}
					want[breach.FirstWay{Channel: s.Channel, Provider: by}] += g.People
					some = true
				}
			}
			if len(g.Channels) > 0 && !some {
				nobody += g.People
			}
			if len(g.Channels) > 0 {
				contacts += g.People
			}
		}
		require.Equal(t, nobody, said.Nobody)
		require.Len(t, said.First, len(want))
		for _, f := range said.First {
			require.Equal(t, want[breach.FirstWay{Channel: f.Channel, Provider: f.Provider}], f.People, "%s by %s", f.Channel, f.Provider)
			begun += f.People
		}
		if p.Strategy != Blast {
			require.Equal(t, contacts, begun+said.Nobody, "everybody with a contact begins once")
		}
	})
}
