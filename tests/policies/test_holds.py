"""Policies of holds: one tenant for services, overdue holds of every tenant for the sweeper."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make, Row, overdue
from support.session import Session
from support.zones import counters

if TYPE_CHECKING:
    from conftest import Acting

EXPIRE = "UPDATE ticketing.holds SET status = 'expired'"


@pytest.fixture
def both(make: Make, tenant: UUID, other_tenant: UUID) -> list[Row]:
    """An overdue hold in each of two tenants, and one that is alive beside it."""
    for owner in (tenant, other_tenant):
        make.row("holds", owner)
    return [make.row("holds", owner, quantity=2, **overdue()) for owner in (tenant, other_tenant)]


def seen(db: Session) -> set[UUID]:
    return {row["id"] for row in db.all("SELECT id FROM ticketing.holds")}


def test_the_sweeper_expires_overdue_holds_of_every_tenant_and_sees_no_other(
    db: Session, both: list[Row], as_worker: Acting
) -> None:
    late = {row["id"] for row in both}
    with as_worker() as sweeper:
        assert seen(sweeper) == late
        assert len(sweeper.all("SELECT id FROM ticketing.holds FOR UPDATE")) == 2
        assert sweeper.run(EXPIRE) == 2
        assert seen(sweeper) == late
    for row in both:
        assert counters(db, row["zone_id"]) == (0, 0, 100)


@pytest.mark.usefixtures("both")
def test_the_sweeper_does_nothing_else_across_tenants(as_worker: Acting) -> None:
    with as_worker(actor="system") as sweeper:
        for change in ("status = 'released'", "expires_at = expires_at"):
            with sweeper.refused("42501"):
                sweeper.run(f"UPDATE ticketing.holds SET {change}")


def test_the_sweeper_with_a_tenant_works_on_that_one_as_a_service_does(
    make: Make, tenant: UUID, both: list[Row], as_worker: Acting
) -> None:
    alive = make.id("holds", tenant)
    with as_worker(tenant=tenant) as sweeper:
        assert alive in seen(sweeper)
        assert (
            sweeper.run("UPDATE ticketing.holds SET status = 'released' WHERE id = %s", alive) == 1
        )
    assert len(both) == 2


def test_only_the_owner_reaches_holds_of_every_tenant_and_only_to_expire(
    db: Session, both: list[Row]
) -> None:
    with db.acting("ticketing_owner"):
        assert len(seen(db)) == 4
        assert db.run("DELETE FROM ticketing.holds") == 0
    for role in ("ticketing_app", "ticketing_readonly"):
        with db.acting(role):
            assert seen(db) == set()
    assert len(both) == 2
