"""The upgrade to 0011 while services write: nobody fails, nobody waits long, no row is lost."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import ticket_schema
from support.databases import Database, database, join_groups
from support.online import revision_of
from support.servers import Server

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "bench_online_upgrade.py"


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    """The benchmark, of which this is a small run."""
    spec = importlib.util.spec_from_file_location(BENCHMARK.stem, BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def prepared(server: Server, benchmark: ModuleType) -> Iterator[Database]:
    """An empty database at the revision that the benchmark starts from."""
    with database(server) as made:
        ticket_schema.upgrade(made.migrator_url, benchmark.START, progress=lambda _: None)
        join_groups(server)
        yield made


def test_writers_hardly_notice(prepared: Database, benchmark: ModuleType) -> None:
    report = benchmark.measure(
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
