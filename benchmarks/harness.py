"""What the benchmarks share: a server for one run, a load by pgbench, and figures as JSON."""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import psycopg

import ticket_schema
from ticket_schema import embedded

# A service's login; commits do not wait for the disk, so that the CPU and the locks decide.
LOGIN = """
CREATE ROLE bench_app LOGIN IN ROLE ticketing_app;
ALTER ROLE bench_app SET synchronous_commit = off;
"""


def run(measure: Callable[[embedded.Embedded, Path], object]) -> None:
    """Prints what is measured on an embedded server of its own.

    Args:
        measure: is given the server and a folder for its files, and returns the figures.
    """
    with tempfile.TemporaryDirectory() as folder:
        server = embedded.start(Path(folder) / "pg")
        try:
            report = measure(server, Path(folder))
        finally:
            embedded.stop(server.folder)
    sys.stdout.write(json.dumps(report, indent=2) + "\n")


def execute(server: embedded.Embedded, database: str, *statements: str) -> None:
    """Runs statements as the superuser, each committed by itself.

    Args:
        server: where the database is.
        database: its name.
        statements: several in one string are one transaction.
    """
    with psycopg.connect(server.url(database), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def create(server: embedded.Embedded, name: str) -> str:
    """Returns the connection string of a new database at head.

    Args:
        server: where it is made.
        name: its name.
    """
    execute(server, "postgres", f"CREATE DATABASE {name}")
    upgrade(server.url(name))
    return server.url(name)


def upgrade(url: str, target: str = "head") -> None:
    """Upgrades without printing.

    Args:
        url: connection string of the database.
        target: the revision.
    """
    ticket_schema.upgrade(url, target, progress=lambda _: None)


def pgbench(
    server: embedded.Embedded,
    database: str,
    script: Path,
    *,
    clients: int,
    seconds: int,
    protocol: str = "prepared",
    login: str = "bench_app",
) -> float:
    """Returns transactions a second of one run, in which none may fail.

    Args:
        server: where the database is.
        database: its name.
        script: what each client repeats.
        clients: how many there are.
        seconds: how long they run.
        protocol: how they send their queries.
        login: who they are.

    Raises:
        RuntimeError: pgbench or a transaction failed.
    """
    arguments = [
        str(server.psql.parent / "pgbench"), "--no-vacuum", f"--protocol={protocol}",
        f"--client={clients}", f"--jobs={min(2, clients)}", f"--time={seconds}",
        f"--file={script}", f"--host={server.socket_folder}", f"--username={login}", database,
    ]  # fmt: skip
    done = subprocess.run(arguments, check=False, capture_output=True, text=True)
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    if done.returncode or found is None or "failed transactions: 0 " not in done.stdout:
        raise RuntimeError(done.stdout + done.stderr)
    return float(found[1])


def spread(values: Sequence[float], digits: int | None = None) -> dict[str, float]:
    """Returns median, minimum and maximum, rounded to so many digits.

    Args:
        values: of all rounds.
        digits: behind the point; whole numbers unless it is given.
    """
    return {
        "median": round(statistics.median(values), digits),
        "min": round(min(values), digits),
        "max": round(max(values), digits),
    }


def ratio(values: Sequence[float], bound: Sequence[float]) -> float:
    """Returns the median of the ratios of runs that stood side by side.

    Args:
        values: of all rounds.
        bound: of the same rounds.
    """
    return round(statistics.median(a / b for a, b in zip(values, bound, strict=True)), 2)
