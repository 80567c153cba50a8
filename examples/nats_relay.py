"""Relays events of the outbox to NATS JetStream; run as many as you like, as ticketing_worker.

DATABASE_URL=… NATS=localhost:4222 python nats_relay.py   (a stream must take `ticketing.>`)
"""

import json
import os
import socket
import time
from urllib.parse import quote
from uuid import uuid4

import psycopg

LEASE = 30  # seconds
TIMEOUT = 10  # of one message
CLAIM = """
    SELECT id, tenant_id, aggregate_type, event_type, payload::text, lock_token
    FROM ticketing.claim_outbox(100, make_interval(secs => %s), %s)
"""


class Nats:
    """As much of a client as a relay needs: publish, and wait until it is stored."""

    def __init__(self, address: str) -> None:
        host, _, port = address.partition(":")
        self.socket = socket.create_connection((host, int(port)), timeout=TIMEOUT)
        self.answers = self.socket.makefile("rb")
        self.inbox = f"_INBOX.{uuid4().hex}"
        options = json.dumps({"verbose": False, "headers": True, "no_responders": True})
        self.socket.sendall(f"CONNECT {options}\r\nSUB {self.inbox} 1\r\n".encode())

    def request(self, subject: str, body: str, message_id: str) -> None:
        """Raises ValueError when the server refuses, OSError when it cannot be reached."""
        head, data = f"NATS/1.0\r\nNats-Msg-Id: {message_id}\r\n\r\n".encode(), body.encode()
        sizes = f"{len(head)} {len(head) + len(data)}"
        self.socket.sendall(f"HPUB {subject} {self.inbox} {sizes}\r\n".encode())
        self.socket.sendall(head + data + b"\r\n")
        while line := self.answers.readline():
            kind, *words = line.decode().split()
            if kind == "PING":
                self.socket.sendall(b"PONG\r\n")
            elif kind == "-ERR":
                raise ValueError(line.decode().strip())
            elif kind in ("MSG", "HMSG"):
                said = self.answers.read(int(words[-1]) + 2)
                answer = said[int(words[-2]) if kind == "HMSG" else 0 :].strip()
                if b'"error"' in answer or not answer:
                    raise ValueError(answer.decode() or "no stream takes this subject")
                return
        raise ConnectionError("the server has closed the connection")


def relay(connection: psycopg.Connection, nats: Nats, name: str) -> int:
    """Sends what is due and returns how many events arrived; the connection is in autocommit."""
    begun = time.monotonic()  # no clock of another machine tells how long a lease still lasts
    events = connection.execute(CLAIM, [LEASE, name]).fetchall()
    sent = []
    try:
        for event, tenant, aggregate, kind, payload, token in events:
            if time.monotonic() - begun > LEASE - TIMEOUT:
                break  # another relay takes the rest
            try:
                subject = f"ticketing.{tenant}.{quote(aggregate, '')}.{quote(kind, '')}"
                nats.request(subject, payload, f"{tenant}/{event}")  # a repeat has the same id
                sent.append(event)
            except ValueError as error:
                connection.execute(
                    "SELECT ticketing.fail_outbox(%s, %s, %s)", [event, token, str(error)]
                )
    finally:
        if sent:
            connection.execute("SELECT ticketing.ack_outbox(%s, %s)", [sent, events[0][-1]])
    return len(sent)


if __name__ == "__main__":
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as database:
        database.execute("LISTEN ticketing_outbox")
        server = Nats(os.environ.get("NATS", "localhost:4222"))
        while True:
            if not relay(database, server, socket.gethostname()):
                list(database.notifies(timeout=5, stop_after=1))
