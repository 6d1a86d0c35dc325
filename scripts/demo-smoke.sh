#!/usr/bin/env bash
# Runs the demo as a person would, under each shipped policy, and checks what came out: the people add
# up, nobody is pending, reports were filed, and the evidence pack verifies with the other binary.
# POLICIES picks policies; BUILT=1 says that bin/ is fresh already.
set -uo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

work=$(mktemp -d "${TMPDIR:-/tmp}/tocsin-smoke-XXXXXX") || exit 1
chmod 711 "$work" # as root, PostgreSQL runs as another user and has to get in
trap 'rm -rf "$work"' EXIT

if [ -z "${BUILT:-}" ]; then
  make --no-print-directory build || exit 1
fi
go build -o "$work/smokecheck" ./scripts/smokecheck || exit 1

failed=0
for policy in ${POLICIES:-mooc chinesepod}; do
  say "==> demo under the policy $policy"
  begin=$(date +%s)
  if ! bounded "${DEMO_LIMIT:-400}" make --no-print-directory demo BUILT=1 \
    ARGS="--exit --policy $policy --summary $work/$policy.json --data-dir $work/$policy"; then
    say "the demo failed under $policy"
    find "$work/$policy" -name '*.log' -exec tail -n 20 {} + >&2 2>/dev/null
    failed=1
    continue
  fi
  "$work/smokecheck" -policy "$policy" "$work/$policy.json" || { failed=1; continue; }
  pack=$("$work/smokecheck" -print-pack "$work/$policy.json")
  if ! bin/tocsin evidence verify "$pack"; then
    say "the evidence pack does not verify: $pack"
    failed=1
    continue
  fi
  # One changed byte in the middle must be noticed.
  cp "$pack" "$work/forged.zip" && "$work/smokecheck" -flip "$work/forged.zip" || failed=1
  if bin/tocsin evidence verify "$work/forged.zip" >/dev/null 2>&1; then
    say 'a changed evidence pack verifies'
    failed=1
  fi
  say "<== demo under $policy: $(($(date +%s) - begin))s"
done
exit $failed
