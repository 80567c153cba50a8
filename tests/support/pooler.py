"""A transaction-pooling proxy in front of one server connection, as small as it can be.

It speaks the wire protocol: every client shares the one server session, which it holds from its
first message until the server is idle again. That is what makes session locks and settings useless
behind such a proxy.
"""

from __future__ import annotations

import random
import socket
import struct
import threading
from pathlib import Path

_STARTUP = 196608  # protocol 3.0


class Pooler:
    """Listens on a free port of 127.0.0.1 until it is closed.

    Args:
        server_socket: Unix socket of a server that trusts local logins.
        database: database of the one server session.
        user: login of the one server session.
    """

    def __init__(self, server_socket: Path, database: str, user: str = "postgres") -> None:
        self._server = socket.socket(socket.AF_UNIX)
        self._server.connect(str(server_socket))
        parameters = f"user\0{user}\0database\0{database}\0\0".encode()
        self._server.sendall(struct.pack("!II", 8 + len(parameters), _STARTUP) + parameters)
        self._greeting = b""
        while (message := _message(self._server))[:1] != b"Z":
            if message[:1] == b"S":
                self._greeting += message
        self._turn = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Stops listening and ends the server session."""
        self._listener.close()
        self._server.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client:
            while True:
                length, code = struct.unpack("!II", _exactly(client, 8))
                _exactly(client, length - 8)
                if code == _STARTUP:
                    break
                client.sendall(b"N")  # neither TLS nor GSSAPI
            # The process id is made up, as every proxy does.
            key = struct.pack("!cIII", b"K", 12, random.randrange(1 << 30, 1 << 31), 1)
            authenticated = struct.pack("!cII", b"R", 8, 0)
            client.sendall(authenticated + self._greeting + key + b"Z\0\0\0\x05I")
            holding = False
            try:
                while (message := _message(client))[:1] != b"X":
                    if not holding:
                        self._turn.acquire()
                        holding = True
                    self._server.sendall(message)
                    if message[:1] in (b"Q", b"S"):
                        holding = self._relay(client)
                        if not holding:
                            self._turn.release()
            except (OSError, EOFError):
                pass
            finally:
                if holding:
                    self._turn.release()

    def _relay(self, client: socket.socket) -> bool:
        """Passes an answer on; returns whether the session is still inside a transaction."""
        while True:
            message = _message(self._server)
            client.sendall(message)
            if message[:1] == b"Z":
                return message[5:] != b"I"


def _message(peer: socket.socket) -> bytes:
    kind = _exactly(peer, 1)
    length = _exactly(peer, 4)
    return kind + length + _exactly(peer, struct.unpack("!I", length)[0] - 4)


def _exactly(peer: socket.socket, count: int) -> bytes:
    read = b""
    while len(read) < count:
        part = peer.recv(count - len(read))
        if not part:
            raise EOFError
        read += part
    return read
