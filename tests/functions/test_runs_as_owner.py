"""runs_as_owner: a policy of the owner that is decided when a query is planned."""

from __future__ import annotations

from uuid import UUID

import pytest

from support.databases import MIGRATOR
from support.factories import Make
from support.session import Session

COUNT = "SELECT count(*) FROM ticketing.tickets"


def test_the_owner_is_the_owner(db: Session) -> None:
    with db.acting("ticketing_owner"):
        assert db.value("SELECT ticketing.runs_as_owner()") is True


def test_a_member_of_the_owner_is_not(db: Session) -> None:
    with db.acting(MIGRATOR):
        assert db.value("SELECT pg_has_role('ticketing_owner', 'USAGE')") is True
        assert db.value("SELECT ticketing.runs_as_owner()") is False


def test_neither_is_a_superuser(db: Session) -> None:
    assert db.value("SELECT ticketing.runs_as_owner()") is False


@pytest.mark.parametrize(
    "role", ["ticketing_app", "ticketing_worker", "ticketing_readonly", "ts_test_nobody"]
)
def test_nobody_else_may_call_it(db: Session, role: str) -> None:
    with db.acting(role), db.refused("42501"):
        db.value("SELECT ticketing.runs_as_owner()")


def test_its_policy_shows_tickets_to_the_owner_and_not_to_its_members(
    db: Session, make: Make, tenant: UUID
) -> None:
    make.row("tickets", tenant)
    with db.acting("ticketing_owner"):
        assert db.value(COUNT) == 1
    with db.acting(MIGRATOR):
        assert db.value(COUNT) == 0
    with db.acting(MIGRATOR, tenant=tenant):
        assert db.value(COUNT) == 0


@pytest.mark.parametrize("mode", ["auto", "force_generic_plan"])
def test_a_plan_that_was_kept_serves_no_other_role(
    db: Session, make: Make, tenant: UUID, mode: str
) -> None:
    make.row("tickets", tenant)
    db.run(f"SET LOCAL plan_cache_mode = {mode}")
    db.run(f"PREPARE counted AS {COUNT}")
    try:
        for _ in range(2):
            with db.acting("ticketing_owner"):
                assert [db.value("EXECUTE counted") for _ in range(7)] == [1] * 7
            with db.acting(MIGRATOR):
                assert [db.value("EXECUTE counted") for _ in range(7)] == [0] * 7
            with db.acting("ticketing_app"):
                assert db.value("EXECUTE counted") == 0
            with db.acting("ticketing_app", tenant=tenant):
                assert db.value("EXECUTE counted") == 1
    finally:
        db.run("DEALLOCATE counted")


def test_nothing_of_it_is_left_in_the_plan(db: Session) -> None:
    with db.acting("ticketing_owner"):
        plan = "\n".join(row["QUERY PLAN"] for row in db.all(f"EXPLAIN VERBOSE {COUNT}"))
    assert "runs_as_owner" not in plan
    assert "Filter" not in plan


def test_it_is_used_by_the_policy_of_the_owner_alone(db: Session) -> None:
    users = db.all(
        "SELECT polname, polroles::regrole[]::text[] AS roles FROM pg_policy "
        "WHERE pg_get_expr(polqual, polrelid) LIKE '%runs_as_owner%' "
        "OR pg_get_expr(polwithcheck, polrelid) LIKE '%runs_as_owner%'"
    )
    assert users == [{"polname": "tickets_owner_select", "roles": ["ticketing_owner"]}]
