#!/bin/sh
# Finds nginx for the tests of the deploy files, or installs Debian's; says in one line what to do if it cannot.
PATH="$PATH:/usr/sbin"
if command -v "${NGINX:-nginx}" >/dev/null 2>&1; then
    exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing Debian's nginx for the tests, not as a service."
    export DEBIAN_FRONTEND=noninteractive
    # Without this file Debian starts what it installs, on the ports of this machine.
    if [ ! -e /usr/sbin/policy-rc.d ]; then
        printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    fi
    apt-get update -qq >/dev/null && apt-get install -y -qq --no-install-recommends nginx-light >/dev/null && exit 0
fi
echo "No nginx found: install the package 'nginx-light', or set NGINX to the path of one." >&2
exit 1
