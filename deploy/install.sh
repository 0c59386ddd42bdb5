#!/bin/sh
# Installs exactly what a lock names, checked by its hashes, and this repository in place.
# Usage: install.sh VENV LOCK
set -eu
venv=$1
lock=$2
quiet="--quiet --disable-pip-version-check"

echo "Installing $lock"
# shellcheck disable=SC2086  # the options are meant to be split into words
"$venv/bin/python" -m pip install $quiet --require-hashes -r "$lock"
# shellcheck disable=SC2086
"$venv/bin/python" -m pip install $quiet --no-deps --no-build-isolation -e .
