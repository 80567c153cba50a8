"""outbox_cursors: rules of the table."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session


@pytest.mark.parametrize(
    ("constraint", "given"),
    [
        ("chk_outbox_cursors_consumer", {"consumer": ""}),
        ("chk_outbox_cursors_consumer", {"consumer": "c" * 101}),
        ("chk_outbox_cursors_order", {"seq": -1}),
        ("chk_outbox_cursors_order", {"seq": 2, "safe_seq": 1}),
        ("chk_outbox_cursors_candidate", {"candidate_seq": 1}),
        ("chk_outbox_cursors_candidate", {"candidate_xact": "1"}),
        (
            "chk_outbox_cursors_candidate",
            {"safe_seq": 2, "candidate_seq": 2, "candidate_xact": "1"},
        ),
    ],
)
def test_a_broken_rule_is_refused(
    db: Session, make: Make, tenant: UUID, constraint: str, given: dict[str, Any]
) -> None:
    with db.refused("23514", constraint):
        make.row("outbox_cursors", tenant, **given)


@pytest.mark.parametrize(
    "given",
    [
        {"consumer": "c"},
        {"consumer": "c" * 100},
        {"seq": 0, "safe_seq": 0},
        {"seq": 2, "safe_seq": 2},
        {"safe_seq": 2, "candidate_seq": 3, "candidate_xact": "1"},
    ],
)
def test_the_last_allowed_value_is_accepted(
    make: Make, tenant: UUID, given: dict[str, Any]
) -> None:
    made = make.row("outbox_cursors", tenant, **given)
    assert given.items() <= {**made, "candidate_xact": given.get("candidate_xact")}.items()


def test_a_new_consumer_begins_at_the_beginning(make: Make, tenant: UUID) -> None:
    made = make.row("outbox_cursors", tenant)
    assert (made["seq"], made["safe_seq"], made["candidate_seq"]) == (0, 0, None)


def test_a_consumer_has_one_cursor(db: Session, make: Make, tenant: UUID) -> None:
    make.row("outbox_cursors", tenant, consumer="search")
    with db.refused("23505", "pk_outbox_cursors"):
        make.row("outbox_cursors", tenant, consumer="search")


def test_numbers_are_given_out_one_by_one(db: Session) -> None:
    """A session that kept some back would use them after the log has passed them."""
    cache = "SELECT seqcache FROM pg_sequence WHERE seqrelid = 'ticketing.outbox_seq_seq'::regclass"
    assert db.value(cache) == 1
