// Package query reads a list of people from the user's own PostgreSQL: the answer to one query, as CSV in
// UTF-8 with the names of the columns in the first line, which package recipients reads as the format sql.
//
// The address of the database holds a password. Neither it nor anything that the database says about the
// query is repeated in an error: what PostgreSQL says may hold a person's data.
//
// Imports of ours: breach.
package query

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Source is one query in one snapshot of the database, in which nothing can be written. Not for use by
// several goroutines at once.
type Source struct {
	conn  *pgconn.PgConn
	query string
	types *pgtype.Map
}

// What makes two runs in one snapshot give the same rows in the same order, as far as the query allows it.
const begin = `begin isolation level repeatable read read only;
set local synchronize_seqscans = off; set local max_parallel_workers_per_gather = 0; set local datestyle = 'ISO, YMD'`

// Open connects to dsn (an address or key=value pairs, completed by PGHOST and the like).
func Open(ctx context.Context, dsn, query string) (*Source, error) {
	cfg, err := pgconn.ParseConfig(dsn)
	if err != nil {
		return nil, breach.Errorf(breach.ErrInvalid, "the address of the database cannot be read: it is postgres://user:password@host:5432/name, or key=value pairs")
	}
	if wavers(cfg) {
		return nil, breach.Errorf(breach.ErrInvalid, "people would be read over a network without encryption if the server offers none: add sslmode=verify-full (and sslrootcert=FILE) to its address, or sslmode=disable if that is meant")
	}
	cfg.RuntimeParams["client_encoding"] = "UTF8"
	cfg.RuntimeParams["application_name"] = "tocsin recipients"
	cfg.RuntimeParams["default_transaction_read_only"] = "on"
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = 15 * time.Second
	}
	conn, err := pgconn.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, said(err)
	}
	s := &Source{conn: conn, query: query, types: pgtype.NewMap()}
	if _, err := conn.Exec(ctx, begin).ReadAll(); err != nil {
		s.Close()
		return nil, said(err)
	}
	return s, nil
}

// wavers says that a connection over a network is encrypted or not as the server likes, which is what an address gets
// that says nothing about it.
func wavers(c *pgconn.Config) bool {
	secure, plain := c.TLSConfig != nil, c.TLSConfig == nil
	local := here(c.Host)
	for _, f := range c.Fallbacks {
		secure, plain, local = secure || f.TLSConfig != nil, plain || f.TLSConfig == nil, local && here(f.Host)
	}
	return secure && plain && !local
}

// here says that a host is this machine.
func here(host string) bool {
	ip := net.ParseIP(host)
	return strings.HasPrefix(host, "/") || host == "localhost" || ip != nil && ip.IsLoopback()
}

// Close ends the transaction, and with it the snapshot.
func (s *Source) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	_ = s.conn.Close(ctx)
}

// Stream writes the answer to w, row by row; memory does not grow with it. Called again it writes the same.
func (s *Source) Stream(ctx context.Context, w io.Writer) error {
	ctx, stop := context.WithCancel(ctx)
	// The extended protocol takes one statement: nothing can be hidden behind a semicolon.
	rows := s.conn.ExecParams(ctx, s.query, nil, nil, nil, nil)
	defer func() {
		stop() // or closing would read all the rows that nobody wants any more
		_, _ = rows.Close()
	}()
	out := csv.NewWriter(w)
	fields := rows.FieldDescriptions()
	line := make([]string, len(fields))
	for i, f := range fields {
		if f.DataTypeOID == pgtype.ByteaOID {
			return breach.Errorf(breach.ErrInvalid, "column %d of the query holds bytes, not text: decode it in the query or leave it away", i+1)
		}
		line[i] = f.Name
	}
	if len(fields) > 0 {
		if err := out.Write(line); err != nil {
			return err
		}
	}
	for rows.NextRow() {
		for i, v := range rows.Values() {
			text, err := s.text(fields[i].DataTypeOID, v)
			if err != nil {
				return breach.Errorf(breach.ErrInvalid, "column %d of the query cannot be read as text: cast it in the query", i+1)
			}
			line[i] = text
		}
		if err := out.Write(line); err != nil {
			return err
		}
	}
	if _, err := rows.Close(); err != nil {
		return said(err)
	}
	if len(fields) == 0 {
		return breach.Errorf(breach.ErrInvalid, "the statement gives no rows: it must be a query that selects people")
	}
	out.Flush()
	return out.Error()
}

// text is a value as a person would write it; null is empty.
func (s *Source) text(oid uint32, v []byte) (string, error) {
	if v == nil {
		return "", nil
	}
	switch oid {
	case pgtype.BoolOID:
		return map[string]string{"t": "true", "f": "false"}[string(v)], nil
	case pgtype.TimestampOID:
		return strings.TrimSuffix(string(v), " 00:00:00"), nil
	case pgtype.TextArrayOID, pgtype.VarcharArrayOID, pgtype.BPCharArrayOID:
		var list []string
		err := s.types.Scan(oid, pgx.TextFormatCode, v, &list)
		return strings.Join(list, ";"), err
	case pgtype.BPCharOID:
		return strings.TrimRight(string(v), " "), nil
	}
	return string(v), nil
}

// said says what kind of thing went wrong, without anything that the database said.
func said(err error) error {
	var pg *pgconn.PgError
	switch {
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.As(err, &pg):
		return fromServer(pg)
	case errors.Is(err, context.DeadlineExceeded), pgconn.Timeout(err):
		return breach.Errorf(breach.ErrInvalid, "the database did not answer in time: look whether it is reached from here and whether the query is fast enough")
	}
	return breach.Errorf(breach.ErrInvalid, "the database cannot be reached, or the connection broke: look at host, port and TLS in its address")
}

func fromServer(pg *pgconn.PgError) error {
	why := "look it up in PostgreSQL's table of error codes, or run the query in psql"
	switch {
	case strings.HasPrefix(pg.Code, "28"):
		why = "it does not let this user in: look at user, password and pg_hba.conf"
	case pg.Code == "3D000":
		why = "there is no database of that name"
	case pg.Code == "25006":
		why = "the query would write, which it may not"
	case pg.Code == "42501":
		why = "the user may not read that table"
	case pg.Code == "42601":
		why = "the query is not one statement of correct SQL"
	case pg.Code == "42P01":
		why = "a table of the query does not exist"
	case pg.Code == "42703":
		why = "a column of the query does not exist"
	case pg.Code == "57014":
		why = "the query was stopped, or took longer than the database allows"
	}
	if pg.Position > 0 {
		return breach.Errorf(breach.ErrInvalid, "the database refused (code %s, at character %d of the query): %s", pg.Code, pg.Position, why)
	}
	return breach.Errorf(breach.ErrInvalid, "the database refused (code %s): %s", pg.Code, why)
}
