#!/usr/bin/env bash
# Makes sure that the PostgreSQL binaries are there, which the product and its tests run as a child
# process. Installs them where that is permitted (root, or sudo without a password), else says the
# command and exits 1. No database is made, and no running server is needed.
set -uo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

find_postgres() {
  local d
  for d in "${TOCSIN_POSTGRES_BIN:-}" "$(dirname "$(command -v postgres 2>/dev/null || echo /nowhere/x)")" \
    /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/libexec/postgresql* \
    /opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin \
    /Applications/Postgres.app/Contents/Versions/*/bin /usr/local/pgsql/bin; do
    if [ -n "$d" ] && [ -x "$d/postgres" ] && [ -x "$d/initdb" ]; then
      printf '%s\n' "$d"
      return 0
    fi
  done
  return 1
}

command_for_people() {
  if have apt-get; then echo 'sudo apt-get install -y postgresql'
  elif have dnf; then echo 'sudo dnf install -y postgresql-server'
  elif have brew; then echo 'brew install postgresql@17'
  else echo 'install PostgreSQL 14 or newer with the package manager of this machine'; fi
}

install_postgres() {
  if have apt-get && may_be_root; then
    say 'PostgreSQL is missing: installing it with apt-get'
    apt_install postgresql
  elif have dnf && may_be_root; then
    say 'PostgreSQL is missing: installing it with dnf'
    as_root dnf install -y postgresql-server >&2
  elif have brew; then
    say 'PostgreSQL is missing: installing it with brew'
    brew install postgresql@17 >&2
  else
    return 1
  fi
}

if dir=$(find_postgres); then
  say "PostgreSQL is in $dir"
  exit 0
fi
if install_postgres && dir=$(find_postgres); then
  say "PostgreSQL is now in $dir"
  exit 0
fi
say "PostgreSQL is missing and cannot be installed from here. Install it with:"
say "    $(command_for_people)"
say "or set TOCSIN_POSTGRES_BIN to the directory that holds postgres and initdb."
exit 1
