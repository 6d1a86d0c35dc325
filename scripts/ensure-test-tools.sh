#!/usr/bin/env bash
# What only the tests need: a C compiler (the race detector links with it) and Chromium (the
# browser tests). Installs them where that is permitted; otherwise it says the command, and the tests
# that need them say it again when they fail.
set -uo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

status=0

if have gcc || have cc || have clang; then
  say 'a C compiler is there'
elif have apt-get && may_be_root && apt_install gcc libc6-dev; then
  say 'installed gcc'
elif have dnf && may_be_root && as_root dnf install -y gcc >&2; then
  say 'installed gcc'
else
  say 'a C compiler is missing, and the race detector needs one. Install it with:'
  say '    sudo apt-get install -y gcc libc6-dev'
  status=1
fi

chromium() {
  local name
  for name in chromium chromium-browser google-chrome google-chrome-stable; do have "$name" && return 0; done
  [ -x '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome' ] || [ -x '/Applications/Chromium.app/Contents/MacOS/Chromium' ]
}

if chromium; then
  say 'a browser for the browser tests is there'
elif have apt-get && may_be_root && apt_install chromium && chromium; then
  say 'installed chromium'
else
  say 'no Chromium for the browser tests. Install it with:'
  say '    sudo apt-get install -y chromium'
  status=1
fi
exit $status
