#!/usr/bin/env bash
# Makes the passwords for compose.yaml, once. What is there is kept.
set -euo pipefail
cd "$(dirname "$0")"
umask 077
mkdir -p secrets

random() { head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n'; }
keep() { [ -s "secrets/$1" ] || printf '%s' "$2" >"secrets/$1"; }

keep ledger-password "$(random)"
keep temporal-password "$(random)"
keep database-url "postgres://tocsin:$(cat secrets/ledger-password)@ledger:5432/tocsin?sslmode=disable"
keep temporal.env "POSTGRES_PWD=$(cat secrets/temporal-password)
SQL_PASSWORD=$(cat secrets/temporal-password)
"
# The users inside the containers read the mounted files; on this machine nobody else gets into the
# folder.
chmod 644 secrets/ledger-password secrets/temporal-password secrets/database-url
chmod 700 secrets
echo "the secrets are in $(pwd)/secrets; keep them out of version control and back-ups of the data"
