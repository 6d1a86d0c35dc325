package activities

import (
	"context"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// Again carries out a person's decision to try those again whom no channel reached.
type Again struct {
	Cases    Cases
	People   People
	Waves    Waves
	Profiles Profiles
	Retries  Retries
	Now      func() time.Time
}

// AgainIn names a decision.
type AgainIn struct {
	Incident string `json:"incident"`
	Decision string `json:"decision"`
}

// AgainOut counts who is to be told again, and names their lists. Over says that nobody is tried any more: the
// incident was closed, or sending was stopped, before the decision was carried out.
type AgainOut struct {
	People int64 `json:"people"`
	Waves  []int `json:"waves"`
	Over   bool  `json:"over,omitempty"`
}

// againNote and the id of a decision are the key of the note that it was carried out, or could not be.
const againNote = "again/"

// Start sets people back to be told, block by block. Run again after a crash it goes on with those who are left:
// the ledger sets nobody back twice for one decision.
func (a *Again) Start(ctx context.Context, in AgainIn) (out AgainOut, err error) {
	d, by, err := a.Retries.Retry(ctx, in.Incident, in.Decision)
	if err != nil {
		return out, fail(ctx, err)
	}
	stays, err := a.setBack(ctx, in, d, by)
	if out.Over = lost(err); out.Over {
		err = nil
	}
	if err != nil {
		return out, fail(ctx, err)
	}
	n, covered, waves, err := a.Retries.Restarted(ctx, in.Incident, in.Decision)
	if err != nil {
		return out, fail(ctx, err)
	}
	out.People, out.Waves = n, waves
	err = a.Cases.Note(ctx, in.Incident, againNote+in.Decision, "tocsin", "people.tried_again", map[string]any{
		"decision": in.Decision, "people": n, "covered": covered, "stays": stays, "waves": waves, "over": out.Over,
	}, a.Now().UTC())
	return out, fail(ctx, err)
}

// setBack walks over everybody whom no channel reached and counts those who stay, by reason.
func (a *Again) setBack(ctx context.Context, in AgainIn, d breach.Retry, by string) (stays map[string]int64, err error) {
	stays = map[string]int64{}
	sc, err := loadScope(ctx, a.Cases, a.Profiles, in.Incident)
	if err != nil {
		return stays, err
	}
	waves, err := a.Waves.WaveNumbers(ctx, in.Incident)
	if err != nil {
		return stays, err
	}
	for _, w := range waves {
		blocks, err := a.People.BlocksWith(ctx, in.Incident, w, false, breach.Unreachable, breach.Covered)
		if err != nil {
			return stays, err
		}
		for _, b := range blocks {
			beat(ctx)
			subjects, err := a.People.Subjects(ctx, in.Incident, b)
			if err != nil {
				return stays, err
			}
			now := a.Now().UTC()
			var list []breach.FreshStart
			for _, s := range subjects {
				switch from, why, ok := policy.TryAgain(sc.profile, s, d, sc.on, now); {
				case ok:
					list = append(list, from)
				case why != "":
					stays[why]++
				}
			}
			if err := a.Retries.StartAfresh(ctx, in.Incident, in.Decision, by, list, now); err != nil {
				return stays, err
			}
		}
	}
	return stays, nil
}
