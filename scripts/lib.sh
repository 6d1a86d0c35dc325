# Shared by the scripts here; sourced, not run. Works with the bash 3.2 of macOS.
# shellcheck shell=bash

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT" || exit 1

say() { printf '%s\n' "$*" >&2; }

# have NAME: is the program there? A function of that name is none.
have() { type -P "$1" >/dev/null 2>&1; }

# as_root COMMAND...: run it as root, where that needs no password. Fails where it does.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif have sudo && sudo -n true 2>/dev/null; then
    sudo -n "$@"
  else
    return 1
  fi
}

may_be_root() { [ "$(id -u)" = 0 ] || { have sudo && sudo -n true 2>/dev/null; }; }

# bounded SECONDS COMMAND...: end it when it takes too long.
bounded() {
  local limit=$1
  shift
  if have timeout && [ -t 0 ]; then
    timeout --foreground -k 15 "$limit" "$@" # so that Ctrl-C reaches it
  elif have timeout; then
    timeout -k 15 "$limit" "$@"
  elif have gtimeout; then
    gtimeout -k 15 "$limit" "$@"
  else
    "$@"
  fi
}

# apt_install PACKAGE...: quiet, and with fresh lists only when the old ones do not know the package.
apt_install() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >/dev/null 2>&1 && return 0
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update >/dev/null 2>&1
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >&2
}

# go_tool NAME PACKAGE VERSION: print the path of a pinned tool, building it the first time.
go_tool() {
  local dir="$ROOT/.tools/$3"
  if [ ! -x "$dir/$1" ]; then
    say "building $1 $3 (only the first time)"
    GOBIN="$dir" GOFLAGS='' go install "$2@$3" >&2 || return 1
  fi
  printf '%s\n' "$dir/$1"
}

# go_files: the Go files of this checkout, also those that are not committed yet.
go_files() {
  if git rev-parse --git-dir >/dev/null 2>&1; then
    git ls-files -co --exclude-standard -- '*.go' | while IFS= read -r f; do [ -f "$f" ] && printf '%s\n' "$f"; done
  else
    find . -name '*.go' -not -path './.*'
  fi
}

# packages light|heavy|all: heavy are those that contain the Temporal server, in their tests too.
packages() {
  go list -e -test -f '{{.ImportPath}}{{range .Deps}} {{.}}{{end}}' ./... | awk -v want="$1" '
    { p = $1; sub(/\.test$/, "", p); sub(/_test$/, "", p)
      if (!(p in seen)) { seen[p] = 1; order[++n] = p }
      if (p ~ /\/internal\/e2e(\/|$)/) heavy[p] = 1 # also those that run the program instead of importing it
      for (i = 2; i <= NF; i++) if ($i ~ /^go\.temporal\.io\/server\//) { heavy[p] = 1; break } }
    END { for (i = 1; i <= n; i++) { p = order[i]
      if (want == "all" || (want == "heavy") == (p in heavy)) print p } }'
}
