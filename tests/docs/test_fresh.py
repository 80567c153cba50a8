"""The committed documentation tells what the schema is."""

from __future__ import annotations

from ticket_schema.docs import build, command
from ticket_schema.docs.history import History, Locks
from ticket_schema.docs.snapshot import Snapshot

from .conftest import DOCS


def test_the_committed_documentation_is_fresh(
    head: Snapshot, walked: tuple[History, Locks]
) -> None:
    output = DOCS / "schema"
    history, locks = walked

    drift = build.check(output, build.source(head, output, history=history, locks=locks))

    assert not drift.files, command._told(drift, output, None, whole=False)
