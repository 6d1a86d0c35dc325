package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// clean makes an error of the driver fit to be shown and logged. The server's own texts quote values of
// the row, so only the SQLSTATE and the names of table and constraint are kept. Errors of the catalogue
// and of the context pass.
func clean(what string, err error) error {
	var known *breach.Error
	var pg *pgconn.PgError
	var connect *pgconn.ConnectError
	var network net.Error
	var file *fs.PathError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return err
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%s: %w", what, context.Canceled)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s: %w", what, context.DeadlineExceeded)
	case errors.As(err, &pg):
		return cleanServer(what, pg)
	case errors.As(err, &file):
		return &failure{what: what, why: file.Op + " " + file.Path + ": " + file.Err.Error()}
	case errors.As(err, &connect), errors.As(err, &network), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		strings.Contains(err.Error(), "conn closed"), strings.Contains(err.Error(), "closed pool"):
		return breach.Errorf(breach.ErrUnavailable, "%s: the database does not answer; check that PostgreSQL runs and that the database URL is right", what)
	case errors.Is(err, pgx.ErrNoRows):
		return breach.Errorf(breach.ErrNotFound, "%s: there is no such record", what)
	default:
		return &failure{what: what, why: fmt.Sprintf("driver error of type %T", innermost(err))}
	}
}

func cleanServer(what string, pg *pgconn.PgError) error {
	switch pg.Code {
	case "22021", "22P05": // a NUL or bytes that are not UTF-8
		return breach.Errorf(breach.ErrInvalid, "%s: a text holds characters that cannot be stored (NUL, or bytes that are not UTF-8)", what)
	case "57P01", "57P02", "57P03", "53300":
		return breach.Errorf(breach.ErrUnavailable, "%s: the database is going down, starting up, or has no free connection", what)
	}
	where := pg.TableName
	if pg.ConstraintName != "" {
		where += " " + pg.ConstraintName
	}
	return &failure{what: what, why: strings.TrimSpace("SQLSTATE " + pg.Code + " " + where), code: pg.Code}
}

// failure is an error on our side, without any value of a row.
type failure struct{ what, why, code string }

func (f *failure) Error() string { return f.what + " failed: " + f.why }

func innermost(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

func sqlState(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	var f *failure
	if errors.As(err, &f) {
		return f.code
	}
	return ""
}

// worthAnotherTry: serialization failure, deadlock.
func worthAnotherTry(err error) bool {
	code := sqlState(err)
	return code == "40001" || code == "40P01"
}

// plain makes a provider's text storable: no control characters, valid UTF-8, bounded.
func plain(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "")
}
