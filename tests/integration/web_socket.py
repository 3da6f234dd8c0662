"""A WebSocket client of the standard library alone, which can misbehave when a test wants it to."""

import base64
import hashlib
import json
import os
import socket
import struct

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Refused(Exception):
    """The server did not upgrade the connection."""

    def __init__(self, status, head):
        super().__init__(f"{status}: {head!r}")
        self.status = status
        self.head = head


class Closed(Exception):
    """The server closed; `code` is None when it gave none."""

    def __init__(self, code, reason=""):
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


class WebSocket:
    def __init__(self, port, path, headers=(), timeout=60, tls=None):
        """`tls`: an ssl.SSLContext, for a server that speaks TLS."""
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname="127.0.0.1")
        self.buffer = b""
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Connection: Upgrade", "Upgrade: websocket"]
        lines += ["Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}"]
        lines += [f"{name}: {value}" for name, value in headers]
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        while b"\r\n\r\n" not in self.buffer:
            self.fill()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        status = int(head.split(b" ", 2)[1])
        self.headers = dict(line.lower().split(": ", 1) for line in head.decode("latin-1").split("\r\n")[1:])
        if status != 101:
            self.socket.close()
            raise Refused(status, head)
        expected = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()
        assert self.headers["sec-websocket-accept"] == expected.lower(), self.headers

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def fill(self):
        data = self.socket.recv(1 << 16)
        if not data:
            raise Closed(None, "the connection ended")
        self.buffer += data

    def take(self, count):
        while len(self.buffer) < count:
            self.fill()
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def send_frame(self, opcode, payload, masked=True, final=True):
        head = bytes([(0x80 if final else 0) | opcode])
        length = len(payload)
        mask_bit = 0x80 if masked else 0
        if length < 126:
            head += bytes([mask_bit | length])
        elif length < 1 << 16:
            head += struct.pack(">BH", mask_bit | 126, length)
        else:
            head += struct.pack(">BQ", mask_bit | 127, length)
        if masked:
            key = os.urandom(4)
            stretched = (key * (length // 4 + 1))[:length]
            payload = (int.from_bytes(payload, "big") ^ int.from_bytes(stretched, "big")).to_bytes(length, "big")
            head += key
        self.socket.sendall(head + payload)

    def send(self, message):
        """A message as JSON, or a text as it is."""
        text = message if isinstance(message, str) else json.dumps(message)
        self.send_frame(TEXT, text.encode())

    def receive_frame(self):
        """(opcode, payload) of the next frame that is no ping, which is answered."""
        while True:
            first, second = self.take(2)
            length = second & 0x7F
            if length == 126:
                (length,) = struct.unpack(">H", self.take(2))
            elif length == 127:
                (length,) = struct.unpack(">Q", self.take(8))
            payload = self.take(length)
            opcode = first & 0x0F
            if opcode == PING:
                self.send_frame(PONG, payload)
            elif opcode == CLOSE:
                code = struct.unpack(">H", payload[:2])[0] if len(payload) >= 2 else None
                raise Closed(code, payload[2:].decode())
            else:
                return opcode, payload

    def receive(self):
        """The next message, a dict; binary ones are an error."""
        opcode, payload = self.receive_frame()
        assert opcode == TEXT, (opcode, payload[:40])
        return json.loads(payload)

    def ask(self, message):
        self.send(message)
        return self.receive()

    def close(self):
        """Says goodbye and waits for the answer."""
        self.send_frame(CLOSE, struct.pack(">H", 1000))
        try:
            while True:
                self.receive_frame()
        except Closed as closed:
            self.socket.close()
            return closed.code


def runs_of_frame(payload):
    """(answer, index, width, height, run lengths) of a mask frame, as docs/websocket.md has it."""
    assert payload[:4] == b"SCM1", payload[:4]
    answer, index, width, height, count = struct.unpack("<5I", payload[4:24])
    runs, value, shift = [], 0, 0
    for byte in payload[24:]:
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            runs.append(value)
            value, shift = 0, 0
    assert len(runs) == count and sum(runs) == width * height, (len(runs), count)
    return answer, index, width, height, runs
