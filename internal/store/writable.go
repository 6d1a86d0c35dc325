package store

import "github.com/jackc/pgx/v5"

// writable says that a connection may be used again. One that was opened while the database took no writes stays
// read-only when that is over, or leads to a server that is not the primary any more: the next one is opened
// anew. PostgreSQL tells both from version 14 on; what an older one does not tell counts as writable.
func writable(c *pgx.Conn) bool {
	said := c.PgConn().ParameterStatus
	return said("default_transaction_read_only") != "on" && said("in_hot_standby") != "on"
}
