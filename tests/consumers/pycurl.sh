#!/bin/sh
# pycurl.sh DIST WORK OUTCOMES: builds pycurl from its source package, as `pip install` does it,
# against the installation in DIST, and runs its tests on that. Needs Debian's python3-venv and
# python3-dev, libssl-dev, a C compiler, make and vsftpd.
set -eu
dist=$1 work=$2 here=$(realpath "$(dirname "$0")")
export OUTCOMES="$3" PYTHONPATH="$here"
version=7.49.0

mkdir -p "$work"
cd "$work"
[ -x venv/bin/pip ] || /usr/bin/python3 -m venv venv
venv/bin/pip install -q -r "$here/pycurl.txt"
[ -d "pycurl-$version" ] || {
    venv/bin/pip download -q --no-deps --no-build-isolation --no-binary :all: "pycurl==$version"
    # vsftpd wants its configuration to be its user's.
    tar --no-same-owner -xf "pycurl-$version.tar.gz"
}
# The installation is told apart by `curl-config` alone; it says which TLS library to build for.
PATH=$dist/bin:$PATH venv/bin/pip install -q --no-deps --no-build-isolation --force-reinstall \
    "./pycurl-$version"
cd "pycurl-$version"
make -s -C tests/fake-curl/libcurl >/dev/null
mkdir -p tests/tmp
# Not from the sources beside it: the installed one is tested.
export LD_LIBRARY_PATH="$dist/lib" CI=1 PYCURL_VSFTPD_PATH="$(command -v vsftpd)"
# Some tests send SIGINT, which whoever runs this in the background has ignored.
exec env --default-signal=INT ../venv/bin/python -P -m pytest -q -p outcomes -p no:cacheprovider --timeout 100 -rfE
