package activities_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/activities"
	"github.com/tocsin-engine/tocsin/activities/activitiestest"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// blind is a ledger that knows of nobody that they are like somebody else, and notes what is opened.
type blind struct {
	*activitiestest.Ledger
	opened *[]string
	alike  bool
}

func (l blind) Alike(ctx context.Context, incident string, wave, age int, on time.Time) ([]breach.Alike, error) {
	if !l.alike {
		return nil, nil
	}
	return l.Ledger.Alike(ctx, incident, wave, age, on)
}

func (l blind) OpenChunks(ctx context.Context, incident string, wave, round int, c breach.Channel, blocks []int64) error {
	*l.opened = append(*l.opened, fmt.Sprint(c, blocks))
	return l.Ledger.OpenChunks(ctx, incident, wave, round, c, blocks)
}

// What is decided once for all who are alike is what is decided for each of them, whatever happened to some.
func TestSurveyOfAlikePeopleIsTheSurveyOfEach(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		at := activitiestest.Aware.Add(48 * time.Hour)
		profile := rapid.SampledFrom(policy.BuiltinProfiles).Draw(rt, "policy")
		people := rapid.SliceOfN(rapid.Custom(anybody), 1, 25).Draw(rt, "people")
		size := rapid.Int64Range(1, 6).Draw(rt, "block size")
		held := rapid.SliceOfN(rapid.Int64Range(1, int64(len(people))), 0, 2).Draw(rt, "held")
		refused := rapid.SliceOfN(rapid.Int64Range(1, int64(len(people))), 0, 2).Draw(rt, "refused")
		look := func(alike bool) (activities.SurveyOut, []string, []activitiestest.Person) {
			s := activitiestest.NewStage(profile, func() time.Time { return at })
			s.Ledger.BlockSize = size
			s.Ledger.Load(people...)
			ctx := context.Background()
			for _, id := range held {
				require.NoError(rt, s.Ledger.SetOutcomes(ctx, incident, []breach.PersonEvent{{Person: id, Outcome: breach.Held, By: "wei.lin", At: at}}))
			}
			for _, id := range refused {
				require.NoError(rt, s.Ledger.Refuse(ctx, incident, []breach.Refusal{{Person: id, Channel: breach.Email, Reason: "objection", At: at}}))
			}
			var opened []string
			r := s.Resolve()
			ledger := blind{s.Ledger, &opened, alike}
			r.People, r.Sending = ledger, ledger
			out, err := run(&bench{s, t}, r.Survey, activities.SurveyIn{Incident: incident, Wave: 1, Round: 1})
			require.NoError(rt, err)
			slices.Sort(opened)
			return out, opened, s.Ledger.People()
		}
		each, opened, left := look(false)
		once, openedOnce, leftOnce := look(true)
		require.Equal(rt, each, once)
		require.Equal(rt, opened, openedOnce)
		require.Equal(rt, left, leftOnce)
	})
}

// anybody draws a person; some draws are often the same, as in a real list.
func anybody(t *rapid.T) breach.Person {
	p := activitiestest.Someone("anybody", rapid.IntRange(0, 99).Draw(t, "number"))
	if rapid.IntRange(0, 3).Draw(t, "usual") > 0 {
		return p
	}
	p.Country = rapid.SampledFrom([]string{"", "CN", "DE", "GB"}).Draw(t, "country")
	p.BirthDate = rapid.SampledFrom([]string{"", "1980-01-01", "2016-02-03"}).Draw(t, "born")
	p.Objections = rapid.SliceOfNDistinct(rapid.SampledFrom(breach.Channels), 0, 2, rapid.ID).Draw(t, "objections")
	p.PushToken = rapid.SampledFrom([]string{"", "token"}).Draw(t, "token")
	p.PushPlatform = rapid.SampledFrom([]string{"", "fcm", "apns"}).Draw(t, "platform")
	p.Email = rapid.SampledFrom([]string{"", p.Email}).Draw(t, "email")
	p.Phone = rapid.SampledFrom([]string{"", p.Phone}).Draw(t, "phone")
	if rapid.Bool().Draw(t, "guardian") {
		p.Guardian = &breach.Guardian{Email: rapid.SampledFrom([]string{"", "g@mail.example"}).Draw(t, "guardian's email")}
	}
	return p
}
