"""Runs the soak: `python -m soak --seconds 120 --seed 7`."""

from __future__ import annotations

import argparse
import sys

from support import databases, servers

from .run import Report, soak


def main() -> int:
    """Returns 0 when everything held, 1 when something did not."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--connections", type=int, default=16)
    given = parser.parse_args()
    server = servers.start()
    try:
        databases.prepare_cluster(server)
        with databases.database(server) as target:
            databases.migrate(target)
            databases.join_groups(server)
            report = soak(
                target, seconds=given.seconds, seed=given.seed, connections=given.connections
            )
    finally:
        server.stop()
    print(f"PostgreSQL {server.version} ({server.provider}), seed {given.seed}")
    show(report)
    return 0 if report.holds else 1


def show(report: Report) -> None:
    """Prints what was done and what did not hold."""
    for act, codes in sorted(report.outcomes.items()):
        others = ", ".join(f"{code} {n}" for code, n in codes.most_common() if code != "done")
        print(f"{act:22} {codes['done']:7} done   {others}")
    print(f"{report.kills} connections ended, {report.total} transactions begun")
    for line in report.deadlocks:
        print(f"DEADLOCK {line}")
    for line in report.faults:
        print(f"FAULT  {line}")
    for name, rows in report.offenders.items():
        print(f"BROKEN {name}: {len(rows)} rows, such as {rows[0]}")
    if report.holds:
        print("everything holds")


if __name__ == "__main__":
    sys.exit(main())
