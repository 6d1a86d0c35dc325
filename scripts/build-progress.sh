#!/usr/bin/env bash
# go build with progress: build-progress.sh [-o FILE] [-ldflags FLAGS] PACKAGE...
# The first build compiles the Temporal server, which takes minutes; silence would look like a hang.
# One line that changes on a terminal, one line every ten seconds elsewhere.
set -uo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

packages=()
expect_value=''
for arg in "$@"; do
  if [ -n "$expect_value" ]; then expect_value=''; continue; fi
  case $arg in
    -o | -ldflags | -tags) expect_value=1 ;;
    -*) ;;
    *) packages+=("$arg") ;;
  esac
done
if [ ${#packages[@]} = 0 ]; then
  say 'use: build-progress.sh [-o FILE] [-ldflags FLAGS] PACKAGE...'
  exit 2
fi

terminal=''
[ -t 2 ] && terminal=1
line() {
  if [ -z "$terminal" ]; then
    say "$*"
    return
  fi
  # A line that wraps could not be written over.
  local size columns
  size=$(stty size <&2 2>/dev/null)
  columns=${size#* }
  case $columns in '' | 0 | *[!0-9]*) columns=80 ;; esac
  printf '\r\033[K%.*s' $((columns - 1)) "$*" >&2
}

begin=$(date +%s)
[ -n "$terminal" ] && line 'looking at what is to be built (a new machine downloads the modules first) ...'
[ -z "$terminal" ] && say 'looking at what is to be built (a new machine downloads the modules first)'
if ! go mod download >/dev/null 2>&1; then
  go mod download >&2 || { say 'the Go modules cannot be downloaded; is the module proxy reachable?'; exit 1; }
fi
todo=$(go list -deps -f '{{if .Stale}}x{{end}}' "${packages[@]}" 2>/dev/null | grep -c x)
if [ "$todo" -gt 300 ]; then
  [ -n "$terminal" ] && printf '\r\033[K' >&2
  if go list -deps "${packages[@]}" 2>/dev/null | grep -q '^go\.temporal\.io/server/'; then
    say "building $todo packages; the Temporal server is among them: the first build takes 6-8 minutes on two cores, later ones seconds"
  else
    say "building $todo packages; the first build takes 2-3 minutes on two cores, later ones seconds"
  fi
fi

pipe=$(mktemp -u "${TMPDIR:-/tmp}/tocsin-build-XXXXXX")
messages=$(mktemp "${TMPDIR:-/tmp}/tocsin-build-messages-XXXXXX")
mkfifo -m 600 "$pipe" || exit 1
trap 'rm -f "$pipe" "$messages"' EXIT
go build -v "$@" 2>"$pipe" &
build=$!
trap 'kill "$build" 2>/dev/null; wait "$build" 2>/dev/null; rm -f "$pipe" "$messages"; exit 130' INT TERM

built=0
latest=''
shown=$begin
show() {
  local now spent percent
  now=$(date +%s)
  [ -z "$terminal" ] && [ $((now - shown)) -lt 10 ] && return
  [ -n "$terminal" ] && [ "$now" = "$shown" ] && return
  shown=$now
  spent=$((now - begin))
  percent=100
  [ "$todo" -gt 0 ] && percent=$((built * 100 / todo))
  [ "$percent" -gt 100 ] && percent=100
  if [ "$built" -ge "$todo" ] && [ "$todo" -gt 0 ]; then latest='linking'; fi
  line "$(printf '[%d/%d] %d%% after %dm%02ds  %s' "$built" "$todo" "$percent" $((spent / 60)) $((spent % 60)) "$latest")"
}
exec 3<"$pipe"
while :; do
  if IFS= read -r -t 1 text <&3; then
    case $text in
      'go: downloading '*) latest=$text ;;
      *' '* | *:* | '') printf '%s\n' "$text" >>"$messages" ;;
      *) built=$((built + 1)); latest=$text ;;
    esac
  elif ! kill -0 "$build" 2>/dev/null; then
    while IFS= read -r -t 1 text <&3; do
      case $text in *' '* | *:*) printf '%s\n' "$text" >>"$messages" ;; *) built=$((built + 1)) ;; esac
    done
    break
  fi
  show
done
exec 3<&-
wait "$build"
status=$?
[ -n "$terminal" ] && printf '\r\033[K' >&2
[ -s "$messages" ] && cat "$messages" >&2
spent=$(($(date +%s) - begin))
if [ $status = 0 ]; then
  say "built ${packages[*]} in ${spent}s ($built packages compiled)"
else
  say "the build failed after ${spent}s"
fi
exit $status
