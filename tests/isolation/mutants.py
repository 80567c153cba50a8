"""Single defects that would open the wall between tenants: each must be found by some detector."""

from __future__ import annotations

from dataclasses import dataclass

from defects.defect import Part, Rewrite

ALL = "ticketing_app, ticketing_worker, ticketing_readonly"
OWN = "tenant_id = (SELECT ticketing.current_tenant_id())"
LOOSE = "CREATE POLICY refunds_loose ON ticketing.refunds"
PARTITIONED = (
    "CREATE TABLE ticketing.visits (tenant_id uuid NOT NULL REFERENCES ticketing.tenants, "
    "id uuid NOT NULL DEFAULT gen_random_uuid(), PRIMARY KEY (tenant_id, id)) "
    "PARTITION BY HASH (tenant_id)",
    "CREATE TABLE ticketing.visits_0 PARTITION OF ticketing.visits "
    "FOR VALUES WITH (MODULUS 1, REMAINDER 0)",
    "INSERT INTO ticketing.visits (tenant_id) SELECT t.id FROM ticketing.tenants AS t",
)
# A function that answers for any tenant, with the rights of whoever owns it.
READER = """
    CREATE FUNCTION {name}() RETURNS SETOF ticketing.refunds
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'SELECT * FROM ticketing.refunds'
"""


@dataclass(frozen=True)
class Mutant:
    """A defect.

    Args:
        name: what is wrong, for the page that lists them all.
        defect: statements and rewritten functions, run by a superuser.
        relations: what the matrix is limited to, so that a run takes a second.
        functions: what the attack on functions is limited to.
        undo: statements that take back what belongs to the cluster and not to the database.
    """

    name: str
    defect: tuple[Part, ...]
    relations: tuple[str, ...] = ("refunds",)
    functions: tuple[str, ...] = ("request_refund",)
    undo: tuple[str, ...] = ()


def floor(text: str, table: str = "refunds") -> tuple[str, str]:
    """Returns the statements that put another floor in the place of a table's own."""
    return (
        f"DROP POLICY {table}_tenant_isolation ON ticketing.{table}",
        f"CREATE POLICY {table}_tenant_isolation ON ticketing.{table} {text}",
    )


def both(using: str) -> tuple[str, ...]:
    """Returns the statements that give the floor and the policy for reading another test."""
    return tuple(
        f"ALTER POLICY refunds_tenant_{name} ON ticketing.refunds USING ({using})"
        for name in ("isolation", "select")
    )


POLICIES = [
    Mutant(
        "the floor is PERMISSIVE",
        floor(f"AS PERMISSIVE FOR ALL TO {ALL} USING ({OWN}) WITH CHECK ({OWN})"),
    ),
    Mutant(
        "the floor is PERMISSIVE, and the holders' policy has no tenant test",
        (
            *floor(f"AS PERMISSIVE FOR ALL TO {ALL} USING ({OWN}) WITH CHECK ({OWN})", "tickets"),
            "ALTER POLICY tickets_view_own ON ticketing.tickets "
            "USING (user_id = (SELECT ticketing.current_user_id()))",
        ),
        relations=("tickets",),
        functions=("search_tickets",),
    ),
    Mutant(
        "row level security is off for a table",
        ("ALTER TABLE ticketing.refunds DISABLE ROW LEVEL SECURITY",),
    ),
    Mutant(
        "row level security is not forced on a table",
        ("ALTER TABLE ticketing.refunds NO FORCE ROW LEVEL SECURITY",),
    ),
    Mutant(
        "the floor of a table is gone",
        ("DROP POLICY refunds_tenant_isolation ON ticketing.refunds",),
    ),
    Mutant(
        "the floor is for SELECT alone, and a write policy is loose",
        (
            *floor(f"AS RESTRICTIVE FOR SELECT TO {ALL} USING ({OWN})"),
            f"{LOOSE} FOR INSERT TO ticketing_app WITH CHECK (TRUE)",
        ),
    ),
    Mutant(
        "WITH CHECK (true), in the floor and above it",
        (
            "ALTER POLICY refunds_tenant_isolation ON ticketing.refunds WITH CHECK (TRUE)",
            "ALTER POLICY refunds_tenant_insert ON ticketing.refunds WITH CHECK (TRUE)",
        ),
    ),
    Mutant(
        "a permissive policy says true, beside a whole floor",
        (f"{LOOSE} FOR SELECT TO ticketing_app USING (TRUE)",),
    ),
    Mutant(
        "a permissive policy is for PUBLIC",
        (f"{LOOSE} FOR SELECT TO PUBLIC USING ({OWN})",),
    ),
    Mutant(
        "no tenant means every tenant",
        both(f"{OWN} OR (SELECT ticketing.current_tenant_id()) IS NULL"),
    ),
    Mutant(
        "the helper is called for each row",
        both("tenant_id = ticketing.current_tenant_id()"),
    ),
    Mutant(
        "a policy reads the variable itself",
        both("tenant_id::text = (SELECT current_setting('app.current_tenant_id', TRUE))"),
    ),
    Mutant(
        "a policy compares the wrong column",
        both("order_id = (SELECT ticketing.current_tenant_id())"),
    ),
    Mutant(
        "the floor is for one role, and another's policy says true",
        (
            *floor(f"AS RESTRICTIVE FOR ALL TO ticketing_app USING ({OWN}) WITH CHECK ({OWN})"),
            f"{LOOSE} FOR SELECT TO ticketing_readonly USING (TRUE)",
        ),
    ),
    Mutant(
        "the worker crosses tenants on one more table",
        (
            *floor(
                "AS RESTRICTIVE FOR ALL TO ticketing_app, ticketing_readonly "
                f"USING ({OWN}) WITH CHECK ({OWN})"
            ),
            "CREATE POLICY refunds_worker_select ON ticketing.refunds "
            "FOR SELECT TO ticketing_worker USING (TRUE)",
        ),
    ),
    Mutant(
        "a policy of the owner holds for the members of the owner too",
        ("ALTER POLICY tickets_owner_update ON ticketing.tickets USING (TRUE) WITH CHECK (TRUE)",),
        relations=("tickets",),
        functions=("record_scan_attempt",),
    ),
    Mutant(
        "a customer sees the tickets of the whole tenant",
        (f"ALTER POLICY tickets_view_own ON ticketing.tickets USING ({OWN})",),
        relations=("tickets",),
        functions=("search_tickets",),
    ),
    Mutant(
        "an administrator sees the tickets of every tenant",
        (
            "ALTER POLICY tickets_tenant_isolation ON ticketing.tickets "
            f"USING ({OWN} OR (SELECT ticketing.acts_for_tenant()))",
            "ALTER POLICY tickets_admin_all ON ticketing.tickets "
            "USING ((SELECT ticketing.acts_for_tenant()))",
        ),
        relations=("tickets",),
        functions=("search_tickets",),
    ),
    Mutant(
        "a policy hides every row",
        (f"ALTER POLICY refunds_tenant_isolation ON ticketing.refunds USING ({OWN} AND FALSE)",),
    ),
]

HELPERS = [
    Mutant("the helper is IMMUTABLE", ("ALTER FUNCTION ticketing.current_tenant_id() IMMUTABLE",)),
    Mutant("the helper is VOLATILE", ("ALTER FUNCTION ticketing.current_tenant_id() VOLATILE",)),
    Mutant(
        "the helper reads another variable",
        (Rewrite("current_tenant_id", "app.current_tenant_id", "app.tenant_id"),),
    ),
    Mutant(
        "the helper believes another variable first",
        (
            Rewrite(
                "current_tenant_id",
                "current_setting('app.current_tenant_id', TRUE)",
                "coalesce(nullif(current_setting('app.tenant_id', TRUE), ''), "
                "current_setting('app.current_tenant_id', TRUE))",
            ),
        ),
    ),
    Mutant(
        "the helper raises on what is no uuid",
        (Rewrite("current_tenant_id", "RETURN NULL;", "RETURN v_tenant::uuid;"),),
    ),
    Mutant(
        "the helper falls back to some tenant",
        (
            Rewrite(
                "current_tenant_id",
                "RETURN NULL;",
                "RETURN (SELECT t.id FROM ticketing.tenants AS t ORDER BY t.id LIMIT 1);",
            ),
            "ALTER FUNCTION ticketing.current_tenant_id() SECURITY DEFINER",
            "ALTER FUNCTION ticketing.current_tenant_id() OWNER TO CURRENT_USER",
        ),
    ),
    Mutant(
        "the helper's search path is open",
        ("ALTER FUNCTION ticketing.current_tenant_id() RESET search_path",),
        functions=("current_tenant_id",),
    ),
    Mutant(
        "a malformed user counts as the service",
        (
            Rewrite(
                "acts_for_tenant",
                "coalesce(current_setting('app.current_user_id', TRUE), '') = ''",
                "ticketing.current_user_id() IS NULL",
            ),
        ),
        relations=("tickets",),
        functions=("search_tickets",),
    ),
    Mutant(
        "a context outlives its transaction",
        (
            Rewrite(
                "set_tenant_context",
                "set_config('app.current_tenant_id', p_tenant_id::text, TRUE)",
                "set_config('app.current_tenant_id', p_tenant_id::text, FALSE)",
            ),
        ),
        functions=("set_tenant_context",),
    ),
    Mutant(
        "a transaction may change its tenant",
        (Rewrite("set_tenant_context", "v_tenant_before NOT IN ('', p_tenant_id::text)", "FALSE"),),
        functions=("set_tenant_context",),
    ),
]

OBJECTS = [
    Mutant(
        "a view runs as its owner",
        (
            "ALTER VIEW ticketing.ticket_type_availability RESET (security_invoker)",
            "ALTER VIEW ticketing.ticket_type_availability OWNER TO CURRENT_USER",
        ),
        relations=("ticket_type_availability",),
    ),
    Mutant(
        "a view of another schema runs as its owner",
        (
            "CREATE VIEW public.refund_list AS SELECT * FROM ticketing.refunds",
            "GRANT SELECT ON public.refund_list TO ticketing_app",
        ),
        relations=("refund_list",),
    ),
    Mutant(
        "a materialised view is granted",
        (
            "CREATE MATERIALIZED VIEW ticketing.refund_totals AS "
            "SELECT r.tenant_id, r.amount_cents FROM ticketing.refunds AS r",
            "GRANT SELECT ON ticketing.refund_totals TO ticketing_readonly",
        ),
        relations=("refund_totals",),
    ),
    Mutant(
        "a new table has no row level security",
        (
            "CREATE TABLE ticketing.notes (tenant_id uuid NOT NULL REFERENCES ticketing.tenants, "
            "id uuid NOT NULL DEFAULT gen_random_uuid(), body text, PRIMARY KEY (tenant_id, id))",
            "GRANT SELECT, INSERT ON ticketing.notes TO ticketing_app",
            "INSERT INTO ticketing.notes (tenant_id) SELECT t.id FROM ticketing.tenants AS t",
        ),
        relations=("notes",),
    ),
    Mutant(
        "a new partitioned table has no row level security",
        (*PARTITIONED, "GRANT SELECT ON ticketing.visits TO ticketing_app"),
        relations=("visits", "visits_0"),
    ),
    Mutant(
        "a partition is granted by itself",
        (
            *PARTITIONED,
            "ALTER TABLE ticketing.visits ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
            "CREATE POLICY visits_tenant_isolation ON ticketing.visits AS RESTRICTIVE "
            f"FOR ALL TO {ALL} USING ({OWN}) WITH CHECK ({OWN})",
            f"CREATE POLICY visits_tenant_select ON ticketing.visits FOR SELECT TO {ALL} "
            f"USING ({OWN})",
            "GRANT SELECT ON ticketing.visits, ticketing.visits_0 TO ticketing_app",
        ),
        relations=("visits", "visits_0"),
    ),
    Mutant(
        "a function reads as a superuser, for PUBLIC",
        (READER.format(name="ticketing.all_refunds"),),
        functions=("all_refunds",),
    ),
    Mutant(
        "a function reads as a superuser, for services",
        (
            READER.format(name="ticketing.all_refunds"),
            "REVOKE EXECUTE ON FUNCTION ticketing.all_refunds() FROM PUBLIC",
            "GRANT EXECUTE ON FUNCTION ticketing.all_refunds() TO ticketing_app",
        ),
        functions=("all_refunds",),
    ),
    Mutant(
        "a function of another schema reads as a superuser",
        (READER.format(name="public.all_refunds"),),
        functions=("all_refunds",),
    ),
    Mutant(
        "a function that runs as the owner has no pg_temp at the end of its path",
        ("ALTER FUNCTION ticketing.record_payment SET search_path = ticketing, pg_catalog",),
        functions=("record_payment",),
    ),
    Mutant(
        "a function that runs as the owner belongs to a superuser",
        ("ALTER FUNCTION ticketing.record_payment OWNER TO CURRENT_USER",),
        functions=("record_payment",),
    ),
    Mutant(
        "a function runs as a superuser and forgets the tenant",
        (
            Rewrite("get_ticket_state_history", "h.tenant_id = v_tenant AND", ""),
            "ALTER FUNCTION ticketing.get_ticket_state_history(uuid, integer) SECURITY DEFINER",
            "ALTER FUNCTION ticketing.get_ticket_state_history(uuid, integer) "
            "OWNER TO CURRENT_USER",
        ),
        relations=("ticket_state_history",),
        functions=("get_ticket_state_history",),
    ),
    Mutant(
        "a function tells another tenant's row from none",
        (
            Rewrite("has_pending_transaction", "t.tenant_id = v_tenant_id AND", ""),
            "ALTER FUNCTION ticketing.has_pending_transaction(uuid) SECURITY DEFINER",
            "ALTER FUNCTION ticketing.has_pending_transaction(uuid) OWNER TO CURRENT_USER",
        ),
        relations=("pending_transactions",),
        functions=("has_pending_transaction",),
    ),
    Mutant(
        "an internal function is granted to services",
        ("GRANT EXECUTE ON FUNCTION ticketing.lockout_state TO ticketing_app",),
        functions=("lockout_state",),
    ),
    Mutant(
        "new functions are everybody's",
        ("ALTER DEFAULT PRIVILEGES FOR ROLE ticketing_owner GRANT EXECUTE ON FUNCTIONS TO PUBLIC",),
    ),
    Mutant(
        "an operator of ours slips under a policy",
        (
            "CREATE FUNCTION ticketing.always(uuid, uuid) RETURNS boolean "
            "LANGUAGE sql IMMUTABLE AS 'SELECT TRUE'",
            "CREATE OPERATOR ticketing.= "
            "(LEFTARG = uuid, RIGHTARG = uuid, FUNCTION = ticketing.always)",
            *both("tenant_id OPERATOR(ticketing.=) (SELECT ticketing.current_tenant_id())"),
        ),
        functions=("always",),
    ),
    Mutant(
        "a function is LEAKPROOF that is not",
        (
            "CREATE FUNCTION ticketing.peek(uuid) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 "
            "LEAKPROOF AS 'BEGIN RAISE NOTICE ''%'', $1; RETURN TRUE; END'",
        ),
        functions=("peek",),
    ),
    Mutant(
        "a rule copies rows aside",
        (
            "CREATE TABLE public.copies (LIKE ticketing.refunds)",
            "GRANT SELECT, INSERT ON public.copies TO PUBLIC",
            "CREATE RULE aside AS ON INSERT TO ticketing.refunds "
            "DO ALSO INSERT INTO public.copies VALUES (NEW.*)",
        ),
    ),
    Mutant(
        "a child table inherits",
        (
            "CREATE TABLE ticketing.old_refunds () INHERITS (ticketing.refunds)",
            "GRANT SELECT ON ticketing.old_refunds TO ticketing_app",
        ),
        relations=("old_refunds",),
    ),
    Mutant("rows are published", ("CREATE PUBLICATION everything FOR ALL TABLES",)),
]

KEYS = [
    Mutant(
        "a foreign key has no tenant",
        (
            "CREATE UNIQUE INDEX uq_orders_id ON ticketing.orders (id)",
            "ALTER TABLE ticketing.refunds DROP CONSTRAINT fk_refunds_order_id, "
            "ADD CONSTRAINT fk_refunds_order_id FOREIGN KEY (order_id) "
            "REFERENCES ticketing.orders (id)",
        ),
    ),
    Mutant(
        "a unique key has no tenant",
        ("CREATE UNIQUE INDEX uq_tickets_global ON ticketing.tickets (ticket_number)",),
        relations=("tickets",),
        functions=("import_external_ticket",),
    ),
    Mutant(
        "the tenant does not lead a key",
        ("CREATE UNIQUE INDEX uq_refunds_turned ON ticketing.refunds (id, tenant_id)",),
    ),
    Mutant(
        "the tenant of a row may be missing",
        (
            "ALTER TABLE ticketing.refunds DROP CONSTRAINT pk_refunds CASCADE, "
            "ALTER COLUMN tenant_id DROP NOT NULL",
        ),
    ),
    Mutant(
        "the triggers of a table are off, those of foreign keys too",
        ("ALTER TABLE ticketing.refunds DISABLE TRIGGER ALL",),
    ),
    Mutant(
        "a foreign key counts as validated, and a row breaks it",
        (
            "SET session_replication_role = replica",
            "UPDATE ticketing.refunds SET order_id = gen_random_uuid()",
            "SET session_replication_role = origin",
        ),
    ),
]

RIGHTS = [
    Mutant("TRUNCATE is granted", ("GRANT TRUNCATE ON ticketing.refunds TO ticketing_app",)),
    Mutant(
        "REFERENCES and TRIGGER are granted",
        ("GRANT REFERENCES, TRIGGER ON ticketing.refunds TO ticketing_app",),
    ),
    Mutant(
        "a service may change the tenant of a row",
        ("GRANT UPDATE (tenant_id) ON ticketing.refunds TO ticketing_app",),
    ),
    Mutant(
        "a reader may write",
        ("GRANT INSERT, DELETE ON ticketing.refunds TO ticketing_readonly",),
    ),
    Mutant("everybody may read a table", ("GRANT SELECT ON ticketing.refunds TO PUBLIC",)),
    Mutant(
        "services may make objects in the schema",
        ("GRANT CREATE ON SCHEMA ticketing TO ticketing_app",),
    ),
    Mutant(
        "the sequences are granted",
        ("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA ticketing TO ticketing_readonly",),
        relations=("outbox_seq_seq",),
    ),
    Mutant(
        "a table belongs to who migrated",
        ("ALTER TABLE ticketing.refunds OWNER TO ts_test_migrator",),
    ),
    Mutant(
        "a login of services bypasses row level security",
        ("ALTER ROLE ts_test_app BYPASSRLS",),
        undo=("ALTER ROLE ts_test_app NOBYPASSRLS",),
    ),
    Mutant(
        "the group of services bypasses row level security",
        ("ALTER ROLE ticketing_app BYPASSRLS",),
        undo=("ALTER ROLE ticketing_app NOBYPASSRLS",),
    ),
    Mutant(
        "services are members of the owner, and a table is not forced",
        (
            "GRANT ticketing_owner TO ticketing_app",
            "ALTER TABLE ticketing.refunds NO FORCE ROW LEVEL SECURITY",
        ),
        undo=("REVOKE ticketing_owner FROM ticketing_app",),
    ),
    Mutant(
        "services are members of the worker",
        ("GRANT ticketing_worker TO ticketing_app",),
        relations=("refunds", "users"),
        undo=("REVOKE ticketing_worker FROM ticketing_app",),
    ),
    Mutant(
        "a login starts with a tenant",
        (
            "ALTER ROLE ts_test_app SET app.current_tenant_id = "
            "'00000000-0000-0000-0000-000000000001'",
        ),
        undo=("ALTER ROLE ts_test_app RESET app.current_tenant_id",),
    ),
]

MUTANTS = [*POLICIES, *HELPERS, *OBJECTS, *KEYS, *RIGHTS]
