#!/usr/bin/env bash
# What only the tests need: a C compiler (the race detector links with it), Chromium (the browser tests),
# fonts and tools for letters. Installs them where that is permitted; otherwise it says the command, and the tests
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

a_browser() {
  local name
  for name in chromium chromium-browser google-chrome google-chrome-stable; do have "$name" && return 0; done
  [ -x '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome' ] || [ -x '/Applications/Chromium.app/Contents/MacOS/Chromium' ]
}

if a_browser; then
  say 'a browser for the browser tests is there'
elif have apt-get && may_be_root && apt_install chromium && a_browser; then
  say 'installed chromium'
else
  say 'no Chromium for the browser tests. Install it with:'
  say '    sudo apt-get install -y chromium'
  status=1
fi
# Letters: fonts that they are set in, and tools of others that look at them.
letter_tools() { have qpdf && have pdftotext && have zbarimg && [ -x /usr/lib/openssh/sftp-server ]; }
letter_fonts() { [ -f /usr/share/fonts/truetype/noto/NotoSans-Regular.ttf ] && [ -f /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc ]; }

if letter_tools && letter_fonts; then
  say 'fonts for letters and tools that look at them are there'
elif have apt-get && may_be_root && apt_install fonts-noto-core fonts-noto-cjk qpdf poppler-utils zbar-tools openssh-sftp-server; then
  say 'installed fonts for letters and tools that look at them'
else
  say 'fonts for letters or tools that look at them are missing; the tests of letters are skipped. Install them with:'
  say '    sudo apt-get install -y fonts-noto-core fonts-noto-cjk qpdf poppler-utils zbar-tools openssh-sftp-server'
fi
# npm_file PACKAGE VERSION FILE SUM DIR: one file out of an npm package, held against its checksum, into .tools/DIR. Tests
# alone read it; it is no part of the product.
npm_file() {
  local dir="$ROOT/.tools/$5" work
  [ -f "$dir/$(basename "$3")" ] && return 0
  have npm && have sha256sum && work=$(mktemp -d) || return 1
  (
    cd "$work" &&
      bounded 180 npm pack --silent "$1@$2" >/dev/null 2>&1 &&
      tar xzf ./*.tgz "package/$3" &&
      echo "$4  package/$3" | sha256sum -c --status - &&
      mkdir -p "$dir" && mv "package/$3" "$dir/"
  )
  local got=$?
  rm -rf "$work"
  return $got
}

# What Twilio publishes of its API (OpenAPI, MIT), out of a package of Twilio's own: tests hold our client and the
# simulator against it.
twilio_openapi() {
  npm_file '@twilio-alpha/mcp' 0.7.0 twilio-oai/spec/json/twilio_api_v2010.json \
    475b69553e34e797af05d34679cdad3bc3b8b4b8b92e6ac044fa6ebc255bf052 twilio-openapi/0.7.0
}

if twilio_openapi; then
  say 'what Twilio publishes of its API is there'
else
  say "what Twilio publishes of its API is missing (it comes with npm); the tests that hold our client and simulator against it are skipped"
fi
# A browser's half of Web Push that we did not write (MIT, by the author of RFC 8188).
http_ece() {
  have node &&
    npm_file http_ece 1.2.1 ece.js fce1c268b8bc188f785a25bb95034b8cb4a86ad704bae36d74c4c1b719cfeb35 http_ece/1.2.1
}

if http_ece; then
  say 'a library that decrypts Web Push is there'
else
  say 'a library that decrypts Web Push is missing (it comes with npm, and needs node); the tests that hold our encryption against it are skipped'
fi
exit $status
