#!/usr/bin/env python3
"""Writes first inputs for most targets into a directory, a folder each. Those for `tls` are made anew by openssl(1), with keys of their own."""
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

FILES = {
    "hsts": b'# a comment\nexample.com "20370101 00:00:00"\n.sub.example.org "unlimited"\n',
    "hsts-header": b'max-age="31536000"; includeSubDomains',
    "altsvc": b'h1 example.com 443 h2 other.example.com 8443 "20370101 00:00:00" 1 0\n'
              b'h1 [::1] 443 h3 [::2] 443 "20370101 00:00:00" 0 0\n',
    "altsvc-header": b'h2="other:443"; ma=3600; persist=1, h3=":443"; ma="60", clear',
    "netrc": b'machine example.com login me password "a \\"b\\n" account x\n# note\ndefault login d password e\n',
    "netrc-macro": b'macdef init\ncd /\nbin\n\nmachine example.com\n  login me\n  password you\n',
    "noproxy": b'localhost, .example.com,10.0.0.0/8 [::1] 192.168.1.1/33',
    "range": b'100-200',
    "range-suffix": b'-500',
    "date": b'Sun, 06 Nov 1994 08:49:37 GMT',
    "date-other": b'Sunday, 06-Nov-94 08:49:37 +0130',
    "date-c": b'Nov  6 08:49:37 1994',
    "date-short": b'20040911T08:49:37',
}


AUTH = {
    "basic": b'Basic realm="a \\"b\\"", charset="UTF-8"',
    "several": b'Negotiate YII=, Digest realm="r",nonce="n", NTLM, Basic realm=x, Bearer',
    "md5": b'realm="r", nonce="n", opaque="o", qop="auth,auth-int", algorithm=MD5, stale=true\nrealm="r", nonce="m", stale=TRUE',
    "session": b'realm="r", nonce="n", qop="auth-int", algorithm="SHA-512-256-sess", userhash=true',
    "sha256": b'nonce="n", algorithm=SHA-256',
    "refused": b'nonce="n"\nnonce="m"\nalgorithm=none, nonce="x"',
    "ntlm": b"NTLMSSP\0\2\0\0\0\4\0\4\0\x38\0\0\0\1\2\x88\0nonce123" + b"\0" * 8
            + b"\4\0\4\0\x30\0\0\0\2\0\0\0\0\0\0\0",
    "ntlm-old": b"NTLMSSP\0\2\0\0\0\0\0\0\0\0\0\0\0\1\2\0\0nonce123",
}
CONNECT = {
    "socks4": b"\0\xff\0\x5a\0\0\0\0\0\0", "socks4-no": b"\1\xff\0\x5d\0\0\0\0\0\0",
    "socks5": b"\2\xff\5\0\5\0\0\1\x7f\0\0\1\0\x50", "socks5-name": b"\3\2\5\0\5\0\0\3\4host\0\x50",
    "socks5-six": b"\2\xff\5\0\5\0\0\4" + b"\0" * 18, "socks5-no": b"\2\xff\5\0\5\5\0\1\0\0\0\0\0\0",
    "socks5-login": b"\x0a\xff\5\2\1\0\5\0\0\1\0\0\0\0\0\0", "socks5-none": b"\2\xff\5\xff",
    "gssapi": b"\x82\xff\5\1\1\1\0\5token\1\1\0\2ok\1\2\0\1\2\5\0\0\1\0\0\0\0\0\0",
    "gssapi-nec": b"\xc2\xff\5\1\1\1\0\5token\1\2\0\1\1\5\0\0\1\0\0\0\0\0\0",
    "connect": b"\0\xffHTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\n\r\n",
    "connect-chunked": b"\x20\x07HTTP/1.1 407 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    "connect-close": b"\0\xffHTTP/1.0 503 No\r\nConnection: close\r\n\r\nbody",
    "h2": b"\0\xff\0\0\0\4\0\0\0\0\0\0\0\6\1\4\0\0\0\1\x8d\0\1a\1b\0\0\1\1\4\0\0\0\3\x88",
    "h2-reset": b"\x20\xff\0\0\0\4\0\0\0\0\0\0\0\4\3\0\0\0\0\1\0\0\0\2",
}
COOKIES = {
    "line": b"a=b; path=/a; domain=.example.com; secure; httponly; max-age=100; expires=Sun, 06 Nov 2044 08:49:37 GMT",
    "prefixes": b"__Secure-a=b; secure\n__Host-c=d; path=/; secure\n__Secure-e=f\n__host-g=h; path=/x",
    "domains": b"a=b; domain=com\nc=d; domain=other.org\ne=f; domain=a.example.com\ng=\"h\"; path=\"/q\"\n=x\ny",
    "gone": b"a=b\na=; max-age=0\na=b; expires=Thu, 01 Jan 1970 00:00:00 GMT\nb=c; max-age=\"9\"; max-age=x",
    "file": b"# Netscape HTTP Cookie File\n.example.com\tTRUE\t/\tTRUE\t2000000000\tname\tvalue\n"
            b"#HttpOnly_example.com\tFALSE\t/a\tFALSE\t0\tn\t\nb.com\tFALSE\t/\tFALSE\t2000000000\t__Host-x\ty",
    "header-file": b"Set-Cookie: a=b; path=/\nSet-Cookie: c=d; domain=example.com",
    "commands": b"FLUSH\nALL\nSESS\nRELOAD",
}
H1 = {
    "length": b"\0\3HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: a\r\n folded\r\n\r\nhello",
    "chunked": b"\0\3HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: T\r\n\r\n5;a=b\r\nhello\r\n0\r\nT: 1\r\n\r\n",
    "gzip-chunked": b"\x40\4HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\nContent-Encoding: br\r\n\r\n1\r\na\r\n0\r\n\r\n",
    "close": b"\0\xffHTTP/1.0 200 OK\r\nConnection: keep-alive\r\nServer: x\r\nDate: y\r\n\r\nuntil the end",
    "interim": b"\0\5HTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 204 No\r\n\r\n",
    "ranges": b"\x80\xffHTTP/1.1 206 P\r\nContent-Range: bytes 2-3/9\r\nAccept-Ranges: bytes\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 2\r\n\r\nhi",
    "redirect": b"\0\xffHTTP/1.1 302 Go\r\nLocation: /b\r\nRetry-After: 9\r\nContent-Type: a/b\r\nContent-Length: 0\r\n\r\n",
    "auth": b"\0\xffHTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\nProxy-Authenticate: NTLM\r\nSet-Cookie: a=b\r\nStrict-Transport-Security: max-age=1\r\nAlt-Svc: clear\r\nConnection: close, upgrade\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n",
    "old": b"\x08\xffno head at all", "refused-old": b"\0\xffno head at all",
    "rtsp": b"\4\xffRTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 1\r\n\r\na",
    "lengths": b"\0\xffHTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "bad-chunk": b"\0\xffHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    "line-feeds": b"\0\1HTTP/2 200 \nA:b\nC :d\nE\n\nbody", "head": b"\1\xffHTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
    "switch": b"\0\xffHTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n",
    "connect": b"\2\xffHTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", "raw": b"\x20\xffHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na",
}
URLS = {
    "all": b"\0\0https://user:p%40ss;opt@www.example.com:8443/a/../b/./c;p?q=1&r#frag",
    "join": b"\0\x13http://a.test/b/c?d../e/./f?g#h", "join-host": b"\0\x0ehttp://a.test/b//other.test/x",
    "join-query": b"\0\x0ehttp://a.test/b?only", "six": b"\0\0http://[fe80::1%25eth0]:80/",
    "four": b"\0\0http://0x7f.1/", "four-more": b"\0\0http://017700000001/", "idn": "\0\0http://b\u00fccher.test/".encode(),
    "file": b"\0\0file:///a/b", "file-host": b"\0\0file://localhost/a", "guess": b"\x80\2ftp.example.com/a",
    "guess-mail": b"\x80\2smtp.h.test", "slashes": b"\0\0http:/h.test\\x", "blank": b"\x80\4http://h.test/a b",
    "encode": b"\x80\0http://h.test/\xc3\xa4?\xff{}", "decode": b"\x40\0http://h%2etest/%41%2f?%20",
    "scheme": b"\x08\0unknown://h/x", "userless": b"\x20\0http://u@h.test/", "empty": b"\0\0http://", "port": b"\0\0http://h.test:99999/",
    "imap": b"\0\0imap://u;AUTH=*:p@h.test/INBOX;UID=1", "no-authority": b"\x40\4custom:/x",
    "set-host": b"\0\x0ehttp://a.test/[::1]", "set-port": b"\0\x0ehttp://a.test/8080", "set-user": b"\x80\x0ehttp://a.test/u:p@%",
}
TFTP_TELNET = {
    "tftp": b"\0\x0c\0\6tsize\x003\0xx\0\3\0\1abcdefgh", "tftp-block": b"\0\xff\0\6blksize\x00512\0tsize\x00100\0",
    "tftp-put": b"\1\4\0\4\0\0\0\4\0\1\0\4\0\2", "tftp-error": b"\0\xff\0\5\0\2text\0",
    "tftp-window": b"\0\4\0\3\0\2\0\3\0\1\0\3\0\1\0\4\0\1\0\7\0\0",
    "telnet": b"\0\xff\xff\xfd\x18\xff\xfd\x27\xff\xfd\x23\xff\xfd\x1f\xff\xfb\0\xff\xfd\0\xff\xfc\1\xff\xfe\1hi\xff\xff\r\0\r\n",
    "telnet-sub": b"\0\3\xff\xfa\x18\1\xff\xf0\xff\xfa\x27\1\xff\xf0\xff\xfa\x23\1\xff\xf0\xff\xfa\1\xff\xff\xff\xf9\xff\xf0\xff\xf6",
    "mqtt": b"\0\xff\x20\2\0\0\x90\3\0\1\0\x30\x08\0\5topic!\xd0\0\xe0\0",
    "mqtt-put": b"\4\xff\x20\2\0\0\x40\2\0\1", "mqtt-no": b"\0\xff\x20\2\0\5", "mqtt-long": b"\0\5\x20\2\0\0\x90\3\0\1\0\x30\x80\x80\1",
    "mqtt-quality": b"\0\xff\x20\2\0\0\x90\3\0\1\0\x32\x0a\0\5topic\0\1!",
}
WS = {
    "text": b"\x7f\xff\x81\5hello\x82\x7e\0\4abcd\x01\2ab\x80\1c", "control": b"\x7f\xff\x89\1p\x8a\1q\x88\4\3\xe8by",
    "long": b"\x7f\xff\x82\x7f\0\0\0\0\0\1\0\0ab", "pieces": b"\1\2\x01\3abc\x89\0\x00\1d\x80\0",
    "bad": b"\x7f\xff\x80\0", "masked": b"\x7f\xff\x81\x81abcd!", "reserved": b"\x7f\xff\xc1\0", "no-pong": b"\xff\xff\x89\1p\x89\1q",
    "long-control": b"\x7f\xff\x89\x7e\0\x80", "new-in-old": b"\x7f\xff\x01\0\x81\0",
}
NAME = b"\1a\4test\0"
DNS = {
    "a": b"\0\0\x81\x80\0\1\0\2\0\0\0\1" + NAME + b"\0\1\0\1\xc0\x0c\0\5\0\1\0\0\0\x3c\0\2\xc0\x0c"
         b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x7f\0\0\1\0\0\x29\2\0\0\0\0\0\0\0",
    "aaaa": b"\0\0\x81\x80\0\0\0\1\0\0\0\0" + NAME + b"\0\x1c\0\1\0\0\0\x3c\0\x10" + b"\0" * 15 + b"\1",
    "https": b"\0\0\x81\x80\0\0\0\1\0\0\0\0" + NAME + b"\0\x41\0\1\0\0\0\x3c\0\x35\0\1\4host\0"
             b"\0\1\0\6\2h2\2h3\0\2\0\0\0\3\0\2\x20\xfb\0\4\0\4\x7f\0\0\1\0\5\0\2\0\0\0\6\0\0\0\x99\0\1!",
    "none": b"\0\0\x81\x83\0\0\0\0\0\0\0\0", "failed": b"\0\0\x81\x82\0\0\0\0\0\0\0\0",
    "loop": b"\0\0\x81\x80\0\1\0\0\0\0\0\0\xc0\x0c\0\1\0\1",
}


def part(kind, name=b"", filename=b"", content_type=b"", header=b"", data=b""):
    """A part: bits of the kind say which fields count."""
    for bit, field in ((16, name), (32, filename), (64, content_type), (128, header)):
        kind |= bit if field else 0
    return b"\xff".join([bytes([kind]), name, filename, content_type, header, data])


def mime(flags, *parts):
    return bytes([flags, 7]) + b"\xff".join(parts)


MIME = {
    "form": mime(0, part(5, b"a", data=b"value"), part(5, b"b", b"x.txt", b"text/plain", data=b"file")),
    "guess": mime(0, part(3, b"f", b"a.html", data=b"/tmp/a.html"), part(3, b"g", data=b"dir/b.JPG")),
    "quotes": mime(0, part(5, b'a"b\\c', b'd\r\n"e')),
    "escape": mime(2, part(5, b'a"b\\c', b'd\r\n"e')),
    "mail": mime(1, part(5, data=b"base64 " + b"x" * 100), part(5, header=b"Content-Type: text/x")),
    "printable": mime(1, part(5, data=b"quoted-printable a=b \t\r\nline \r\n" + b"y" * 90)),
    "seven": mime(1, part(5, data=b"7bit \xc3\xa4"), part(5, data=b"8bit \xc3\xa4"), part(5, data=b"binary x")),
    "callback": mime(0, part(1, b"a", data=b"base64 x"), part(2, b"b", data=b"0123456789")),
    "nested": mime(0, part(4, b"m", header=b"Content-Disposition: inline"), part(5, b"x", data=b"in"),
                   b"\x0f", part(5, b"y", data=b"out")),
    "deep": mime(0, *[part(4)] * 45),
    "body-only": mime(4, part(5, b"a", content_type=b"multipart/mixed; x", data=b"v")),
}
REQUESTS = {
    "aws": b"\x03http://bucket.s3.amazonaws.com/a%20b/c?x=1&y&a=%20+\naws:amz:region:service\nkey\n\"@method\"\n"
           b"X-Amz-Meta:  a   b \nContent-Type;\nHost: other\nX-Amz-Date: 20250101T000000Z",
    "aws-s3": b"\x03https://s3.eu-west-1.amazonaws.com//a/../b?q\naws:amz\nk\n\nx-amz-content-sha256: UNSIGNED-PAYLOAD",
    "signature": b"\x03https://h.test/p?q=1\ngoog\nkey-1\n@method @authority @path @query date content-type\nDate: x\nContent-Type: a/b",
    "dict": b"\x01dict://h.test/m:word%20%22x:database:strategy\n\n",
    "dict-define": b"\x01dict://h.test/d:word:db\n\n",
    "dict-other": b"\x01dict://h.test/show:db\n\n",
    "gopher": b"\x01gopher://h.test/1a%09b?c\n\n",
    "imap": b"\x01imap://h.test/box%20a;UIDVALIDITY=3/;UID=4/;SECTION=TEXT/;PARTIAL=0.9?ALL\n\n\n\nUID FETCH 1:2",
    "referer": b"\x01http://u:p%40@h.test:81/a?b@c#d\n\n",
    "headers": b"\x05Host: [::1]:80\r\nA:b\r\nb :  c \r\n a: folded\r\n\r\nA:d\r\n:status: 200\r\nA: e\n",
    "mail": b"\x02<me@h.test> SIZE=3\r\n.dot\r\n..\r\n.\r\nx\r\n.",
    "words": b"\x01AUTH=PLAIN;auth=LOGIN;AUTH=+LOGIN;AUTH=*\nuser\nTTYPE=vt\nXDISPLOC=d\nNEW_ENV=a,b\nWS=80x24\nBINARY=0",
    "empty-header": b"\x01Accept;\nConnection: keep-alive, close\nHost:",
}


def lines(which, shape, text):
    return bytes([which, 255, shape]) + text.replace("\n", "\r\n").encode("latin1")


FTP_LOGIN = "220 hi\n331 pass\n230-in\n in\n230 in\n215 UNIX\n257 \"/home \"\"x\"\n"
FTP_DOWN = "250 in\n250 in\n229 (|||2121|)\n200 I\n213 30\n150 go (30 bytes)\n226 done\n"
SMTP_LOGIN = "220 hi\n250-me\n250-AUTH PLAIN LOGIN CRAM-MD5 DIGEST-MD5 NTLM XOAUTH2 OAUTHBEARER EXTERNAL\n" \
             "250-STARTTLS\n250-SMTPUTF8\n250 SIZE 1000\n"
SMTP_MAIL = "250 ok\n250 ok\n550 no\n250 ok\n354 go\n250 sent\n"
IMAP_LOGIN = "* OK hi\n* CAPABILITY IMAP4rev1 SASL-IR STARTTLS AUTH=PLAIN AUTH=LOGIN\nB001 OK\n"
IMAP_REST = "B002 OK in\n* OK [UIDVALIDITY 3]\nB003 OK\n* 1 FETCH (BODY[] {3}\nabc)\nB004 OK\n* SEARCH 1\nB005 OK\n" \
            "+ go\nB006 OK\n"
POP3_LOGIN = "+OK hi <1@h>\n+OK\nUSER\nAPOP\nSTLS\nSASL PLAIN LOGIN CRAM-MD5\n.\n"
POP3_REST = "+OK\n+OK\nab\n..c\n.\n+OK\n1 20\n.\n+OK 1 20\n-ERR no\n"
DIGEST = "334 cmVhbG09ImgiLG5vbmNlPSJuIixxb3A9ImF1dGgiLGFsZ29yaXRobT1tZDUtc2VzcyxjaGFyc2V0PXV0Zi04\n334 \n235 ok\n"
LINES = {
    "ftp": lines(0, 0, FTP_LOGIN + FTP_DOWN * 3),
    "ftp-put": lines(0, 1, FTP_LOGIN + FTP_DOWN.replace("213 30\n", "") * 3),
    "ftp-list": lines(0, 2, FTP_LOGIN + FTP_DOWN.replace("213 30\n", "") * 3),
    "ftp-head": lines(0, 0x44, FTP_LOGIN + "250 in\n213 20200101010101\n200 I\n213 30\n350 rest\n"),
    "ftp-active": lines(0, 8, FTP_LOGIN + "250 in\n500 eprt\n200 port\n200 I\n213 3\n150 go\n226 ok\n"),
    "ftp-pasv": lines(0, 0x10, FTP_LOGIN + "200 q\n500 q\n250 in\n500 epsv\n227 (127,0,0,1,8,1)\n200 p\n200 I\n213 3\n150 go\n226 ok\n200 a\n200 b\n"),
    "ftp-refused": lines(0, 0, FTP_LOGIN + "250 in\n250 in\n229 (|||1|)\n227 (127,0,0,1,0,1)\n"),
    "ftp-mkd": lines(0, 0x81, FTP_LOGIN + "550 no\n257 made\n250 in\n200 pret\n229 (|||5|)\n200 I\n350 r\n150 go\n226 ok\n"),
    "ftp-resume": lines(0, 0x20, FTP_LOGIN + "250 in\n229 (|||5|)\n200 I\n213 300\n350 from\n150 go\n426 abor\n226 ok\n"),
    "ftp-tls": lines(0x34, 0, "220 hi\n500 no\n234 tls\n331 p\n332 acct\n230 in\n200 pbsz\n200 prot\n200 ccc\n257 \"/\"\n" + FTP_DOWN),
    "smtp": lines(9, 0, SMTP_LOGIN + "334 \n334 \n235 ok\n" + SMTP_MAIL + "250 noop\n252 vrfy\n"),
    "smtp-plain": lines(9 | 64, 0x30, SMTP_LOGIN.replace("CRAM-MD5 DIGEST-MD5 NTLM", "") + "235 ok\n" + SMTP_MAIL),
    "smtp-digest": lines(9, 4, SMTP_LOGIN + DIGEST + SMTP_MAIL),
    "smtp-bearer": lines(9 | 32 | 64, 0, SMTP_LOGIN.replace("CRAM-MD5 DIGEST-MD5 NTLM", "") + "334 e30=\n535 no\n"),
    "smtp-external": lines(9 | 128, 8, SMTP_LOGIN + "334 \n235 ok\n"),
    "smtp-helo": lines(1, 0x40, "220-a\n220 hi\n502 no\n250 helo\n250 noop\n214-help\n214 me\n"),
    "smtp-tls": lines(5, 0, SMTP_LOGIN + "220 tls\n" + SMTP_LOGIN + SMTP_MAIL),
    "smtp-ntlm": lines(9, 0, SMTP_LOGIN.replace("CRAM-MD5 DIGEST-MD5", "") + "334 \n334 TlRMTVNTUAACAAAABgAGADgAAAABAoEAASNFZ4mrze8AAAAAAAAAAAAAAAAAAAAAVQBTAFIA\n235 ok\n"),
    "imap": lines(2 | 8 | 64, 0, IMAP_LOGIN + IMAP_REST),
    "imap-login": lines(2 | 8, 0x40, IMAP_LOGIN + IMAP_REST.replace("[]", "[TEXT]")),
    "imap-preauth": lines(2, 2, "* PREAUTH hi\n* CAPABILITY\nB001 OK\n* OK\nB002 OK\n* SEARCH 1\nB003 OK\n"),
    "imap-append": lines(2, 4, "* PREAUTH hi\n* CAPABILITY\nB001 OK\n+ go\nB002 OK\n* LIST x {4}\nabcd\nB003 OK\n"),
    "imap-tls": lines(6, 0, IMAP_LOGIN + "B002 OK tls\n* CAPABILITY LOGINDISABLED\nB003 OK\n"),
    "pop3": lines(3 | 8, 0x80, POP3_LOGIN + "+ \n" + POP3_REST * 2),
    "pop3-apop": lines(3 | 8, 0x40, POP3_LOGIN + POP3_REST * 2),
    "pop3-user": lines(3 | 8, 1, "+OK hi\n-ERR capa\n" + POP3_REST * 2),
    "pop3-tls": lines(7, 0, POP3_LOGIN + "+OK tls\n" + POP3_LOGIN + POP3_REST),
}
TRANSPORT = b"CSeq: 7\r\nSession: session;timeout=6\r\nTransport: RTP/AVP/TCP;interleaved=0-1,RTP;interleaved=4\r\n"
RTSP = {
    "packets": b"\x02\x07\x83" + TRANSPORT + b"$\0\0\4abcd$\1\0\2xyjunk$$\4\0\0$\5\0\1",
    "reply": b"\x05\x07\x83" + TRANSPORT + b"1234567$\0\0\1aRTSP/1.0 200 OK\r\n$\1\0\1bRTS",
    "session": b"\xff\x01\x02CSeq: x\r\nSession: \r\n",
}


def tls(kind, *parts):
    return bytes([kind]) + b"".join(struct.pack("<H", len(it)) + it for it in parts)


def certificates():
    """Certificates and keys, by name."""
    with tempfile.TemporaryDirectory() as directory:
        made = Path(directory)

        def openssl(*words):
            subprocess.run(["openssl", *words], cwd=made, check=True, capture_output=True)

        def certificate(name, subject, extensions, by=None, version=()):
            (made / "ext").write_text(extensions)
            openssl("req", "-new", "-key", f"{name}.key", "-subj", subject, "-out", "csr")
            signer = ["-CA", f"{by}.pem", "-CAkey", f"{by}.key"] if by else ["-key", f"{name}.key"]
            openssl("x509", "-req", "-in", "csr", "-days", "36500", "-out", f"{name}.pem", *signer,
                    *(version or ["-extfile", "ext"]))
            openssl("x509", "-in", f"{name}.pem", "-outform", "DER", "-out", f"{name}.der")

        for name in ("ca", "middle", "own", "plain"):
            openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f"{name}.key")
        openssl("genrsa", "-traditional", "-out", "rsa.key", "1024")
        authority = "basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign,cRLSign"
        certificate("ca", "/C=XX/O=Tress/CN=ca", authority)
        certificate("middle", "/CN=middle", authority, "ca")
        certificate("own", "/CN=www.example.com", "subjectAltName=DNS:www.example.com,DNS:*.example.org,"
                    "IP:127.0.0.1,email:a@b,URI:http://x/\nextendedKeyUsage=serverAuth\n"
                    "crlDistributionPoints=URI:http://x/c\nauthorityInfoAccess=OCSP;URI:http://x/o", "middle")
        certificate("plain", "/CN=*.example.com", "keyUsage=digitalSignature", "ca")
        certificate("rsa", "/CN=www.example.com/emailAddress=a@b", "subjectKeyIdentifier=hash\n"
                    "authorityKeyIdentifier=keyid,issuer\ncertificatePolicies=1.2.3", "ca")
        serial = subprocess.run(["openssl", "x509", "-in", "own.pem", "-noout", "-serial"], cwd=made, check=True,
                                capture_output=True, text=True).stdout.strip().split("=")[1]
        (made / "index").write_text(f"V\t991231235959Z\t\t{serial}\tunknown\t/CN=www.example.com\n")
        openssl("ocsp", "-issuer", "middle.pem", "-cert", "own.pem", "-no_nonce", "-reqout", "request")
        openssl("ocsp", "-index", "index", "-CA", "middle.pem", "-rsigner", "middle.pem", "-rkey", "middle.key",
                "-reqin", "request", "-respout", "staple", "-ndays", "3650")
        password = ["-passout", "pass:password"]
        openssl("pkcs8", "-topk8", "-in", "own.key", "-nocrypt", "-out", "pkcs8")
        openssl("pkcs8", "-topk8", "-in", "own.key", "-out", "pbes2", *password)
        openssl("pkcs8", "-topk8", "-in", "own.key", "-v1", "PBE-SHA1-3DES", "-outform", "DER", "-out", "pbes1", *password)
        for cipher in ("aes128", "des3"):
            openssl("ec", "-in", "own.key", f"-{cipher}", "-out", cipher, *password)
        openssl("rsa", "-in", "rsa.key", "-traditional", "-aes256", "-out", "rsa-aes", *password)
        openssl("ec", "-in", "own.key", "-outform", "DER", "-out", "key.der")
        openssl("pkcs12", "-export", "-in", "own.pem", "-inkey", "own.key", "-certfile", "middle.pem", "-out", "p12",
                "-iter", "100", *password)
        openssl("pkcs12", "-export", "-in", "own.pem", "-inkey", "own.key", "-out", "p12-old", "-iter", "100",
                "-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1", *password)
        return {path.name: path.read_bytes() for path in made.iterdir()}


def tls_seeds():
    c = certificates()
    chain = [c["ca.der"], c["own.der"], c["middle.der"]]
    own = c["own.pem"]
    return {
        "chain": tls(0, *chain),
        "staple": tls(16, *chain, c["staple"]),
        "address": tls(128, *chain),
        "issuer": tls(64, c["middle.der"], c["own.der"]),
        "name": tls(0, c["ca.der"], c["plain.der"]),
        "rsa": tls(8, c["ca.der"], c["rsa.der"]),
        "anchor-itself": tls(32, c["own.der"], c["own.der"]),
        "self": tls(0, c["rsa.der"], c["ca.der"]),
        "unverified": tls(4, b"", c["own.der"]),
        "pem": tls(2, own + c["pkcs8"]),
        "sec1": tls(2, own, c["own.key"]),
        "pbes2": tls(2 | 64, own, c["pbes2"]),
        "pbes1": tls(2 | 64 | 32, own, c["pbes1"]),
        "aes128": tls(2 | 64, own, c["aes128"]),
        "des3": tls(2 | 64, own, c["des3"]),
        "rsa-aes": tls(2 | 64, c["rsa.pem"], c["rsa-aes"]),
        "der": tls(2 | 8 | 32, c["own.der"], c["key.der"]),
        "p12": tls(2 | 64 | 12, c["p12"]),
        "p12-old": tls(2 | 64 | 12, c["p12-old"]),
        "words": b"\3HIGH:!aNULL:ECDHE-RSA-AES128-GCM-SHA256:+AES256:@STRENGTH\nTLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256\n"
                 b"X25519:P-256:prime256v1\nECDSA+SHA256:rsa_pss_rsae_sha256:RSA+SHA384\nsha256//AAAA;sha256//BBBB",
        "words-default": b"\3DEFAULT\n\nP-384\ned25519\n",
    }


if __name__ == "__main__":
    targets = dict(auth=AUTH, connect=CONNECT, cookies=COOKIES, dns=DNS, h1=H1, tftp_telnet=TFTP_TELNET, url=URLS,
                   ws=WS, files=FILES, lines=LINES, mime=MIME, requests=REQUESTS, rtsp=RTSP, tls=tls_seeds())
    for target, seeds in targets.items():
        directory = Path(sys.argv[1]) / target
        directory.mkdir(parents=True, exist_ok=True)
        for name, seed in seeds.items():
            (directory / name).write_bytes(seed)
