#!/bin/sh
# Writes the passwords compose.yaml asks for into a file only its owner can read, `.env` by default.
# Usage: secrets.sh [FILE]
set -eu
umask 077
file=${1:-.env}
if [ -e "$file" ]; then
    echo "$file exists already: its passwords may be in use" >&2
    exit 1
fi
secret() {
    # Letters and digits only: these end up inside URLs.
    od -An -N24 -tx1 /dev/urandom | tr -d ' \n'
}
{
    for name in POSTGRES_PASSWORD KGL_OWNER_PASSWORD KGL_APP_PASSWORD RABBITMQ_PASSWORD; do
        echo "$name=$(secret)"
    done
    # Seals what the database keeps secret, the keys that sign tokens too: without it those are lost.
    echo "CREDENTIALS_KEY=$(head -c 32 /dev/urandom | base64)"
} >"$file"
