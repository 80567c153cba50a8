"""mark_ticket_pass_produced: a pass is built, unless it has changed meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
import pytest
from psycopg.types.json import Jsonb

from support.databases import Database
from support.factories import Make, Row
from support.names import shown
from support.passes import READ, TOKEN, TYPE, bring, claim, claimed, produce
from support.races import in_turn
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

BUMP = "UPDATE ticketing.ticket_passes SET pass_version = pass_version + 1 WHERE id = %s"


@pytest.fixture
def row(db: Session, make: Make, tenant: UUID) -> Row:
    return bring(db, tenant, make.row("ticket_passes", tenant, metadata={"a": 1}), "claimed")


def test_it_is_built_and_the_claim_is_over(
    db: Session, tenant: UUID, row: Row, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant):
        assert produce(db, row, metadata={"b": 2}) == "produced"
    after = db.one(READ, row["id"])
    assert (after["status"], after["claimed_by"], after["attempts"]) == ("produced", None, 0)
    assert (after["pass_type_id"], after["auth_token_hash"]) == (TYPE, TOKEN)
    assert after["metadata"] == {"a": 1, "b": 2}
    assert after["produced_at"] > row["updated_at"]


def test_said_again_it_is_as_it_was(db: Session, tenant: UUID, row: Row, as_worker: Acting) -> None:
    with as_worker(tenant=tenant):
        produce(db, row)
        first = db.one(READ, row["id"])
        assert produce(db, row, metadata={"late": 1}) == "produced"
        assert db.one(READ, row["id"]) == first


def test_a_change_meanwhile_makes_the_work_outdated_and_the_pass_due_at_once(
    db: Session, tenant: UUID, row: Row, as_worker: Acting
) -> None:
    db.run(BUMP, row["id"])
    with as_worker(tenant=tenant):
        assert claimed(db) == []
        assert produce(db, row, metadata={"b": 2}) == "outdated"
        after = db.one(READ, row["id"])
        assert (after["status"], after["produced_at"]) == ("pending", None)
        assert (after["pass_type_id"], after["metadata"]) == (None, {"a": 1})
        again = claim(db, "w2")
        assert (again["pass_version"], again["claim_number"]) == (2, 2)
        assert produce(db, again) == "produced"


def test_it_shows_the_code_that_the_ticket_has_now(
    db: Session, tenant: UUID, row: Row, as_worker: Acting
) -> None:
    change = "UPDATE ticketing.tickets SET credential_version = 4 WHERE id = %s"
    with as_worker(tenant=tenant):
        db.run(change, row["ticket_id"])
        assert produce(db, row) == "outdated"
        assert db.one(READ, row["id"])["credential_version"] == 1
        assert produce(db, claim(db)) == "produced"
    assert db.one(READ, row["id"])["credential_version"] == 4


def test_type_and_token_are_those_of_the_first_time(
    db: Session, tenant: UUID, row: Row, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant):
        produce(db, row)
        db.run(BUMP, row["id"])
        assert produce(db, claim(db), auth_token_hash="cd" * 32, pass_type_id="x") == "produced"
    after = db.one(READ, row["id"])
    assert (after["pass_type_id"], after["auth_token_hash"]) == (TYPE, TOKEN)


def test_a_wallet_without_tokens_needs_none(
    db: Session, tenant: UUID, row: Row, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant):
        assert produce(db, row, auth_token_hash=None, pass_type_id=None) == "produced"
    assert db.one(READ, row["id"])["auth_token_hash"] is None


def test_a_token_in_clear_text_is_refused(
    db: Session, tenant: UUID, row: Row, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant), db.refused("23514", "chk_ticket_passes_auth_token_hash"):
        produce(db, row, auth_token_hash="secret")


@pytest.mark.parametrize("version", [None, 0, -1, 2])
def test_a_version_that_is_not_there_is_refused(
    db: Session, tenant: UUID, *, row: Row, as_worker: Acting, version: int | None
) -> None:
    with as_worker(tenant=tenant), db.refused("TK001"):
        produce(db, {**row, "pass_version": version})


@pytest.mark.parametrize("metadata", [None, Jsonb([]), Jsonb(1)], ids=shown)
def test_metadata_that_is_no_object_is_refused(
    db: Session, tenant: UUID, *, row: Row, as_worker: Acting, metadata: object
) -> None:
    with as_worker(tenant=tenant), db.refused("TK001"):
        produce(db, row, metadata=metadata)


def test_a_lost_claim_is_refused(db: Session, tenant: UUID, row: Row, as_worker: Acting) -> None:
    with as_worker(tenant=tenant), db.refused("TK744"):
        produce(db, {**row, "claim_number": 2})


@pytest.mark.parametrize("change_first", [True, False])
def test_a_change_that_meets_the_mark_is_not_lost(clone: Database, *, change_first: bool) -> None:
    """Whichever is first, the pass ends up to be built again at the new version."""
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        make = Make(db)
        tenant = make.tenant()
        row = bring(db, tenant, make.row("ticket_passes", tenant), "claimed")
    call = b"SELECT ticketing.mark_ticket_pass_produced(%s, %s, %s)"

    def change(connection: psycopg.Connection) -> str:
        connection.execute("UPDATE ticketing.tickets SET qr_code = 'new'")
        return "changed"

    def mark(connection: psycopg.Connection) -> str:
        found = connection.execute(call, [row["id"], 1, 1]).fetchone()
        assert found is not None
        return str(found[0])

    order = (change, mark) if change_first else (mark, change)
    said, answer, waited = in_turn(clone, "ts_test_worker", *order, tenant=tenant)
    assert waited
    assert {said, answer} == {"changed", "outdated" if change_first else "produced"}
    with psycopg.connect(clone.superuser_url) as connection:
        after = Session(connection).one(READ, row["id"])
    assert (after["status"], after["pass_version"], after["claimed_by"]) == ("pending", 2, None)
