#!/usr/bin/env bash
# The crash and fault suite. Every fault is done to a deployment of its own while people are told, and afterwards
# the mail server's own record is held against the ledger and the evidence. Writes the table of docs/RELIABILITY.md.
#   CHAOS_PEOPLE=100000   people of the rows in which parts are killed; the others tell a fifth of them
#   CHAOS='killed'        only the rows (and stories) whose name matches; then no table is written
#   TOCSIN_CRASH_SEED=n   draw the same moments again
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

people=${CHAOS_PEOPLE:-100000}
test_binary="$ROOT/bin/chaos.test"
say "==> the suite is compiled"
go test -c -o "$test_binary" ./internal/e2e/crash

export TOCSIN_STANDALONE_BIN="${TOCSIN_STANDALONE_BIN:-$ROOT/bin/tocsin-standalone}" TOCSIN_BIN="${TOCSIN_BIN:-$ROOT/bin/tocsin}"
export TOCSIN_CHAOS_PEOPLE="$people" TOCSIN_CHAOS_SHOW=1
TOCSIN_CHAOS_VERSION=$(git describe --always --dirty 2>/dev/null || echo unknown)
export TOCSIN_CHAOS_VERSION
which='Chaos|CrashAtRandomPoints'
if [ -n "${CHAOS:-}" ]; then
  which="Chaos/.*(${CHAOS// /_})"
  say "==> rows matching \"$CHAOS\", $people people; no table is written"
else
  export TOCSIN_CHAOS_TABLE="$ROOT/docs/RELIABILITY.md"
  say "==> all faults, $people people, a table into docs/RELIABILITY.md"
fi
cd internal/e2e/crash
bounded 3600 "$test_binary" -test.run "$which" -test.parallel "${CHAOS_PARALLEL:-3}" -test.timeout 58m
