#!/bin/sh
# Installs what the tests need and the machine lacks: a C compiler for the race detector, xmllint, curl, a Redis server,
# and Chromium for the pages. As root, or through sudo. CHROMIUM=/path names a Chromium in another place.
set -eu

chromiums="chromium chromium-browser google-chrome google-chrome-stable" # any of them will do

# has_chromium asks each for its version: a distribution may have a stub in its place that only asks for a snap.
has_chromium() {
	if [ -n "${CHROMIUM:-}" ]; then
		"$CHROMIUM" --version >/dev/null 2>&1
		return
	fi
	for name in $chromiums; do
		if "$name" --version >/dev/null 2>&1; then return 0; fi
	done
	return 1
}

missing=""
need() { command -v "$1" >/dev/null 2>&1 || missing="$missing $1"; }
need cc
need xmllint
need curl
need redis-server
has_chromium || missing="$missing chromium"
[ -n "$missing" ] || exit 0
if [ -n "${CHROMIUM:-}" ] && ! has_chromium; then
	echo "CHROMIUM is $CHROMIUM, which does not run; name one that does, or none, and Chromium is installed" >&2
	exit 1
fi
echo "installing what the tests need:$missing"

# as_root runs a command as root.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null 2>&1; then
		sudo "$@"
	else
		echo "only root may install, and there is no sudo; run tests/install.sh as root, or have installed:$missing" >&2
		exit 1
	fi
}

if command -v apt-get >/dev/null 2>&1; then
	as_root apt-get update -qq
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
		gcc libc6-dev libxml2-utils curl redis-server ca-certificates chromium
elif command -v dnf >/dev/null 2>&1; then
	as_root dnf install -y -q gcc glibc-devel libxml2 curl redis chromium
elif command -v apk >/dev/null 2>&1; then
	as_root apk add --quiet gcc musl-dev libxml2-utils curl redis chromium
elif command -v brew >/dev/null 2>&1; then
	brew install libxml2 curl redis # cc comes with the system's developer tools
	brew install --cask chromium
else
	echo "no known package manager; install yourself:$missing" >&2
	exit 1
fi

has_chromium || { echo "the installed Chromium does not run; install another one and set CHROMIUM to its path" >&2; exit 1; }
