package store

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// noCode stands for what cannot be a code, so that it costs the same to look up.
const noCode = "0000-0000-0000-0000"

// CheckCode says which notice of this installation carries a code, in any spelling that breach.ReadCode takes: one
// that was approved, and of which something was sent to the person behind the code. It names nobody. The
// same statements run for every code, known, unknown or malformed: each incident's key turns the code into a
// number, all of these numbers are looked up, and then the notice of whatever was found.
func (s *Store) CheckCode(ctx context.Context, typed string) (breach.CodeCheck, error) {
	code, ok := breach.ReadCode(typed)
	if !ok {
		code = noCode
	}
	var c breach.CodeCheck
	err := s.inSnapshot(ctx, "check a code", func(tx pgx.Tx) error {
		var erased *time.Time
		err := tx.QueryRow(ctx, `SELECT max(a.at) FROM approval a WHERE NOT EXISTS (SELECT FROM data_key k WHERE k.incident = a.incident)`).Scan(&erased)
		if err != nil {
			return err
		}
		incident, wave, err := s.carrier(ctx, tx, code)
		if err != nil {
			return err
		}
		if c, err = s.told(ctx, tx, incident, wave); err == nil && erased != nil {
			c.Erased = erased.UTC()
		}
		return err
	})
	if err != nil {
		return breach.CodeCheck{}, err
	}
	return c, nil
}

// carrier finds the list with the person whom a code was sent to; "" and 0 when there is none.
func (s *Store) carrier(ctx context.Context, tx pgx.Tx, code string) (incident string, wave int, err error) {
	incidents, err := collect(ctx, tx, pgx.RowTo[string], `SELECT incident FROM data_key ORDER BY incident`)
	if err != nil {
		return "", 0, err
	}
	ids := make([]int64, len(incidents))
	for i, incident := range incidents {
		b, err := s.boxOf(ctx, tx, incident)
		if err != nil {
			return "", 0, err
		}
		ids[i] = b.person(code)
	}
	err = tx.QueryRow(ctx, `SELECT r.incident, r.wave FROM unnest($1::text[], $2::bigint[]) k(incident, id)
		JOIN LATERAL (SELECT incident, wave, ref FROM recipient r WHERE r.incident = k.incident AND r.id = k.id LIMIT 1) r ON r.ref = $3
		JOIN LATERAL (SELECT FROM outcome_each o WHERE o.incident = k.incident AND o.block = (k.id - 1) / $4 + 1 AND o.person = k.id LIMIT 1) o ON true
		LIMIT 1`, incidents, ids, code, int64(breach.BlockSize)).Scan(&incident, &wave)
	if isNoRows(err) {
		return "", 0, nil
	}
	return incident, wave, err
}

// told reads what was approved last for a list, after checking it as sending does. Nothing of it is genuine when
// nobody approved it.
func (s *Store) told(ctx context.Context, tx pgx.Tx, incident string, wave int) (c breach.CodeCheck, err error) {
	var a breach.Approval
	var plan, file []byte
	var page *string
	err = tx.QueryRow(ctx, `SELECT a.incident, a.wave, a.plan_hash, a.author, a.approver, a.at, a.accepted, a.signature, p.body, f.body,
			(SELECT reference FROM announcement n WHERE n.incident = a.incident ORDER BY published_at DESC LIMIT 1)
		FROM approval a JOIN plan p ON p.incident = a.incident AND p.hash = a.plan_hash
		JOIN fact_revision f ON f.incident = a.incident AND f.revision = GREATEST((convert_from(p.body, 'UTF8')::jsonb #>> '{rules,fact_revision}')::integer, 1)
		WHERE a.incident = $1 AND a.wave = $2 ORDER BY a.at DESC LIMIT 1`, incident, wave).
		Scan(&a.Incident, &a.Wave, &a.PlanHash, &a.Author, &a.Approver, &a.At, &a.Accepted, &a.Signature, &plan, &file, &page)
	if err != nil && !isNoRows(err) {
		return c, err
	}
	genuine := err == nil
	texts, err := collect(ctx, tx, scanText, `SELECT `+textColumns+` FROM notice WHERE incident = $1 AND kind = $2`, incident, breach.KindAnnouncement)
	if err != nil || !genuine {
		return c, err
	}
	a.At = a.At.UTC()
	var p breach.Plan
	var f breach.IncidentFile
	if !ed25519.Verify(s.ApprovalPublicKey(), ApprovalBytes(a), a.Signature) || hexSum(plan) != a.PlanHash || json.Unmarshal(plan, &p) != nil || json.Unmarshal(file, &f) != nil {
		return c, breach.Errorf(breach.ErrTampered, "what was approved for list %d was changed since", wave)
	}
	c = breach.CodeCheck{Genuine: true, Titles: map[string]string{}, At: a.At, Channels: channelsOf(p)}
	if name := f.Facts.Organisation.Name; name != nil {
		c.Organisation = *name
	}
	if page != nil {
		c.Announcement = *page
	}
	return c, fromTexts(&c, f.Contact, p, texts)
}

// channelsOf lists the channels for which a plan has notices, in its order.
func channelsOf(p breach.Plan) (out []breach.Channel) {
	for _, channel := range p.Channels.Order {
		for _, n := range p.Notices {
			if n.Channel == string(channel) {
				out = append(out, channel)
				break
			}
		}
	}
	return out
}

// fromTexts takes from the approved announcement what it is called in each language, and of the contact what it
// says: facts are not covered by an approval, texts are.
func fromTexts(c *breach.CodeCheck, contact breach.Contact, p breach.Plan, texts []breach.Text) error {
	for _, ref := range p.Announcement {
		i := slices.IndexFunc(texts, func(t breach.Text) bool { return t.Ref.SHA256 == ref.SHA256 })
		if i < 0 {
			return breach.Errorf(breach.ErrTampered, "an approved announcement is not in the ledger any more")
		}
		body, err := texts[i].Open()
		if err != nil {
			return err
		}
		c.Titles[body.Locale] = body.Parts["title"]
		for _, v := range []struct{ from, to *string }{
			{&contact.Name, &c.Contact.Name}, {&contact.Email, &c.Contact.Email}, {&contact.Phone, &c.Contact.Phone}, {&contact.Address, &c.Contact.Address},
		} {
			if said := strings.TrimSpace(*v.from); strings.Contains(body.Parts["text"], said) {
				*v.to = said
			}
		}
	}
	return nil
}
