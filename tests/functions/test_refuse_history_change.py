"""refuse_history_change: history is added to and never rewritten."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

CHANGES = {
    "update": "UPDATE ticketing.ticket_audit_log SET action = 'forged'",
    "update-of-nothing": "UPDATE ticketing.ticket_audit_log SET action = 'forged' WHERE FALSE",
    "delete": "DELETE FROM ticketing.ticket_audit_log",
    "delete-of-nothing": "DELETE FROM ticketing.ticket_audit_log WHERE FALSE",
    "truncate": "TRUNCATE ticketing.ticket_audit_log",
    "merge-update": """
        MERGE INTO ticketing.ticket_audit_log AS t USING (SELECT 1) AS s ON TRUE
        WHEN MATCHED THEN UPDATE SET action = 'forged'
    """,
    "merge-delete": """
        MERGE INTO ticketing.ticket_audit_log AS t USING (SELECT 1) AS s ON TRUE
        WHEN MATCHED THEN DELETE
    """,
    "upsert": """
        INSERT INTO ticketing.ticket_audit_log (tenant_id, id, action)
        SELECT tenant_id, id, 'forged' FROM ticketing.ticket_audit_log
        ON CONFLICT (tenant_id, id) DO UPDATE SET action = 'forged'
    """,
    "tenant-truncate-cascade": "TRUNCATE ticketing.tenants CASCADE",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_even_a_superuser_is_refused(db: Session, make: Make, tenant: UUID, change: str) -> None:
    row = make.row("ticket_audit_log", tenant)
    with db.refused("TK003"):
        db.run(change)

    assert db.one("SELECT * FROM ticketing.ticket_audit_log WHERE id = %s", row["id"]) == row


def test_the_message_names_the_command_and_the_table(db: Session) -> None:
    with db.refused("TK003") as by:
        db.run("DELETE FROM ticketing.ticket_audit_log")

    assert "DELETE on ticketing.ticket_audit_log" in str(by.error)


def test_the_owner_may_delete(db: Session, make: Make, tenant: UUID) -> None:
    row = make.id("ticket_audit_log", tenant)
    # What retention will be allowed; without such a policy the owner sees no rows.
    for command in ("SELECT", "DELETE"):
        db.run(
            f"CREATE POLICY retention_{command} ON ticketing.ticket_audit_log "
            f"FOR {command} TO ticketing_owner USING (TRUE)"
        )
    with db.acting("ticketing_owner"):
        assert db.run("DELETE FROM ticketing.ticket_audit_log WHERE id = %s", row) == 1


@pytest.mark.parametrize("change", ["update", "truncate", "merge-update", "upsert"])
def test_the_owner_may_do_no_more_than_delete(
    db: Session, make: Make, tenant: UUID, change: str
) -> None:
    make.id("ticket_audit_log", tenant)
    with db.acting("ticketing_owner"), db.refused("TK003"):
        db.run(CHANGES[change])


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
@pytest.mark.parametrize("change", ["update", "delete", "truncate"])
def test_services_are_not_even_granted_it(
    db: Session, make: Make, tenant: UUID, role: str, change: str
) -> None:
    make.id("ticket_audit_log", tenant)
    with db.acting(role, tenant=tenant), db.refused("42501"):
        db.run(CHANGES[change])


def test_rows_may_be_added(tenant: UUID, as_tenant: Acting) -> None:
    with as_tenant(tenant) as service:
        add = "INSERT INTO ticketing.ticket_audit_log (tenant_id, action) VALUES (%s, 'looked')"
        assert service.run(add, tenant) == 1
