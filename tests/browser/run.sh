#!/bin/sh
# The browser tests: types of the widget's modules, then `run.mjs` in Debian's Chromium.
#
#   tests/browser/run.sh PROGRAM [PART OF A NAME]
#   tests/browser/run.sh PROGRAM --screenshots
#
# The packages of package-lock.json are installed once, into the user's cache. Without Chromium, Node or
# these packages the tests are SKIPPED, plainly; ATBILDE_BROWSER=require makes that a failure.
set -eu

program=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
shift
cd "$(dirname "$0")"

skip() {
    printf 'browser tests SKIPPED: %s\n' "$*" >&2
    [ "${ATBILDE_BROWSER:-}" != require ] || exit 1
    exit 0
}

command -v chromium >/dev/null || command -v chromium-browser >/dev/null ||
    command -v google-chrome >/dev/null || skip 'chromium is not installed (docker/install.sh test)'
command -v node >/dev/null || skip 'node is not installed (docker/install.sh test)'
command -v npm >/dev/null || skip 'npm is not installed (docker/install.sh test)'

lock=$(sha256sum package-lock.json | cut -c1-16)
packages=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/atbilde/node-$lock
if [ ! -e "$packages/complete" ]; then
    rm -rf "$packages"
    mkdir -p "$packages"
    cp package.json package-lock.json "$packages/"
    (cd "$packages" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) ||
        skip 'npm could not install the packages, it wants a network the first time'
    : >"$packages/complete"
fi

node "$packages/node_modules/typescript/bin/tsc" -p ../../server/src/web/widget/tsconfig.json
script=run.mjs
[ "${1:-}" != --screenshots ] || script=screenshots.mjs
ATBILDE_PROGRAM=$program ATBILDE_NODE=$packages exec node "$script" "$@"
