#!/bin/sh
# Installs ganaug from this folder alone: no network, no administrator rights.
# Usage: sh install.sh [FOLDER]     else FOLDER is "ganaug" in the home folder; PYTHON may name the Python to use.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
target=${1:-${HOME:?is not set: name a folder}/ganaug}
unset PYTHONPATH PYTHONHOME # what lies there is not part of it
PIP_CONFIG_FILE=/dev/null
export PIP_CONFIG_FILE

fits() {
    "$1" -c 'import sys; sys.exit(sys.version_info[:2] != (@MAJOR@, @MINOR@))' >/dev/null 2>&1
}

stop() {
    echo "$1" >&2
    exit 1
}

python=
for candidate in ${PYTHON:+"$PYTHON"} python@MAJOR@.@MINOR@ python3 python; do
    if fits "$candidate"; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || stop "Python @MAJOR@.@MINOR@ was not found. Name it: PYTHON=/path/to/python sh install.sh"
[ ! -e "$target" ] || stop "$target is already there. Delete it, or name another folder: sh install.sh FOLDER"

echo "Checking the files."
"$python" "$here/check.py" @SYSTEM@ @MACHINE@ @LEAST@ || exit 1

trap 'rm -rf -- "$target"' EXIT
trap 'exit 130' INT
trap 'exit 143' HUP TERM
echo "Installing @COUNT@ packages into $target: a minute or two."
"$python" -m venv --without-pip -- "$target"
"$target/bin/python" "$here/wheels/@PIP@/pip" --isolated --disable-pip-version-check --no-cache-dir --quiet \
    install --no-index --find-links "$here/wheels" "ganaug==@VERSION@" pip
trap - EXIT

target=$(CDPATH='' cd -- "$target" && pwd)
echo "ganaug @VERSION@ is installed. Start it with:"
echo "  \"$target/bin/ganaug\" demo"
