"""expire_overdue: the body of the sweepers, with no rights of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make, overdue
from support.session import Session
from support.sweeps import poison, warnings

if TYPE_CHECKING:
    from conftest import Acting

CALL = "SELECT ticketing.expire_overdue(%s, 'expires_at', %s, 'ticket_type_id', %s)"


def test_only_the_open_statuses_that_it_is_told_expire(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    make.row("reservations", tenant, **overdue())
    with as_worker():
        assert db.value(CALL, "reservations", ["confirmed"], 10) == 0
        assert db.value(CALL, "reservations", ["confirmed", "pending"], 10) == 1


def test_a_name_is_a_name_and_no_statement(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    make.row("reservations", tenant, **overdue())
    with as_worker():
        for table in ("reservations AS t; DROP TABLE x; --", "nowhere"):
            with db.refused("42P01"):
                db.value(CALL, table, ["pending"], 10)
        assert db.value(CALL, "reservations", ["'; DROP TABLE x; --"], 10) == 0


def test_it_does_for_nobody_what_they_may_not_do_by_hand(
    db: Session, make: Make, tenant: UUID, *, as_worker: Acting, as_tenant: Acting
) -> None:
    make.row("reservations", tenant, **overdue())
    with as_tenant(tenant), db.refused("42501"):
        db.value(CALL, "reservations", ["pending"], 10)
    past = overdue()["expires_at"]
    make.row("tickets", tenant, status="active", user_id=make.id("users", tenant), expires_at=past)
    with as_worker(actor="system"):
        assert db.value(CALL, "tickets", ["active"], 10) == 0


def test_rows_that_fail_are_tried_one_by_one_in_the_order_of_the_counters(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    kinds = sorted(make.ticket_type(tenant)["id"] for _ in range(3))
    rows = {
        kind: [make.id("reservations", tenant, ticket_type_id=kind, **overdue()) for _ in range(2)]
        for kind in reversed(kinds)
    }
    for pair in rows.values():
        for row in pair:
            poison(db, "reservations", row)
    with as_worker(), warnings(db) as heard:
        assert db.value(CALL, "reservations", ["pending"], 10) == 0
    order = [str(row) for kind in kinds for row in sorted(rows[kind])]
    assert [said.message.split()[0] for said in heard] == order


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_readonly", "ts_test_nobody"])
def test_it_is_for_background_jobs_alone(db: Session, role: str) -> None:
    with db.acting(role), db.refused("42501"):
        db.value(CALL, "reservations", ["pending"], 10)


def test_a_failure_leaves_the_actor_as_it_was(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    poison(db, "reservations", make.id("reservations", tenant, **overdue()), "40001")
    with as_worker(actor="service"):
        with db.refused("40001"):
            db.value(CALL, "reservations", ["pending"], 10)
        assert db.value("SELECT current_setting('app.actor_type')") == "service"


@pytest.mark.parametrize("code", ["40001", "40P01", "55P03", "53100", "57P03", "58030"])
def test_what_no_row_is_to_blame_for_is_not_tried_row_by_row(
    db: Session, make: Make, tenant: UUID, *, as_worker: Acting, code: str
) -> None:
    make.row("reservations", tenant, **overdue())
    db.run("CREATE SEQUENCE public.tries")
    db.run("GRANT ALL ON SEQUENCE public.tries TO PUBLIC")
    db.run(f"""
        CREATE FUNCTION public.fail_once() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF nextval('public.tries') = 1 THEN
                RAISE EXCEPTION 'not now' USING ERRCODE = '{code}';
            END IF;
            RETURN NULL;
        END $$
    """)
    db.run("""
        CREATE TRIGGER trg_fail_once BEFORE UPDATE ON ticketing.reservations
        FOR EACH STATEMENT EXECUTE FUNCTION public.fail_once()
    """)
    with as_worker(), db.refused(code):
        db.value(CALL, "reservations", ["pending"], 10)
