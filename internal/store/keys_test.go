package store

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/standalone/pgchild/pgtest"
)

func (b *bench) reopen(dir string) (*Store, error) {
	s, err := Open(b.ctx, Config{DatabaseURL: b.dsn, KeyDir: dir})
	if err == nil {
		b.t.Cleanup(s.Close)
	}
	return s, err
}

func TestKeyFiles(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(people(1, 2))
	_, hash := b.submit(1, 1, wei.ID)
	require.NoError(t, b.approve(hash, noor))
	for _, name := range []string{"kek.key", "approval.key"} {
		info, err := os.Stat(filepath.Join(b.keys, name))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	}

	s, err := b.reopen(b.keys)
	require.NoError(t, err)
	blocks, err := s.Blocks(b.ctx, b.id, 1)
	require.NoError(t, err)
	subjects, err := s.Subjects(b.ctx, b.id, blocks[0])
	require.NoError(t, err)
	require.Equal(t, someone(2), subjects[1].Person)
	_, _, err = s.Approval(b.ctx, b.id, 1, hash)
	require.NoError(t, err)

	for _, name := range []string{"kek.key", "approval.key"} {
		path := filepath.Join(b.keys, name)
		key, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, os.Remove(path))
		_, err = b.reopen(b.keys)
		requireCode(t, breach.ErrInvalid, err)
		require.Contains(t, err.Error(), "is missing")
		require.NoFileExists(t, path, "a lost key is never replaced")
		require.NoError(t, os.WriteFile(path, key, 0o600))
		require.NoError(t, os.Chmod(path, 0o644))
		_, err = b.reopen(b.keys)
		requireCode(t, breach.ErrInvalid, err)
		require.NoError(t, os.Chmod(path, 0o600))
	}
	other := setup(t)
	_, err = b.reopen(other.keys)
	requireCode(t, breach.ErrInvalid, err)
	require.Contains(t, err.Error(), "not the key that this ledger was written with")
	_, err = b.reopen(b.keys)
	require.NoError(t, err)
}

func TestManyFirstStartsAtOnceMakeOneKey(t *testing.T) {
	t.Parallel()
	dsn, dir := pgtest.New(t, migrateForTest), t.TempDir()
	stores := make([]*Store, 5)
	var wg sync.WaitGroup
	for i := range stores {
		wg.Go(func() {
			var err error
			stores[i], err = Open(context.Background(), Config{DatabaseURL: dsn, KeyDir: dir, MaxConns: 2})
			require.NoError(t, err)
		})
	}
	wg.Wait()
	for _, s := range stores {
		require.Equal(t, stores[0].approvalKey, s.approvalKey)
		s.Close()
	}
}

func TestMigrate(t *testing.T) {
	t.Parallel()
	ctx, dsn := context.Background(), pgtest.DSN(t)
	_, err := Open(ctx, Config{DatabaseURL: dsn, KeyDir: t.TempDir()})
	requireCode(t, breach.ErrConflict, err)
	require.Contains(t, err.Error(), "tocsin migrate")
	errs := make([]error, 3)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { errs[i] = Migrate(ctx, dsn) })
	}
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	s, err := Open(ctx, Config{DatabaseURL: dsn, KeyDir: t.TempDir()})
	require.NoError(t, err)
	defer s.Close()
	var partitions int
	require.NoError(t, s.pool.QueryRow(ctx, `SELECT count(*) FROM pg_inherits WHERE inhparent = 'recipient'::regclass`).Scan(&partitions))
	require.Equal(t, 16, partitions)

	_, err = s.pool.Exec(ctx, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)`)
	require.NoError(t, err)
	_, err = Open(ctx, Config{DatabaseURL: dsn, KeyDir: t.TempDir()})
	requireCode(t, breach.ErrConflict, err)
	requireCode(t, breach.ErrConflict, Migrate(ctx, dsn))
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	_, err := Open(ctx, Config{DatabaseURL: "postgres://user:secret-word@127.0.0.1:1/x", KeyDir: t.TempDir()})
	requireCode(t, breach.ErrUnavailable, err)
	require.NotContains(t, err.Error(), "secret-word")
	_, err = Open(ctx, Config{DatabaseURL: "postgres://user:secret-word@[::x", KeyDir: t.TempDir()})
	requireCode(t, breach.ErrInvalid, err)
	require.NotContains(t, err.Error(), "secret-word")
	requireCode(t, breach.ErrUnavailable, Migrate(ctx, "postgres://user:secret-word@127.0.0.1:1/x"))
	_, err = Open(ctx, Config{DatabaseURL: pgtest.New(t, migrateForTest)})
	requireCode(t, breach.ErrInvalid, err)
}
