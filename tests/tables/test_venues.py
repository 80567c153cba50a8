"""venues: rules of the table."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.session import Session

Acting = Callable[..., AbstractContextManager[Session]]


def test_the_owner_may_not_be_a_user_of_another_tenant(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    stranger = make.id("users", other_tenant)
    with db.refused("23503", "fk_venues_created_by"):
        make.row("venues", tenant, created_by=stranger)


def test_the_owner_must_exist(db: Session, make: Make, tenant: UUID) -> None:
    with db.refused("23503", "fk_venues_created_by"):
        make.row("venues", tenant, created_by=uuid4())


def test_two_venues_may_have_the_same_name(make: Make, tenant: UUID) -> None:
    first = make.id("venues", tenant, name="City Hall")
    assert make.id("venues", tenant, name="City Hall") != first


def test_a_new_venue_has_no_owner_and_counts_in_utc(make: Make, tenant: UUID) -> None:
    row = make.row("venues", tenant)
    assert (row["created_by"], row["timezone"], row["version"]) == (None, "UTC", 1)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO ticketing.venues (tenant_id, name)"
        " VALUES (ticketing.current_tenant_id(), 'Mine')",
        "UPDATE ticketing.venues SET created_by = NULL",
        "DELETE FROM ticketing.venues",
    ],
)
def test_a_service_cannot_write(
    db: Session, tenant: UUID, as_tenant: Acting, statement: str
) -> None:
    with as_tenant(tenant), db.refused("42501") as by:
        db.run(statement)
    assert "permission denied" in str(by.error)


def test_the_worker_copies_what_the_owner_sends(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    owner = make.id("users", tenant)
    with as_worker():
        db.run("INSERT INTO ticketing.venues (tenant_id, name) VALUES (%s, 'Hall')", tenant)
        changed = db.run(
            "UPDATE ticketing.venues SET name = 'City Hall', created_by = %s, "
            "timezone = 'Europe/Berlin', version = 2 WHERE tenant_id = %s",
            owner,
            tenant,
        )
    assert changed == 1


@pytest.mark.parametrize("column", ["tenant_id", "id", "created_at", "updated_at"])
def test_the_worker_cannot_change(db: Session, as_worker: Acting, column: str) -> None:
    with as_worker(), db.refused("42501") as by:
        db.run(f"UPDATE ticketing.venues SET {column} = DEFAULT")
    assert "permission denied" in str(by.error)


def test_the_worker_cannot_delete(db: Session, as_worker: Acting) -> None:
    with as_worker(), db.refused("42501"):
        db.run("DELETE FROM ticketing.venues")
