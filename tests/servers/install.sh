#!/bin/sh
# Installs the servers the tests start privately (RabbitMQ, Redis) from the distribution's packages when
# they are missing, without starting their system services. Does nothing where Docker or URLs serve instead.
set -eu

missing=""
[ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || [ -n "${TEST_RABBITMQ_URL:-}" ] || missing="rabbitmq-server"
command -v redis-server >/dev/null 2>&1 || [ -n "${TEST_REDIS_URL:-}" ] || missing="$missing redis-server"
[ -n "$missing" ] || exit 0
if command -v docker >/dev/null 2>&1 && docker info >/dev/null 2>&1; then exit 0; fi

give_up() {
    echo "The tests need$(printf ' %s' $missing): $1. Install the packages, start Docker, or set TEST_RABBITMQ_URL and TEST_REDIS_URL." >&2
    exit 1
}

command -v apt-get >/dev/null 2>&1 || give_up "this is not a Debian system"
if [ "$(id -u)" = 0 ]; then as_root=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then as_root="sudo"
else give_up "installing them takes root or passwordless sudo"; fi

echo "Installing$(printf ' %s' $missing) for the tests (services stay stopped)"
# policy-rc.d is how Debian is told not to start a service it installs; one that is there already stays.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
    $as_root chmod 755 "$policy"
    trap '$as_root rm -f "$policy"' EXIT
fi
log=$(mktemp)
install_packages() {
    # shellcheck disable=SC2086  # the list is meant to be split into words
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing >"$log" 2>&1
}
install_packages || { $as_root apt-get update >>"$log" 2>&1 && install_packages; } || {
    tail -n 5 "$log" >&2
    rm -f "$log"
    give_up "apt-get could not install them (see above)"
}
rm -f "$log"
