#!/bin/sh
# Brings what the browser tests need: npm packages in a cache folder outside the repository, and, as root on Debian,
# Chromium. Does nothing that is done already. The tests skip, and say so, where a part is missing.
set -eu
cache="${TRACKTOOLS_TEST_NODE:-${XDG_CACHE_HOME:-$HOME/.cache}/tracktools-tests/node}"
mkdir -p "$cache"

if ! command -v chromium >/dev/null 2>&1; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium
    else
        echo "chromium is missing: install it with your package manager" >&2
    fi
fi

if ! command -v npm >/dev/null 2>&1; then
    echo "npm is missing: igv.js cannot be had" >&2
    exit 0
fi
cd "$cache"
[ -f package.json ] || echo '{"private": true}' >package.json
want() { # want PACKAGE VERSION...
    [ -d "node_modules/$1" ] || npm install --no-audit --no-fund --loglevel=error "$1@$2"
}
want igv 3.8.10
want @gmod/ucsc-hub 2.0.4
want generic-filehandle2 latest
want bbi8 npm:@gmod/bbi@8.1.1
want bbi5 npm:@gmod/bbi@5.0.2

# The slow tests: `setup.sh --all` brings JBrowse 2 (400 MB of npm packages) and IGV desktop too.
[ "${1:-}" = --all ] || exit 0
want @jbrowse/react-app 2.18.0
want react 18.3.1
want react-dom 18.3.1
if ! command -v igv >/dev/null 2>&1 || ! command -v xvfb-run >/dev/null 2>&1; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq igv xvfb xauth
    else
        echo "igv or xvfb-run is missing: install them with your package manager" >&2
    fi
fi
