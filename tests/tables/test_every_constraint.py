"""Every constraint of the schema: named in a test, and true to tenant and parent."""

import re
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from support.factories import TABLES, Make, Row
from support.session import Session

TESTS = Path(__file__).parent.parent
CHILDREN = [table for table in TABLES if table != "tenants"]
# Counters have their tenant through their ticket type or zone alone.
OF_A_TENANT = [table for table in CHILDREN if table not in ("ticket_inventory", "zone_inventory")]
# What a row must be before it may have every one of its parents.
FITTING = {"tickets": {"status": "reserved"}}
CASCADING = {
    "fk_pass_device_registrations_pass_id",
    "fk_ticket_bundle_items_bundle_id",
    "fk_ticket_inventory_ticket_type_id",
    "fk_zone_inventory_zone_id",
}
# The parent is append-only and refuses before its child can.
NEVER_DELETED = {"fk_spending_transactions_reverses_id"}

NAMES = """
    SELECT conname AS name
    FROM pg_constraint
    WHERE connamespace = 'ticketing'::regnamespace AND contype IN ('c', 'u', 'f', 'x')
    UNION
    SELECT i.indexrelid::regclass::text
    FROM pg_index AS i
    INNER JOIN pg_class AS c ON i.indrelid = c.oid
    WHERE
        c.relnamespace = 'ticketing'::regnamespace AND i.indisunique AND NOT i.indisprimary
"""
REFERENCES = """
    SELECT f.conname AS name, p.relname AS parent, a.attname AS column
    FROM pg_constraint AS f
    INNER JOIN pg_class AS p ON f.confrelid = p.oid
    LEFT JOIN pg_attribute AS a
        ON f.conrelid = a.attrelid AND f.conname = format('fk_%%s_%%s', %s::text, a.attname)
    WHERE f.contype = 'f' AND f.conrelid = format('ticketing.%%I', %s::text)::regclass
    ORDER BY f.conname
"""


def _triggers(db: Session, *, on: bool) -> None:
    """Turns triggers off, those of foreign keys and append-only tables included, or on."""
    db.run(f"SET LOCAL session_replication_role = {'origin' if on else 'replica'}")


def _parent(make: Make, table: str, tenant: UUID) -> Row:
    if table == "ticket_types":
        return make.ticket_type(tenant)
    if table == "tickets":
        return {"id": make.held_ticket(tenant)}
    # Staff, so that the user may vote.
    return make.row(table, tenant, **({"role": "staff"} if table == "users" else {}))


def _named_in_tests() -> set[str]:
    sources = (
        path
        for folder in ("tables", "functions", "policies")
        for path in (TESTS / folder).rglob("test_*.py")
        if path != Path(__file__)
    )
    return {word for path in sources for word in re.findall(r"\w+", path.read_text("utf-8"))}


def test_every_constraint_is_named_in_a_test(db: Session) -> None:
    db.run("SET LOCAL search_path = ticketing")
    names = {row["name"] for row in db.all(NAMES)}
    assert names > {"chk_tickets_holder", "uq_tickets_replaces", "fk_tickets_order_id"}
    proved_below = {f"fk_{table}_tenant_id" for table in OF_A_TENANT}
    assert proved_below <= names
    assert sorted(names - proved_below - _named_in_tests()) == []


@pytest.mark.parametrize("table", OF_A_TENANT)
def test_a_row_of_an_unknown_tenant_is_refused(
    db: Session, make: Make, tenant: UUID, table: str
) -> None:
    make.row(table, tenant)
    unknown = uuid4()
    columns = ", ".join(
        row["name"]
        for row in db.all(
            "SELECT quote_ident(column_name) AS name FROM information_schema.columns "
            "WHERE table_schema = 'ticketing' AND table_name = %s "
            "AND is_generated = 'NEVER' AND is_identity = 'NO'",
            table,
        )
    )
    # The parents go along to the unknown tenant, so that only the tenant itself is missing.
    _triggers(db, on=False)
    for moved in CHILDREN:
        db.run(f"UPDATE ticketing.{moved} SET tenant_id = %s WHERE tenant_id = %s", unknown, tenant)
    db.run(f"CREATE TEMP TABLE kept ON COMMIT DROP AS SELECT {columns} FROM ticketing.{table}")
    assert db.run(f"DELETE FROM ticketing.{table}") >= 1
    _triggers(db, on=True)
    # A vote touches its request, whose own foreign key would answer first.
    db.run(f"ALTER TABLE ticketing.{table} DISABLE TRIGGER USER")
    with db.refused("23503", f"fk_{table}_tenant_id"):
        db.run(f"INSERT INTO ticketing.{table} ({columns}) SELECT {columns} FROM pg_temp.kept")


@pytest.mark.parametrize(
    ("table", "parent", "column"),
    [
        ("ticket_inventory", "ticket_types", "ticket_type_id"),
        ("zone_inventory", "zones", "zone_id"),
    ],
)
def test_counters_of_an_unknown_tenant_are_refused(
    db: Session, make: Make, tenant: UUID, *, table: str, parent: str, column: str
) -> None:
    made = make.id(parent, tenant)
    with db.refused("23503", f"fk_{table}_{column}"):
        db.run(f"UPDATE ticketing.{table} SET tenant_id = %s WHERE {column} = %s", uuid4(), made)


@pytest.mark.parametrize("table", OF_A_TENANT)
def test_a_parent_in_use_cannot_be_deleted(
    db: Session, make: Make, tenant: UUID, table: str
) -> None:
    references = db.all(REFERENCES, table, table)
    assert f"fk_{table}_tenant_id" in {reference["name"] for reference in references}
    for name, parent, column in (row.values() for row in references):
        if name in CASCADING | NEVER_DELETED:
            continue
        with db.connection.transaction(force_rollback=True):
            used = _parent(make, parent, tenant)["id"]
            make.row(table, tenant, **{**FITTING.get(table, {}), column: used})
            _triggers(db, on=False)
            for sibling in CHILDREN:
                if sibling not in {table, parent}:
                    db.run(f"DELETE FROM ticketing.{sibling}")
            _triggers(db, on=True)
            # From version 18 on RESTRICT has an SQLSTATE of its own, 23001 instead of 23503.
            with pytest.raises(psycopg.IntegrityError) as refusal, db.connection.transaction():
                db.run(f"DELETE FROM ticketing.{parent} WHERE id = %s", used)
            assert refusal.value.diag.constraint_name == name
