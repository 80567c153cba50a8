"""Tenant isolation: for every table, login and context, a tenant's own rows are all there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import psycopg
import pytest

from support.factories import TABLES, Row
from support.session import Session

from .world import (
    APP,
    NEVER_INSERTED,
    NOBODY,
    READONLY,
    UNIQUE_VALUES,
    WORKER,
    WRITERS,
    World,
    enter,
    insert,
    key,
)

REFUSED = "42501"

# A background job reaches the rows of every tenant here, on purpose; each has tests of its own.
CROSS_TENANT = {
    "tenants",
    "users",
    "venues",
    "events",
    "orders",
    "payments",
    "reservations",
    "holds",
    "outbox",
    "ticket_notifications",
    "webhook_nonces",
    "idempotency_keys",
    "account_lockout_events",
}
UNREADABLE = {
    (APP, "webhook_nonces"),
    (READONLY, "webhook_nonces"),
    (READONLY, "outbox"),
    (APP, "account_lockout_events"),
    (READONLY, "account_lockout_events"),
}
BOUND = [
    pytest.param(login, table, id=f"{login.removeprefix('ts_test_')}-{table}")
    for login in (APP, WORKER, READONLY)
    for table in TABLES
    if not (login == WORKER and table in CROSS_TENANT)
]
# A worker logs the change of a reservation of any tenant; it reads only its own tenant's history.
INSERTING = [entry for entry in BOUND if entry.values != (WORKER, "reservation_history")]
DELETABLE = {
    "ticket_bundles",
    "ticket_bundle_items",
    "idempotency_keys",
    "pass_device_registrations",
}
# What a row must be besides, to have a reference at all.
BESIDES: dict[tuple[str, str], Row] = {
    ("holds", "order_id"): {
        "status": "confirmed",
        "confirmed_at": datetime(2026, 1, 1, tzinfo=UTC),
        "confirm_idempotency_key": "key",
    },
}
# Unique across tenants by design: the short name of a tenant, a nonce of an endpoint, an event that
# may have no tenant. The key of the counters is the ticket type or zone itself.
NO_SHARED_VALUES = {
    "tenants",
    "webhook_nonces",
    "ticket_inventory",
    "zone_inventory",
    "account_lockout_events",
}
WITHOUT_ID = {"ticket_inventory", "zone_inventory", "webhook_nonces"}
KEY_WITHOUT_TENANT = {"tenants", "account_lockout_events"}
# What each table refers to inside the tenant; the constraint is named after the last column.
REFERENCES: dict[str, dict[str, str]] = {
    "ticket_inventory": {
        "ticket_type_id": "ticket_types",
    },
    "venues": {
        "created_by": "users",
    },
    "events": {
        "venue_id": "venues",
    },
    "orders": {
        "user_id": "users",
        "event_id": "events",
    },
    "payments": {
        "order_id": "orders",
    },
    "ticket_types": {
        "event_id": "events",
    },
    "reservations": {
        "event_id, ticket_type_id": "ticket_types",
        "user_id": "users",
        "order_id": "orders",
    },
    "tickets": {
        "event_id, ticket_type_id": "ticket_types",
        "venue_id": "venues",
        "user_id": "users",
        "original_purchaser_id": "users",
        "reservation_id": "reservations",
        "order_id": "orders",
        "replaces_ticket_id": "tickets",
    },
    "ticket_transfers": {
        "ticket_id": "tickets",
        "from_user_id": "users",
        "to_user_id": "users",
    },
    "ticket_validations": {
        "ticket_id": "tickets",
        "validator_id": "users",
    },
    "ticket_credentials": {"ticket_id": "tickets"},
    "ticket_scans": {
        "ticket_id": "tickets",
        "event_id": "events",
    },
    "refunds": {
        "order_id": "orders",
        "ticket_id": "tickets",
    },
    "waitlist": {
        "ticket_type_id": "ticket_types",
        "user_id": "users",
        "reservation_id": "reservations",
    },
    "ticket_price_history": {
        "ticket_type_id": "ticket_types",
    },
    "ticket_holds": {
        "ticket_type_id": "ticket_types",
        "held_by": "users",
    },
    "zone_inventory": {
        "zone_id": "zones",
    },
    "zones": {
        "event_id": "events",
    },
    "holds": {
        "event_id, zone_id": "zones",
        "user_id": "users",
        "order_id": "orders",
    },
    "ticket_bundles": {
        "event_id": "events",
    },
    "ticket_bundle_items": {
        "bundle_id": "ticket_bundles",
        "ticket_type_id": "ticket_types",
    },
    "ticket_notifications": {
        "user_id": "users",
        "ticket_id": "tickets",
    },
    "discounts": {
        "event_id": "events",
        "ticket_type_id": "ticket_types",
    },
    "order_discounts": {
        "order_id": "orders",
        "discount_id": "discounts",
    },
    "reservation_history": {
        "reservation_id": "reservations",
    },
    "pending_transactions": {
        "ticket_id": "tickets",
        "event_id": "events",
        "transfer_id": "ticket_transfers",
        "replaces_id": "pending_transactions",
    },
    "blockchain_sync_log": {
        "ticket_id": "tickets",
    },
    "spending_limits": {
        "user_id": "users",
    },
    "spending_transactions": {
        "user_id": "users",
        "reverses_id": "spending_transactions",
    },
    "multisig_approval_requests": {
        "requested_by": "users",
    },
    "multisig_approvals": {
        "request_id": "multisig_approval_requests",
        "approver_id": "users",
    },
    "multisig_rejections": {
        "request_id": "multisig_approval_requests",
        "rejecter_id": "users",
    },
    "ticket_state_history": {
        "ticket_id": "tickets",
    },
    "request_tickets": {
        "created_by": "users",
    },
    "audit_events": {
        "ticket_id": "request_tickets",
    },
    "ticket_passes": {
        "ticket_id": "tickets",
    },
    "pass_device_registrations": {
        "pass_id": "ticket_passes",
    },
}
# What a row must be to have the reference at all.
FITTING = {("spending_transactions", "reverses_id"): {"transaction_type": "reversal"}}
# Columns of unique keys, but for the tenant and what refers to other rows.
UNIQUE = """
    SELECT DISTINCT a.attname AS name
    FROM pg_index AS i
    INNER JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
    WHERE
        i.indrelid = %s::regclass
        AND i.indisunique
        AND a.attname <> 'tenant_id'
        AND a.attgenerated = ''
        AND NOT EXISTS (
            SELECT FROM pg_constraint AS c
            WHERE c.conrelid = i.indrelid AND c.contype = 'f' AND a.attnum = ANY (c.conkey)
        )
"""


@pytest.fixture
def untouched(world: World) -> Iterator[None]:
    """Fails the test when a byte of tenant B has changed."""
    before = world.fingerprint(world.b)
    assert None not in before.values()
    yield
    assert world.fingerprint(world.b) == before


# What a session sees, by context ---------------------------------------------------------------


def never_set(session: Session, world: World) -> None:
    assert session.value("SELECT current_setting('app.current_tenant_id', TRUE)") is None


def after_use(session: Session, world: World) -> None:
    enter(session, world.a)
    session.connection.commit()
    assert session.value("SELECT current_setting('app.current_tenant_id', TRUE)") == ""


def spelled(pattern: str) -> Callable[[Session, World], None]:
    def setup(session: Session, world: World) -> None:
        enter(session, pattern.format(a=world.a, b=world.b, A=str(world.a).upper()))

    return setup


def also(**settings: str) -> Callable[[Session, World], None]:
    def setup(session: Session, world: World) -> None:
        enter(session, world.a)
        for name, value in settings.items():
            session.all("SELECT set_config(%s, %s, TRUE)", f"app.{name}", value.format(b=world.b))

    return setup


USER = "5d3cf3f0-58c1-4b4c-8a3c-3f8c7d6f8a01"
NO_TENANT: dict[str, Callable[[Session, World], None]] = {
    "never-set": never_set,
    "empty-after-use": after_use,
    "garbage": spelled("tenant"),
    "sql": spelled("{a}' OR TRUE --"),
    "too-long": spelled("{a}0"),
    "in-braces": spelled("{{{a}}}"),
    "trailing-space": spelled("{a} "),
    "leading-space": spelled(" {a}"),
    "trailing-newline": spelled("{a}\n"),
    "two-tenants": spelled("{a},{b}"),
    "null-word": spelled("NULL"),
    "wildcard": spelled("%"),
    "nil": spelled("00000000-0000-0000-0000-000000000000"),
    "unknown-tenant": spelled(USER),
}
TENANT_A: dict[str, Callable[[Session, World], None]] = {
    "plain": spelled("{a}"),
    "upper-case": spelled("{A}"),
    "admin": also(current_user_id=USER, current_user_role="admin"),
    "superadmin": also(current_user_id=USER, current_user_role="superadmin"),
    "superadmin-without-user": also(current_user_role="superadmin"),
    "other-variables": also(tenant_id="{b}", is_system_user="true"),
}


def seen(world: World, login: str, setup: Callable[[Session, World], None]) -> dict[str, list[str]]:
    """Returns the rows that a login sees of each table that binds it."""
    with psycopg.connect(world.database.url(login)) as connection:
        session = Session(connection)
        setup(session, world)
        found = {
            table: sorted(
                row["row"]
                for row in session.all(f"SELECT t::text AS row FROM ticketing.{table} AS t")
            )
            for table in bound(login)
        }
        connection.rollback()
    return found


def bound(login: str) -> list[str]:
    cross = CROSS_TENANT if login == WORKER else set()
    return [table for table in TABLES if table not in cross and (login, table) not in UNREADABLE]


@pytest.mark.parametrize("login", [APP, WORKER, READONLY])
@pytest.mark.parametrize("context", NO_TENANT)
def test_without_a_tenant_there_are_no_rows_and_no_error(
    world: World, login: str, context: str
) -> None:
    assert seen(world, login, NO_TENANT[context]) == {table: [] for table in bound(login)}


@pytest.mark.parametrize("login", [APP, WORKER, READONLY])
@pytest.mark.parametrize("context", TENANT_A)
def test_a_tenant_sees_all_its_rows_and_no_others(world: World, login: str, context: str) -> None:
    own = {table: world.rows(table, world.a) for table in bound(login)}

    assert all(own.values())
    assert seen(world, login, TENANT_A[context]) == own


@pytest.mark.parametrize(("login", "table"), sorted(UNREADABLE))
def test_a_table_that_is_not_granted_cannot_be_read(world: World, login: str, table: str) -> None:
    refused = world.attempt(login, world.a, f"SELECT count(*) FROM ticketing.{table}")
    assert refused == REFUSED


# Writing ---------------------------------------------------------------------------------------


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("clause", ["", "ON CONFLICT DO NOTHING", "RETURNING *"])
@pytest.mark.parametrize(("login", "table"), INSERTING)
def test_a_row_for_another_tenant_is_refused(
    world: World, login: str, table: str, clause: str
) -> None:
    query, values = insert(table, world.drafts[world.b, table], clause)

    assert world.attempt(login, world.a, query, *values) == REFUSED
    assert world.attempt(login, None, query, *values) == REFUSED


@pytest.mark.parametrize("table", [name for name in TABLES if name not in NEVER_INSERTED])
def test_a_row_of_its_own_is_accepted(world: World, table: str) -> None:
    query, values = insert(table, world.drafts[world.a, table])

    with world.undone(WRITERS[table], world.a) as writer:
        assert writer.run(query, *values) == 1


@pytest.mark.parametrize("table", sorted(NEVER_INSERTED))
def test_what_only_the_schema_adds_is_not_added_by_services(world: World, table: str) -> None:
    query, values = insert(table, world.drafts[world.a, table])

    assert world.attempt(APP, world.a, query, *values) == REFUSED


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(("login", "table"), BOUND)
def test_rows_of_another_tenant_cannot_be_updated(world: World, login: str, table: str) -> None:
    column = world.updatable(login, table)
    change = f'UPDATE ticketing.{table} SET "{column or key(table)}" = "{column or key(table)}"'
    aimed = f"{change} WHERE {key(table)} = %s"

    if column is None:
        assert world.attempt(login, world.a, aimed, world.b) == REFUSED
        return
    with world.undone(login, world.a) as session:
        touched = session.all(f"{change} RETURNING {key(table)} AS owner")
    assert touched == [{"owner": world.a}] * len(world.rows(table, world.a)) != []
    assert world.attempt(login, world.a, aimed, world.b) == 0
    assert world.attempt(login, None, change) == 0


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(("login", "table"), BOUND)
def test_rows_of_another_tenant_cannot_be_deleted(world: World, login: str, table: str) -> None:
    change = f"DELETE FROM ticketing.{table}"
    aimed = f"{change} WHERE {key(table)} = %s"

    if table not in DELETABLE or login == READONLY:
        assert world.attempt(login, world.a, aimed, world.b) == REFUSED
        return
    with world.undone(login, world.a) as session:
        assert session.run(change) == len(world.rows(table, world.a)) > 0
    assert world.attempt(login, world.a, aimed, world.b) == 0
    assert world.attempt(login, None, change) == 0


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(("login", "table"), BOUND)
def test_the_tenant_of_a_row_cannot_be_changed(world: World, login: str, table: str) -> None:
    change = f"UPDATE ticketing.{table} SET {key(table)} = %s WHERE {key(table)} = %s"

    assert world.attempt(login, world.a, change, world.b, world.a) == REFUSED
    assert world.attempt(login, world.a, change, world.a, world.b) == REFUSED


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(("login", "table"), BOUND)
def test_a_merge_does_not_reach_another_tenant(world: World, login: str, table: str) -> None:
    column = world.updatable(login, table)
    merge = f"""
        MERGE INTO ticketing.{table} AS t
        USING (SELECT %s::uuid AS tenant) AS s ON t.{key(table)} = s.tenant
        WHEN MATCHED THEN UPDATE SET "{column or key(table)}" = t."{column or key(table)}"
    """

    if column is None:
        assert world.attempt(login, world.a, merge, world.b) == REFUSED
        return
    with world.undone(login, world.a) as session:
        assert session.run(merge, world.a) == len(world.rows(table, world.a)) > 0
    assert world.attempt(login, world.a, merge, world.b) == 0


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(("login", "table"), INSERTING)
def test_a_merge_cannot_add_a_row_for_another_tenant(world: World, login: str, table: str) -> None:
    query, values = insert(table, world.drafts[world.b, table])
    added = query.removeprefix(f"INSERT INTO ticketing.{table} ")
    merge = f"""
        MERGE INTO ticketing.{table} AS t USING (SELECT 1) AS s ON FALSE
        WHEN NOT MATCHED THEN INSERT {added}
    """

    assert world.attempt(login, world.a, merge, *values) == REFUSED


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("login", "table"), [entry for entry in INSERTING if entry.values[1] not in WITHOUT_ID]
)
def test_an_upsert_cannot_overwrite_a_row_of_another_tenant(
    world: World, login: str, table: str
) -> None:
    taken = {"id": world.theirs[table]["id"]}
    target = "(id)" if table in KEY_WITHOUT_TENANT else "(tenant_id, id)"
    column = world.updatable(login, table) or "id"
    clause = f'ON CONFLICT {target} DO UPDATE SET "{column}" = excluded."{column}"'
    query, values = insert(table, {**world.drafts[world.b, table], **taken}, clause)

    assert world.attempt(login, world.a, query, *values) == REFUSED


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(("login", "table"), BOUND)
def test_rows_of_another_tenant_cannot_be_locked(world: World, login: str, table: str) -> None:
    lock = f"SELECT 1 FROM ticketing.{table} FOR UPDATE"

    if world.updatable(login, table) is None:
        assert world.attempt(login, world.a, lock) == REFUSED
        return
    with world.undone(login, world.a) as session:
        assert len(session.all(lock)) == len(world.rows(table, world.a)) > 0


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(("login", "table"), BOUND)
def test_tables_cannot_be_truncated(world: World, login: str, table: str) -> None:
    assert world.attempt(login, world.a, f"TRUNCATE ticketing.{table} CASCADE") == REFUSED


@pytest.mark.parametrize("login", [APP, WORKER, READONLY])
def test_a_copy_out_holds_only_rows_of_the_tenant(world: World, login: str) -> None:
    copied, own = {}, {}
    with world.undone(login, world.a) as session, session.connection.cursor() as cursor:
        for table in bound(login):
            with cursor.copy(f"COPY ticketing.{table} ({key(table)}) TO STDOUT".encode()) as copy:
                copied[table] = [bytes(line).decode().strip() for line in copy]
            own[table] = [str(world.a)] * len(world.rows(table, world.a))

    assert all(own.values())
    assert copied == own


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(("login", "table"), BOUND)
def test_rows_cannot_be_copied_in_past_the_policies(world: World, login: str, table: str) -> None:
    with (
        world.undone(login, world.a) as session,
        pytest.raises(psycopg.Error) as refused,
        session.connection.cursor().copy(f"COPY ticketing.{table} FROM STDIN".encode()),
    ):
        pass

    assert refused.value.sqlstate in (REFUSED, "0A000")


# Keys --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "columns"),
    [(table, columns) for table, references in REFERENCES.items() for columns in references],
)
def test_a_reference_to_a_row_of_another_tenant_fails(
    world: World, table: str, columns: str
) -> None:
    names = columns.split(", ")
    foreign = world.theirs[REFERENCES[table][columns]]
    # The last column is the id of the row; those before it have the same name on both sides.
    replaced = {**{name: foreign[name] for name in names[:-1]}, names[-1]: foreign["id"]}
    replaced |= BESIDES.get((table, columns), {})
    fitting = FITTING.get((table, columns), {})
    query, values = insert(table, {**world.drafts[world.a, table], **fitting, **replaced})
    refusing = f"fk_{table}_{names[-1]}"
    with world.writing(table) as writer, writer.refused("23503", refusing):
        writer.run(query, *values)


def test_every_foreign_key_is_tried_above(world: World) -> None:
    keys = world.oracle("""
        SELECT conrelid::regclass::text AS name, count(*) AS keys FROM pg_constraint
        WHERE
            contype = 'f' AND connamespace = 'ticketing'::regnamespace
            AND confrelid <> 'ticketing.tenants'::regclass
        GROUP BY conrelid
    """)
    tried = {f"ticketing.{table}": len(columns) for table, columns in REFERENCES.items()}

    assert {row["name"]: row["keys"] for row in keys} == tried


@pytest.mark.parametrize("table", [name for name in TABLES if name not in NO_SHARED_VALUES])
def test_a_unique_value_of_another_tenant_is_free(world: World, table: str) -> None:
    columns = [row["name"] for row in world.oracle(UNIQUE, f"ticketing.{table}")]
    same = {name: world.theirs[table][name] for name in columns}
    assert None not in same.values()
    query, values = insert(
        table, {**world.drafts[world.a, table], **UNIQUE_VALUES.get(table, {}), **same}
    )

    with world.undone(WRITERS[table], world.a) as writer:
        assert writer.run(query, *values) == 1


# One session, several tenants --------------------------------------------------------------------


@pytest.mark.parametrize("login", [APP, WORKER, READONLY])
def test_a_prepared_statement_follows_the_tenant(world: World, login: str) -> None:
    read = "SELECT ticket_number FROM ticketing.tickets ORDER BY 1"
    numbers = {
        tenant: [
            row["ticket_number"]
            for row in world.oracle(
                "SELECT ticket_number FROM ticketing.tickets WHERE tenant_id = %s ORDER BY 1",
                tenant,
            )
        ]
        for tenant in (world.a, world.b)
    }
    with world.database.connect(login) as connection:
        for tenant in [world.a] * 7 + [world.b] * 7 + [world.a]:
            with connection.transaction():
                enter(Session(connection), tenant)
                rows = connection.execute(read.encode(), prepare=True).fetchall()
            assert [row[0] for row in rows] == numbers[tenant]
        assert connection.execute(read.encode(), prepare=True).fetchall() == []


def test_a_generic_plan_follows_the_tenant(world: World) -> None:
    with world.database.connect(APP) as connection:
        connection.execute("SET plan_cache_mode = force_generic_plan")
        connection.execute("PREPARE read AS SELECT DISTINCT tenant_id FROM ticketing.ticket_types")
        for tenant in (world.a, world.b):
            with connection.transaction():
                enter(Session(connection), tenant)
                assert connection.execute("EXECUTE read").fetchall() == [(tenant,)]
        assert connection.execute("EXECUTE read").fetchall() == []


def test_a_cursor_keeps_the_tenant_it_was_opened_under(world: World) -> None:
    with world.undone(APP, world.a) as session:
        session.run("DECLARE held CURSOR FOR SELECT tenant_id FROM ticketing.ticket_types")
        first = session.all("FETCH 1 FROM held")
        enter(session, world.b)
        rest = session.all("FETCH ALL FROM held")

    assert {row["tenant_id"] for row in first + rest} == {world.a}
    assert len(first + rest) == len(world.rows("ticket_types", world.a)) > 1


def test_a_join_does_not_reach_another_tenant(world: World) -> None:
    with world.undone(APP, world.a) as session:
        joined = session.all("""
            SELECT DISTINCT t.tenant_id AS ticket, e.tenant_id AS event
            FROM ticketing.tickets AS t FULL JOIN ticketing.events AS e ON t.event_id = e.id
            WHERE e.id IS NOT NULL AND t.id IS NOT NULL
        """)

    assert joined == [{"ticket": world.a, "event": world.a}]


# A login that was granted nothing ----------------------------------------------------------------


@pytest.mark.parametrize(
    "table",
    [
        *TABLES,
        "ticket_type_availability",
        "ticket_inventory_drift",
        "zone_availability",
        "zone_inventory_drift",
        "maintenance_backlog",
    ],
)
def test_a_login_without_grants_is_refused_everything(world: World, table: str) -> None:
    statements = (
        f"SELECT FROM ticketing.{table}",
        f"INSERT INTO ticketing.{table} DEFAULT VALUES",
        f"UPDATE ticketing.{table} SET tenant_id = NULL",
        f"DELETE FROM ticketing.{table}",
        f"TRUNCATE ticketing.{table}",
        f"LOCK TABLE ticketing.{table} IN ACCESS SHARE MODE",
        f"COPY ticketing.{table} TO STDOUT",
    )
    refused = {query: world.attempt(NOBODY, world.a, query) for query in statements}

    assert refused == dict.fromkeys(statements, REFUSED)


@pytest.mark.parametrize(
    "call",
    [
        "ticketing.current_tenant_id()",
        "ticketing.current_user_id()",
        "ticketing.acts_for_tenant()",
        "ticketing.set_tenant_context(NULL)",
        "ticketing.clear_tenant_context()",
        "ticketing.verify_tenant_context()",
        "ticketing.require_tenant_context()",
        "ticketing.verify_role_security()",
        "ticketing.require_role_security()",
        "ticketing.log_tenant_violation(NULL, NULL, NULL, NULL)",
        "ticketing.status_change_reason()",
        "ticketing.set_ticket_quantity(NULL, 0)",
        "ticketing.move_ticket_inventory(NULL, NULL, 0, 0, 0)",
        "ticketing.create_zone(NULL, NULL, 1)",
        "ticketing.set_zone_capacity(NULL, 1)",
        "ticketing.largest_zone_hold(NULL)",
        "ticketing.create_hold(NULL, NULL, 1, 'key')",
        "ticketing.confirm_hold(NULL, 'key')",
        "ticketing.release_hold(NULL)",
        "ticketing.expire_holds()",
        "ticketing.expire_reservations()",
        "ticketing.expire_offers()",
        "ticketing.expire_house_holds()",
        "ticketing.expire_transfers()",
        "ticketing.expire_approval_requests()",
        "ticketing.expire_transactions()",
        "ticketing.expire_overdue('holds', 'expires_at', '{active}', 'zone_id', 1)",
        "ticketing.consume_webhook_nonce('e', 'n', now())",
        "ticketing.cleanup_expired_webhook_nonces()",
        "ticketing.prune_outbox()",
        "ticketing.prune_notifications()",
        "ticketing.prune_reservations()",
        "ticketing.prune_holds()",
        "ticketing.prune_lockout_events()",
        "ticketing.prune_access_violations()",
        "ticketing.place_house_hold(NULL, 1, 'press')",
        "ticketing.release_house_hold(NULL)",
        "ticketing.move_zone_inventory(NULL, NULL, 0::smallint, 0, 0)",
        "ticketing.search_tickets('word')",
        "ticketing.find_ticket_ids('word', NULL, NULL, 1, NULL)",
        "ticketing.tenant_lexemes(NULL, '')",
        "ticketing.tenant_query(NULL, '')",
        "ticketing.runs_as_owner()",
        "ticketing.create_request_ticket(1, '{}', '', '/', NULL)",
        "ticketing.get_request_ticket(NULL)",
        "ticketing.list_request_tickets()",
        "ticketing.cancel_request_ticket(NULL)",
        "ticketing.complete_request_ticket(NULL)",
        "ticketing.fail_request_ticket(NULL, '')",
        "ticketing.claim_request_tickets('w')",
        "ticketing.extend_request_ticket_claim(NULL, 1)",
        "ticketing.release_request_ticket_claim(NULL, 1)",
        "ticketing.lock_request_ticket(NULL)",
        "ticketing.lock_claimed_request_ticket(NULL, 1)",
        "ticketing.record_audit_event('service_started')",
        "ticketing.create_ticket_passes(NULL)",
        "ticketing.import_external_ticket('source', 'id', NULL, NULL)",
        "ticketing.claim_ticket_passes('w')",
        "ticketing.lock_claimed_ticket_pass(NULL, 1)",
        "ticketing.mark_ticket_pass_produced(NULL, 1, 1)",
        "ticketing.mark_ticket_pass_sent(NULL, 1, 1)",
        "ticketing.fail_ticket_pass(NULL, 1, 1, '')",
        "ticketing.extend_ticket_pass_claim(NULL, 1)",
        "ticketing.release_ticket_pass_claim(NULL, 1)",
        "ticketing.retry_ticket_pass(NULL)",
        "ticketing.authenticate_ticket_pass('', '', '')",
        "ticketing.register_pass_device('', '', '', '', '')",
        "ticketing.unregister_pass_device('', '', '', '')",
        "ticketing.list_changed_passes('', '')",
    ],
)
def test_a_login_without_grants_can_call_nothing(world: World, call: str) -> None:
    assert world.attempt(NOBODY, world.a, f"SELECT {call}") == REFUSED
