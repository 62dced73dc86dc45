#!/bin/sh
# tornado.sh DIST WORK OUTCOMES: runs the tests of tornado's curl client with Debian's pycurl on the
# library in DIST. Needs Debian's python3-venv and python3-pycurl.
set -eu
dist=$1 work=$2 outcomes=$3
version=6.6.1

mkdir -p "$work"
cd "$work"
[ -x venv/bin/pip ] || /usr/bin/python3 -m venv --system-site-packages venv
venv/bin/pip install -q "tornado==$version"
export LD_LIBRARY_PATH="$dist/lib"
venv/bin/python -m tornado.test.runtests --verbose tornado.test.curl_httpclient_test \
    >log 2>&1 || true
tail -n 5 log
# test_name (module.Class.test_name) ... ok
sed -n -e 's/^\(test_[a-z0-9_]*\) (.*) \.\.\. ok$/passed \1/p' \
    -e "s/^\(test_[a-z0-9_]*\) (.*) \.\.\. skipped .*/skipped \1/p" \
    -e 's/^\(test_[a-z0-9_]*\) (.*) \.\.\. \(FAIL\|ERROR\)$/failed \1/p' log >"$outcomes"
