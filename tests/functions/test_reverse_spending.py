"""reverse_spending: a spending is taken back once."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make
from support.races import race
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

REVERSE = "SELECT * FROM ticketing.reverse_spending(%s)"
SPENT = (
    "SELECT spent_cents FROM ticketing.get_spending_status(%s, 'EUR') WHERE limit_name = 'daily'"
)
COUNT = "SELECT count(*) FROM ticketing.spending_transactions WHERE reverses_id = %s"


def test_a_spending_is_taken_back_and_makes_room(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    made = make.row("spending_transactions", tenant, amount_cents=250, currency="EUR")
    with as_tenant(tenant):
        assert db.value(SPENT, made["user_id"]) == 250
        answer = db.one(REVERSE, made["id"])
        assert db.value(SPENT, made["user_id"]) == 0
    row = db.one("SELECT * FROM ticketing.spending_transactions WHERE reverses_id = %s", made["id"])
    assert answer == {
        "reversal_id": row["id"],
        "amount_cents": 250,
        "currency": "EUR",
        "is_replay": False,
    }
    expected = {
        "user_id": made["user_id"],
        "transaction_type": "reversal",
        "transaction_reference": str(made["id"]),
    }
    assert expected.items() <= row.items()


def test_a_second_time_changes_nothing(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    made = make.id("spending_transactions", tenant)
    with as_tenant(tenant):
        first, second = db.one(REVERSE, made), db.one(REVERSE, made)
    assert second == {**first, "is_replay": True}
    assert db.value(COUNT, made) == 1


def test_a_reversal_is_not_reversed(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    made = make.id("spending_transactions", tenant)
    with as_tenant(tenant):
        reversal = db.one(REVERSE, made)["reversal_id"]
        with db.refused("TK724"):
            db.one(REVERSE, reversal)


def test_what_the_tenant_does_not_have_is_not_found(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    theirs = make.id("spending_transactions", other_tenant)
    with as_tenant(tenant):
        for unknown in (theirs, uuid4(), None):
            with db.refused("TK723"):
                db.one(REVERSE, unknown)
    assert db.value(COUNT, theirs) == 0


def test_it_needs_a_tenant(db: Session, make: Make, tenant: UUID, as_worker: Acting) -> None:
    made = make.id("spending_transactions", tenant)
    with as_worker(), db.refused("TK701"):
        db.one(REVERSE, made)
    with as_worker(tenant=tenant):
        assert db.one(REVERSE, made)["is_replay"] is False


def test_readers_may_not(
    db: Session, make: Make, tenant: UUID, as_readonly: Acting, as_nobody: Acting
) -> None:
    made = make.id("spending_transactions", tenant)
    with as_readonly(tenant), db.refused("42501"):
        db.one(REVERSE, made)
    with as_nobody(tenant=tenant), db.refused("42501"):
        db.one(REVERSE, made)


@pytest.mark.parametrize("callers", [2, 12])
def test_of_many_at_once_one_reverses_and_the_others_are_told(
    clone: Database, callers: int
) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        made = make.id("spending_transactions", tenant)

    def reverse(connection: psycopg.Connection, number: int) -> tuple[UUID, bool]:
        row = Session(connection).one(REVERSE, made)
        return row["reversal_id"], row["is_replay"]

    answers = race(clone, "ts_test_app", callers, reverse, tenant=tenant)
    (reversal,) = {answer[0] for answer in answers if not isinstance(answer, psycopg.Error)}
    assert sorted(answers, key=str) == sorted(
        [(reversal, False), *[(reversal, True)] * (callers - 1)], key=str
    )
    with psycopg.connect(clone.superuser_url) as connection:
        assert Session(connection).value(COUNT, made) == 1
