#!/usr/bin/python3
"""A SOCKS5 proxy that lets those in who have a ticket for rcmd/localhost (RFC 1961).

socks_gssapi.py LEVEL nec|wrapped: the level of protection that it grants (0: none), and how. It
prints its port, and then what it was asked for by whom.
"""

import socket
import struct
import sys
import threading

import gssapi

LEVEL, NEC = int(sys.argv[1]), sys.argv[2] == "nec"


def exactly(client, length):
    data = b""
    while len(data) < length:
        piece = client.recv(length - len(data))
        if not piece:
            raise ConnectionError("closed")
        data += piece
    return data


def message(client):
    _, kind, length = struct.unpack("!BBH", exactly(client, 4))
    return kind, exactly(client, length)


def send(client, kind, token):
    client.sendall(struct.pack("!BBH", 1, kind, len(token)) + token)


def serve(client):
    _, count = exactly(client, 2)
    methods = exactly(client, count)
    if 1 not in methods:
        client.sendall(b"\x05\xff")
        return
    client.sendall(b"\x05\x01")
    context = gssapi.SecurityContext(usage="accept")
    while not context.complete:
        kind, token = message(client)
        assert kind == 1, kind
        answer = context.step(token)
        if answer:
            send(client, 1, answer)
    kind, token = message(client)
    assert kind == 2, kind
    asked = token if NEC else context.unwrap(token).message
    granted = bytes([LEVEL])
    send(client, 2, granted if NEC else context.wrap(granted, False).message)
    print(context.initiator_name, "asks for", asked[0], flush=True)
    exactly(client, 3)
    host = exactly(client, 4) if exactly(client, 1) == b"\x01" else None
    host = socket.inet_ntoa(host) if host else exactly(client, exactly(client, 1)[0]).decode()
    (port,) = struct.unpack("!H", exactly(client, 2))
    target = socket.create_connection((host, port))
    client.sendall(b"\x05\0\0\x01\0\0\0\0\0\0")
    threading.Thread(target=copy, args=(client, target), daemon=True).start()
    copy(target, client)


def copy(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # The other one has gone.


def run(client):
    with client:
        try:
            serve(client)
        except (OSError, gssapi.exceptions.GSSError) as error:
            print("ended:", type(error).__name__, flush=True)


listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    threading.Thread(target=run, args=(listener.accept()[0],), daemon=True).start()
