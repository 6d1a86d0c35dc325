package store

import (
	"context"
	"encoding/json"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// actionLoaded is how a loaded list stands on the record, with the checksum of its file and what it is made of.
const actionLoaded = "people.loaded"

// loadedList is what the record says of a list.
type loadedList struct {
	Wave    int
	Doubts  []breach.ListDoubt
	Profile breach.ListProfile
}

// loadedLists gives all lists that added somebody, the oldest first.
func loadedLists(ctx context.Context, q querier, incident string) ([]loadedList, error) {
	return collect(ctx, q, func(row pgx.CollectableRow) (l loadedList, err error) {
		var data string
		if err := row.Scan(&data); err != nil {
			return l, err
		}
		if err := json.Unmarshal([]byte(data), &l); err != nil {
			return l, breach.Errorf(breach.ErrTampered, "an entry of the record cannot be read")
		}
		return l, nil
	}, `SELECT data FROM audit WHERE incident = $1 AND action = $2 ORDER BY seq`, incident, actionLoaded)
}

// LastProfile is what the newest list is made of; without people when there is none.
func (s *Store) LastProfile(ctx context.Context, incident string) (breach.ListProfile, error) {
	lists, err := loadedLists(ctx, s.pool, incident)
	for i := len(lists) - 1; i >= 0; i-- {
		if lists[i].Wave > 0 {
			return lists[i].Profile, nil
		}
	}
	return breach.ListProfile{}, clean("read what the earlier list is made of", err)
}
