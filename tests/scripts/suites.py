#!/usr/bin/python3
"""suites.py ROOT LIB [NAME...]: the own suites of some of Debian's programs, in a Debian 12 under ROOT,
once on Debian's libcurl and once with the libraries in LIB mounted over its files. Every test whose
outcome differs is printed. As root; fetches Debian's packages and sources (lines `deb-src` in ROOT).
"""

import os
import re
import subprocess
import sys

from programs import mounted

ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root"}

# What is installed, what is made ready once, and what runs the suite: a line for each test.
SUITES = {
    # The tests of git's source package that use an HTTP server, on the installed git. Its server,
    # apache2, does not run as root for them.
    "git": (
        "apache2 gcc git libc6-dev make zlib1g-dev dpkg-dev",
        """
        mkdir -p /src && cd /src && [ -d git ] || { apt-get source -qq git && mv git-*/ git; }
        id tester >/dev/null 2>&1 || useradd -m tester
        chown -R tester git && cd git && [ -e GIT-BUILD-OPTIONS ] || make -j2 CFLAGS=-O0 NO_CURL=1 \\
            NO_EXPAT=1 NO_OPENSSL=1 NO_GETTEXT=1 NO_TCLTK=1 NO_PYTHON=1 all >/dev/null 2>&1
        chown -R tester . && sed -i "s/^NO_CURL=.*/NO_CURL=''/; s/^NO_EXPAT=.*/NO_EXPAT=''/" GIT-BUILD-OPTIONS
        """,
        """
        cd /src/git/t
        for test in t5539*.sh t554*http*.sh t555*http*.sh t5558*.sh t5581*.sh t570[0-3]*.sh t5812*.sh; do
            GIT_TEST_HTTPD=1 GIT_TEST_INSTALLED=/usr/bin HOME=/home/tester timeout 300 \\
                setpriv --reuid=tester --regid=tester --init-groups ./$test 2>&1 |
                sed -n "s/^\\(ok\\|not ok\\) \\([0-9]*\\).*/\\1 $test \\2/p"
        done""",
    ),
    # The installed tests of ostree that pull: its fetcher drives curl_multi_socket_action on GLib.
    "ostree": (
        "ostree ostree-tests attr",
        "",
        """
        dir=/usr/libexec/installed-tests/libostree; cd $dir
        for test in test-pull*.sh test-*signed-pull*.sh test-remote-*.sh test-pull-c; do
            work=$(mktemp -d); cd $work
            G_TEST_SRCDIR=$dir G_TEST_BUILDDIR=$dir timeout 120 $dir/$test 2>/dev/null |
                sed -n "s/^\\(ok\\|not ok\\) \\(.*\\)/\\1 $test \\2/p"
            echo "ended $test"; cd $dir; rm -rf $work
        done""",
    ),
    # WWW::Curl's tests, from its source package, on the installed module; a server beside them.
    "perl": (
        "libwww-curl-perl python3 dpkg-dev",
        """
        mkdir -p /src/perl && cd /src && [ -e perl/t ] || {
            apt-get source -qq --download-only libwww-curl-perl
            tar xf libwww-curl-perl_*.orig.tar.gz -C perl --strip-components=1
        }""",
        """
        cd /src/perl; echo hello > /tmp/index.html
        python3 -u -m http.server --bind 127.0.0.1 --directory /tmp 0 > /tmp/server.log 2>&1 &
        until port=$(sed -n 's/.*port \\([0-9]*\\).*/\\1/p' /tmp/server.log | grep .); do sleep 0.1; done
        for test in t/*.t; do
            CURL_TEST_URL=http://127.0.0.1:$port/index.html timeout 60 perl $test 2>/dev/null |
                sed -n "s#^\\(ok\\|not ok\\) \\([0-9]*\\).*#\\1 $test \\2#p"
        done
        kill $!""",
    ),
    # The tests of PHP's extension, from its source package, on the installed php.
    "php": (
        "php-cli php-curl openssl dpkg-dev",
        """
        mkdir -p /src/php && cd /src && [ -e php/run-tests.php ] || {
            apt-get source -qq --download-only php8.2 || apt-get source -qq --download-only php8.2/stable
            tar xf php8.2_*.orig.tar.xz -C php --strip-components=1 --wildcards '*/ext/curl/tests' '*/run-tests.php'
        }""",
        """
        cd /src/php
        NO_INTERACTION=1 SKIP_ONLINE_TESTS=1 php8.2 run-tests.php -q -p /usr/bin/php8.2 --offline \\
            -g FAIL,SKIP,PASS,WARN,BORK ext/curl/tests 2>&1 |
            sed -n 's/.*\\(FAIL\\|SKIP\\|PASS\\|WARN\\|BORK\\)[^ ]* .*\\[\\(ext.*phpt\\)\\].*/\\1 \\2/p'""",
    ),
}


def main():
    root, library, *names = sys.argv[1:]
    root = os.path.abspath(root)

    def run(script):
        done = subprocess.run(
            ["chroot", root, "sh", "-c", script],
            env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )
        return done.stdout.decode(errors="replace").splitlines()

    differ = 0
    for name in names or SUITES:
        packages, make_ready, suite = SUITES[name]
        run(f"DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends {packages}")
        run(make_ready)
        theirs = run(suite)
        with mounted(root, library):
            ours = run(suite)
        for label, lines in (("libcurl", theirs), ("Tress", ours)):
            passed = sum(bool(re.match("ok|PASS", line)) for line in lines)
            print(f"{name} on {label}: {passed} of {len(lines)} pass")
        for line in sorted(set(theirs) ^ set(ours)):
            print("  libcurl alone:" if line in theirs else "  Tress alone:", line)
            differ += 1
    return differ > 0


if __name__ == "__main__":
    sys.exit(main())
