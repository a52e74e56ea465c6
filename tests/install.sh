#!/bin/sh
# Installs what the tests need and the machine lacks: a C compiler for the race detector, xmllint, curl, a Redis server,
# and Chromium for the pages. As root, or through sudo.
set -eu

missing=""
need() { command -v "$1" >/dev/null 2>&1 || missing="$missing $1"; }
need cc
need xmllint
need curl
need redis-server
command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || need google-chrome # any of the three will do
[ -n "$missing" ] || exit 0
echo "installing what the tests need:$missing"

sudo=""
if [ "$(id -u)" != 0 ]; then sudo="sudo"; fi

if command -v apt-get >/dev/null 2>&1; then
	$sudo apt-get update -qq
	DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends gcc libc6-dev libxml2-utils curl redis-server ca-certificates chromium
elif command -v dnf >/dev/null 2>&1; then
	$sudo dnf install -y -q gcc glibc-devel libxml2 curl redis chromium
elif command -v apk >/dev/null 2>&1; then
	$sudo apk add --quiet gcc musl-dev libxml2-utils curl redis chromium
elif command -v brew >/dev/null 2>&1; then
	brew install libxml2 curl redis # cc comes with the system's developer tools
	brew install --cask chromium
else
	echo "no known package manager; install yourself:$missing" >&2
	exit 1
fi
