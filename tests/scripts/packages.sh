#!/bin/sh
# packages.sh DEBS ROOT: installs the packages in DEBS into a fresh Debian under ROOT, runs
# programs of Debian's on them there, removes them, and compares with what was before. As root;
# fetches Debian's packages.
set -eu
debs=$1 root=$2

step() { echo "== $*"; }
inside() { chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"; }

step "a fresh Debian"
rm -rf "$root/site" "$root/clone" "$root/by-cmake"
[ -x "$root/usr/bin/apt-get" ] || debootstrap --variant=minbase bookworm "$root" >/dev/null
cp -rL /etc/apt/. "$root/etc/apt/"
for file in /etc/resolv.conf /etc/hosts /etc/ssl/certs/ca-certificates.crt; do
    mkdir -p "$root${file%/*}"
    cp -L "$file" "$root$file"
done
inside apt-get update -qq
inside apt-get install -y -qq --no-install-recommends \
    ca-certificates curl git python3-pycurl gcc libc6-dev make pkg-config cmake >/dev/null
mkdir -p "$root/debs" "$root/site"
cp "$debs"/*.deb "$root/debs/"
echo hello > "$root/site/hello"
cat > "$root/program.c" <<'END'
#include <curl/curl.h>
#include <stdio.h>
int main(void) { return printf("%s\n", curl_version()) < 0; }
END
printf '%s\n' 'cmake_minimum_required(VERSION 3.18)' 'project(program C)' \
    'find_package(CURL 8.22 REQUIRED)' 'add_executable(program program.c)' \
    'target_link_libraries(program CURL::libcurl)' > "$root/CMakeLists.txt"
inside python3 -u -m http.server --bind 127.0.0.1 --directory /site 0 > "$root/server.log" 2>&1 &
server=$!
trap 'kill $server' EXIT
until port=$(sed -n 's/.*port \([0-9]*\).*/\1/p' "$root/server.log" | grep .); do sleep 0.1; done

# state: what the loader and the package manager know of libcurl.
state() { inside sh -c 'ldconfig -p | grep libcurl; dpkg -l | grep -i curl; ls -l /usr/lib/*/libcurl*; ls /etc/ld.so.conf.d'; }
# programs TEXT: each program runs on a library whose version has TEXT in it, and fetches.
programs() {
    inside curl -V | head -1 | grep -q "$1"
    inside curl -s "http://127.0.0.1:$port/hello" | grep -q hello
    inside python3 -c 'import pycurl; print(pycurl.version)' | grep -q "$1"
    inside git clone -q "http://127.0.0.1:$port/site.git" /clone
    inside test -f /clone/file
    rm -rf "$root/clone"
}

inside sh -c 'cd /site && git init -q work && cd work && echo text > file && git add file &&
    git -c user.name=n -c user.email=e commit -qm one && cd .. &&
    git clone -q --bare work site.git && cd site.git && git update-server-info' 2>/dev/null

step "on Debian's libcurl"
state > "$root/before"
programs 'libcurl/7.88.1'

step "installed"
inside sh -c 'apt-get install -y -qq /debs/*.deb' >/dev/null
programs 'Tress/'
rm -f "$root/hello"
inside tress "http://127.0.0.1:$port/hello" 2>&1 | grep -q "^200"
inside sh -c 'gcc program.c $(pkg-config --cflags --libs libcurl) -o by-pkg-config && ./by-pkg-config' | grep -q Tress/
inside sh -c 'gcc program.c $(curl-config --cflags --libs) -o by-curl-config && ./by-curl-config' | grep -q Tress/
inside sh -c 'gcc program.c $(curl-config --cflags --static-libs) -o static && ./static' | grep -q Tress/
inside sh -c 'cmake -S . -B by-cmake && cmake --build by-cmake && by-cmake/program' | grep -q Tress/

step "removed"
inside apt-get remove -y -qq tress libcurl-tress-dev libcurl4-tress libcurl3-gnutls-tress >/dev/null
inside dpkg --purge tress libcurl-tress-dev libcurl4-tress libcurl3-gnutls-tress >/dev/null 2>&1
programs 'libcurl/7.88.1'
state > "$root/after"
cmp "$root/before" "$root/after"
step "as before"
