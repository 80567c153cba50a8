"""Changes of a live schema that Alembic's own comparison and most linters pass over."""

from __future__ import annotations

import pytest
from alembic.script import ScriptDirectory

from defects.defect import Part, Rewrite, put_back
from support.session import Session
from ticket_schema import alembic_config, drift
from ticket_schema.catalog import read_catalog

HEAD = ScriptDirectory.from_config(alembic_config()).get_current_head() or ""
T = "ALTER TABLE ticketing.tickets"
DISCOUNTS = "ALTER TABLE ticketing.discounts"
CHECK = "chk_discounts_code"
STATED = f"{DISCOUNTS} DROP CONSTRAINT {CHECK}, ADD CONSTRAINT {CHECK} CHECK"
FUNCTION = "ticketing.require_tenant(uuid)"


# what somebody did, and what is said of it
CHANGES: dict[str, tuple[Part, str]] = {
    "CHECK weakened under its name": (
        f"{STATED} (length(btrim(code)) < 51)",
        f"constraint discounts.{CHECK} was changed",
    ),
    "CHECK made NOT VALID": (
        f"{STATED} (length(btrim(code)) BETWEEN 1 AND 50) NOT VALID",
        f"constraint discounts.{CHECK} was changed",
    ),
    "CHECK dropped": (
        f"{DISCOUNTS} DROP CONSTRAINT {CHECK}",
        f"constraint discounts.{CHECK} is missing",
    ),
    "row level security off": (f"{T} DISABLE ROW LEVEL SECURITY", "table tickets was changed"),
    "row level security not forced": (
        f"{T} NO FORCE ROW LEVEL SECURITY",
        "table tickets was changed",
    ),
    "policy dropped": (
        "DROP POLICY tickets_view_own ON ticketing.tickets",
        "policy tickets.tickets_view_own is missing",
    ),
    "policy weakened": (
        "ALTER POLICY tickets_view_own ON ticketing.tickets USING (TRUE)",
        "policy tickets.tickets_view_own was changed",
    ),
    "trigger dropped": (
        "DROP TRIGGER trg_tickets_10_guard_holder ON ticketing.tickets",
        "trigger tickets.trg_tickets_10_guard_holder is missing",
    ),
    "trigger disabled": (
        f"{T} DISABLE TRIGGER trg_tickets_10_guard_holder",
        "trigger tickets.trg_tickets_10_guard_holder was changed",
    ),
    "function body": (
        Rewrite("require_tenant", "\nBEGIN\n", "\nBEGIN\n    RETURN;\n"),
        "function require_tenant(p_tenant_id uuid) was changed",
    ),
    "SECURITY DEFINER": (
        f"ALTER FUNCTION {FUNCTION} SECURITY DEFINER",
        "function require_tenant(p_tenant_id uuid) was changed",
    ),
    "GRANT ALL TO PUBLIC": (
        "GRANT ALL ON ticketing.tickets TO PUBLIC",
        "table tickets was changed",
    ),
    "predicate of a partial index": (
        "DROP INDEX ticketing.idx_request_tickets_queue; CREATE INDEX idx_request_tickets_queue "
        "ON ticketing.request_tickets (tenant_id, priority DESC, created_at, id) "
        "WHERE state = 'completed'",
        "index idx_request_tickets_queue was changed",
    ),
    "index invalid": (
        "UPDATE pg_index SET indisvalid = FALSE "
        "WHERE indexrelid = 'ticketing.idx_request_tickets_queue'::regclass",
        "index idx_request_tickets_queue was changed",
    ),
    "primary key dropped": (
        "ALTER TABLE ticketing.outbox DROP CONSTRAINT pk_outbox",
        "constraint outbox.pk_outbox is missing",
    ),
    "exclusion added": (
        f"{T} ADD CONSTRAINT no_two EXCLUDE USING btree (id WITH =)",
        "constraint tickets.no_two is not part of the schema",
    ),
    "view added": (
        "CREATE VIEW ticketing.peek AS SELECT id FROM ticketing.tickets",
        "view peek is not part of the schema",
    ),
    "sequence added": ("CREATE SEQUENCE ticketing.n", "sequence n is not part of the schema"),
    "collation": (
        'ALTER TABLE ticketing.ticket_bundles ALTER name TYPE text COLLATE "C"',
        "column ticket_bundles.name was changed",
    ),
    "fillfactor": (f"{T} SET (fillfactor = 10)", "table tickets was changed"),
    "NULLS NOT DISTINCT": (
        "DROP INDEX ticketing.uq_tickets_external; CREATE UNIQUE INDEX uq_tickets_external "
        "ON ticketing.tickets (tenant_id, external_source, external_id) NULLS NOT DISTINCT",
        "index uq_tickets_external was changed",
    ),
    "default": (f"{T} ALTER status SET DEFAULT 'active'", "column tickets.status was changed"),
    "type": (
        "ALTER TABLE ticketing.ticket_bundles ALTER name TYPE varchar(300)",
        "column ticket_bundles.name was changed",
    ),
    "NOT NULL": (f"{T} ALTER status DROP NOT NULL", "column tickets.status was changed"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_named(db: Session, name: str) -> None:
    change, said = CHANGES[name]
    assert drift.differences(read_catalog(db.connection), HEAD) == []

    put_back(db, change)

    assert said in drift.differences(read_catalog(db.connection), HEAD)
