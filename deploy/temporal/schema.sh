#!/bin/sh
# Runs in the admin-tools image: makes Temporal's two databases if they are new, and brings their
# schemas up to the version of the image. The password is in SQL_PASSWORD.
set -eu
schemas=/etc/temporal/schema/postgresql/v12

prepare() {
  database=$1 folder=$2
  tool="temporal-sql-tool --plugin postgres12_pgx --ep $SQL_HOST --port 5432 --user $SQL_USER --db $database"
  $tool create || echo "$database is there"
  $tool setup-schema --version 0.0 || echo "$database has a schema"
  $tool update-schema --schema-dir "$schemas/$folder/versioned"
}

prepare temporal temporal
prepare temporal_visibility visibility
