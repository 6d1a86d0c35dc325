#!/usr/bin/env bash
# Runs every fuzz test for FUZZTIME (10s) each; FUZZ=pattern picks some by name.
set -uo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

failed=0 passed=0
while IFS=: read -r file name; do
  case $name in *${FUZZ:-}*) ;; *) continue ;; esac
  say "==> $name in ./$(dirname "$file") for ${FUZZTIME:-10s}"
  if bounded 600 go test -run '^$' -fuzz "^$name\$" -fuzztime "${FUZZTIME:-10s}" "./$(dirname "$file")"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
  fi
done < <(go_files | grep '_test\.go$' | xargs grep -HEo '^func Fuzz[A-Za-z0-9_]+' | sed 's/:func /:/' | sort -u)
echo "fuzz: $passed passed, $failed failed"
[ $failed = 0 ] && [ $passed -gt 0 ]
