#!/bin/sh
# Finds a C compiler for the power tests' shim, or installs Debian's; says in one line what to do if it cannot.
for name in "$CC" cc gcc clang; do
    if [ -n "$name" ] && command -v "$name" >/dev/null 2>&1 && echo '#include <stdio.h>' | "$name" -fsyntax-only -x c - 2>/dev/null; then
        exit 0
    fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing Debian's gcc for the power tests."
    apt-get update -qq >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq gcc libc6-dev >/dev/null && exit 0
fi
echo "No C compiler found: install the packages 'gcc' and 'libc6-dev', or set CC to one." >&2
exit 1
