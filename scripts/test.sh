#!/usr/bin/env bash
# All checks, one stage after the other; every stage says how long it took and has a limit.
#   test.sh          everything (make test, CI)
#   test.sh fast     without the packages that contain the Temporal server (make check)
#   test.sh lint     the static checks alone (make lint)
# A stage that fails does not stop the others, but the exit status is 1.
set -uo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

mode=${1:-all}
GOLANGCI=v2.15.0
WORKFLOWCHECK=v0.6.0

names=() results=() times=()
failed=0 passed=0

# stage NAME LIMIT COMMAND...
stage() {
  local name=$1 limit=$2 begin status spent
  shift 2
  say ''
  say "==> $name"
  begin=$(date +%s)
  if [ "$(type -t "$1")" = function ]; then "$@"; else bounded "$limit" "$@"; fi
  status=$?
  spent=$(($(date +%s) - begin))
  names+=("$name") times+=("$spent")
  if [ $status = 0 ]; then
    results+=(ok)
    passed=$((passed + 1))
    say "<== $name: ok, ${spent}s"
  else
    results+=(FAILED)
    failed=$((failed + 1))
    [ $status = 124 ] && say "$name was ended after its limit of ${limit}s"
    say "<== $name: FAILED ($status), ${spent}s"
  fi
  return $status
}

check_gofmt() {
  local bad
  bad=$(go_files | tr '\n' '\0' | xargs -0 gofmt -l)
  [ -z "$bad" ] && return 0
  say 'not formatted; run gofmt -w on:'
  say "$bad"
  return 1
}

check_workflows() {
  [ -d workflows ] || { say 'no workflows folder'; return 0; }
  local tool
  tool=$(go_tool workflowcheck go.temporal.io/sdk/contrib/tools/workflowcheck $WORKFLOWCHECK) || return 1
  bounded 300 "$tool" ./workflows/...
}

lint() {
  local tool
  tool=$(go_tool golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint $GOLANGCI) || return 1
  # It takes folders, not import paths.
  local dirs=()
  while IFS= read -r p; do dirs+=("./${p#github.com/tocsin-engine/tocsin/}"); done <<<"$1"
  bounded 900 "$tool" run --timeout 14m "${dirs[@]}"
}

light=$(packages light) || { say 'the packages cannot be listed'; exit 1; }
heavy=''
[ "$mode" = all ] && heavy=$(packages heavy)
# The root holds nothing but a list of dependencies.
light=$(grep -v '^github.com/tocsin-engine/tocsin$' <<<"$light")
heavy=$(grep -v '^github.com/tocsin-engine/tocsin$' <<<"$heavy")

static() {
  stage 'gofmt' 60 check_gofmt
  # shellcheck disable=SC2086 # one word per package
  stage 'go vet' 900 go vet $light
  stage 'golangci-lint' 900 lint "$light"
  stage 'workflowcheck' 300 check_workflows
  stage 'deploy and scripts' 120 scripts/check-deploy.sh
}

case $mode in
  lint) static ;;
  fast)
    stage 'PostgreSQL' 600 scripts/ensure-postgres.sh
    stage 'gofmt' 60 check_gofmt
    # shellcheck disable=SC2086
    stage 'go vet' 900 go vet $light
    # shellcheck disable=SC2086
    stage 'tests' 900 go test -timeout 10m $light
    ;;
  all)
    stage 'PostgreSQL' 600 scripts/ensure-postgres.sh
    stage 'test tools' 900 scripts/ensure-test-tools.sh
    static
    # shellcheck disable=SC2086
    stage 'tests with the race detector' 1500 go test -race -timeout 15m $light
    if [ -d cmd ]; then
      built=0
      stage 'build' 1500 make --no-print-directory build && built=1
    fi
    programs=() # tests that run the programs take those that were just built
    [ "${built:-0}" = 1 ] && programs=("TOCSIN_STANDALONE_BIN=$ROOT/bin/tocsin-standalone" "TOCSIN_BIN=$ROOT/bin/tocsin")
    if [ -n "$heavy" ]; then
      # shellcheck disable=SC2086
      stage 'go vet with the Temporal server' 1500 go vet $heavy
      stage 'golangci-lint with the Temporal server' 900 lint "$heavy"
      # shellcheck disable=SC2086
      stage 'tests with the Temporal server' 2400 env ${programs[@]+"${programs[@]}"} go test -p 1 -timeout 38m $heavy
    fi
    if [ "${built:-0}" = 1 ] && [ -d cmd/tocsin-standalone ]; then
      stage 'demo' 1000 env BUILT=1 scripts/demo-smoke.sh
    fi
    ;;
  *)
    say 'use: test.sh [all|fast|lint]'
    exit 2
    ;;
esac

say ''
for i in "${!names[@]}"; do
  say "$(printf '%-45s %-7s %5ds' "${names[$i]}" "${results[$i]}" "${times[$i]}")"
done
echo "stages: $passed passed, $failed failed"
[ $failed = 0 ]
