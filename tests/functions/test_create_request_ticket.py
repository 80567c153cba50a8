"""create_request_ticket: a wish becomes a pending request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

CALL = "SELECT * FROM ticketing.create_request_ticket(%s, %s::text[], %s, %s, %s)"
WISH = (
    100,
    ["music", "flac", "album"],
    "Abbey Road by The Beatles, prefer 2019 remaster",
    "/media/music/beatles/abbey-road",
)


@pytest.fixture
def user(make: Make, tenant: UUID) -> UUID:
    return make.id("users", tenant)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_it_makes_a_pending_request_and_returns_it(
    db: Session, tenant: UUID, user: UUID, role: str
) -> None:
    before = db.value("SELECT clock_timestamp()")
    with db.acting(role, tenant=tenant):
        made = db.one(CALL, *WISH, user)
        assert db.one("SELECT * FROM ticketing.request_tickets") == made
        (event,) = db.all("SELECT * FROM ticketing.audit_events")
    assert (made["tenant_id"], made["created_by"], made["state"]) == (tenant, user, "pending")
    assert (made["priority"], made["tags"], made["description"], made["dest_path"]) == WISH
    assert made["created_at"] > before
    assert (made["version"], made["claim_number"], made["claimed_by"]) == (1, 0, None)
    assert (event["event_type"], event["ticket_id"]) == ("ticket_created", made["id"])


def test_the_user_of_the_transaction_makes_it(
    db: Session, tenant: UUID, user: UUID, as_user: Acting
) -> None:
    with as_user(tenant, user):
        assert db.one(CALL, *WISH, None)["created_by"] == user
        assert db.one(CALL, *WISH, user)["created_by"] == user
        without = CALL.replace(", %s)", ")")
        assert db.one(without, *WISH)["created_by"] == user


def test_a_customer_makes_none_for_somebody_else_and_staff_does(
    db: Session, make: Make, tenant: UUID, *, user: UUID, as_user: Acting
) -> None:
    other = make.id("users", tenant)
    with as_user(tenant, user), db.refused("TK145"):
        db.one(CALL, *WISH, other)
    with as_user(tenant, user, user_role="staff"):
        assert db.one(CALL, *WISH, other)["created_by"] == other


def test_each_call_makes_another(db: Session, tenant: UUID, user: UUID, as_tenant: Acting) -> None:
    with as_tenant(tenant):
        first, second = (db.one(CALL, *WISH, user) for _ in range(2))
    assert first["id"] != second["id"]
    assert first["created_at"] < second["created_at"]


@pytest.mark.parametrize(
    "wish",
    [
        (0, [], "", "/"),
        (65535, [str(n) for n in range(64)], "é" * 10000, "/" * 4096),
    ],
)
def test_the_ends_of_each_range_are_accepted(
    db: Session, tenant: UUID, *, user: UUID, as_tenant: Acting, wish: tuple[Any, ...]
) -> None:
    with as_tenant(tenant):
        made = db.one(CALL, *wish, user)
    assert (made["priority"], made["tags"], made["description"], made["dest_path"]) == wish


@pytest.mark.parametrize(
    ("place", "value"),
    [
        *((0, value) for value in (None, -1, 65536)),
        *((1, value) for value in (None, [None], ["a", None], [""], [str(n) for n in range(65)])),
        *((2, value) for value in (None, "é" * 10001)),
        *((3, value) for value in (None, "", "   ", "/" * 4097)),
    ],
)
def test_what_is_missing_malformed_or_out_of_range_is_refused(
    db: Session, tenant: UUID, *, user: UUID, as_tenant: Acting, place: int, value: Any
) -> None:
    wish = [*WISH]
    wish[place] = value
    named = ("priority", "tags", "description", "destination")[place]
    with as_tenant(tenant), db.refused("TK001") as by:
        db.one(CALL, *wish, user)
    assert named in str(by.error)


def test_somebody_must_make_it(db: Session, tenant: UUID, as_tenant: Acting) -> None:
    with as_tenant(tenant), db.refused("TK001") as by:
        db.one(CALL, *WISH, None)
    assert "p_created_by" in (by.error.diag.message_hint or "")


def test_a_user_whom_the_tenant_does_not_have_makes_none(
    db: Session, make: Make, tenant: UUID, *, other_tenant: UUID, as_tenant: Acting
) -> None:
    for stranger in (uuid4(), make.id("users", other_tenant)):
        with as_tenant(tenant), db.refused("23503", "fk_request_tickets_created_by"):
            db.one(CALL, *WISH, stranger)


def test_without_a_tenant_it_is_refused(db: Session, user: UUID) -> None:
    with db.acting("ticketing_app"), db.refused("TK701"):
        db.one(CALL, *WISH, user)


@pytest.mark.parametrize("role", ["ticketing_readonly", "ts_test_nobody"])
def test_readers_and_strangers_make_none(db: Session, tenant: UUID, user: UUID, role: str) -> None:
    with db.acting(role, tenant=tenant), db.refused("42501"):
        db.one(CALL, *WISH, user)
