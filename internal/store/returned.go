package store

import (
	"context"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// mostTries is how many tries of a delivery are looked through for the latest one.
const mostTries = 64

// RecordReturned stores what a mail server reported about a message by email, and lets it count: one that failed
// or was delivered is a receipt like any other; what else there is is kept as a fact that moves nothing. The same
// again changes nothing. known is false for a message that is not in this ledger, of which an orphan is kept.
func (s *Store) RecordReturned(ctx context.Context, r breach.Returned) (known bool, err error) {
	var state breach.AttemptState
	switch r.Kind {
	case breach.ReturnFailed:
		state = breach.FailedPermanent
	case breach.ReturnDelivered:
		state = breach.Delivered
	case breach.ReturnDelayed, breach.ReturnRelayed, breach.ReturnComplained, breach.ReturnUnclassified:
		state = breach.AttemptState(r.Kind)
	default:
		return false, breach.Errorf(breach.ErrInvalid, "mail cannot come back as %q", printable(string(r.Kind)))
	}
	event := tidy(breach.AttemptEvent{State: state, Reason: r.Reason, Detail: r.Detail, ProviderRef: r.Reporter, At: r.At})
	err = s.inTx(ctx, "record what came back", func(tx pgx.Tx) error {
		incident, in, err := returnedOf(ctx, tx, r)
		if err != nil {
			return err
		}
		known = incident != ""
		if !known {
			in.Provider, in.AttemptID = string(breach.Email), plain(r.Attempt+r.Delivery, detailLimit)
		}
		event.Provider = in.Provider
		return takeReceipt(ctx, tx, incident, in, event)
	})
	return known, err
}

// returnedOf finds the attempt by email that is meant.
func returnedOf(ctx context.Context, q querier, r breach.Returned) (incident string, in breach.Intent, err error) {
	if r.Attempt != "" {
		if r.Block > 0 {
			incident, in, err = findAttempt(ctx, q, `channel = 'email' AND block = $2 AND attempts @> ARRAY[$1]`, plain(r.Attempt, detailLimit), r.Block)
			if err != nil || incident != "" {
				return incident, in, err
			}
		}
		incident, in, err = attemptOf(ctx, q, plain(r.Attempt, detailLimit))
		if in.Channel != breach.Email {
			return "", breach.Intent{}, err
		}
		return incident, in, err
	}
	tries := make([]string, mostTries)
	for i := range tries {
		tries[i] = plain(r.Delivery, detailLimit) + "-" + strconv.Itoa(i+1)
	}
	var latest string
	err = q.QueryRow(ctx, `SELECT a FROM intent, unnest(attempts) a WHERE channel = 'email' AND attempts && $1 AND a = ANY($1)
		ORDER BY try DESC LIMIT 1`, tries).Scan(&latest)
	if isNoRows(err) {
		return "", in, nil
	}
	if err != nil {
		return "", in, err
	}
	return attemptOf(ctx, q, latest)
}
