package store

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/evidence"
)

const (
	kekName      = "kek"
	approvalName = "approval"
)

// takeKeys loads or makes the key files, under a lock that keeps two first starts apart, and checks that
// they are the ones that this ledger was written with.
func (s *Store) takeKeys(ctx context.Context, dir string) error {
	if dir == "" {
		return breach.Errorf(breach.ErrInvalid, "no key directory is set; the ledger's keys must lie outside the database")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return breach.Errorf(breach.ErrInvalid, "the key directory cannot be made: %w", err)
	}
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('tocsin keyring', 0))`); err != nil {
			return err
		}
		if err := s.takeKEK(ctx, tx, dir); err != nil {
			return err
		}
		return s.takeApprovalKey(ctx, tx, dir)
	})
}

func (s *Store) takeKEK(ctx context.Context, tx pgx.Tx, dir string) error {
	proof, inUse, err := keyProof(ctx, tx, kekName, `SELECT EXISTS (SELECT FROM data_key)`)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, kekName+".key")
	s.kek, err = loadKEK(path)
	if errors.Is(err, fs.ErrNotExist) {
		if inUse {
			return lostKey(path, "the data keys of the people in it")
		}
		if err := createKEK(dir, path); err != nil {
			return breach.Errorf(breach.ErrInvalid, "the key-encryption key cannot be written: %w", err)
		}
		s.kek, err = loadKEK(path)
	}
	if err != nil {
		return err
	}
	if proof != nil {
		if _, err := s.kek.Decrypt(proof, []byte(kekName)); err == nil {
			return nil
		}
		if inUse {
			return foreignKey(path)
		}
	}
	if proof, err = s.kek.Encrypt([]byte("tocsin"), []byte(kekName)); err != nil {
		return err
	}
	return saveProof(ctx, tx, kekName, proof)
}

func (s *Store) takeApprovalKey(ctx context.Context, tx pgx.Tx, dir string) error {
	proof, inUse, err := keyProof(ctx, tx, approvalName, `SELECT EXISTS (SELECT FROM approval)`)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, approvalName+".key")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) && inUse {
		return lostKey(path, "the signatures of its approvals")
	}
	if s.approvalKey, err = evidence.LoadOrCreateKey(dir, approvalName); err != nil {
		return err
	}
	public := s.ApprovalPublicKey()
	switch {
	case bytes.Equal(proof, public):
		return nil
	case proof != nil && inUse:
		return foreignKey(path)
	}
	return saveProof(ctx, tx, approvalName, public)
}

// ApprovalPublicKey checks the signatures of approvals.
func (s *Store) ApprovalPublicKey() ed25519.PublicKey {
	return s.approvalKey.Public().(ed25519.PublicKey)
}

func keyProof(ctx context.Context, tx pgx.Tx, name, inUseSQL string) (proof []byte, inUse bool, err error) {
	err = tx.QueryRow(ctx, `SELECT proof FROM keyring WHERE name = $1`, name).Scan(&proof)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return nil, false, err
	}
	err = tx.QueryRow(ctx, inUseSQL).Scan(&inUse)
	return proof, inUse, err
}

func saveProof(ctx context.Context, tx pgx.Tx, name string, proof []byte) error {
	_, err := tx.Exec(ctx, `INSERT INTO keyring (name, proof) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET proof = excluded.proof`, name, proof)
	return err
}

func lostKey(path, what string) error {
	return breach.Errorf(breach.ErrInvalid, "%s is missing, and the ledger holds data that needs it (%s): put the key file back from its back-up; a new one would not open anything", path, what)
}

func foreignKey(path string) error {
	return breach.Errorf(breach.ErrInvalid, "%s is not the key that this ledger was written with: put the right key file in its place", path)
}

func loadKEK(path string) (tink.AEAD, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, breach.Errorf(breach.ErrInvalid, "%s can be read by others: find out who read it, then chmod 600 it", path)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, breach.Errorf(breach.ErrInvalid, "the key-encryption key cannot be read: %w", err)
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(b)))
	if err != nil {
		return nil, breach.Errorf(breach.ErrInvalid, "%s is not a key file: put it back from its back-up", path)
	}
	return aead.New(handle)
}

// createKEK writes aside and links into place: a half-written key is never seen, an existing one never
// replaced.
func createKEK(dir, path string) error {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, ".kek-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	err = insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(tmp))
	if err := errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err := os.Link(tmp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
