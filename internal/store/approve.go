package store

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// signedApproval is what the signature of an approval covers, as JSON with the fields in this order.
type signedApproval struct {
	Purpose  string    `json:"purpose"`
	Incident string    `json:"incident"`
	Wave     int       `json:"wave"`
	PlanHash string    `json:"plan_hash"`
	Author   string    `json:"author"`
	Approver string    `json:"approver"`
	At       time.Time `json:"at"`
	// Of texts that nobody had signed off; approvals of all others are signed as they were before it was asked.
	Accepted []string `json:"accepted_unreviewed,omitempty"`
}

// ApprovalBytes is what the signature of an approval covers: anybody with the public key can check it.
func ApprovalBytes(a breach.Approval) []byte {
	b, err := json.Marshal(signedApproval{"tocsin approval 1", a.Incident, a.Wave, a.PlanHash, a.Author, a.Approver, instant(a.At), a.Accepted})
	if err != nil {
		panic("an approval of plain values cannot fail to encode: " + err.Error())
	}
	return b
}

// ApprovePlan approves the newest plan of a wave. Everything is checked in one transaction while the plan is
// locked: role, hash, state, that the approver is not the author, that texts which nobody signed off are accepted,
// and that plan, texts and people are as they were when it was submitted. The approval is signed, and the command
// for the workflow is queued with it.
func (s *Store) ApprovePlan(ctx context.Context, incident string, wave int, c breach.Consent, by breach.Actor, at time.Time) (breach.PlanRecord, error) {
	return s.decide(ctx, incident, wave, c.PlanHash, by, at, func(tx pgx.Tx, rec *breach.PlanRecord) error {
		if strings.EqualFold(strings.TrimSpace(by.ID), strings.TrimSpace(rec.Author)) {
			return breach.Errorf(breach.ErrSelfApproval, "whoever submitted a plan cannot approve it")
		}
		if err := s.checkPlan(ctx, tx, rec.Plan, true); err != nil {
			return err
		}
		rec.State, rec.Accepted = breach.PlanApproved, rec.Plan.Unreviewed()
		if len(rec.Accepted) > 0 && !c.Unreviewed {
			return unreviewed(rec.Accepted)
		}
		return nil
	})
}

func unreviewed(texts []string) error {
	e := breach.Errorf(breach.ErrUnreviewed, "%d of the plan's texts are of templates that nobody of the organisation has signed off", len(texts))
	for _, t := range texts {
		e = e.With(breach.FieldError{Where: t, What: "is unreviewed"})
	}
	return e
}

// ReturnPlan gives the newest plan of a wave back to its author. It needs no comparison: nothing goes out by it.
func (s *Store) ReturnPlan(ctx context.Context, incident string, wave int, planHash, comment string, by breach.Actor, at time.Time) (breach.PlanRecord, error) {
	return s.decide(ctx, incident, wave, planHash, by, at, func(_ pgx.Tx, rec *breach.PlanRecord) error {
		rec.State, rec.Comment = breach.PlanReturned, comment
		return nil
	})
}

func (s *Store) decide(ctx context.Context, incident string, wave int, planHash string, by breach.Actor, at time.Time, as func(pgx.Tx, *breach.PlanRecord) error) (rec breach.PlanRecord, err error) {
	if by.Role != breach.RoleLead {
		return rec, breach.Errorf(breach.ErrForbidden, "only a lead can approve or return a plan")
	}
	at = instant(at)
	err = s.inTx(ctx, "decide about the plan", func(tx pgx.Tx) error {
		if _, err := incidentRow(ctx, tx, incident, "FOR NO KEY UPDATE"); err != nil { // no list is corrected meanwhile
			return err
		}
		rec, err = newestPlan(ctx, tx, incident, wave, "FOR NO KEY UPDATE")
		if err != nil {
			return err
		}
		if err := decidable(rec, planHash); err != nil {
			return err
		}
		rec.DecidedBy, rec.DecidedAt = by.ID, &at
		if err := as(tx, &rec); err != nil {
			return err
		}
		return s.recordDecision(ctx, tx, rec, by, at)
	})
	if err != nil {
		return breach.PlanRecord{}, err
	}
	return rec, nil
}

func decidable(rec breach.PlanRecord, planHash string) error {
	switch {
	case rec.Hash != planHash:
		return breach.Errorf(breach.ErrOldHash, "the newest plan of list %d has another hash", rec.Plan.Wave)
	case rec.State != breach.PlanAwaiting:
		return breach.Errorf(breach.ErrAlreadyDecided, "the plan of list %d is %s already", rec.Plan.Wave, rec.State)
	}
	return nil
}

func (s *Store) recordDecision(ctx context.Context, tx pgx.Tx, rec breach.PlanRecord, by breach.Actor, at time.Time) error {
	p := rec.Plan
	_, err := tx.Exec(ctx, `UPDATE plan SET state = $4, decided_by = $5, decided_at = $6, comment = $7
		WHERE incident = $1 AND wave = $2 AND revision = $3`, p.Incident, p.Wave, p.Revision, rec.State, by.ID, at, rec.Comment)
	if err != nil {
		return err
	}
	name := "return"
	if rec.State == breach.PlanApproved {
		name = "approve"
		a := breach.Approval{Incident: p.Incident, Wave: p.Wave, PlanHash: rec.Hash, Author: rec.Author, Approver: by.ID, At: at, Accepted: rec.Accepted}
		a.Signature = ed25519.Sign(s.approvalKey, ApprovalBytes(a))
		_, err := tx.Exec(ctx, `INSERT INTO approval (incident, wave, revision, plan_hash, author, approver, at, accepted, signature)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, a.Incident, a.Wave, p.Revision, a.PlanHash, a.Author, a.Approver, a.At, append([]string{}, a.Accepted...), a.Signature)
		if err != nil {
			return err
		}
	}
	id := name + "-" + rec.Hash
	payload, err := json.Marshal(map[string]any{"id": id, "actor": by.ID, "role": by.Role, "wave": p.Wave, "plan_hash": rec.Hash})
	if err != nil {
		return err
	}
	if err := queueCommand(ctx, tx, p.Incident, id, name, payload); err != nil {
		return err
	}
	said := facts{"wave": p.Wave, "revision": p.Revision, "plan_hash": rec.Hash, "author": rec.Author}
	if len(rec.Accepted) > 0 {
		said["accepted_unreviewed"] = rec.Accepted
	}
	err = appendAudit(ctx, tx, p.Incident, note{"", by.ID, "plan." + string(rec.State), said, at})
	if err != nil || rec.State != breach.PlanReturned {
		return err
	}
	return redraft(ctx, tx, p.Incident, "the plan was returned", at)
}

// Approval returns the verified approval of exactly this plan: the row exists, its signature holds, the
// approver is not the author, the stored plan still has this hash, and its texts and the digests of its
// people are as approved. Else breach.ErrNoApproval or breach.ErrTampered.
func (s *Store) Approval(ctx context.Context, incident string, wave int, planHash string) (breach.Approval, breach.Plan, error) {
	var a breach.Approval
	var rec breach.PlanRecord
	err := s.inSnapshot(ctx, "check the approval", func(tx pgx.Tx) error {
		list, err := approvals(ctx, tx, incident, planHash)
		if err != nil {
			return err
		}
		if len(list) == 0 || list[0].Wave != wave {
			return breach.Errorf(breach.ErrNoApproval, "nobody has approved this plan of list %d", wave)
		}
		a = list[0].Approval
		if a.Approver == "" || strings.EqualFold(a.Approver, a.Author) || !ed25519.Verify(s.ApprovalPublicKey(), ApprovalBytes(a), a.Signature) {
			return breach.Errorf(breach.ErrTampered, "the approval of the plan of list %d was not signed by this ledger's key", wave)
		}
		found, err := collect(ctx, tx, scanPlan, `SELECT `+planColumns+` FROM plan WHERE incident = $1 AND hash = $2`, incident, planHash)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return breach.Errorf(breach.ErrTampered, "the approved plan of list %d is not in the ledger any more", wave)
		}
		rec = found[0]
		if err := samePlan(rec.Plan, incident, wave); err != nil {
			return err
		}
		if rec.Author != a.Author {
			return breach.Errorf(breach.ErrTampered, "the author of the approved plan of list %d was changed", wave)
		}
		return s.checkPlan(ctx, tx, rec.Plan, false)
	})
	if err != nil {
		return breach.Approval{}, breach.Plan{}, err
	}
	return a, rec.Plan, nil
}

type approvalRow struct {
	breach.Approval
	Revision int
}

// approvals lists those of one plan, or all of an incident for an empty hash.
func approvals(ctx context.Context, q querier, incident, planHash string) ([]approvalRow, error) {
	return collect(ctx, q, func(row pgx.CollectableRow) (r approvalRow, err error) {
		err = row.Scan(&r.Incident, &r.Wave, &r.Revision, &r.PlanHash, &r.Author, &r.Approver, &r.At, &r.Accepted, &r.Signature)
		r.At = r.At.UTC()
		return r, err
	}, `SELECT incident, wave, revision, plan_hash, author, approver, at, accepted, signature FROM approval
		WHERE incident = $1 AND ($2 = '' OR plan_hash = $2) ORDER BY wave, at`, incident, planHash)
}
