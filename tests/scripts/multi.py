"""pycurl on the library under test: easy and multi, also by socket and timer callbacks.
Prints one line for each transfer; argv: base URL."""
import io
import select
import sys
import time

import pycurl

base = sys.argv[1]
PATHS = ["/bytes/10", "/bytes/500000", "/chunked/5000", "/redirect/2/302", "/status/404",
         "/delay/30", "/drop/100", "/empty", "/1xx", "/gzip", "/close"]


def easy(path):
    body, heads = io.BytesIO(), []
    c = pycurl.Curl()
    c.setopt(c.URL, base + path)
    c.setopt(c.WRITEDATA, body)
    c.setopt(c.HEADERFUNCTION, lambda line: heads.append(line))
    c.setopt(c.FOLLOWLOCATION, True)
    c.setopt(c.ENCODING, "gzip")
    c.setopt(c.TIMEOUT_MS, 3000)
    c.body, c.heads, c.path = body, heads, path
    return c


def line(kind, c, code):
    print(kind, c.path, code, c.getinfo(c.RESPONSE_CODE), len(c.body.getvalue()), len(c.heads),
          c.getinfo(c.REDIRECT_COUNT), c.getinfo(c.CONTENT_TYPE))


for path in PATHS:
    c = easy(path)
    code = 0
    try:
        c.perform()
    except pycurl.error as e:
        code = e.args[0]
    line("easy", c, code)
    c.close()

c = easy("/sink")
data = io.BytesIO(b"x" * 100000)
c.setopt(c.POST, 1)
c.setopt(c.READFUNCTION, data.read)
c.setopt(c.POSTFIELDSIZE, 100000)
c.setopt(c.HTTPHEADER, ["Expect:", "X-Py: 1"])
c.perform()
print("post", c.body.getvalue().decode().strip())

c = easy("/sink")
c.setopt(c.HTTPPOST, [("name", "value"), ("file", (c.FORM_BUFFER, "f.txt", c.FORM_BUFFERPTR, b"data"))])
c.perform()
print("form", c.getinfo(c.RESPONSE_CODE))


def results(kind, m, handles, codes):
    while True:
        left, good, bad = m.info_read()
        for c in good:
            codes[c] = 0
        for c, code, _ in bad:
            codes[c] = code
        if not left:
            break


def finish(kind, m, handles, codes):
    for c in handles:
        line(kind, c, codes.get(c))
        m.remove_handle(c)
        c.close()
    m.close()


# perform and select
m, codes = pycurl.CurlMulti(), {}
handles = [easy(p) for p in PATHS]
for c in handles:
    m.add_handle(c)
running = 1
while running:
    while True:
        ret, running = m.perform()
        if ret != pycurl.E_CALL_MULTI_PERFORM:
            break
    m.select(0.05)
results("perform", m, handles, codes)
finish("perform", m, handles, codes)

# socket and timer callbacks
m, codes, wanted, due = pycurl.CurlMulti(), {}, {}, [None]


def on_socket(what, fd, multi, data):
    if what == pycurl.POLL_REMOVE:
        wanted.pop(fd)
    else:
        wanted[fd] = what


def on_timer(ms):
    due[0] = None if ms < 0 else time.monotonic() + ms / 1000


m.setopt(pycurl.M_SOCKETFUNCTION, on_socket)
m.setopt(pycurl.M_TIMERFUNCTION, on_timer)
handles = [easy(p) for p in PATHS]
for c in handles:
    m.add_handle(c)
m.socket_action(pycurl.SOCKET_TIMEOUT, 0)
running = 1
while running:
    ins = [f for f, w in wanted.items() if w & pycurl.POLL_IN]
    outs = [f for f, w in wanted.items() if w & pycurl.POLL_OUT]
    wait = 5 if due[0] is None else max(0, due[0] - time.monotonic())
    r, w, _ = select.select(ins, outs, [], wait)
    for fd in set(r) | set(w):
        bits = (pycurl.CSELECT_IN if fd in r else 0) | (pycurl.CSELECT_OUT if fd in w else 0)
        _, running = m.socket_action(fd, bits)
    if due[0] is not None and due[0] <= time.monotonic():
        due[0] = None
        _, running = m.socket_action(pycurl.SOCKET_TIMEOUT, 0)
results("socket", m, handles, codes)
finish("socket", m, handles, codes)
