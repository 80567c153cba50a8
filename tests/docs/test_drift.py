"""Each kind of change, alone: `docs check` names it in words and shows the page that tells it."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ticket_schema.docs import bodies, build, command, model, snapshot
from ticket_schema.docs.model import Source
from ticket_schema.docs.snapshot import Snapshot

DOCS = Path(__file__).parents[2] / "docs"
T = "ALTER TABLE ticketing.tickets"
TICKETS = "tables/tickets.md"
NO_TWO = "ALTER TABLE ticketing.zones ADD CONSTRAINT no_two EXCLUDE USING btree (id WITH =)"
DOMAIN = (
    "CREATE DOMAIN ticketing.seat AS text CONSTRAINT short CHECK (length(VALUE) < 9);"
    "COMMENT ON DOMAIN ticketing.seat IS 'A seat.'"
)
REDEFINE = (
    "DO $do$ BEGIN EXECUTE replace(pg_get_functiondef("
    "'ticketing.require_tenant(uuid)'::regprocedure), 'BEGIN', 'BEGIN  /* weaker */'); END $do$"
)
REQUEUE = (
    "DROP INDEX ticketing.idx_request_tickets_queue; CREATE INDEX idx_request_tickets_queue "
    "ON ticketing.request_tickets (tenant_id, priority DESC, created_at, id) "
    "WHERE state = 'completed'"
)
REREAD = (
    "DO $do$ BEGIN EXECUTE 'CREATE OR REPLACE VIEW ticketing.outbox_debezium AS SELECT * FROM ('"
    " || rtrim(pg_get_viewdef('ticketing.outbox_debezium'::regclass), ';')"
    " || ') AS q WHERE FALSE'; END $do$"
)


# what somebody did; what is said of it; the page that shows it
CHANGES: dict[str, tuple[str, str, str]] = {
    "comment on a table": (
        "COMMENT ON TABLE ticketing.tickets IS 'Anything.'",
        "table tickets: comment: ",
        TICKETS,
    ),
    "comment on a column": (
        "COMMENT ON COLUMN ticketing.tickets.status IS 'Anything.'",
        "column tickets.status: comment: ",
        TICKETS,
    ),
    "comment on a constraint": (
        "COMMENT ON CONSTRAINT chk_tickets_currency ON ticketing.tickets IS NULL",
        "constraint tickets.chk_tickets_currency: comment: ",
        TICKETS,
    ),
    "comment on an index": (
        "COMMENT ON INDEX ticketing.idx_tickets_order_id IS 'Anything.'",
        "index idx_tickets_order_id: comment: ",
        TICKETS,
    ),
    "comment on a function": (
        "COMMENT ON FUNCTION ticketing.require_tenant(uuid) IS 'Anything.'",
        "function require_tenant(p_tenant_id uuid): comment: ",
        "functions/require_tenant.md",
    ),
    "comment on a policy": (
        "COMMENT ON POLICY tickets_view_own ON ticketing.tickets IS 'Anything.'",
        "policy tickets.tickets_view_own: comment: ",
        TICKETS,
    ),
    "comment on the schema": (
        "COMMENT ON SCHEMA ticketing IS 'Anything.'",
        "schema ticketing: comment: ",
        "README.md",
    ),
    "grant to everybody": (
        "GRANT SELECT ON ticketing.tickets TO PUBLIC",
        "+ PUBLIC: SELECT",
        TICKETS,
    ),
    "grant on a column": (
        "GRANT UPDATE (version) ON ticketing.tickets TO ticketing_app",
        "column tickets.version: grants:\n      + ticketing_app: UPDATE",
        TICKETS,
    ),
    "grant on a column that the table has": (
        "GRANT SELECT (id) ON ticketing.tickets TO ticketing_readonly",
        "column tickets.id: grants:\n      + ticketing_readonly: SELECT",
        TICKETS,
    ),
    "grant that may be passed on": (
        "GRANT SELECT ON ticketing.tickets TO ticketing_readonly WITH GRANT OPTION",
        "+ ticketing_readonly: SELECT WITH GRANT OPTION",
        TICKETS,
    ),
    "membership of a role": (
        "GRANT ticketing_worker TO ticketing_readonly",
        "role ticketing_readonly: member_of:\n      + ticketing_worker",
        "objects.md",
    ),
    "attribute of a role": (
        "ALTER ROLE ticketing_app BYPASSRLS",
        "role ticketing_app: bypasses_rls: false → true",
        "objects.md",
    ),
    "setting of a role": (
        "ALTER ROLE ticketing_app SET row_security = off",
        "setting of role ticketing_app.row_security is new",
        "objects.md",
    ),
    "right to execute": (
        "GRANT EXECUTE ON FUNCTION ticketing.require_tenant(uuid) TO PUBLIC",
        "+ PUBLIC: EXECUTE",
        "functions/require_tenant.md",
    ),
    "volatility": (
        "ALTER FUNCTION ticketing.require_tenant(uuid) VOLATILE",
        "function require_tenant(p_tenant_id uuid): volatility: STABLE → VOLATILE",
        "functions/require_tenant.md",
    ),
    "security definer": (
        "ALTER FUNCTION ticketing.require_tenant(uuid) SECURITY DEFINER",
        "security: INVOKER → DEFINER",
        "functions/require_tenant.md",
    ),
    "search path of a function": (
        "ALTER FUNCTION ticketing.require_tenant(uuid) RESET search_path",
        "settings:\n      - search_path=pg_catalog, pg_temp",
        "functions/require_tenant.md",
    ),
    "body of a function": (REDEFINE, "+BEGIN  /* weaker */", "functions/require_tenant.md"),
    "owner of a function": (
        "ALTER FUNCTION ticketing.require_tenant(uuid) OWNER TO CURRENT_USER",
        "function require_tenant(p_tenant_id uuid): owner: ticketing_owner → ",
        "functions/require_tenant.md",
    ),
    "policy for more roles": (
        "ALTER POLICY tickets_update_own ON ticketing.tickets TO ticketing_app, ticketing_worker",
        "policy tickets.tickets_update_own: roles:\n      + ticketing_worker",
        TICKETS,
    ),
    "policy weakened": (
        "ALTER POLICY tickets_view_own ON ticketing.tickets USING (TRUE)",
        "policy tickets.tickets_view_own: using: ",
        TICKETS,
    ),
    "policy dropped": (
        "DROP POLICY tickets_tenant_isolation ON ticketing.tickets",
        "policy tickets.tickets_tenant_isolation is gone",
        TICKETS,
    ),
    "row level security off": (
        f"{T} DISABLE ROW LEVEL SECURITY",
        "table tickets: row_security: true → false",
        TICKETS,
    ),
    "row level security not forced": (
        f"{T} NO FORCE ROW LEVEL SECURITY",
        "table tickets: row_security_forced: true → false",
        TICKETS,
    ),
    "trigger disabled": (
        f"{T} DISABLE TRIGGER trg_tickets_10_guard_holder",
        "trigger tickets.trg_tickets_10_guard_holder: enabled: O → D",
        TICKETS,
    ),
    "trigger dropped": (
        "DROP TRIGGER trg_tickets_10_guard_holder ON ticketing.tickets",
        "trigger tickets.trg_tickets_10_guard_holder is gone",
        TICKETS,
    ),
    "foreign keys switched off": (
        "ALTER TABLE ticketing.refunds DISABLE TRIGGER ALL",
        "constraint refunds.fk_refunds_order_id: switched_off: nothing → true",
        "tables/refunds.md",
    ),
    "check weakened": (
        "ALTER TABLE ticketing.discounts DROP CONSTRAINT chk_discounts_code,"
        " ADD CONSTRAINT chk_discounts_code CHECK (length(code) < 51)",
        "constraint discounts.chk_discounts_code: definition: ",
        "tables/discounts.md",
    ),
    "check not validated": (
        f"{T} ADD CONSTRAINT later CHECK (price_cents < 9) NOT VALID",
        "constraint tickets.later is new",
        TICKETS,
    ),
    "exclusion added": (NO_TWO, "constraint zones.no_two is new", "tables/zones.md"),
    "action of a foreign key": (
        "ALTER TABLE ticketing.refunds DROP CONSTRAINT fk_refunds_order_id,"
        " ADD CONSTRAINT fk_refunds_order_id FOREIGN KEY (tenant_id, order_id)"
        " REFERENCES ticketing.orders (tenant_id, id) ON DELETE CASCADE",
        "constraint refunds.fk_refunds_order_id: definition: ",
        "tables/refunds.md",
    ),
    "predicate of an index": (
        REQUEUE,
        "index idx_request_tickets_queue: definition: ",
        "tables/request_tickets.md",
    ),
    "index invalid": (
        "UPDATE pg_index SET indisvalid = FALSE"
        " WHERE indexrelid = 'ticketing.idx_tickets_order_id'::regclass",
        "index idx_tickets_order_id: valid: true → false",
        TICKETS,
    ),
    "default": (
        f"{T} ALTER status SET DEFAULT 'active'",
        "column tickets.status: default: 'available'::text → 'active'::text",
        TICKETS,
    ),
    "nullable": (
        f"{T} ALTER status DROP NOT NULL",
        "column tickets.status: not_null: true → false",
        TICKETS,
    ),
    "type": (
        "ALTER TABLE ticketing.ticket_bundles ALTER name TYPE varchar(300)",
        "column ticket_bundles.name: type: text → character varying(300)",
        "tables/ticket_bundles.md",
    ),
    "order of the columns": (
        "ALTER TABLE ticketing.context_keys DROP COLUMN valid_from;"
        "ALTER TABLE ticketing.context_keys ADD COLUMN valid_from timestamptz",
        "column context_keys.valid_from: position: ",
        "tables/context_keys.md",
    ),
    "storage of a column": (
        f"{T} ALTER metadata SET STORAGE EXTERNAL",
        "column tickets.metadata: storage: nothing → e",
        TICKETS,
    ),
    "owner of a table": (
        f"{T} OWNER TO CURRENT_USER",
        "table tickets: owner: ticketing_owner → ",
        TICKETS,
    ),
    "unlogged table": (
        "ALTER TABLE ticketing.outbox_cursors SET UNLOGGED",
        "table outbox_cursors: persistence: p → u",
        "tables/outbox_cursors.md",
    ),
    "setting of a table": (
        f"{T} SET (autovacuum_enabled = false)",
        "table tickets: options:\n      + autovacuum_enabled=false",
        TICKETS,
    ),
    "replica identity": (
        f"{T} REPLICA IDENTITY FULL",
        "table tickets: replica_identity: d → f",
        TICKETS,
    ),
    "table added": (
        "CREATE TABLE ticketing.peek (id int)",
        "table peek is new",
        "tables/peek.md",
    ),
    "table dropped": (
        "DROP TABLE ticketing.webhook_nonces CASCADE",
        "table webhook_nonces is gone",
        "tables/webhook_nonces.md",
    ),
    "query of a view": (REREAD, "view outbox_debezium: query:", "views/outbox_debezium.md"),
    "rights of a view": (
        "ALTER VIEW ticketing.outbox_debezium RESET (security_invoker)",
        "view outbox_debezium: options:\n      - security_invoker=true",
        "views/outbox_debezium.md",
    ),
    "rule": (
        "CREATE RULE silent AS ON DELETE TO ticketing.tickets DO INSTEAD NOTHING",
        "rule tickets.silent is new",
        TICKETS,
    ),
    "transition": (
        "ALTER TABLE ticketing.state_transitions DISABLE TRIGGER USER;"
        "UPDATE ticketing.state_transitions SET requires_reason = TRUE"
        " WHERE entity = 'hold' AND to_status = 'confirmed'",
        "transition hold active → confirmed: requires_reason: false → true",
        "states/hold.md",
    ),
    "default privileges": (
        "ALTER DEFAULT PRIVILEGES FOR ROLE ticketing_owner IN SCHEMA ticketing"
        " GRANT SELECT ON TABLES TO ticketing_readonly",
        "default privileges ticketing tables is new",
        "objects.md",
    ),
    "right on the schema": (
        "GRANT CREATE ON SCHEMA ticketing TO ticketing_app",
        "schema ticketing: grants:\n      + ticketing_app: CREATE",
        "objects.md",
    ),
    "sequence": (
        "ALTER SEQUENCE ticketing.outbox_seq_seq INCREMENT 2",
        "sequence outbox_seq_seq: sequence: ",
        "objects.md",
    ),
    "limit of a sequence": (
        "ALTER SEQUENCE ticketing.outbox_seq_seq MAXVALUE 99",
        "sequence outbox_seq_seq: greatest: 9223372036854775807 → 99",
        "objects.md",
    ),
    "enum": ("CREATE TYPE ticketing.mood AS ENUM ('a')", "type mood is new", "objects.md"),
    "domain": (DOMAIN, "type seat is new", "objects.md"),
    "statistics": (
        "CREATE STATISTICS ticketing.pair ON status, event_id FROM ticketing.tickets",
        "statistics pair is new",
        "objects.md",
    ),
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _bodies_once() -> Any:
    """Bodies of functions that did not change are read once, for speed alone."""

    @cache
    def read(text: str) -> dict[str, bodies.Body]:
        return bodies.bodies(json.loads(text))

    def from_what_it_reads(found: Snapshot) -> dict[str, bodies.Body]:
        objects: dict[str, Any] = {"function": found["objects"]["function"]}
        for kind in ("table", "view"):
            objects[kind] = {name: {} for name in found["objects"][kind]}
        structure = {"functions": found["structure"]["functions"]}
        wanted = {"schema": found["schema"], "objects": objects, "structure": structure}
        return read(json.dumps(wanted))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model, "bodies", from_what_it_reads)
        yield


@pytest.fixture(scope="module")
def folder(source: Source, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the documentation of head, but for pictures, which only their DOT tells."""
    output = tmp_path_factory.mktemp("docs") / "schema"
    output.mkdir()
    (output.parent / "errors.md").write_text((DOCS / "errors.md").read_text(encoding="utf-8"))
    # Without the history, which no change of the schema alone touches.
    build.write(output, build.render(replace(source, history={}, locks={})))
    return output


def _drift(found: Snapshot, folder: Path) -> tuple[build.Drift, str]:
    drift = build.check(folder, build.source(found, folder))
    files = {path: texts for path, texts in drift.files.items() if not path.endswith(".svg")}
    drift = build.Drift(drift.changes, files)
    return drift, command._told(drift, folder, None, whole=True)


def test_nothing_is_said_of_the_schema_that_was_documented(head: Snapshot, folder: Path) -> None:
    drift, _ = _drift(head, folder)

    assert drift.changes == []
    assert drift.files == {}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_told(at_head: psycopg.Connection, folder: Path, name: str) -> None:
    done, said, page = CHANGES[name]

    at_head.execute(done.encode())
    drift, told = _drift(snapshot.read(at_head), folder)

    assert said in told
    assert drift.files.keys() >= {page, build.SCHEMA_FILE}
    there, wanted = drift.files[page]
    # The page is shown with what differs, not only named.
    assert f"+++ b/{page}" in told or (wanted is None and f"--- a/{page}" in told)
    assert there != wanted


def test_a_page_changed_by_hand_is_told(head: Snapshot, folder: Path) -> None:
    page = folder / TICKETS
    text = page.read_text(encoding="utf-8")
    page.write_text(text.replace("admission right", "thing"), encoding="utf-8")
    try:
        drift, told = _drift(head, folder)
    finally:
        page.write_text(text, encoding="utf-8")

    assert drift.changes == []
    assert list(drift.files) == [TICKETS]
    assert "The schema is as it was" in told
    assert "+One row is one admission right" in told


def test_another_major_version_alone_is_no_drift(head: Snapshot, folder: Path) -> None:
    drift, _ = _drift({**head, "postgresql": 15}, folder)

    assert drift.files == {}
