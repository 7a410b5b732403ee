#!/bin/sh
# Finds a Firefox for the tests that need one, or installs Debian's. Without one they are skipped, and say so.
for name in "$FIREFOX" firefox-esr firefox; do
    if [ -n "$name" ] && command -v "$name" >/dev/null 2>&1; then
        exit 0
    fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing Debian's firefox-esr for the browser tests."
    apt-get update -qq >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends firefox-esr >/dev/null 2>&1 && exit 0
fi
echo "No Firefox found: its tests are skipped. Install the package 'firefox-esr', or set FIREFOX to the path of one." >&2
