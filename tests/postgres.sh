#!/bin/sh
# Finds a PostgreSQL server for the tests, or installs Debian's; says in one line what to do if it cannot.
for directory in "$POSTGRES_BIN" "$(dirname "$(command -v initdb 2>/dev/null || echo /nowhere/initdb)")" /usr/lib/postgresql/*/bin; do
    if [ -n "$directory" ] && [ -x "$directory/initdb" ] && [ -x "$directory/postgres" ]; then
        exit 0
    fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing Debian's postgresql for the tests, without a cluster of its own."
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq >/dev/null && apt-get install -y -qq --no-install-recommends postgresql-common >/dev/null &&
        sed -i 's/^#*create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf &&
        apt-get install -y -qq --no-install-recommends postgresql >/dev/null && exit 0
fi
echo "No PostgreSQL server found: install the package 'postgresql', or set POSTGRES_BIN to the directory of its programs." >&2
exit 1
