#!/usr/bin/env python3
"""Writes first inputs for the target `engine` into a directory: one of each scheme, and of each
kind of call. See `fuzz_targets/engine/main.rs` for what the records mean."""
import gzip
import struct
import sys
from pathlib import Path

SAY, CONNECTS, SET, SET_MULTI, ADD, REMOVE, PAUSE, PUMP = 0, 4, 5, 11, 12, 13, 14, 15
ACT, WAIT, HANDLE, SHARE, URL, MIME, ASK, RAW, PERFORM, DECIDE, TEXT, FILE, TIME, ROOM = range(18, 32)
OPT = dict(URL=2, FTPPORT=17, PROXY=4, USERPWD=5, PROXYUSERPWD=6, ACCEPT_ENCODING=102, COOKIEFILE=31,
           FOLLOWLOCATION=52, HTTPAUTH=107, HTTP_VERSION=84, UPLOAD=46, POST=47, POSTFIELDS=15,
           MAIL_FROM=186, MAIL_RCPT=187, PROXYTYPE=101, HTTPPROXYTUNNEL=61, CONNECT_ONLY=141,
           WILDCARDMATCH=197, MIMEPOST=269, SHARE=100, CUSTOMREQUEST=36, NOBODY=44, VERBOSE=41,
           RTSP_REQUEST=189, RTSP_STREAM_URI=191, RTSP_SESSION_ID=190, HSTS=300, ALTSVC=287,
           TELNETOPTIONS=70, QUOTE=28, DIRLISTONLY=48, USE_SSL=119, SSL_VERIFYPEER=64,
           NETRC=51, NETRC_FILE=118, DOH_URL=279, RANGE=7, TRANSFER_ENCODING=207, NOPROGRESS=43,
           OPENSOCKETFUNCTION=163, CLOSESOCKETFUNCTION=208, SOCKOPTFUNCTION=148, PREREQ=312,
           XFERINFO=219, RESOLVER_START=272, PIPEWAIT=237, HAPROXYPROTOCOL=274, TFTP_BLKSIZE=178,
           HSTSREAD=301, TRAILER=283, CHUNK_BGN=198, CHUNK_END=199, FNMATCH=200, AWS=305,
           MAXFILESIZE=114, RESUME_FROM=21, TIMECONDITION=33, TIMEVALUE=34, PRE_PROXY=262)


def record(what, *parts):
    """One record, or as many as its bytes need."""
    body = b"".join(bytes([part]) if isinstance(part, int) else part for part in parts)
    return bytes([what, len(body)]) + body


def say(server, text, piece=200):
    text = text.encode("latin1") if isinstance(text, str) else text
    out = b""
    for at in range(0, max(len(text), 1), piece):
        out += record(SAY, server | (8 if at else 0), text[at:at + piece])
    return out


def close(server):
    return record(SAY, server | 0xC0)


def opt(easy, name, value=1):
    value = bytes([value]) if isinstance(value, int) else value.encode("latin1")
    return record(SET, easy, struct.pack("<H", OPT[name]), value)


def go(easy=0, turns=20):
    return record(ADD, easy) + record(PUMP, turns << 1)


def one(url, replies, *options, server=0):
    """A transfer of `url` to a server that says `replies`, each in a piece of its own."""
    replies = [replies] if isinstance(replies, (str, bytes)) else replies
    return (opt(0, "URL", url) + b"".join(options) + b"".join(say(server, r) for r in replies)
            + go() + record(ASK, 0, b"server"))


def frame(kind, flags, stream, body):
    return struct.pack(">I", len(body))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + body


OK = "HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 2\r\n\r\nhi"
H2 = frame(4, 0, 0, b"") + frame(4, 1, 0, b"")
FTP = ["220 hi\r\n", "331 pass\r\n", "230 in\r\n", '257 "/"\r\n', "250 in\r\n", "229 (|||2121|)\r\n", "200 I\r\n",
       "213 3\r\n", "150 go\r\n", "226 done\r\n"]
SMTP = ["220 hi\r\n", "250-me\r\n250-AUTH PLAIN LOGIN\r\n250 SIZE 1000\r\n", "334 \r\n",
        "235 ok\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n", "250 sent\r\n"]
IMAP = ["* OK hi\r\n", "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\nA001 OK\r\n", "+ \r\n", "A002 OK\r\n",
        "* OK [UIDVALIDITY 1]\r\nA003 OK\r\n", "* 1 FETCH (BODY[] {3}\r\nabc)\r\nA004 OK\r\n"]
POP3 = ["+OK hi\r\n", "+OK\r\nUSER\r\n.\r\n", "+OK\r\n", "+OK\r\n", "+OK\r\nab\r\n.\r\n"]
RTSP = "RTSP/1.0 200 OK\r\nCSeq: 1\r\nSession: 12\r\n\r\n$\0\0\4abcd"
SWITCH = "HTTP/1.1 101 Switch\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
MOVED = "HTTP/1.1 302 Go\r\nLocation: http://many.test/b\r\nContent-Length: 0\r\n\r\n"
CODED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: T\r\n\r\n3\r\nabc\r\n0\r\nT: 1\r\n\r\n"
COOKIES = ("HTTP/1.1 200 OK\r\nSet-Cookie: a=b; path=/; domain=h.test\r\nAlt-Svc: h2=\":82\"; ma=9\r\n"
           "Strict-Transport-Security: max-age=9\r\nContent-Length: 0\r\n\r\n")
BASIC = "HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\n" \
        "WWW-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n"
FUNCTIONS = b"".join(opt(0, name, 0) for name in (
    "OPENSOCKETFUNCTION", "CLOSESOCKETFUNCTION", "SOCKOPTFUNCTION", "PREREQ", "XFERINFO",
    "RESOLVER_START", "HSTSREAD", "TRAILER", "CHUNK_BGN", "CHUNK_END", "FNMATCH"))

SEEDS = {
    "http": one("http://h.test/a", [OK[:30], OK[30:]]),
    "chunked": one("http://h.test/a", CODED),
    "gzip": one("http://h.test/", b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"
                + gzip.compress(b"ab", mtime=0), opt(0, "ACCEPT_ENCODING", "gzip")) + close(0)
    + record(PUMP, 20),
    "redirect": one("http://h.test/a", MOVED, opt(0, "FOLLOWLOCATION"), say(1, OK)),
    "cookies": one("http://h.test/a", COOKIES, opt(0, "COOKIEFILE", ""), opt(0, "HSTS", "a"),
                   opt(0, "ALTSVC", "b")),
    "auth": one("http://h.test/a", [BASIC, BASIC, OK], opt(0, "USERPWD", "user:pass"),
                opt(0, "HTTPAUTH", 0xFF), opt(0, "UPLOAD")),
    "post": one("http://h.test/a", ["HTTP/1.1 100 C\r\n\r\n", OK], opt(0, "POSTFIELDS", "a=b")),
    "mime": record(MIME, 0, b"data") + record(MIME, 1, b"name") + record(MIME, 4, b"\x40\0")
    + record(MIME, 3, b"base64") + one("http://h.test/", OK, opt(0, "MIMEPOST", 0)),
    "h2": one("http://h.test/", H2 + frame(1, 4, 1, b"\x88") + frame(0, 1, 1, b"hello"),
              opt(0, "HTTP_VERSION", 5)),
    "push": record(SET_MULTI, 0, 14) + one(
        "http://h.test/", H2 + frame(5, 4, 1, b"\0\0\0\2\x82\x86\x84\x01\6h.test") + frame(1, 4, 2, b"\x88")
        + frame(0, 1, 2, b"push") + frame(1, 5, 1, b"\x88"), opt(0, "HTTP_VERSION", 5)),
    "ws": one("ws://h.test/", [SWITCH, b"\x81\2hi\x89\1p", b"\x88\2\3\xe8"]),
    "ws-raw": opt(0, "CONNECT_ONLY", 2) + one("ws://h.test/", [SWITCH, b"\x81\2hi"])
    + record(RAW, 0) + record(RAW, 16, b"hello") + record(RAW, 32, b"\4"),
    "ftp": one("ftp://h.test/d/f", FTP, say(1, "abc"), close(1)),
    "ftp-list": one("ftp://h.test/d/*.txt", FTP + FTP[4:], opt(0, "WILDCARDMATCH"), FUNCTIONS,
                    say(1, "-rw-r--r-- 1 a b 3 Jan 1 2020 x.txt\r\n"), close(1)),
    "ftp-put": one("ftp://h.test/f", FTP[:4] + ["200 quoted\r\n"] + FTP[5:6] + FTP[8:9] + FTP[-2:], opt(0, "UPLOAD"), opt(0, "QUOTE", "NOOP")),
    "smtp": one("smtp://h.test/me", SMTP, opt(0, "MAIL_FROM", "a@b"), opt(0, "MAIL_RCPT", "c@d\ne@f"),
                opt(0, "UPLOAD"), opt(0, "USERPWD", "u:p")),
    "imap": one("imap://u:p@h.test/INBOX;UID=1", IMAP),
    "pop3": one("pop3://u:p@h.test/1", POP3),
    "starttls": one("imap://h.test/", IMAP[:1] + ["* CAPABILITY STARTTLS\r\nA001 OK\r\n", "A002 OK\r\n"],
                    opt(0, "USE_SSL", 3)),
    "rtsp": one("rtsp://h.test/", [RTSP, RTSP], opt(0, "RTSP_REQUEST", 1)),
    "telnet": one("telnet://h.test/", ["\xff\xfd\x18\xff\xfa\x18\1\xff\xf0hi"],
                  opt(0, "TELNETOPTIONS", "TTYPE=vt\nXDISPLOC=d\nNEW_ENV=a,b")) + close(0),
    "gopher": one("gopher://h.test/1x", "hello") + close(0) + record(PUMP, 20),
    "dict": one("dict://h.test/d:word", "220 hi\r\n150 1\r\nx\r\n.\r\n250 ok\r\n221 bye\r\n") + close(0),
    "tls": one("https://h.test/", b"\x16\3\3\0\4\2\0\0\0", opt(0, "SSL_VERIFYPEER", 0)),
    "connect": one("http://h.test/", ["HTTP/1.1 200 OK\r\n\r\n", OK], opt(0, "PROXY", "p.test:81"),
                   opt(0, "HTTPPROXYTUNNEL"), opt(0, "PROXYUSERPWD", "a:b")),
    "socks4": one("http://h.test/", [b"\0\x5a\0\0\0\0\0\0", OK], opt(0, "PROXY", "socks4://p.test")),
    "socks5": one("http://h.test/", [b"\5\2", b"\1\0", b"\5\0\0\1\0\0\0\0\0\0", OK],
                  opt(0, "PROXY", "socks5h://u:p@p.test")),
    "doh": one("http://h.test/", b"HTTP/1.1 200 OK\r\nContent-Type: application/dns-message\r\n"
               b"Content-Length: 12\r\n\r\n\0\0\x81\x80\0\0\0\0\0\0\0\0", opt(0, "DOH_URL", "http://d.test/q")),
    "share": opt(0, "SHARE", 0) + opt(1, "SHARE", 0) + record(SHARE, 0, b"\2") + record(SHARE, 0, b"\5")
    + one("http://h.test/", COOKIES) + opt(1, "URL", "http://h.test/b") + say(0, OK) + record(ADD, 0x81)
    + record(PUMP, 41) + record(HANDLE, 0) + record(SHARE, 6),
    "pause": opt(0, "URL", "http://h.test/") + say(0, OK) + say(0, OK) + record(DECIDE, b"\0\0\1\0\x10\x10")
    + go() + record(PAUSE, 0, b"\0") + record(PUMP, 20) + record(REMOVE, 0) + record(ADD, 0),
    "callbacks": FUNCTIONS + opt(0, "URL", "http://h.test/") + say(0, OK)
    + record(DECIDE, bytes(range(16, 64))) + go(),
    "notify": record(SET_MULTI, 0, 18) + opt(0, "URL", "http://h.test/") + opt(1, "URL", "http://h.test/")
    + say(0, OK) + say(1, OK) + record(DECIDE, b"\x34\x1d\x14\0\x2c\x3d") + record(ADD, 0) + record(ADD, 1)
    + record(PUMP, 40) + record(REMOVE, 1),
    "perform": opt(0, "URL", "http://h.test/") + say(0, OK) + record(PERFORM, 0) + say(0, OK)
    + record(PERFORM, 0),
    "wait": opt(0, "URL", "http://h.test/") + say(0, OK) + record(ADD, 0)
    + b"".join(record(WAIT, kind << 1, b"\7") for kind in range(8)) * 2
    + b"".join(record(ACT, kind << 1, b"\2\3") for kind in range(4)) * 3,
    "handles": opt(0, "URL", "http://h.test/") + record(ADD, 0) + record(HANDLE, 0x60, b"\1")
    + record(ADD, 1) + record(HANDLE, 0x30) + record(HANDLE, 0) + record(PUMP, 6) + record(HANDLE, 0xA0),
    "url": b"".join(record(URL, 0, part, 0, b"http") for part in range(11)) + record(URL, 4, 0, 0)
    + record(TEXT, 0, b"a b") + record(TEXT, 1, b"a%20b"),
    "slow": opt(0, "URL", "http://many.test/") + record(CONNECTS, b"\4\1\3\2") + record(ROOM, 3)
    + say(0, OK) + go(0, 5) + record(ROOM, 255) + record(TIME, 255, b"12345") + record(PUMP, 30),
    "netrc": record(FILE, 1, b"machine h.test login a password b") + opt(0, "NETRC", 1)
    + opt(0, "NETRC_FILE", 1) + one("http://h.test/", OK),
    "form": record(FILE, 1, b"file") + record(TEXT, 2, b"\0a\n\2b\n\3c\n\x14d\n\x15e\n\7X: y\n\6gg")
    + one("http://h.test/", ["HTTP/1.1 100 C\r\n\r\n", OK]),
    "tftp": one("tftp://h.test/f", [b"\0\6blksize\x00512\0tsize\x003\0", b"\0\3\0\1abc"]),
    "tftp-put": one("tftp://h.test/f", [b"\0\4\0\0", b"\0\4\0\1", b"\0\5\0\2bad\0"], opt(0, "UPLOAD")),
    "tftp-error": one("tftp://h.test/f;mode=netascii", b"\0\5\0\1none\0"),
    "ftp-active": one("ftp://h.test/f", FTP[:4] + ["200 eprt\r\n"] + FTP[6:], opt(0, "FTPPORT", "-"),
                      say(1, "abc"), close(1)),
    "mqtt": one("mqtt://h.test/topic", [b"\x20\2\0\0", b"\x90\3\0\1\0", b"\x30\x08\0\5topic!", b"\xe0\0"]),
    "mqtt-put": one("mqtt://h.test/topic", [b"\x20\2\0\0"], opt(0, "POSTFIELDS", "hello")),
    "h2-proxy": one("http://h.test/", [H2 + frame(1, 4, 1, b"\x88"), OK], opt(0, "PROXY", "https://p.test:81"),
                    opt(0, "PROXYTYPE", 3), opt(0, "HTTPPROXYTUNNEL")),
    "haproxy": one("http://h.test/", OK, opt(0, "HAPROXYPROTOCOL")),
    "aws": one("http://h.test/?a=b", OK, opt(0, "AWS", "aws:amz:r:s"), opt(0, "USERPWD", "a:b")),
    "range": one("http://h.test/", "HTTP/1.1 206 P\r\nContent-Range: bytes 2-3/9\r\nContent-Length: 2\r\n\r\nhi",
                 opt(0, "RANGE", "2-3"), opt(0, "RESUME_FROM", 2)),
    "raw": opt(0, "CONNECT_ONLY", 1) + one("http://h.test/", "hello") + record(RAW, 40) + record(RAW, 48, b"x"),
}

if __name__ == "__main__":
    directory = Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    for name, seed in SEEDS.items():
        (directory / name).write_bytes(b"\3" + seed)
