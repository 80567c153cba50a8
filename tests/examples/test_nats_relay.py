"""The example relay, against a real nats-server."""

from __future__ import annotations

import importlib.util
import itertools
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from support.databases import Database
from support.relays import publish
from support.session import Session

EXAMPLE = Path(__file__).parents[2] / "examples" / "nats_relay.py"
STREAM = '{"name": "TICKETS", "subjects": ["ticketing.>"]}'


@pytest.fixture(scope="module")
def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("nats_relay", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A server with JetStream and no stream yet."""
    # Debian's package puts it where only root looks.
    program = shutil.which("nats-server", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if program is None:
        pytest.skip("this machine has no nats-server; the package nats-server of Debian has it")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["-a", "127.0.0.1", "-p", str(port), "-js", "-sd", str(tmp_path)]
    with subprocess.Popen([program, *options], stderr=subprocess.DEVNULL) as server:
        try:
            for _ in range(100):
                with socket.socket() as trial:
                    if trial.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            yield f"127.0.0.1:{port}"
        finally:
            server.terminate()


@pytest.fixture
def nats(example: ModuleType, address: str) -> Iterator[Any]:
    """The relay's connection to the server."""
    made = example.Nats(address)
    with made.socket, made.answers:
        yield made


def stored(nats: Any) -> int:
    """Returns how many messages the stream has, by a message of which it says the number."""
    nats.socket.sendall(f"PUB $JS.API.STREAM.INFO.TICKETS {nats.inbox} 0\r\n\r\n".encode())
    while not (line := nats.answers.readline()).startswith(b"MSG"):
        pass
    said = nats.answers.read(int(line.split()[-1]) + 2).decode()
    return int(said.partition('"messages":')[2].partition(",")[0])


def test_events_arrive_once_though_they_are_sent_twice(
    clone: Database, example: ModuleType, nats: Any
) -> None:
    nats.request("$JS.API.STREAM.CREATE.TICKETS", STREAM, "")
    publish(clone, "a", "a", "b", payload={"text": "grüße\r\nPING"}, event_type="sold out *")
    with clone.connect("ts_test_worker") as connection:
        # The second of an aggregate is due when the first has arrived.
        sent = [example.relay(connection, nats, "relay") for _ in range(3)]
        assert sent == [2, 1, 0]
        assert stored(nats) == 3
        connection.execute(
            "UPDATE ticketing.outbox SET status = 'pending', processed_at = NULL,"
            " next_attempt_at = now()"
        )
        assert example.relay(connection, nats, "relay") == 2
    assert stored(nats) == 3


def test_what_was_sent_before_the_server_went_is_acknowledged(
    clone: Database, example: ModuleType, nats: Any
) -> None:
    nats.request("$JS.API.STREAM.CREATE.TICKETS", STREAM, "")
    publish(clone, "a", "b", "c")
    sends = nats.request

    def request(subject: str, body: str, message_id: str) -> None:
        if stored(nats) == 2:
            raise ConnectionError("gone")
        sends(subject, body, message_id)

    nats.request = request
    with clone.connect("ts_test_worker") as connection:
        with pytest.raises(ConnectionError):
            example.relay(connection, nats, "relay")
        states = Session(connection).all("SELECT status FROM ticketing.outbox ORDER BY seq")
    assert [row["status"] for row in states] == ["processed", "processed", "processing"]


@pytest.mark.parametrize(("seconds", "sent"), [(20, 3), (20.1, 0)])
def test_it_stops_well_before_the_end_of_the_lease(
    clone: Database, example: ModuleType, nats: Any, *, seconds: float, sent: int
) -> None:
    nats.request("$JS.API.STREAM.CREATE.TICKETS", STREAM, "")
    publish(clone, "a", "b", "c")
    clock = itertools.chain([0.0], itertools.repeat(seconds))
    with clone.connect("ts_test_worker") as connection, pytest.MonkeyPatch.context() as patch:
        patch.setattr(example, "time", SimpleNamespace(monotonic=lambda: next(clock)))
        assert example.relay(connection, nats, "relay") == sent
    assert stored(nats) == sent


def test_what_no_stream_takes_comes_back_later(
    clone: Database, example: ModuleType, nats: Any
) -> None:
    publish(clone, "a")
    with clone.connect("ts_test_worker") as connection:
        assert example.relay(connection, nats, "relay") == 0
        event = Session(connection).one("SELECT * FROM ticketing.outbox")
    assert (event["status"], event["attempts"]) == ("pending", 1)
    assert event["last_error"]
