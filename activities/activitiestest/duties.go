package activitiestest

import (
	"context"
	"slices"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/evidence"
)

// SaveJudgement answers activities.Duties.
func (l *Ledger) SaveJudgement(ctx context.Context, incident string, revision int, j breach.Judgement, _ map[string][]byte, _ time.Time) (previous *breach.Judgement, err error) {
	err = l.do(ctx, "SaveJudgement", true, func() error {
		if err := l.known(incident); err != nil {
			return err
		}
		if _, there := l.judgements[revision]; !there {
			l.judgements[revision] = j
		}
		for before := revision - 1; before > 0 && previous == nil; before-- {
			if p, ok := l.judgements[before]; ok {
				previous = &p
			}
		}
		return nil
	})
	return previous, err
}

// Judgement answers activities.Duties.
func (l *Ledger) Judgement(ctx context.Context, incident string) (j breach.Judgement, revision int, err error) {
	err = l.do(ctx, "Judgement", false, func() error {
		for r := range l.judgements {
			revision = max(revision, r)
		}
		if incident != l.id || revision == 0 {
			return breach.Errorf(breach.ErrNotFound, "incident %s was not judged yet", incident)
		}
		j = l.judgements[revision]
		return nil
	})
	return j, revision, err
}

// SetObligationState answers activities.Duties.
func (l *Ledger) SetObligationState(ctx context.Context, incident, obligation string, s breach.ObligationState, _ string, _ time.Time) error {
	return l.do(ctx, "SetObligationState", true, func() error {
		past := l.duties[obligation]
		now := breach.ObligationDrafting
		if len(past) > 0 {
			now = past[len(past)-1]
		}
		if now == s {
			return nil
		}
		if !breach.ObligationMachine.Allows(string(now), string(s)) {
			if slices.Contains(past, s) {
				return nil
			}
			return breach.Errorf(breach.ErrConflict, "an obligation that is %s cannot become %s", now, s)
		}
		l.duties[obligation] = append(l.duties[obligation], s)
		return nil
	})
}

// ReopenObligation answers activities.Duties.
func (l *Ledger) ReopenObligation(ctx context.Context, _, obligation, _ string, _ time.Time) error {
	return l.do(ctx, "ReopenObligation", true, func() error {
		if past := l.duties[obligation]; len(past) > 0 && past[len(past)-1] == breach.ObligationClosed {
			l.duties[obligation] = append(past, breach.ObligationDrafting)
		}
		return nil
	})
}

// SaveTold answers activities.Duties. A test amends the facts itself.
func (l *Ledger) SaveTold(ctx context.Context, _ string, at time.Time) error {
	return l.do(ctx, "SaveTold", true, func() error {
		if l.toldAt.IsZero() {
			l.toldAt = at
		}
		return nil
	})
}

// ToldAt is since when everybody was told by the facts; zero before.
func (l *Ledger) ToldAt() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.toldAt
}

// OwedReports answers activities.Duties.
func (l *Ledger) OwedReports(ctx context.Context, _ string) (out []string, err error) {
	err = l.do(ctx, "OwedReports", false, func() error {
		newest := 0
		for r := range l.judgements {
			newest = max(newest, r)
		}
		var carried []string
		for _, p := range l.plans {
			for _, r := range p.Plan.Reports {
				if p.State == breach.PlanApproved {
					carried = append(carried, r.Channel)
				}
			}
		}
		for _, o := range l.judgements[newest].Obligations {
			if _, filed := l.filings[o.ID]; o.FirstReport() && !filed && !slices.Contains(carried, o.ID) {
				out = append(out, o.ID)
			}
		}
		return nil
	})
	return out, err
}

// Duty lists the states that an obligation went through.
func (l *Ledger) Duty(obligation string) []breach.ObligationState {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.duties[obligation])
}

// SaveFiling answers activities.Filings.
func (l *Ledger) SaveFiling(ctx context.Context, f breach.Filing) error {
	return l.do(ctx, "SaveFiling", true, func() error {
		have, there := l.filings[f.Obligation]
		switch {
		case !there:
			l.filings[f.Obligation] = f
		case have.Acknowledgement == "":
			have.Acknowledgement, have.AcknowledgedAt, have.Status = f.Acknowledgement, f.AcknowledgedAt, f.Status
			l.filings[f.Obligation] = have
		}
		return nil
	})
}

// Filing answers activities.Filings.
func (l *Ledger) Filing(ctx context.Context, _, obligation string) (f breach.Filing, err error) {
	err = l.do(ctx, "Filing", false, func() error {
		var ok bool
		if f, ok = l.filings[obligation]; !ok {
			return breach.Errorf(breach.ErrNotFound, "nothing was filed for this obligation")
		}
		return nil
	})
	return f, err
}

// SaveAnnouncement answers activities.Announcements.
func (l *Ledger) SaveAnnouncement(ctx context.Context, a breach.Announcement) error {
	return l.do(ctx, "SaveAnnouncement", true, func() error {
		if !slices.ContainsFunc(l.published, func(b breach.Announcement) bool { return b.Reference == a.Reference }) {
			l.published = append(l.published, a)
		}
		return nil
	})
}

// Announcement answers activities.Announcements.
func (l *Ledger) Announcement(ctx context.Context, _ string) (a breach.Announcement, err error) {
	err = l.do(ctx, "Announcement", false, func() error {
		if len(l.published) == 0 {
			return breach.Errorf(breach.ErrNotFound, "there is no announcement")
		}
		a = l.published[len(l.published)-1]
		return nil
	})
	return a, err
}

// Published lists the announcements that are on record.
func (l *Ledger) Published() []breach.Announcement {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.published)
}

// Export answers activities.Exporter with what a test can look at.
func (l *Ledger) Export(ctx context.Context, incident string, w *evidence.Writer) error {
	t, err := l.Tally(ctx, incident, 0)
	if err != nil {
		return err
	}
	return w.JSON("tally.json", t)
}
