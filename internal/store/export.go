package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/evidence"
)

// Export feeds the incident's records to the pack writer in a stable order, all of one instant. People
// appear by number and commitment: no name, no contact.
func (s *Store) Export(ctx context.Context, incident string, w *evidence.Writer) error {
	return s.inSnapshot(ctx, "export the evidence", func(tx pgx.Tx) error {
		b, err := s.boxOf(ctx, tx, incident)
		if err != nil {
			return err
		}
		x := &export{s: s, tx: tx, w: w, incident: incident, box: b}
		for _, part := range []func(context.Context) error{
			x.head, x.revisions, x.judgements, x.rules, x.plans, x.approvals, x.texts, x.people,
			x.refusals, x.receipts, x.announcements, x.filings, x.holds, x.delays, x.acknowledgements, x.audit, x.counts,
		} {
			if err := part(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

type export struct {
	s        *Store
	tx       pgx.Tx
	w        *evidence.Writer
	incident string
	box      *box
}

// lines writes one file of records; fill adds them.
func (x *export) lines(name string, fill func(add func(any) error) error) error {
	l, err := x.w.Lines(name)
	if err != nil {
		return err
	}
	if err := fill(l.Add); err != nil {
		return err
	}
	return l.Close()
}

func (x *export) head(ctx context.Context) error {
	inc, err := incidentRow(ctx, x.tx, x.incident, "")
	if err != nil {
		return err
	}
	rules, err := sufficiency(ctx, x.tx, x.incident)
	if err != nil {
		return err
	}
	return x.w.JSON("incident.json", struct {
		breach.Incident
		Sufficiency       breach.Sufficiency `json:"sufficiency"`
		ApprovalPublicKey []byte             `json:"approval_public_key"` // Ed25519
	}{inc, rules, x.s.ApprovalPublicKey()})
}

func (x *export) revisions(ctx context.Context) error {
	type revision struct {
		Revision int             `json:"revision"`
		By       string          `json:"by"`
		At       time.Time       `json:"at"`
		File     json.RawMessage `json:"file"`
	}
	list, err := collect(ctx, x.tx, pgx.RowToStructByPos[revision],
		`SELECT revision, by_actor, at, body FROM fact_revision WHERE incident = $1 ORDER BY revision`, x.incident)
	if err != nil {
		return err
	}
	for _, r := range list {
		r.At = r.At.UTC()
		if err := x.w.JSON(fmt.Sprintf("facts/%d.json", r.Revision), r); err != nil {
			return err
		}
	}
	return nil
}

func (x *export) judgements(ctx context.Context) error {
	list, err := judgements(ctx, x.tx, x.incident)
	if err != nil {
		return err
	}
	for _, j := range list {
		err := x.w.JSON(fmt.Sprintf("judgements/%d.json", j.Revision), map[string]any{
			"revision": j.Revision, "at": j.At, "judgement": j.Judgement, "rules": j.Packs,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (x *export) rules(ctx context.Context) error {
	type pack struct {
		SHA256 string
		Body   []byte
	}
	list, err := collect(ctx, x.tx, pgx.RowToStructByPos[pack], `SELECT sha256, body FROM rule_pack WHERE sha256 IN
		(SELECT unnest(packs) FROM assessment WHERE incident = $1) ORDER BY sha256`, x.incident)
	if err != nil {
		return err
	}
	for _, p := range list {
		if err := x.w.File("rules/"+p.SHA256+".yaml", p.Body); err != nil {
			return err
		}
	}
	return nil
}

func (x *export) plans(ctx context.Context) error {
	list, err := plans(ctx, x.tx, x.incident)
	if err != nil {
		return err
	}
	for _, r := range list {
		if err := x.w.JSON(fmt.Sprintf("%s%d-%d.json", evidence.PlansFolder, r.Plan.Wave, r.Plan.Revision), r.Plan); err != nil {
			return err
		}
	}
	return nil
}

func (x *export) approvals(ctx context.Context) error {
	list, err := approvals(ctx, x.tx, x.incident, "")
	if err != nil {
		return err
	}
	return x.lines(evidence.ApprovalsFile, func(add func(any) error) error {
		for _, a := range list {
			err := add(struct {
				evidence.ApprovalRecord
				Signed string `json:"signed"` // the bytes that the signature covers
			}{evidence.ApprovalRecord{
				Wave: a.Wave, Revision: a.Revision, PlanHash: a.PlanHash, Author: a.Author, Approver: a.Approver, At: a.At, Accepted: a.Accepted, Signature: a.Signature,
			}, string(ApprovalBytes(a.Approval))})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (x *export) texts(ctx context.Context) error {
	list, err := collect(ctx, x.tx, scanText, `SELECT `+textColumns+` FROM notice WHERE incident = $1 ORDER BY sha256`, x.incident)
	if err != nil {
		return err
	}
	for _, t := range list {
		if err := x.w.File(evidence.TextsFolder+t.Ref.SHA256+".json", t.Body); err != nil {
			return err
		}
	}
	return nil
}

// holds are the typed reasons to wait, and delays why duties were late.
func (x *export) holds(ctx context.Context) error {
	list, err := holds(ctx, x.tx, x.incident)
	if err != nil {
		return err
	}
	return x.lines("holds.jsonl", func(add func(any) error) error { return each(list, add) })
}

func (x *export) delays(ctx context.Context) error {
	list, err := delays(ctx, x.tx, x.incident)
	if err != nil {
		return err
	}
	return x.lines("delays.jsonl", func(add func(any) error) error { return each(list, add) })
}

func (x *export) acknowledgements(ctx context.Context) error {
	list, err := collect(ctx, x.tx, pgx.RowToStructByPos[evidence.AcknowledgementRecord], `SELECT person, by_actor, counts, at FROM acknowledgement WHERE incident = $1 ORDER BY person`, x.incident)
	if err != nil || len(list) == 0 {
		return err
	}
	for i := range list {
		list[i].At = list[i].At.UTC()
	}
	return x.lines(evidence.AcknowledgementsFile, func(add func(any) error) error { return each(list, add) })
}

func each[T any](list []T, add func(any) error) error {
	for _, v := range list {
		if err := add(v); err != nil {
			return err
		}
	}
	return nil
}

// refusals are channels that were not used, with the policy's reason.
func (x *export) refusals(ctx context.Context) error {
	type refusal struct {
		Person   int64     `json:"person"`
		Channel  string    `json:"channel"`
		Provider string    `json:"provider"`
		Reason   string    `json:"reason"`
		At       time.Time `json:"at"`
		To       string    `json:"addressee,omitempty"` // empty: the person as a whole
		// EndedAt is when they wanted messages again.
		EndedAt *time.Time `json:"ended_at,omitempty"`
	}
	return exportRows[refusal](ctx, x, "refusals.jsonl",
		`SELECT person, channel, provider, reason, at, addressee, ended_at FROM refusal WHERE incident = $1 ORDER BY person, channel, provider, addressee`)
}

func (x *export) receipts(ctx context.Context) error {
	type receipt struct {
		Provider    string    `json:"provider"`
		Attempt     string    `json:"attempt"`
		State       string    `json:"state"`
		Person      int64     `json:"person"`
		ProviderRef string    `json:"reference"`
		Reason      string    `json:"reason,omitempty"`
		Detail      string    `json:"detail,omitempty"`
		At          time.Time `json:"at"`
	}
	return exportRows[receipt](ctx, x, "receipts.jsonl", `SELECT provider, attempt, state, person, provider_ref, reason, detail, at
		FROM receipt WHERE incident = $1 ORDER BY person, provider, attempt, at, state`)
}

// exportRows streams a query whose only argument is the incident.
func exportRows[T any](ctx context.Context, x *export, name, sql string) error {
	return x.lines(name, func(add func(any) error) error {
		rows, err := x.tx.Query(ctx, sql, x.incident)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			r, err := pgx.RowToStructByPos[T](rows)
			if err != nil {
				return err
			}
			if err := add(r); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}

func (x *export) announcements(ctx context.Context) error {
	list, err := announcements(ctx, x.tx, `incident = $1`, x.incident)
	if err != nil {
		return err
	}
	out := make([]map[string]any, len(list))
	for i, a := range list {
		refs := make([]breach.NoticeRef, len(a.Texts))
		for j, t := range a.Texts {
			refs[j] = t.Ref
		}
		out[i] = map[string]any{"reference": a.Reference, "reason": a.Reason, "decision": a.Decision,
			"published_at": a.PublishedAt, "keep_until": a.KeepUntil, "texts": refs}
	}
	return x.w.JSON("announcements.json", out)
}

func (x *export) filings(ctx context.Context) error {
	list, err := filings(ctx, x.tx, x.incident, "")
	if err != nil {
		return err
	}
	if list == nil {
		list = []breach.Filing{}
	}
	return x.w.JSON("filings.json", list)
}

func (x *export) audit(ctx context.Context) error {
	return x.lines(evidence.AuditFile, func(add func(any) error) error {
		return x.s.eachAudit(ctx, x.tx, x.incident, 0, 0, func(e breach.AuditEntry) error { return add(e) })
	})
}

func (x *export) counts(ctx context.Context) error {
	t, err := tally(ctx, x.tx, x.incident, 0)
	if err != nil {
		return err
	}
	c := evidence.CountsOf(t)
	if c.Deliveries, err = channelCounts(ctx, x.tx, x.incident); err != nil {
		return err
	}
	return x.w.JSON(evidence.CountsFile, c)
}
