package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// sql opens a connection of its own to the ledger, as somebody who got into the database would.
func (w *world) sql(t *testing.T) *pgx.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, w.Database)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func write(t *testing.T, conn *pgx.Conn, sql string, args ...any) int64 {
	t.Helper()
	tag, err := conn.Exec(t.Context(), sql, args...)
	require.NoError(t, err)
	return tag.RowsAffected()
}

func one[T any](t *testing.T, conn *pgx.Conn, sql string, args ...any) (v T) {
	t.Helper()
	require.NoError(t, conn.QueryRow(t.Context(), sql, args...).Scan(&v))
	return v
}

// eachRow shows every row of every table as text; values of bytes are shown as their bytes.
func eachRow(t *testing.T, conn *pgx.Conn, show func(table string, row []byte)) (tables int) {
	t.Helper()
	rows, err := conn.Query(t.Context(), `SELECT c.table_name, string_agg(
			CASE WHEN c.data_type = 'bytea' THEN format('coalesce(%1$I, '''')', c.column_name)
			ELSE format('convert_to(coalesce(%1$I::text, ''''), ''UTF8'')', c.column_name) END, ' || ''\x0a''::bytea || ' ORDER BY c.ordinal_position)
		FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
		WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' GROUP BY 1 ORDER BY 1`)
	require.NoError(t, err)
	type source struct{ table, columns string }
	list, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (s source, err error) { return s, r.Scan(&s.table, &s.columns) })
	require.NoError(t, err)
	for _, s := range list {
		rows, err := conn.Query(t.Context(), `SELECT `+s.columns+` FROM `+pgx.Identifier{s.table}.Sanitize())
		require.NoError(t, err, s.table)
		var row []byte
		_, err = pgx.ForEachRow(rows, []any{&row}, func() error { show(s.table, row); return nil })
		require.NoError(t, err, s.table)
	}
	return len(list)
}
