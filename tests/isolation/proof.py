"""Which detector finds which defect, as a page.

`python -m isolation.proof` puts every defect into a copy of a populated database and writes
docs/isolation-proof.md.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from defects.defect import put_back
from lint import pgrls
from support import databases, servers
from support.databases import Database
from support.servers import Server
from support.session import Session
from ticket_schema import lint

from . import matrix, surface
from .mutants import MUTANTS, Mutant
from .world import World, populated

PAGE = Path(__file__).parents[2] / "docs" / "isolation-proof.md"
COMMAND = "make isolation-proof"

Detector = Callable[[World, Mutant], list[str]]
DETECTORS: dict[str, Detector] = {
    "rules": lambda world, mutant: [str(found) for found in lint.offences(world.superuser)],
    "matrix": lambda world, mutant: matrix.deviations(world, mutant.relations),
    "functions": lambda world, mutant: surface.deviations(world, mutant.functions),
}
# Not ours and slower than all of ours together, so it is asked when the page is written.
CHECKER: dict[str, Detector] = {
    "pgrls": lambda world, mutant: pgrls.findings(world.database.superuser_url),
}

HEAD = f"""# How isolation is proved

Each line is one defect that was put into a copy of a database with the rows of two tenants, by
itself, and what found it. A test puts every one of them back on PostgreSQL 15 and 18 and fails when
one is found by none of the first three, or when their part of this page is not what was found.
`{COMMAND}` writes the page, and asks pgrls as well.

| detector | what it does |
|---|---|
| rules | asks the queries of `src/ticket_schema/lint`, as `ticket-schema status` does |
| matrix | tries every relation, command, login and context against what a superuser sees |
| functions | calls every function with another tenant's values, to be answered as if nobody's |
| pgrls | a linter and prover that is not ours, with its own idea of a safe schema |

On the schema as it is, all four find nothing, but what `allowed.toml` of the rules and
`tests/lint/explained.toml` give a reason for. Here the matrix is limited to the relations, and the
attack on functions to those, that the defect concerns; for the whole of both see
`tests/isolation/test_matrix.py` and `test_surface.py`. `ticket-schema status` finds a change of an
object once more as drift, by its fingerprint.

| defect | rules | matrix | functions | pgrls |
|---|---|---|---|---|
"""


@contextmanager
def closed(server: Server, template: Database) -> Iterator[World]:
    """Yields a populated world that nobody is connected to, so that it can be copied."""
    with populated(server, template) as world:
        world.superuser.close()
        yield world


@contextmanager
def defective(server: Server, world: World, mutant: Mutant) -> Iterator[World]:
    """Yields a copy of a world with a defect in it."""
    with databases.database(server, world.database.name) as copy, world.on(copy) as spoiled:
        try:
            with psycopg.connect(copy.superuser_url) as connection:
                put_back(Session(connection), *mutant.defect)
            yield spoiled
        finally:
            for statement in mutant.undo:
                spoiled.superuser.execute(statement.encode())


def killers(world: World, mutant: Mutant, detectors: dict[str, Detector]) -> list[str]:
    """Returns the detectors that find a defect."""
    return [name for name, detector in detectors.items() if detector(world, mutant)]


def row(mutant: Mutant, found_by: list[str]) -> list[str]:
    """Returns the cells of the page for a defect, as far as the detectors are ours."""
    return [mutant.name, *("found" if name in found_by else "" for name in DETECTORS)]


def main() -> int:
    """Writes the page; returns 1 when a defect is found by nobody."""
    server = servers.start()
    try:
        databases.prepare_cluster(server)
        with databases.database(server) as template:
            databases.migrate(template)
            databases.join_groups(server)
            found = {}
            with closed(server, template) as world:
                for mutant in MUTANTS:
                    with defective(server, world, mutant) as spoiled:
                        found[mutant.name] = killers(spoiled, mutant, DETECTORS | CHECKER)
                    print(f"{mutant.name}: {', '.join(found[mutant.name]) or 'NOBODY'}", flush=True)
    finally:
        server.stop()
    lines = []
    for mutant in MUTANTS:
        theirs = ["found" if name in found[mutant.name] else "" for name in CHECKER]
        lines.append(f"| {' | '.join(row(mutant, found[mutant.name]) + theirs)} |")
    totals = " | ".join(
        str(sum(name in names for names in found.values())) for name in DETECTORS | CHECKER
    )
    PAGE.write_text(
        HEAD + "\n".join(lines) + f"\n| **{len(MUTANTS)} defects** | {totals} |\n", encoding="utf-8"
    )
    return 0 if all(set(names) & DETECTORS.keys() for names in found.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
