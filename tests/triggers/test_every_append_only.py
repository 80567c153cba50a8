"""Every append-only table: rows are added, and never changed by anybody."""

from __future__ import annotations

from uuid import UUID

import pytest

from support.factories import Make, Row
from support.session import Session
from support.triggers import attached, columns, tables_running

TABLES = tables_running("refuse_history_change")
# Changed by functions of the owner alone, and yet no history.
OF_THE_OWNER = {"context_keys", "zone_inventory", "ticket_credentials"}
DELETE = "DELETE FROM ticketing.{}"
TRUNCATE = "TRUNCATE ticketing.{}"
# What would be left of the trigger if it were not as it should be.
WEAKER = {
    "none": "",
    "no truncate": "BEFORE UPDATE OR DELETE",
    "no delete": "BEFORE UPDATE OR TRUNCATE",
    "no update": "BEFORE DELETE OR TRUNCATE",
    "one column": "BEFORE UPDATE OF id OR DELETE OR TRUNCATE",
}


def updates(db: Session, table: str) -> list[str]:
    """Returns an UPDATE of each column; a default can be written to any column."""
    return [f"UPDATE ticketing.{table} SET {name} = DEFAULT" for name in columns(db, table)]


def history_stays(db: Session, table: str, row: Row) -> None:
    """Asserts that the superuser cannot change a row, or any column of it, or remove it."""
    for change in (*updates(db, table), DELETE.format(table), TRUNCATE.format(table)):
        with db.refused("TK003") as by:
            db.run(change)
        assert f"{change.split()[0]} on ticketing.{table} refused" in str(by.error)
        assert "the table is append-only" in str(by.error)
    assert db.one(f"SELECT * FROM ticketing.{table} WHERE id = %s", row["id"]) == row


def test_every_table_that_no_service_may_change_refuses_it_by_trigger(db: Session) -> None:
    unchanged = {
        row["name"]
        for row in db.all(
            """
            SELECT c.relname AS name
            FROM pg_class AS c
            CROSS JOIN unnest(ARRAY['ticketing_app', 'ticketing_worker']) AS r (role)
            WHERE
                c.relnamespace = 'ticketing'::regnamespace AND c.relkind IN ('r', 'p')
                AND c.relrowsecurity
            GROUP BY c.relname
            HAVING
                NOT bool_or(
                    has_any_column_privilege(r.role, c.oid, 'UPDATE')
                    OR has_table_privilege(r.role, c.oid, 'DELETE')
                )
            """
        )
    }
    assert sorted(unchanged - OF_THE_OWNER) == attached(db, "refuse_history_change") == TABLES
    assert "ticket_state_history" in TABLES


@pytest.mark.parametrize("table", TABLES)
def test_a_change_is_refused_and_the_row_stays(
    db: Session, make: Make, tenant: UUID, table: str
) -> None:
    history_stays(db, table, make.row(table, tenant))


@pytest.mark.parametrize("left", WEAKER.values(), ids=WEAKER)
@pytest.mark.parametrize("table", TABLES)
def test_the_test_above_sees_a_trigger_that_is_gone_or_looks_at_less(
    db: Session, make: Make, tenant: UUID, table: str, left: str
) -> None:
    row = make.row(table, tenant)
    db.run(f"DROP TRIGGER trg_{table}_refuse_change ON ticketing.{table}")
    if left:
        db.run(
            f"CREATE TRIGGER weaker {left} ON ticketing.{table} "
            "EXECUTE FUNCTION ticketing.refuse_history_change()"
        )
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        history_stays(db, table, row)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
@pytest.mark.parametrize("table", TABLES)
def test_a_service_is_not_even_granted_it(
    db: Session, make: Make, tenant: UUID, table: str, role: str
) -> None:
    make.row(table, tenant)
    changes = (*updates(db, table), DELETE.format(table), TRUNCATE.format(table))
    with db.acting(role, tenant=tenant):
        for change in changes:
            with db.refused("42501"):
                db.run(change)


@pytest.mark.parametrize("table", TABLES)
def test_the_owner_may_not_change_it_either(
    db: Session, make: Make, tenant: UUID, table: str
) -> None:
    make.row(table, tenant)
    changes = (*updates(db, table), TRUNCATE.format(table))
    with db.acting("ticketing_owner"):
        for change in changes:
            with db.refused("TK003"):
                db.run(change)


@pytest.mark.parametrize("table", TABLES)
def test_deleting_is_left_to_the_owner(db: Session, make: Make, tenant: UUID, table: str) -> None:
    row = make.row(table, tenant)
    with db.acting("ticketing_owner"):
        # No policy lets the owner delete a row yet, so that nothing is; it is not refused.
        assert db.run(DELETE.format(table)) == 0
    assert db.one(f"SELECT * FROM ticketing.{table} WHERE id = %s", row["id"]) == row
