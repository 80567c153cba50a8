"""The upgrade to 0011 while services write: nobody fails, nobody waits long, no row is lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import bench_online_upgrade as benchmark
import ticket_schema
from support.databases import Database, database, join_groups
from support.online import revision_of
from support.servers import Server


@pytest.fixture
def prepared(server: Server) -> Iterator[Database]:
    """An empty database at the revision that the benchmark starts from."""
    with database(server) as made:
        ticket_schema.upgrade(made.migrator_url, benchmark.START, progress=lambda _: None)
        join_groups(server)
        yield made


def test_writers_hardly_notice(prepared: Database) -> None:
    # A small run of it.
    report: dict[str, Any] = benchmark.measure(
        prepared.superuser_url,
        prepared.migrator_url,
        (prepared.url("ts_test_app"), prepared.url("ts_test_worker")),
        tickets=5000,
        writers=4,
        lock_seconds=1.0,
        # Several runs may share the machine.
        slack_seconds=2.0,
    )

    assert revision_of(prepared) == benchmark.END
    assert report["transactions"] >= 60
    assert report["failures"] == []
