package store

import (
	"context"
	"database/sql"
	"embed"
	"io/fs"
	"strconv"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver that goose runs the migrations with
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate brings the database to this release's schema. Several processes may call it at once. A database
// of a newer release is refused and left as it is.
func Migrate(ctx context.Context, databaseURL string) error {
	const what = "migrate the ledger"
	db, err := sql.Open("pgx", databaseURL)
	if err != nil {
		return breach.Errorf(breach.ErrInvalid, "the database URL cannot be read; use postgres://user@host/name")
	}
	defer db.Close()
	p, err := migrator(db)
	if err != nil {
		return clean(what, err)
	}
	if _, err := p.Up(ctx); err != nil {
		return clean(what, err)
	}
	have, err := p.GetDBVersion(ctx)
	if err != nil {
		return clean(what, err)
	}
	return sameSchema(have)
}

func migrator(db *sql.DB) (*goose.Provider, error) {
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 120))
	if err != nil {
		return nil, err
	}
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, db, sub, goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true))
}

func checkSchema(ctx context.Context, q querier) error {
	var have int64
	err := q.QueryRow(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied`).Scan(&have)
	if sqlState(err) == "42P01" {
		return sameSchema(0)
	}
	if err != nil {
		return clean("look at the ledger's schema", err)
	}
	return sameSchema(have)
}

func sameSchema(have int64) error {
	want := wantedSchema()
	switch {
	case have < want:
		return breach.Errorf(breach.ErrConflict, "the database has schema %d and this release needs %d: run tocsin migrate", have, want)
	case have > want:
		return breach.Errorf(breach.ErrConflict, "the database has schema %d, written by a newer release; this one knows %d: run the newer release", have, want)
	}
	return nil
}

// wantedSchema is the number of the last migration file.
func wantedSchema() int64 {
	var last int64
	entries, err := migrations.ReadDir("migrations")
	if err != nil {
		panic("embedded migrations are there by construction: " + err.Error())
	}
	for _, e := range entries {
		number, _, _ := strings.Cut(e.Name(), "_")
		if n, err := strconv.ParseInt(number, 10, 64); err == nil {
			last = max(last, n)
		}
	}
	return last
}
