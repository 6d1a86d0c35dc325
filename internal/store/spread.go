package store

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// spread counts the people of one list by mail domain and country while it is loaded.
type spread struct{ domains, countries map[string]int64 }

const (
	// fewest share a domain or country that is written down.
	fewest = 100
	// mostCounted bounds the memory while loading, mostKept what is written.
	mostCounted, mostKept = 20_000, 200
)

func (s *spread) add(domain, country string) {
	if s.domains == nil {
		s.domains, s.countries = map[string]int64{}, map[string]int64{}
	}
	countIn(s.domains, domain)
	countIn(s.countries, country)
}

func countIn(m map[string]int64, name string) {
	if name == "" {
		return
	}
	n, known := m[name]
	if !known && len(m) >= mostCounted {
		return
	}
	if !known {
		name = strings.Clone(name) // and not the whole address with it
	}
	m[name] = n + 1
}

// mailDomain is the domain of an address in small letters, as limits by domain name it.
func mailDomain(address string) string {
	return strings.ToLower(address[strings.LastIndexByte(address, '@')+1:])
}

// write keeps those that many share, the largest first.
func (s *spread) write(ctx context.Context, tx pgx.Tx, incident string, wave int) error {
	var rows [][]any
	for kind, m := range map[string]map[string]int64{"domain": s.domains, "country": s.countries} {
		maps.DeleteFunc(m, func(_ string, n int64) bool { return n < fewest })
		names := slices.SortedFunc(maps.Keys(m), func(a, b string) int { return cmp.Or(cmp.Compare(m[b], m[a]), cmp.Compare(a, b)) })
		for _, name := range names[:min(mostKept, len(names))] {
			rows = append(rows, []any{incident, int32(wave), kind, name, m[name]})
		}
	}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"spread"}, []string{"incident", "wave", "kind", "name", "people"}, pgx.CopyFromRows(rows))
	return err
}

// Spread returns how the people of all lists are spread, as far as many share a domain or a country. A row that was
// corrected later still counts where it stood.
func (s *Store) Spread(ctx context.Context, incident string) (breach.Spread, error) {
	out := breach.Spread{Domains: map[string]int64{}, Countries: map[string]int64{}}
	err := s.pool.QueryRow(ctx, `SELECT coalesce(sum(people), 0)::bigint FROM wave WHERE incident = $1`, incident).Scan(&out.People)
	if err != nil {
		return out, clean("read how people are spread", err)
	}
	rows, err := s.pool.Query(ctx, `SELECT kind, name, sum(people)::bigint FROM spread WHERE incident = $1 GROUP BY kind, name`, incident)
	if err != nil {
		return out, clean("read how people are spread", err)
	}
	var kind, name string
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&kind, &name, &n}, func() error {
		if kind == "domain" {
			out.Domains[name] = n
		} else {
			out.Countries[name] = n
		}
		return nil
	})
	return out, clean("read how people are spread", err)
}
