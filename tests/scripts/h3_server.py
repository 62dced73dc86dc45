"""An HTTP/3 server for the tests, by aioquic: h3_server.py CERTIFICATE KEY [PORT]

It prints its port, then serves until its standard input ends. What a path does:

/bytes/N        N bytes that depend on their place
/flood/N        the same, whatever the client's window allows
/echo           the request's body, as it comes
/count          how long the body was, once it has ended, and its sum
/slow/MS        an answer after so long
/never          no answer at all
/trailers       a body, then trailers
/early          an answer before the request's body has ended, which is not wanted
/reset/CODE     some body, then RESET_STREAM with that code
/refuse-once    H3_REQUEST_REJECTED the first time, an answer after that
/goaway         an answer, then GOAWAY: later requests of the connection are refused
/close          the whole connection ends with an error
/big-head/N     a field of N bytes
/raw/HEX        these bytes on the stream, and its end
/control/HEX    these bytes on the server's control stream, then an answer
/empty/N        N empty datagrams and as many forged ones, then an answer
/uni/HEX        a unidirectional stream of these bytes, then an answer
/streams/N      N unidirectional streams of a kind that nobody knows, whatever the client allows,
                then, a while later, an answer
"""
import asyncio
import hashlib
import sys

from aioquic.asyncio import QuicConnectionProtocol, serve
from aioquic.h3.connection import H3Connection, encode_frame
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.buffer import encode_uint_var
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ProtocolNegotiated, StreamReset

BLOCK = bytes(range(251)) * 64
refused = set()


def pattern(start, length):
    shift = start % 251
    return (BLOCK[shift:] + BLOCK * (length // len(BLOCK) + 1))[:length]


class Server(QuicConnectionProtocol):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.http = None
        self.requests = {}
        self.leaving = False

    def quic_event_received(self, event):
        if isinstance(event, ProtocolNegotiated):
            self.http = H3Connection(self._quic)
        if isinstance(event, StreamReset):
            self.requests.pop(event.stream_id, None)
        if self.http is None:
            return
        for found in self.http.handle_event(event):
            if isinstance(found, HeadersReceived):
                if found.stream_id in self.requests:
                    continue
                fields = dict(found.headers)
                request = {"path": fields[b":path"].decode(), "method": fields[b":method"],
                           "sum": hashlib.sha256(), "length": 0}
                self.requests[found.stream_id] = request
                self.begin(found.stream_id, request)
            if isinstance(found, DataReceived) and found.stream_id in self.requests:
                request = self.requests[found.stream_id]
                request["sum"].update(found.data)
                request["length"] += len(found.data)
                if request["path"] == "/echo" and found.data:
                    self.http.send_data(found.stream_id, found.data, False)
            if getattr(found, "stream_ended", False) and found.stream_id in self.requests:
                self.end(found.stream_id, self.requests.pop(found.stream_id))

    def answer(self, stream, body=b"ok", status=b"200", fields=(), end=True):
        headers = [(b":status", status), (b"server", b"aioquic"), *fields]
        self.http.send_headers(stream, headers)
        self.http.send_data(stream, body, end)
        self.transmit()

    def begin(self, stream, request):
        if self.leaving:
            self._quic.reset_stream(stream, 0x10B)
        elif request["path"] == "/echo":
            self.http.send_headers(stream, [(b":status", b"200")])
        elif request["path"] == "/early":
            self.answer(stream, b"enough", b"413")
            self._quic.stop_stream(stream, 0x100)
            self.requests.pop(stream)

    def end(self, stream, request):
        path, method = request["path"], request["method"]
        word, _, argument = path[1:].partition("/")
        quic = self._quic
        if self.leaving:
            return
        if word in ("bytes", "flood"):
            length = int(argument)
            if word == "flood":
                quic._streams[stream].max_stream_data_remote = quic._remote_max_data = 1 << 40
            fields = [(b"content-length", str(length).encode())]
            self.http.send_headers(stream, [(b":status", b"200"), *fields], method == b"HEAD")
            if method != b"HEAD":
                self.http.send_data(stream, pattern(0, length), True)
        elif word == "echo":
            self.http.send_data(stream, b"", True)
        elif word == "count":
            text = f"{request['length']} {request['sum'].hexdigest()}"
            self.answer(stream, text.encode())
        elif word == "slow":
            asyncio.get_event_loop().call_later(int(argument) / 1000, self.answer, stream)
        elif word == "never":
            pass
        elif word == "trailers":
            self.answer(stream, b"body", end=False)
            self.http.send_headers(stream, [(b"x-sum", b"42")], True)
        elif word == "reset":
            self.answer(stream, b"some", end=False)
            asyncio.get_event_loop().call_later(0.1, self.reset, stream, int(argument, 0))
        elif word == "refuse-once":
            if argument in refused:
                self.answer(stream)
            else:
                refused.add(argument)
                quic.reset_stream(stream, 0x10B)
        elif word == "goaway":
            self.leaving = True
            control = self.http._local_control_stream_id
            quic.send_stream_data(control, encode_frame(7, encode_uint_var(stream + 4)))
            self.answer(stream)
        elif word == "close":
            quic.close(error_code=0x102, reason_phrase="as asked")
        elif word == "big-head":
            self.answer(stream, fields=[(b"x-big", b"b" * int(argument))])
        elif word == "raw":
            quic.send_stream_data(stream, bytes.fromhex(argument), True)
        elif word == "control":
            quic.send_stream_data(self.http._local_control_stream_id, bytes.fromhex(argument))
            self.answer(stream)
        elif word == "empty":
            address = quic._network_paths[0].addr
            for at in range(int(argument)):
                self._transport.sendto(b"", address)
                self._transport.sendto(bytes([0x40 | at % 16]) + b"x" * (at % 60), address)
            asyncio.get_event_loop().call_later(0.3, self.answer, stream)
        elif word == "uni":
            uni = quic.get_next_available_stream_id(is_unidirectional=True)
            quic.send_stream_data(uni, bytes.fromhex(argument))
            self.answer(stream)
        elif word == "streams":
            quic._remote_max_streams_uni = 1 << 30
            for _ in range(int(argument)):
                uni = quic.get_next_available_stream_id(is_unidirectional=True)
                quic.send_stream_data(uni, b"!")
            asyncio.get_event_loop().call_later(0.1, self.answer, stream)
        else:
            self.answer(stream, f"{method.decode()} {path}".encode())
        self.transmit()

    def reset(self, stream, code):
        self._quic.reset_stream(stream, code)
        self.transmit()


async def main():
    configuration = QuicConfiguration(is_client=False, alpn_protocols=["h3"],
                                      max_datagram_size=1350)
    configuration.load_cert_chain(sys.argv[1], sys.argv[2])
    port = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    server = await serve("127.0.0.1", port, configuration=configuration, create_protocol=Server)
    print(server._transport.get_extra_info("sockname")[1], flush=True)
    await asyncio.get_event_loop().run_in_executor(None, sys.stdin.read)
    server.close()


asyncio.run(main())
