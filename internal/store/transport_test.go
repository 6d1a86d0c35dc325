package store

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func TestPromise_C03_TheLedgerIsReachedEncrypted(t *testing.T) {
	t.Parallel()
	for dsn, fine := range map[string]bool{
		"postgres://a@db.example/x":                                      false, // libpq's default falls back to plain text
		"postgres://a@db.example/x?sslmode=disable":                      false,
		"postgres://a@db.example/x?sslmode=allow":                        false,
		"postgres://a@db.example,127.0.0.1/x?sslmode=disable":            false,
		"postgres://a@127.0.0.1,db.example/x?sslmode=prefer":             false,
		"postgres://a@127.0.0.1.example/x?sslmode=disable":               false,
		"postgres://a@db.example/x?sslmode=require":                      true,
		"postgres://a@db.example/x?sslmode=verify-full":                  true,
		"postgres://a@localhost/x":                                       true,
		"postgres://a@127.0.0.1:5433/x?sslmode=disable":                  true,
		"postgres://a@[::1]/x?sslmode=disable":                           true,
		"host=/run/postgresql user=a dbname=x":                           true,
		"postgres://a@/x?host=/run/postgresql&sslmode=disable&port=5433": true,
	} {
		c, err := pgx.ParseConfig(dsn)
		require.NoError(t, err, dsn)
		require.Equal(t, fine, encrypted(c) == nil, dsn)
	}
	_, err := Open(context.Background(), Config{DatabaseURL: "postgres://a:secret@db.invalid/x", KeyDir: t.TempDir()})
	requireCode(t, breach.ErrInvalid, err)
	require.NotContains(t, err.Error(), "secret")
	require.Contains(t, err.Error(), "sslmode=verify-full")
	_, err = Open(context.Background(), Config{DatabaseURL: "postgres://a:secret@db.invalid/x", KeyDir: t.TempDir(), AllowPlaintext: true})
	requireCode(t, breach.ErrUnavailable, err)
}
