#!/usr/bin/python3
"""programs.py ROOT LIB [NAME...] [--record FILE]: programs of Debian's do what they do in a Debian 12 under ROOT, once
on Debian's libcurl and once on the libraries in LIB, which are mounted over its files; what they say
is compared. With --record nothing is compared, and FILE gets a line for each program: which options
and infos it asks Debian's libcurl for. As root; fetches Debian's packages.
"""

import contextlib
import email.utils
import hashlib
import http.server
import os
import re
import subprocess
import sys
import threading
import urllib.parse

PACKAGES = (
    "cmake createrepo-c curl dnf gdal-bin git libostree-1-1 lua-curl lua5.1 mpc mpd ostree php-cli php-curl python3-pycurl"
    " r-cran-curl ruby-curb systemd-container systemd-journal-remote tclcurl transmission-cli"
    " zypper"
).split()


class Handler(http.server.BaseHTTPRequestHandler):
    """Files below `site`, whole or in ranges; what is put there; the messages of a journal; a tracker
    without peers."""

    protocol_version = "HTTP/1.1"
    site = ""

    def log_message(self, *_):
        pass

    def answer(self, status, body, *headers):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def path_in_site(self):
        return self.site + urllib.parse.unquote(self.path.split("?")[0])

    def do_GET(self):
        if self.path.startswith("/announce"):
            return self.answer(200, b"d8:intervali1800e5:peers0:e")
        path = self.path_in_site()
        if not os.path.isfile(path):
            return self.answer(404, b"no such file\n")
        with open(path, "rb") as file:
            body = file.read()
        changed = ("Last-Modified", email.utils.formatdate(os.stat(path).st_mtime, usegmt=True))
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if not asked:
            return self.answer(200, body, changed, ("Accept-Ranges", "bytes"))
        first, last = int(asked[1]), min(int(asked[2] or len(body) - 1), len(body) - 1)
        place = ("Content-Range", f"bytes {first}-{last}/{len(body)}")
        return self.answer(206, body[first : last + 1], changed, place)

    do_HEAD = do_GET

    def body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while length := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(length))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def do_PUT(self):
        with open(self.path_in_site(), "wb") as file:
            file.write(self.body())
        self.answer(201, b"")

    def do_POST(self):
        body = self.body()
        if self.path == "/upload":
            messages = re.findall(rb"^MESSAGE=(.*)$", body, re.M)
            with open(self.site + "/uploaded", "wb") as file:
                file.write(b"\n".join(messages) + b"\n")
            return self.answer(202, b"")
        return self.answer(200, b"posted %d bytes\n" % len(body))


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, address):
        """Programs that end without a good-bye are nothing to speak of."""


def bencode(value):
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, bytes):
        return b"%d:%s" % (len(value), value)
    if isinstance(value, list):
        return b"l" + b"".join(map(bencode, value)) + b"e"
    return b"d" + b"".join(bencode(k) + bencode(value[k]) for k in sorted(value)) + b"e"


def wave(seconds):
    """Silence as a WAV file."""
    data = bytes(44100 * 4 * seconds)
    size = len(data)
    word = lambda n: n.to_bytes(4, "little")
    head = b"fmt " + word(16) + bytes.fromhex("01000200") + word(44100) + word(176400)
    return b"RIFF" + word(36 + size) + b"WAVE" + head + bytes.fromhex("04001000") + b"data" + word(size) + data


def prepare(site, base):
    os.makedirs(site, exist_ok=True)
    for name, size in [("small", 1000), ("large", 3_000_000)]:
        with open(f"{site}/{name}", "wb") as file:
            file.write(bytes((at * 31 >> 3) & 255 for at in range(size)))
    with open(f"{site}/tone.wav", "wb") as file:
        file.write(wave(3))
    with open(f"{site}/large", "rb") as file:
        data = file.read()
    pieces = [data[at : at + 65536] for at in range(0, len(data), 65536)]
    hashes = b"".join(hashlib.sha1(piece).digest() for piece in pieces)
    info = {"name": "large", "length": len(data), "piece length": 65536, "pieces": hashes}
    torrent = {"announce": base + "/announce", "url-list": base + "/large", "info": info}
    with open(f"{site}/large.torrent", "wb") as file:
        file.write(bencode(torrent))


# The packages of programs that are not called like them.
PACKAGE_OF = {
    "gdal": "libgdal32",
    "php": "php8.2-curl",
    "pycurl": "python3-pycurl",
    "r": "r-cran-curl",
    "systemd-journal-upload": "systemd-journal-remote",
    "systemd-pull": "systemd-container",
    "zypper": "libzypp1722",
}

# What each program does; $B is the server. What is printed must be the same on both libraries.
ACTIONS = {
    "cmake": """
        cat > /tmp/a.cmake <<END
        file(DOWNLOAD $B/large /tmp/large STATUS s EXPECTED_HASH SHA256=$LARGE)
        message("\\${s}")
        file(DOWNLOAD $B/none /tmp/none STATUS s)
        message("\\${s}")
        file(UPLOAD /tmp/large $B/from-cmake STATUS s)
        message("\\${s}")
        file(DOWNLOAD http://127.0.0.1:1/ /tmp/none STATUS s)
        message("\\${s}")
END
        rm -f /tmp/large /site/from-cmake
        cmake -P /tmp/a.cmake; cmp /site/large /site/from-cmake && echo uploaded""",
    "curl": "curl -sS --no-progress-meter -Z --parallel-max 1 $B/small $B/large $B/none | sha256sum",
    "dnf": """
        rm -rf /site/rpm2 /tmp/dnf /var/cache/dnf; mkdir -p /site/rpm2; createrepo_c -q /site/rpm2
        own="--repofrompath=own,$B/rpm2 --repofrompath=none,$B/none --setopt=reposdir=/none --nogpgcheck --installroot=/tmp/dnf --releasever=1"
        dnf -q $own --repo=own makecache && echo made
        dnf $own --repo=own repolist -v 2>/dev/null | grep -i 'repo-id\\|repo-pkgs\\|repo-baseurl'
        dnf -q $own --repo=none makecache 2>&1 | grep -o 'Status code: 404' | head -1""",
    "gdal": """
        rm -f /site/a.tif; gdal_create -q -of GTiff -outsize 1200 1200 -bands 3 -burn 10 -burn 20 -burn 30 /site/a.tif
        gdalinfo -checksum /vsicurl/$B/a.tif
        gdal_translate -q -srcwin 1000 1000 100 100 /vsicurl/$B/a.tif /tmp/part.tif && sha256sum /tmp/part.tif
        gdalinfo /vsicurl/$B/none.tif""",
    "git": """
        rm -rf /tmp/clone /site/r.git /tmp/w; cd /tmp
        git init -q w && cd w && echo text > file && git add file
        git -c user.name=n -c user.email=e commit -qm one && git clone -q --bare . /site/r.git
        git -C /site/r.git update-server-info
        git clone $B/r.git /tmp/clone && cat /tmp/clone/file""",
    "lua-curl": """
        cat > /tmp/a.lua <<END
        require("curl")
        local easy, length = curl.easy_init(), 0
        easy:setopt(curl.OPT_URL, "$B/large")
        easy:setopt(curl.OPT_WRITEFUNCTION, function(data) length = length + #data; return #data end)
        easy:perform()
        print(length)
END
        lua5.1 /tmp/a.lua""",
    "mpd": """
        rm -rf /tmp/mpd; mkdir -p /tmp/mpd/music /tmp/mpd/lists; cat > /tmp/mpd/conf <<END
        music_directory "/tmp/mpd/music"
        playlist_directory "/tmp/mpd/lists"
        db_file "/tmp/mpd/db"
        log_file "/tmp/mpd/log"
        pid_file "/tmp/mpd/pid"
        bind_to_address "/tmp/mpd/socket"
        audio_output {
            type "null"
            name "none"
        }
END
        mpd /tmp/mpd/conf; export MPD_HOST=/tmp/mpd/socket
        mpc -q add $B/tone.wav; mpc -q add $B/none.wav; mpc -q play
        sleep 1.5; mpc status | sed -n 's/^\\[\\([a-z]*\\)\\].*/\\1/p'
        mpc -q seek 2; sleep 0.5; mpc status | grep -q ' 0:0[23]/0:03' && echo sought
        sleep 2; mpc status | grep -v volume; mpd --kill /tmp/mpd/conf""",
    "ostree": """
        rm -rf /site/repo /tmp/repo /tmp/tree; mkdir -p /tmp/tree
        for n in $(seq 200); do echo $n > /tmp/tree/$n; done
        ostree --repo=/site/repo init --mode=archive
        ostree --repo=/site/repo commit -b main --tree=dir=/tmp/tree --timestamp=2020-01-01T00:00:00Z --owner-uid=0 --owner-gid=0
        ostree --repo=/tmp/repo init --mode=bare-user-only
        ostree --repo=/tmp/repo remote add --no-gpg-verify origin $B/repo
        ostree --repo=/tmp/repo pull origin main | tail -1 | sed 's/ in .*//'
        ostree --repo=/tmp/repo ls origin:main | wc -l
        ostree --repo=/tmp/repo pull origin nothing""",
    "php": """
        cat > /tmp/a.php <<'END'
        <?php
        $m = curl_multi_init();
        foreach (["small", "large", "none"] as $name) {
            $h = curl_init(getenv("B") . "/" . $name);
            curl_setopt($h, CURLOPT_RETURNTRANSFER, true);
            curl_multi_add_handle($m, $h);
            $all[$name] = $h;
        }
        do { curl_multi_exec($m, $running); curl_multi_select($m, 0.1); } while ($running);
        foreach ($all as $name => $h)
            echo $name, " ", curl_getinfo($h, CURLINFO_RESPONSE_CODE), " ", sha1(curl_multi_getcontent($h)), "\\n";
END
        php /tmp/a.php""",
    "pycurl": """
        cat > /tmp/a.py <<END
import io, pycurl
out = io.BytesIO()
easy = pycurl.Curl()
easy.setopt(easy.URL, "$B/large")
easy.setopt(easy.WRITEDATA, out)
easy.perform()
print(easy.getinfo(easy.RESPONSE_CODE), len(out.getvalue()))
END
        python3 /tmp/a.py""",
    "r": """
        cat > /tmp/a.R <<END
        suppressPackageStartupMessages(library(curl))
        one <- curl_fetch_memory("$B/small")
        cat(one\\$status_code, length(one\\$content), "\\n")
        sizes <- c()
        pool <- new_pool()
        for (n in 1:20) curl_fetch_multi("$B/large", pool = pool,
            done = function(r) sizes <<- c(sizes, length(r\\$content)), fail = function(m) cat(m, "\\n"))
        curl_fetch_multi("http://127.0.0.1:1/", pool = pool, fail = function(m) cat(grepl("connect to server", m), "\\n"))
        print(multi_run(pool = pool)[1:2])
        cat(length(sizes), sum(sizes), "\\n")
        h <- handle_setform(new_handle(), a = "b", f = form_file("/site/small"))
        cat(nchar(rawToChar(curl_fetch_memory("$B/post", h)\\$content)) > 0, "\\n")
        connection <- curl("$B/small", "rb"); cat(length(readBin(connection, raw(), 5000)), "\\n"); close(connection)
        cat(download.file(c("$B/small", "$B/large"), c("/tmp/s", "/tmp/l"), method = "libcurl", quiet = TRUE), "\\n")
        cat(tools::md5sum(c("/tmp/s", "/tmp/l")), "\\n")
END
        Rscript /tmp/a.R""",
    "ruby-curb": """
        cat > /tmp/a.rb <<END
        require "curb"
        easy = Curl::Easy.perform("$B/small")
        puts easy.response_code, easy.body_str.bytesize
        multi = Curl::Multi.new
        all = 10.times.map { Curl::Easy.new("$B/large") }
        all.each { |it| multi.add(it) }
        multi.perform
        puts all.map { |it| it.body_str.bytesize }.sum
        puts Curl::Easy.http_post("$B/post", Curl::PostField.content("a", "b")).body_str
        begin
          Curl::Easy.perform("http://127.0.0.1:1/")
        rescue => error
          puts error.class
        end
END
        ruby /tmp/a.rb""",
    "systemd-journal-upload": """
        rm -rf /tmp/j /site/uploaded; mkdir -p /tmp/j
        for n in $(seq 50); do
            printf '__REALTIME_TIMESTAMP=%s\\n__MONOTONIC_TIMESTAMP=%s\\n_BOOT_ID=0123456789abcdef0123456789abcdef\\nMESSAGE=line %s\\n\\n' 16000000000000$n 1000$n $n
        done | /lib/systemd/systemd-journal-remote -o /tmp/j/a.journal - 2>/dev/null
        /lib/systemd/systemd-journal-upload --url=$B --file=/tmp/j/a.journal --follow=no
        sha256sum /site/uploaded""",
    "systemd-pull": """
        rm -f /tmp/pulled
        /lib/systemd/systemd-pull raw --direct --verify=no $B/large /tmp/pulled 2>&1 | grep -o "Download of.*complete\\|HTTP.*"
        cmp /tmp/pulled /site/large && echo pulled
        /lib/systemd/systemd-pull raw --direct --verify=no $B/none /tmp/pulled 2>&1 | grep -io "code [0-9]*\\|404"
    """,
    "tclcurl": """
        cat > /tmp/a.tcl <<END
        package require TclCurl
        set one [curl::init]
        \\$one configure -url $B/large -bodyvar body
        \\$one perform
        puts "[\\$one getinfo responsecode] [string length \\$body]"
        foreach name {small none} {
            \\$one configure -url $B/\\$name -bodyvar body -headervar head
            \\$one perform
            puts "[\\$one getinfo responsecode] [string length \\$body] \\$head(Content-Length)"
        }
        \\$one configure -url http://127.0.0.1:1/
        puts [curl::easystrerror [catch {\\$one perform} code; set code]]
        \\$one cleanup
END
        tclsh /tmp/a.tcl""",
    "transmission-cli": """
        rm -rf /tmp/t; mkdir -p /tmp/t
        timeout 40 transmission-cli -g /tmp/t/conf -w /tmp/t -M $B/large.torrent > /tmp/t/log 2>&1 &
        for n in $(seq 60); do sleep 0.5; cmp -s /tmp/t/large /site/large && break; done
        kill $!; wait; cmp /tmp/t/large /site/large && echo fetched""",
    "zypper": """
        rm -rf /tmp/z /site/rpm; mkdir -p /tmp/z /site/rpm/repodata; cd /site/rpm/repodata
        printf '<?xml version="1.0"?><metadata xmlns="http://linux.duke.edu/metadata/common" packages="0"></metadata>' | gzip -n > primary.xml.gz
        printf '<?xml version="1.0"?><repomd xmlns="http://linux.duke.edu/metadata/repo"><revision>1</revision><data type="primary"><checksum type="sha256">%s</checksum><location href="repodata/primary.xml.gz"/></data></repomd>' $(sha256sum primary.xml.gz | cut -d' ' -f1) > repomd.xml
        zypper -n --root /tmp/z ar -G $B/rpm own
        zypper -n --root /tmp/z ref -f 2>&1 | grep -v "^$" """,
}


def main():
    arguments = sys.argv[1:]
    record = None
    if "--record" in arguments:
        at = arguments.index("--record")
        record = arguments[at + 1]
        del arguments[at : at + 2]
    root, library, *names = arguments
    root = os.path.abspath(root)
    site = root + "/site"
    Handler.site = site
    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"
    prepare(site, base)
    with open(site + "/large", "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()

    def run(action, **more):
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8"}
        env |= {"B": base, "LARGE": digest, "DEBIAN_FRONTEND": "noninteractive"} | more
        done = subprocess.run(
            ["chroot", root, "sh", "-c", action],
            env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120,
        )
        text = done.stdout.decode(errors="replace")
        # libcurl 8 says this in other words than 7.88.1.
        return text.replace("Couldn't", "Could not")

    if not names:
        if not os.path.exists(root + "/usr/bin/apt-get"):
            subprocess.run(["debootstrap", "--variant=minbase", "bookworm", root], check=True)
        packages = " ".join(PACKAGES)
        run(f"apt-get update -qq; apt-get install -y -qq --no-install-recommends {packages}")
    names = names or list(ACTIONS)
    if record:
        return write_record(record, root, names, run)
    theirs = {name: run(ACTIONS[name]) for name in names}
    with mounted(root, library):
        loaded = run("curl -V; python3 -c 'import pycurl; print(pycurl.version)'")
        assert loaded.count("Tress/") == 2, loaded
        ours = {name: run(ACTIONS[name]) for name in names}
    for name in names:
        same = ours[name] == theirs[name]
        print("same" if same else "DIFFERENT", name)
        if not same or len(names) < len(ACTIONS):
            print(f"-- libcurl:\n{theirs[name]}-- Tress:\n{ours[name]}")
    return sum(ours[name] != theirs[name] for name in names)


def write_record(record, root, names, run):
    """What each program asks for, seen by an auditor of the loader; its package's version with it."""
    here = os.path.dirname(os.path.abspath(__file__))
    source = os.path.join(here, "../c/recorder.c")
    shared = ["-shared", "-fPIC", "-O2", source, "-o", root + "/recorder.so"]
    subprocess.run(["cc", *shared], check=True)
    prefixes = {"easy": "CURLOPT_", "multi": "CURLMOPT_", "share": "CURLSHOPT_", "info": "CURLINFO_"}
    table = {}
    for header in ("curl.h", "multi.h"):
        with open(os.path.join(here, "../../product/include/curl", header)) as text:
            for name, number in re.findall(r"^  (CURL\w+)[^=\n]* = (\d+),$", text.read(), re.M):
                table[name[: name.index("_") + 1], number] = name
    with open(record, "w") as file:
        for name in names:
            seen = root + "/tmp/recorded"
            if os.path.exists(seen):
                os.remove(seen)
            run(ACTIONS[name], LD_AUDIT="/recorder.so", RECORDED="/tmp/recorded")
            with open(seen) as lines:
                pairs = {tuple(line.split()) for line in lines}
            found = sorted(table[prefixes[kind], number] for kind, number in pairs)
            version = run(f"dpkg-query -W -f '${{Version}}' {PACKAGE_OF.get(name, name)}")
            file.write(f"{name} {version}: {' '.join(found)}\n")
    return 0


@contextlib.contextmanager
def mounted(root, library):
    """Both libraries over those of Debian's packages, whatever path a program looks for them in."""
    places = []
    try:
        for name in ("libcurl.so.4", "libcurl-gnutls.so.4"):
            place = os.path.realpath(f"{root}/usr/lib/x86_64-linux-gnu/{name}")
            subprocess.run(["mount", "--bind", f"{library}/{name}", place], check=True)
            places.append(place)
        yield
    finally:
        for place in places:
            subprocess.run(["umount", place], check=True)


if __name__ == "__main__":
    sys.exit(main())
