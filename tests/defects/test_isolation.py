"""Rows and rights that reach into another tenant, or another person's ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from support.factories import TABLES, Make
from support.session import Session
from ticket_schema import lint

from .defect import Rewrite, attempt, attempt_to, prove, put_back, undone

if TYPE_CHECKING:
    from conftest import Acting

SYSTEM = "current_setting('app.is_system_user', TRUE) = 'true'"
NO_FLOOR = "DROP POLICY tickets_tenant_isolation ON ticketing.tickets"
ADMIN_EVERYWHERE = (
    "ALTER POLICY tickets_admin_all ON ticketing.tickets "
    "USING ((SELECT ticketing.acts_for_tenant()))"
)


def holds(db: Session, *rules: str) -> bool:
    return not lint.offences(db.connection, rules)


def seen(db: Session) -> int:
    count: int = db.value("SELECT count(*) FROM ticketing.tickets")
    return count


# --- 9 ---


def test_09_an_admin_who_sees_every_tenant(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, as_user: Acting
) -> None:
    admin = make.id("users", tenant, role="admin")
    make.held_ticket(tenant)
    make.held_ticket(other_tenant)

    def look() -> int:
        with as_user(tenant, admin, "admin"):
            return seen(db)

    prove(db, look, NO_FLOOR, ADMIN_EVERYWHERE, promised=1, broken=2)


@pytest.mark.parametrize("lost", [NO_FLOOR, ADMIN_EVERYWHERE], ids=["floor", "tenant-test"])
def test_09_either_line_keeps_the_admin_in_and_the_rules_miss_the_other(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, *, as_user: Acting, lost: str
) -> None:
    admin = make.id("users", tenant, role="admin")
    make.held_ticket(tenant)
    make.held_ticket(other_tenant)

    def look() -> tuple[int, bool]:
        with as_user(tenant, admin, "admin"):
            rows = seen(db)
        return rows, holds(db, "one_floor", "tenant_in_policies")

    prove(db, look, lost, promised=(1, True), broken=(1, False))


# --- 10 ---


@pytest.mark.parametrize(
    "change",
    [
        "status = 'checked_in'",
        "price_cents = 1",
        "section = 'VIP'",
        "deleted_at = NULL, seat = '1'",
    ],
)
def test_10_a_holder_who_changes_the_ticket(
    db: Session, make: Make, tenant: UUID, *, as_user: Acting, change: str
) -> None:
    holder = make.id("users", tenant)
    make.held_ticket(tenant, holder)

    def look() -> str:
        with as_user(tenant, holder):
            return attempt(db, f"UPDATE ticketing.tickets SET {change}")

    guard = "DROP TRIGGER trg_tickets_10_guard_holder ON ticketing.tickets"
    prove(db, look, guard, promised="TK004", broken="done")


def test_10_a_holder_who_gives_the_ticket_away(
    db: Session, make: Make, tenant: UUID, as_user: Acting
) -> None:
    holder, other = make.id("users", tenant), make.id("users", tenant)
    make.held_ticket(tenant, holder)

    def look() -> str:
        with as_user(tenant, holder):
            return attempt(db, "UPDATE ticketing.tickets SET user_id = %s", other)

    prove(
        db,
        look,
        "DROP TRIGGER trg_tickets_10_guard_holder ON ticketing.tickets",
        "ALTER POLICY tickets_update_own ON ticketing.tickets WITH CHECK (TRUE)",
        "ALTER POLICY tickets_view_own ON ticketing.tickets USING (TRUE)",
        promised="42501",
        broken="done",
    )


# --- 11 ---


@pytest.mark.parametrize("state", ["DISABLE", "NO FORCE"])
def test_11_refunds_without_row_security(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, *, as_tenant: Acting, state: str
) -> None:
    make.id("refunds", other_tenant)

    def look() -> tuple[int, bool]:
        role = "ticketing_app" if state == "DISABLE" else "ticketing_owner"
        with db.acting(role, tenant=tenant):
            rows = db.value("SELECT count(*) FROM ticketing.refunds")
        return rows, holds(db, "row_security")

    defect = f"ALTER TABLE ticketing.refunds {state} ROW LEVEL SECURITY"
    prove(db, look, defect, promised=(0, True), broken=(1, False))


def test_11_any_table_without_row_security(db: Session) -> None:
    with undone(db):
        for table in TABLES:
            put_back(db, f"ALTER TABLE ticketing.{table} DISABLE ROW LEVEL SECURITY")
        found = {offence.name for offence in lint.offences(db.connection, ["row_security"])}
    assert found == set(TABLES)


# --- 12 ---


def test_12_a_variable_that_opens_everything(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    make.held_ticket(tenant)
    make.held_ticket(other_tenant)

    def look() -> tuple[int, bool]:
        with db.acting("ticketing_app"):
            db.run("SET LOCAL app.is_system_user = 'true'")
            rows = seen(db)
        return rows, holds(db, "policy_helpers")

    prove(
        db,
        look,
        "ALTER POLICY tickets_tenant_isolation ON ticketing.tickets "
        f"USING (tenant_id = (SELECT ticketing.current_tenant_id()) OR {SYSTEM})",
        "CREATE POLICY tickets_system ON ticketing.tickets FOR SELECT TO ticketing_app "
        f"USING ({SYSTEM})",
        promised=(0, True),
        broken=(2, False),
    )


def test_12_a_helper_that_believes_such_a_variable(
    db: Session, make: Make, tenant: UUID, as_user: Acting
) -> None:
    make.held_ticket(tenant)
    stranger = make.id("users", tenant)

    def look() -> tuple[int, bool]:
        with as_user(tenant, stranger):
            db.run("SET LOCAL app.is_system_user = 'true'")
            rows = seen(db)
        return rows, holds(db, "setting_names")

    believed = Rewrite("acts_for_tenant", "RETURN coalesce(", f"RETURN {SYSTEM} OR coalesce(")
    prove(db, look, believed, promised=(0, True), broken=(1, False))


# --- 13 ---

ANSWERS = [
    pytest.param(
        "get_ticket_state_history(uuid, integer)",
        "SELECT count(*) FROM ticketing.get_ticket_state_history(%s, 10)",
        ("h.tenant_id = v_tenant AND", ""),
        (0, 1),
        id="get_ticket_state_history",
    ),
    pytest.param(
        "has_pending_transaction(uuid)",
        "SELECT ticketing.has_pending_transaction(%s)",
        ("t.tenant_id = v_tenant_id\n            AND", ""),
        (False, True),
        id="has_pending_transaction",
    ),
    pytest.param(
        "check_duplicate_scan(uuid, integer)",
        "SELECT is_duplicate FROM ticketing.check_duplicate_scan(%s, 60)",
        ("s.tenant_id = v_tenant\n        AND", ""),
        (False, True),
        id="check_duplicate_scan",
    ),
]


@pytest.mark.parametrize(("function", "query", "passage", "answers"), ANSWERS)
def test_13_a_definer_that_answers_for_any_tenant(
    db: Session,
    make: Make,
    tenant: UUID,
    other_tenant: UUID,
    *,
    as_tenant: Acting,
    function: str,
    query: str,
    passage: tuple[str, str],
    answers: tuple[Any, Any],
) -> None:
    ticket = make.held_ticket(other_tenant)
    make.id("pending_transactions", other_tenant, ticket_id=ticket)
    make.id("ticket_scans", other_tenant, ticket_id=ticket)

    def look() -> tuple[Any, bool]:
        with as_tenant(tenant):
            said = db.value(query, ticket)
        return said, holds(db, "definers")

    promised, broken = answers
    prove(
        db,
        look,
        Rewrite(function.partition("(")[0], *passage),
        f"ALTER FUNCTION ticketing.{function} SECURITY DEFINER",
        f"ALTER FUNCTION ticketing.{function} OWNER TO CURRENT_USER",
        promised=(promised, True),
        broken=(broken, False),
    )


def test_13_a_function_without_a_fixed_search_path(db: Session) -> None:
    prove(
        db,
        lambda: holds(db, "search_path"),
        "ALTER FUNCTION ticketing.log_ticket_status_change() RESET search_path",
        promised=True,
        broken=False,
    )


def test_13_an_operator_that_slips_into_a_definer(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    claim = make.id("reservations", tenant)

    def look() -> int:
        # What a caller may do: put operators of his own before those of the system.
        db.run("CREATE SCHEMA mischief")
        db.run("GRANT USAGE ON SCHEMA mischief TO PUBLIC")
        db.run(
            "CREATE FUNCTION mischief.never(text, text) RETURNS boolean "
            "LANGUAGE sql IMMUTABLE AS 'SELECT FALSE'"
        )
        db.run(
            "CREATE OPERATOR mischief.= (LEFTARG = text, RIGHTARG = text, "
            "FUNCTION = mischief.never)"
        )
        with as_tenant(tenant, actor="admin", reason="gone"):
            db.run("SET LOCAL search_path = mischief, pg_catalog")
            db.run("UPDATE ticketing.reservations SET status = 'cancelled' WHERE id = %s", claim)
        db.run("SET LOCAL search_path = pg_catalog")
        left: int = db.value("SELECT sum(reserved_quantity) FROM ticketing.ticket_inventory")
        return left

    prove(
        db,
        look,
        "ALTER FUNCTION ticketing.release_ticket_availability() RESET search_path",
        promised=0,
        broken=1,
    )


# --- 22 ---


@pytest.mark.parametrize(
    ("table", "column", "code"),
    [
        ("tickets", "ticket_number", "T-1"),
        ("tickets", "qr_code", "code"),
        ("tickets", "barcode", "code"),
        ("ticket_transfers", "transfer_code", "code"),
        ("pending_transactions", "tx_signature", "5" * 88),
    ],
)
def test_22_a_code_that_tells_of_another_tenant(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, *, table: str, column: str, code: str
) -> None:
    make.id(table, other_tenant, **{column: code})

    def look() -> tuple[str, bool]:
        said = attempt_to(db, lambda: make.id(table, tenant, **{column: code}))
        return said, holds(db, "tenant_leads_unique_keys")

    defect = f"CREATE UNIQUE INDEX ON ticketing.{table} ({column})"
    prove(db, look, defect, promised=("done", True), broken=("23505", False))
