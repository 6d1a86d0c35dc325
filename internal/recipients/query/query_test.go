package query_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/recipients"
	"github.com/tocsin-engine/tocsin/internal/recipients/query"
	"github.com/tocsin-engine/tocsin/internal/standalone/pgchild/pgtest"
)

const people = `select * from (values
	(7::bigint, 'Ana, "the" Souza'::text, 'ana@mail.test'::varchar, '+5511900000001', timestamp '2015-02-03', array['name','email'], true),
	(8, null, 'line
break@mail.test', null, null, null, null),
	(9, '王小明', 'wang@mail.test', '+8619000000001', '1990-05-06', '{}', false)) as t(external_id, name, email, phone, birth_date, data_classes, consent_marketing)`

func open(t *testing.T, dsn, sql string) *query.Source {
	t.Helper()
	s, err := query.Open(t.Context(), dsn, sql)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s
}

func TestTheAnswerToAQueryIsAList(t *testing.T) {
	t.Parallel()
	s := open(t, pgtest.DSN(t), people)
	var first, second bytes.Buffer
	require.NoError(t, s.Stream(t.Context(), &first))
	require.NoError(t, s.Stream(t.Context(), &second))
	require.Equal(t, first.String(), second.String())
	require.Equal(t, `external_id,name,email,phone,birth_date,data_classes,consent_marketing
7,"Ana, ""the"" Souza",ana@mail.test,+5511900000001,2015-02-03,name;email,true
8,,"line
break@mail.test",,,,
9,王小明,wang@mail.test,+8619000000001,1990-05-06,,false
`, first.String())
	sum, err := recipients.Read(t.Context(), &first, recipients.Options{Format: "sql", On: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}, func(recipients.Row) error { return nil })
	require.NoError(t, err)
	require.Equal(t, "sql", sum.File.Format)
	require.EqualValues(t, 3, sum.Rows)
	require.EqualValues(t, 1, sum.Minors.WithoutGuardian)
}

func TestBothRunsSeeOneSnapshot(t *testing.T) {
	t.Parallel()
	dsn := pgtest.New(t, func(dsn string) error { return nil })
	s := open(t, dsn, "select clock_timestamp() > now() as later, txid_current_if_assigned() as name, now() as email")
	var first, second bytes.Buffer
	require.NoError(t, s.Stream(t.Context(), &first))
	require.NoError(t, s.Stream(t.Context(), &second))
	require.Equal(t, first.String(), second.String(), "one transaction")
	require.Contains(t, first.String(), "true,,")
}

func TestNothingIsWrittenAndNothingTold(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	for sql, code := range map[string]string{
		"create table x (a int)":                   "25006",
		"select 1; select 2":                       "42601",
		"selekt secret":                            "42601",
		"select secret from nowhere":               "42P01",
		"select 'wang@secret.test'::int":           "22P02",
		"begin":                                    "gives no rows",
		"select 'x'::bytea as name":                "bytes",
		"select nextval('nothing'), 'secret' name": "42P01",
	} {
		err := open(t, dsn, sql).Stream(t.Context(), io.Discard)
		require.Equal(t, breach.ErrInvalid, breach.CodeOf(err), sql)
		require.ErrorContains(t, err, code, sql)
		require.NotContains(t, err.Error(), "secret", sql)
	}
	for _, dsn := range []string{"postgres://wang:secret@127.0.0.1:1/people", "host=127.0.0.1 port=x password=secret", "://secret", "postgres://secret:secret@[::1"} {
		_, err := query.Open(t.Context(), dsn, "select 1")
		require.Equal(t, breach.ErrInvalid, breach.CodeOf(err), dsn)
		require.NotContains(t, err.Error(), "secret")
		require.NotContains(t, err.Error(), "wang")
		require.NoError(t, errors.Unwrap(errors.Unwrap(err)), "no cause that a log would print")
	}
}

// breaking takes some bytes and then no more.
type breaking struct{ left int }

var errFull = errors.New("full")

func (b *breaking) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestAReaderThatGoesAwayEndsTheQuery(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	start := time.Now()
	err := open(t, dsn, "select repeat('x', 1000) as name from generate_series(1, 100000000)").Stream(t.Context(), &breaking{left: 1 << 20})
	require.ErrorIs(t, err, errFull)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	require.ErrorIs(t, open(t, dsn, "select pg_sleep(100)::text as name").Stream(ctx, io.Discard), context.Canceled)
	require.Less(t, time.Since(start), 30*time.Second)
}

func TestManyRowsTakeLittleMemory(t *testing.T) {
	t.Parallel()
	s := open(t, pgtest.DSN(t), "select 'u'||n as external_id, 'P '||n as name, 'p'||n||'@mail.test' as email from generate_series(1, 50000) n")
	r, w := io.Pipe()
	go func() { w.CloseWithError(s.Stream(t.Context(), w)) }()
	sum, err := recipients.Read(t.Context(), r, recipients.Options{Format: "sql", On: time.Now()}, func(recipients.Row) error { return nil })
	require.NoError(t, err)
	require.EqualValues(t, 50_000, sum.Accepted)
}

// What leaves encryption to the server is refused before anybody is called; what says plainly that it wants none is not.
func TestEncryptionIsNotLeftToTheServer(t *testing.T) {
	t.Parallel()
	for dsn, refused := range map[string]bool{
		"postgres://a:secret@db.invalid/x":                     true,
		"postgres://a:secret@db.invalid/x?sslmode=allow":       true,
		"postgres://a:secret@127.0.0.1,db.invalid/x":           true,
		"postgres://a:secret@db.invalid/x?sslmode=require":     false,
		"postgres://a:secret@db.invalid/x?sslmode=verify-full": false,
		"postgres://a:secret@db.invalid/x?sslmode=disable":     false,
		"postgres://a:secret@localhost:1/x":                    false,
	} {
		_, err := query.Open(t.Context(), dsn, "select 1")
		require.Error(t, err)
		require.NotContains(t, err.Error(), "secret")
		require.Equal(t, refused, strings.Contains(err.Error(), "sslmode=verify-full"), "%s: %v", dsn, err)
	}
}
