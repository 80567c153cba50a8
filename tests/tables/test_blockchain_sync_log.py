"""blockchain_sync_log: rules of the table."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from support.factories import Make, Row
from support.session import Session

EVENTS = (
    "transaction_confirmed",
    "transaction_failed",
    "transaction_expired",
    "transaction_replaced",
    "transaction_late_landing",
    "reconciliation_mismatch",
    "reconciliation_resolved",
    "ownership_verified",
    "ownership_mismatch",
    "balance_check",
    "rpc_error",
    "manual_intervention",
    "status_changed",
)


@pytest.mark.parametrize(
    ("constraint", "given"),
    [
        ("chk_blockchain_sync_log_event_type", {"event_type": "looked"}),
        ("chk_blockchain_sync_log_event_type", {"event_type": ""}),
        ("chk_blockchain_sync_log_severity", {"severity": "debug"}),
        ("chk_blockchain_sync_log_severity", {"severity": ""}),
    ],
)
def test_a_value_outside_the_rules_is_refused(
    db: Session, make: Make, tenant: UUID, constraint: str, given: Row
) -> None:
    with db.refused("23514", constraint):
        make.row("blockchain_sync_log", tenant, **given)


@pytest.mark.parametrize(
    "given",
    [
        *[{"event_type": event} for event in EVENTS],
        *[{"severity": severity} for severity in ("info", "warning", "error", "critical")],
        {"tx_signature": "not one of ours"},
    ],
)
def test_a_value_within_the_rules_is_accepted(make: Make, tenant: UUID, given: Row) -> None:
    row = make.row("blockchain_sync_log", tenant, **given)
    assert {name: row[name] for name in given} == given


def test_an_entry_is_an_info_unless_told(make: Make, tenant: UUID) -> None:
    row = make.row("blockchain_sync_log", tenant)
    assert (row["severity"], row["metadata"], row["db_state"]) == ("info", {}, None)


@pytest.mark.parametrize("column", ["event_type", "severity", "metadata", "created_at"])
def test_a_missing_value_is_refused(db: Session, make: Make, tenant: UUID, column: str) -> None:
    with db.refused("23502"):
        make.row("blockchain_sync_log", tenant, **{column: None})


def test_entries_of_one_transaction_have_times_of_their_own(make: Make, tenant: UUID) -> None:
    first, second = (make.row("blockchain_sync_log", tenant) for _ in range(2))
    assert make.session.value("SELECT now()") < first["created_at"] < second["created_at"]


def test_an_id_exists_once_in_a_tenant_and_again_in_another(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    made = make.id("blockchain_sync_log", tenant)
    with db.refused("23505", "pk_blockchain_sync_log"):
        make.row("blockchain_sync_log", tenant, id=made)
    assert make.id("blockchain_sync_log", other_tenant, id=made) == made


def test_the_ticket_is_one_of_the_tenant(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    for stranger in (uuid4(), make.id("tickets", other_tenant)):
        with db.refused("23503", "fk_blockchain_sync_log_ticket_id"):
            make.row("blockchain_sync_log", tenant, ticket_id=stranger)


RECONCILE = """
    INSERT INTO ticketing.blockchain_sync_log (
        tenant_id, event_type, ticket_id, db_state, blockchain_state, severity
    ) VALUES (%s, 'ownership_mismatch', %s, '{"holder": "a"}', '{"holder": "b"}', 'critical')
"""


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_a_reconciler_writes_what_it_finds(
    db: Session, make: Make, tenant: UUID, role: str
) -> None:
    ticket = make.id("tickets", tenant)
    with db.acting(role, tenant=tenant):
        assert db.run(RECONCILE, tenant, ticket) == 1
        assert db.value("SELECT ticket_id FROM ticketing.blockchain_sync_log") == ticket


def test_a_reader_only_reads(db: Session, make: Make, tenant: UUID) -> None:
    ticket = make.id("tickets", tenant)
    made = make.id("blockchain_sync_log", tenant)
    with db.acting("ticketing_readonly", tenant=tenant):
        assert db.value("SELECT id FROM ticketing.blockchain_sync_log") == made
        with db.refused("42501"):
            db.run(RECONCILE, tenant, ticket)


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (
            "SELECT 1 FROM ticketing.blockchain_sync_log WHERE severity = 'critical'"
            " ORDER BY created_at DESC LIMIT 10",
            "idx_sync_log_severity",
        ),
        (
            "SELECT 1 FROM ticketing.blockchain_sync_log WHERE tenant_id = %(id)s"
            " AND ticket_id = %(id)s ORDER BY created_at",
            "idx_sync_log_ticket_id",
        ),
    ],
)
def test_the_questions_of_a_dba_have_their_indexes(
    db: Session, make: Make, tenant: UUID, query: str, index: str
) -> None:
    make.row("blockchain_sync_log", tenant)
    # In a table of one row every way costs the same.
    db.run("SET LOCAL enable_seqscan = off")
    db.run("SET LOCAL enable_sort = off")
    asked = f"EXPLAIN {query}" % {"id": f"'{uuid4()}'"}
    plan = " ".join(str(row["QUERY PLAN"]) for row in db.all(asked))
    assert index in plan
