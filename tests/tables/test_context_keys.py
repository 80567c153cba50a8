"""context_keys: rules of the table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

NOW = datetime.now(UTC)
PADS = ("inner_pad", "outer_pad", "seal_inner_pad", "seal_outer_pad")
EMPTY = dict.fromkeys(PADS)


@pytest.mark.parametrize(
    ("constraint", "given"),
    [
        *[
            ("chk_context_keys_key_id", {"key_id": name})
            for name in ("", "a.b", "a b", "ä", "k" * 64, "k\n")
        ],
        *[("chk_context_keys_pads", {pad: bytes(63)}) for pad in PADS],
        *[("chk_context_keys_pads", {pad: bytes(65)}) for pad in PADS],
        *[("chk_context_keys_retired", {pad: None}) for pad in PADS],
        ("chk_context_keys_retired", {"retired_at": NOW}),
        ("chk_context_keys_retired", {**EMPTY, "outer_pad": bytes(64), "retired_at": NOW}),
        ("chk_context_keys_valid_until", {"valid_from": NOW, "valid_until": NOW}),
    ],
)
def test_a_broken_rule_is_refused(
    db: Session, make: Make, tenant: UUID, constraint: str, given: dict[str, Any]
) -> None:
    with db.refused("23514", constraint):
        make.row("context_keys", tenant, **given)


@pytest.mark.parametrize(
    "given",
    [
        {"key_id": "k"},
        {"key_id": "k" * 63},
        {"key_id": "A-z_0"},
        {**EMPTY, "retired_at": NOW},
        {"valid_from": NOW, "valid_until": NOW + timedelta(microseconds=1)},
    ],
)
def test_the_last_allowed_value_is_accepted(
    make: Make, tenant: UUID, given: dict[str, Any]
) -> None:
    assert given.items() <= make.row("context_keys", tenant, **given).items()


def test_a_name_stands_once(db: Session, make: Make, tenant: UUID) -> None:
    make.row("context_keys", tenant, key_id="k")
    with db.refused("23505", "pk_context_keys"):
        make.row("context_keys", tenant, key_id="k")


def test_no_statistics_are_kept_of_the_secrets(db: Session, make: Make, tenant: UUID) -> None:
    for number in range(3):
        make.row("context_keys", tenant, key_id=f"k{number}")
    db.run("ANALYZE ticketing.context_keys")
    kept = {
        row["attname"]
        for row in db.all("SELECT attname FROM pg_stats WHERE tablename = 'context_keys'")
    }
    assert "key_id" in kept
    assert not kept & set(PADS)
