package store

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Crowds groups the people of a list by what a sample is to show, the largest first.
func (s *Store) Crowds(ctx context.Context, incident string, wave int) ([]breach.Crowd, error) {
	list, err := collect(ctx, s.pool, func(row pgx.CollectableRow) (c breach.Crowd, err error) {
		var bits int16
		if err := row.Scan(&c.Locale, &bits, &c.Minor, &c.Guardian, &c.First, &c.Last, &c.People); err != nil {
			return c, err
		}
		c.Channels = usableChannels(bits)
		return c, nil
	}, `SELECT r.locale, r.channels, r.minor, r.guardian, min(r.id), max(r.id), count(*)
		FROM recipient r, (SELECT min(lo) lo, max(hi) hi FROM block WHERE incident = $1 AND wave = $2) b
		WHERE r.incident = $1 AND r.id BETWEEN b.lo AND b.hi GROUP BY 1, 2, 3, 4 ORDER BY 7 DESC, 5`, incident, wave)
	return list, clean("group the people of a list", err)
}

// usableChannels lists the channels of a row's bits in their order.
func usableChannels(bits int16) (out []breach.Channel) {
	for _, ch := range breach.Channels {
		if bits&channelBits[ch] != 0 {
			out = append(out, ch)
		}
	}
	return out
}

// ContactGroups groups the people of a list by country and by the channels for which they have contacts, the largest
// first.
func (s *Store) ContactGroups(ctx context.Context, incident string, wave int) ([]breach.ContactGroup, error) {
	list, err := collect(ctx, s.pool, func(row pgx.CollectableRow) (g breach.ContactGroup, err error) {
		var bits int16
		err = row.Scan(&g.Country, &bits, &g.People)
		g.Channels = usableChannels(bits)
		return g, err
	}, `SELECT r.country, r.channels, count(*)
		FROM recipient r, (SELECT min(lo) lo, max(hi) hi FROM block WHERE incident = $1 AND wave = $2) b
		WHERE r.incident = $1 AND r.id BETWEEN b.lo AND b.hi GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2`, incident, wave)
	return list, clean("group the contacts of a list", err)
}

// SMSPeople counts the people of a list who have a usable number, by language and country.
func (s *Store) SMSPeople(ctx context.Context, incident string, wave int) ([]breach.SMSPeople, error) {
	list, err := collect(ctx, s.pool, pgx.RowToStructByPos[breach.SMSPeople], `SELECT r.locale, r.country, count(*)
		FROM recipient r, (SELECT min(lo) lo, max(hi) hi FROM block WHERE incident = $1 AND wave = $2) b
		WHERE r.incident = $1 AND r.id BETWEEN b.lo AND b.hi AND r.channels & $3 <> 0 GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2`, incident, wave, channelBits[breach.SMS])
	return list, clean("count the people with a number", err)
}

// SetStage notes where the sending to a list stands. The same stage again changes nothing.
func (s *Store) SetStage(ctx context.Context, incident string, st breach.Stage) error {
	return s.inTx(ctx, "note the stage", func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `INSERT INTO stage (incident, wave, name, people, since) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (incident, wave) DO UPDATE SET name = excluded.name, people = excluded.people, since = excluded.since
			WHERE (stage.name, stage.people) IS DISTINCT FROM (excluded.name, excluded.people)`, incident, st.Wave, st.Name, st.People, instant(st.Since))
		if sqlState(err) == "23503" {
			return notFound("there is no such incident in the ledger")
		}
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		return appendAudit(ctx, tx, incident, note{"", engineActor, "send.stage", facts{"wave": st.Wave, "stage": st.Name, "people": st.People}, st.Since})
	})
}

// Stages lists where the sending to each list stands.
func (s *Store) Stages(ctx context.Context, incident string) ([]breach.Stage, error) {
	list, err := collect(ctx, s.pool, func(row pgx.CollectableRow) (st breach.Stage, err error) {
		err = row.Scan(&st.Wave, &st.Name, &st.People, &st.Since)
		st.Since = st.Since.UTC()
		return st, err
	}, `SELECT wave, name, people, since FROM stage WHERE incident = $1 ORDER BY wave`, incident)
	return list, clean("list the stages", err)
}

// AddHealth adds to what a process counted and returns the sums over all processes. They say how things went of
// late: when more than window messages through a provider are counted, all its counts are halved.
func (s *Store) AddHealth(ctx context.Context, incident, owner string, add []breach.Health, window int64) (sums []breach.Health, err error) {
	err = s.inTx(ctx, "count what became of messages", func(tx pgx.Tx) error {
		if len(add) > 0 {
			channels, providers, domains, reasons, ns := healthColumns(add)
			_, err := tx.Exec(ctx, `INSERT INTO health (incident, owner, channel, provider, domain, reason, n)
				SELECT $1, $2, c, p, d, r, n FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[]) k(c, p, d, r, n) ORDER BY c, p, d, r
				ON CONFLICT (incident, owner, channel, provider, domain, reason) DO UPDATE SET n = health.n + excluded.n`,
				incident, owner, channels, providers, domains, reasons, ns)
			if err != nil {
				return err
			}
		}
		rows, err := tx.Query(ctx, `SELECT channel, provider, domain, reason, sum(n)::bigint FROM health WHERE incident = $1
			GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`, incident)
		if err != nil {
			return err
		}
		if sums, err = scanHealth(rows); err != nil || len(add) == 0 {
			return err
		}
		return halve(ctx, tx, incident, owner, sums, window)
	})
	return sums, err
}

// halve lets a process forget half of its own counts where there are many, so that what lies long ago hides nothing.
func halve(ctx context.Context, tx pgx.Tx, incident, owner string, sums []breach.Health, window int64) error {
	out := map[[2]string]int64{}
	for _, h := range sums {
		out[[2]string{string(h.Channel), h.Provider}] += h.Out
	}
	for way, n := range out {
		if n <= window {
			continue
		}
		if _, err := tx.Exec(ctx, `UPDATE health SET n = n / 2 WHERE incident = $1 AND owner IN ($2, $3) AND channel = $4 AND provider = $5`,
			incident, owner, lateOwner, way[0], way[1]); err != nil {
			return err
		}
	}
	return nil
}

func healthColumns(add []breach.Health) (channels, providers, domains, reasons []string, ns []int64) {
	row := func(h breach.Health, reason string, n int64) {
		channels, providers, domains = append(channels, string(h.Channel)), append(providers, h.Provider), append(domains, h.Domain)
		reasons, ns = append(reasons, reason), append(ns, n)
	}
	for _, h := range add {
		if h.Out != 0 {
			row(h, "", h.Out)
		}
		for r, n := range h.Failed {
			if r = plain(r, codeLimit); r != "" && n != 0 {
				row(h, r, n)
			}
		}
	}
	return channels, providers, domains, reasons, ns
}

func scanHealth(rows pgx.Rows) (out []breach.Health, err error) {
	var h breach.Health
	var reason string
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&h.Channel, &h.Provider, &h.Domain, &reason, &n}, func() error {
		k := len(out) - 1
		if k < 0 || out[k].Channel != h.Channel || out[k].Provider != h.Provider || out[k].Domain != h.Domain {
			out = append(out, breach.Health{Channel: h.Channel, Provider: h.Provider, Domain: h.Domain, Failed: map[string]int64{}})
			k++
		}
		if reason == "" {
			out[k].Out = n
		} else {
			out[k].Failed[reason] = n
		}
		return nil
	})
	return out, err
}

// lateOwner counts failures that a provider reported after it had taken the message.
const lateOwner = "receipts"

// countLate lets the guard know of a message that was taken and failed later.
func countLate(ctx context.Context, tx pgx.Tx, incident string, e breach.AttemptEvent) error {
	_, err := tx.Exec(ctx, `INSERT INTO health (incident, owner, channel, provider, domain, reason, n) VALUES ($1, $2, $3, $4, '', $5, 1)
		ON CONFLICT (incident, owner, channel, provider, domain, reason) DO UPDATE SET n = health.n + 1`,
		incident, lateOwner, e.Channel, e.Provider, e.Reason)
	return err
}

const brakeColumns = `id, kind, wave, stage, channel, provider, domain, out, failed, reason, at`

// Brakes lists those that nobody lifted, the oldest first.
func (s *Store) Brakes(ctx context.Context, incident string) (breach.Brakes, error) {
	list, err := collect(ctx, s.pool, scanBrake, `SELECT `+brakeColumns+` FROM brake WHERE incident = $1 AND lifted_at IS NULL ORDER BY id`, incident)
	return list, clean("list the brakes", err)
}

func scanBrake(row pgx.CollectableRow) (b breach.Brake, err error) {
	err = row.Scan(&b.ID, &b.Kind, &b.Wave, &b.Stage, &b.Channel, &b.Provider, &b.Domain, &b.Out, &b.Failed, &b.Reason, &b.At)
	b.At = b.At.UTC()
	return b, err
}

// SetBrake sets a brake; while one of the same kind is at the same place, that one stays as it is. One of a stage
// that was lifted is not set again: a person looked at that stage. A stop takes the place of a warning.
func (s *Store) SetBrake(ctx context.Context, incident string, b breach.Brake) error {
	return s.inTx(ctx, "set a brake", func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `INSERT INTO brake (incident, kind, wave, stage, channel, provider, domain, out, failed, reason, at)
			SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11 WHERE $4 = '' OR NOT EXISTS (SELECT FROM brake WHERE incident = $1
				AND kind = $2 AND wave = $3 AND stage = $4 AND channel = $5 AND provider = $6 AND domain = $7) ON CONFLICT DO NOTHING`, incident, b.Kind, b.Wave, plain(b.Stage, codeLimit), b.Channel,
			plain(b.Provider, codeLimit), plain(b.Domain, detailLimit), b.Out, b.Failed, plain(b.Reason, codeLimit), instant(b.At))
		if sqlState(err) == "23503" {
			return notFound("there is no such incident in the ledger")
		}
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		if b.Kind == breach.BrakeStop {
			_, err := tx.Exec(ctx, `UPDATE brake SET lifted_at = $2, lifted_by = $3 WHERE incident = $1 AND kind = 'warn' AND lifted_at IS NULL
				AND channel = $4 AND provider = $5 AND domain = $6`, incident, instant(b.At), engineActor, b.Channel, b.Provider, b.Domain)
			if err != nil {
				return err
			}
		}
		return appendAudit(ctx, tx, incident, note{"", engineActor, "brake.set", brakeFacts(b), b.At})
	})
}

func brakeFacts(b breach.Brake) facts {
	return facts{"kind": b.Kind, "wave": b.Wave, "stage": b.Stage, "channel": b.Channel, "provider": b.Provider, "domain": b.Domain,
		"out": b.Out, "failed": b.Failed, "reason": b.Reason}
}

// LiftBrakes lets go on what a brake holds: one by its number, or all for 0. What the guard counted there begins
// anew, and the command for the workflow is queued under the given id in the same transaction.
// breach.ErrNotFound when no such brake holds; the same id again changes nothing.
func (s *Store) LiftBrakes(ctx context.Context, incident, id string, brake int64, by breach.Actor, at time.Time) error {
	return s.inTx(ctx, "lift a brake", func(tx pgx.Tx) error {
		var stopped, done bool
		err := tx.QueryRow(ctx, `SELECT stopped, EXISTS (SELECT FROM command c WHERE c.id = $2 AND c.incident = i.id)
			FROM incident i WHERE i.id = $1 FOR NO KEY UPDATE`, incident, id).Scan(&stopped, &done)
		switch {
		case isNoRows(err):
			return notFound("there is no such incident in the ledger")
		case err != nil || done:
			return err
		case stopped:
			return breach.Errorf(breach.ErrConflict, "sending was stopped for good")
		}
		lifted, err := collect(ctx, tx, scanBrake, `UPDATE brake SET lifted_at = $2, lifted_by = $3
			WHERE incident = $1 AND lifted_at IS NULL AND ($4 = 0 OR id = $4) RETURNING `+brakeColumns, incident, instant(at), by.ID, brake)
		if err != nil {
			return err
		}
		if len(lifted) == 0 && brake != 0 {
			return notFound("no brake with the number %s holds", strconv.FormatInt(brake, 10))
		}
		if len(lifted) == 0 {
			return notFound("no brake holds anything")
		}
		for _, b := range lifted {
			if err := forgetHealth(ctx, tx, incident, b); err != nil {
				return err
			}
		}
		payload, err := json.Marshal(map[string]any{"id": id, "actor": by.ID, "role": by.Role})
		if err != nil {
			return err
		}
		if err := queueCommand(ctx, tx, incident, id, "lift", payload); err != nil {
			return err
		}
		for _, b := range lifted {
			f := brakeFacts(b)
			f["by_role"] = by.Role
			if err := appendAudit(ctx, tx, incident, note{"", by.ID, "brake.lifted", f, at}); err != nil {
				return err
			}
		}
		return nil
	})
}

// forgetHealth lets the guard count anew for the provider that a brake was about: what failed before is known and was
// looked at, and a few more failures of the same kind are not to stop it at once.
func forgetHealth(ctx context.Context, tx pgx.Tx, incident string, b breach.Brake) error {
	if b.Kind == breach.BrakeGate {
		return nil
	}
	_, err := tx.Exec(ctx, `DELETE FROM health WHERE incident = $1 AND channel = $2 AND provider = $3`, incident, b.Channel, b.Provider)
	return err
}
