#!/bin/sh
# Makes a virtual environment. Debian keeps what that takes in a package of its own, which is installed when
# it is missing and may be.
# Usage: venv.sh PYTHON DIRECTORY
set -eu
python=$1
venv=$2

give_up() {
    echo "$1" >&2
    exit 1
}

command -v "$python" >/dev/null 2>&1 || give_up "$python was not found: install Python 3.11 or newer, or set PYTHON"
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    give_up "$python is Python $version, 3.11 or newer is needed: set PYTHON"

if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
    missing="Python's venv module is missing"
    if [ "$(id -u)" = 0 ]; then as_root=""
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then as_root="sudo"
    else give_up "$missing: apt-get install python3-venv"; fi
    command -v apt-get >/dev/null 2>&1 || give_up "$missing: install it with the system's package manager"
    echo "Installing python$version-venv"
    install() {
        $as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y --no-install-recommends "python$version-venv" >/dev/null 2>&1
    }
    install || { $as_root apt-get update >/dev/null 2>&1 && install; } ||
        give_up "$missing, and apt-get could not install python$version-venv"
fi

# A half-made environment of an interrupted run is made anew.
rm -rf "$venv"
echo "Creating $venv"
"$python" -m venv "$venv" || {
    rm -rf "$venv"
    give_up "no virtual environment could be made in $venv"
}
