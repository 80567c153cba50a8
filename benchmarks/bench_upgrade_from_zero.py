"""How much the safe runner costs: `upgrade head` against `psql -1 -f` of the same SQL.

Both run on an empty database of one embedded server, in turn, so that the ratio travels better
than the times. The start of a process is left out of both: the upgrade runs in this process, and
of psql's time that of `psql -c 'SELECT 1'` is taken off.
"""

from __future__ import annotations

import io
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
from alembic import command

import harness
from ticket_schema import alembic_config, embedded

ROUNDS = 15


def main() -> None:
    """Runs the rounds and prints medians, spread and ratio."""
    harness.run(measure)


def measure(server: embedded.Embedded, folder: Path) -> dict[str, object]:
    """Returns the figures of all rounds, the first one left out.

    Args:
        server: where the databases are made.
        folder: for the script.
    """
    script = folder / "head.sql"
    script.write_text(plain_script(), encoding="utf-8")
    psql = [str(server.psql), "--no-psqlrc", "--quiet", "-v", "ON_ERROR_STOP=1"]
    upgrades, scripts = [], []
    for _ in range(ROUNDS + 1):
        url = recreate(server, "by_upgrade")
        upgrades.append(seconds(lambda url=url: harness.upgrade(url)))  # type: ignore[misc]
        url = recreate(server, "by_psql")
        whole = seconds(lambda url=url: run([*psql, "-1", "-f", str(script), url]))  # type: ignore[misc]
        start = seconds(lambda url=url: run([*psql, "-c", "SELECT 1", url]))  # type: ignore[misc]
        scripts.append(whole - start)
        check_equal(server)
    del upgrades[0], scripts[0]
    return {
        "benchmark": "upgrade head on an empty database / psql -1 -f of the same SQL",
        "rounds": ROUNDS,
        "upgrade_seconds": harness.spread(upgrades, 3),
        "psql_seconds": harness.spread(scripts, 3),
        "ratio_of_medians": round(statistics.median(upgrades) / statistics.median(scripts), 2),
        "ratio_by_round": harness.spread(
            [a / b for a, b in zip(upgrades, scripts, strict=True)], 3
        ),
    }


def plain_script() -> str:
    """Returns the offline script without its own transactions, for psql's single one.

    An index cannot be built CONCURRENTLY in a transaction; on empty tables that is no other work.
    """
    config = alembic_config()
    config.output_buffer = buffer = io.StringIO()
    command.upgrade(config, "base:head", sql=True)
    lines = buffer.getvalue().replace(" INDEX CONCURRENTLY ", " INDEX ").splitlines()
    return "\n".join(line for line in lines if line not in ("BEGIN;", "COMMIT;"))


def recreate(server: embedded.Embedded, name: str) -> str:
    """Returns the connection string of a new empty database."""
    harness.execute(
        server,
        "postgres",
        f"DROP DATABASE IF EXISTS {name} WITH (FORCE)",
        f"CREATE DATABASE {name}",
        "CHECKPOINT",
    )
    return server.url(name)


def check_equal(server: embedded.Embedded) -> None:
    """Makes sure that both ways did the same work."""
    counts = []
    for name in ("by_upgrade", "by_psql"):
        with psycopg.connect(server.url(name)) as connection:
            row = connection.execute(
                "SELECT count(*) FROM pg_class WHERE relnamespace = 'ticketing'::regnamespace"
            ).fetchone()
            counts.append(row)
    if counts[0] != counts[1]:
        msg = f"the two ways made different schemas: {counts}"
        raise RuntimeError(msg)


def run(arguments: list[str]) -> None:
    """Runs a program and wants it to succeed."""
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)


def seconds(act: Callable[[], None]) -> float:
    """Returns how long something takes, in seconds."""
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
