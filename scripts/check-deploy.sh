#!/usr/bin/env bash
# Static checks of deploy/, as far as this machine has the tools. It says what it could not check.
set -uo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

work=$(mktemp -d "${TMPDIR:-/tmp}/tocsin-deploy-XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
failed=0

for f in scripts/*.sh deploy/*.sh deploy/temporal/*.sh .ci/run; do
  bash -n "$f" || failed=1
done
if have shellcheck; then
  shellcheck -x scripts/*.sh deploy/*.sh deploy/temporal/*.sh .ci/run || failed=1
else
  say 'not checked: shell scripts beyond their syntax (no shellcheck)'
fi

if have systemd-analyze; then
  for f in deploy/systemd/*.service; do
    # verify wants the programs to be there
    sed 's#^\(ExecStart[A-Za-z]*\)=/usr/local/bin/[a-z-]*#\1=/bin/true#' "$f" >"$work/$(basename "$f")"
  done
  said=$(systemd-analyze verify "$work"/*.service 2>&1)
  status=$?
  # It also comments on other units of the machine.
  if ours=$(grep -F "$work" <<<"$said"); then
    say "$ours"
    failed=1
  elif [ $status != 0 ]; then
    say "systemd-analyze cannot judge here: $said"
  fi
else
  say 'not checked: systemd units (no systemd-analyze)'
fi

cp -R deploy "$work/deploy"
"$work/deploy/make-secrets.sh" >/dev/null || failed=1
if docker compose version >/dev/null 2>&1; then
  docker compose -f "$work/deploy/compose.yaml" config -q || failed=1
elif have docker-compose; then
  sed -i.bak '/^name:/d' "$work/deploy/compose.yaml" # version 1 does not know it
  docker-compose -f "$work/deploy/compose.yaml" config -q || failed=1
else
  say 'not checked: compose.yaml (no docker compose)'
fi
exit $failed
