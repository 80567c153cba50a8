"""What somebody might do to the schema, and what the rules then say.

For each rule a list of plants: the statements, and the offences that the rule finds after them, as
name and the beginning of the detail; none after what is innocent.
"""

from __future__ import annotations

from dataclasses import dataclass

from defects.defect import Part, Rewrite

TENANT = "tenant_id = (SELECT ticketing.current_tenant_id())"
BOTH = f"USING ({TENANT}) WITH CHECK ({TENANT})"
FLOOR = "tickets_tenant_isolation ON ticketing.tickets"
VIEWER = "public.viewer"
EVIL = (
    "CREATE FUNCTION public.evil() RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT TRUE'",
    "CREATE FUNCTION public.evil_row() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
)
PARTS = (
    "CREATE TABLE ticketing.parts (tenant_id uuid, id uuid) PARTITION BY LIST (tenant_id)",
    "CREATE TABLE ticketing.part_a PARTITION OF ticketing.parts DEFAULT",
)
NOTES_OF_TICKETS = (
    "CREATE TABLE ticketing.notes (tenant_id uuid, ticket_id uuid, CONSTRAINT k "
    "FOREIGN KEY (tenant_id, ticket_id) REFERENCES ticketing.tickets (tenant_id, id))"
)
SERVER = (
    "CREATE FOREIGN DATA WRAPPER elsewhere",
    "CREATE SERVER loop FOREIGN DATA WRAPPER elsewhere",
)
# Stands for the name of the database, in names of offences.
DATABASE = "<database>"
HERE = "DO $$BEGIN EXECUTE format('{}', current_database()); END$$"


@dataclass(frozen=True)
class Plant:
    """One offence, or several that come together.

    Args:
        defect: statements, and functions with a passage replaced.
        found: name and beginning of the detail of each offence.
        since: the first major version of the server that has such a thing.
    """

    defect: tuple[Part, ...]
    found: tuple[tuple[str, str], ...]
    since: int = 15


def plant(*defect: Part, **found: str) -> Plant:
    """Returns a plant; `found` maps names that are identifiers to details."""
    return Plant(defect, tuple(found.items()))


def named(*defect: Part, found: dict[str, str], since: int = 15) -> Plant:
    """Returns a plant whose offences have any names."""
    return Plant(defect, tuple(found.items()), since)


def innocent(*change: Part, since: int = 15) -> Plant:
    """Returns what somebody may do without an offence against the rule."""
    return Plant(change, (), since)


PLANTS: dict[str, list[Plant]] = {
    "row_security": [
        plant(
            "ALTER TABLE ticketing.tickets DISABLE ROW LEVEL SECURITY",
            tickets="row level security is not enabled",
        ),
        plant(
            "ALTER TABLE ticketing.orders NO FORCE ROW LEVEL SECURITY",
            orders="row level security is not forced",
        ),
        Plant(
            ("CREATE TABLE ticketing.notes (tenant_id uuid)",),
            (
                ("notes", "row level security is not enabled"),
                ("notes", "row level security is not forced"),
            ),
        ),
        Plant(
            PARTS,
            (
                ("parts", "row level security is not enabled"),
                ("parts", "row level security is not forced"),
            ),
        ),
    ],
    "one_floor": [
        plant(*PARTS, parts="no restrictive policy"),
        plant(f"DROP POLICY {FLOOR}", tickets="no restrictive policy"),
        plant(
            f"DROP POLICY {FLOOR}",
            "CREATE POLICY tickets_tenant_isolation ON ticketing.tickets "
            f"TO ticketing_app, ticketing_worker, ticketing_readonly {BOTH}",
            tickets="no restrictive policy",
        ),
        plant(
            "CREATE POLICY second ON ticketing.tickets AS RESTRICTIVE TO ticketing_app "
            "USING (TRUE)",
            tickets="2 restrictive policies instead of one",
        ),
        plant(
            f"ALTER POLICY {FLOOR} RENAME TO floor",
            tickets="the only restrictive policy is floor",
        ),
        Plant(
            (
                f"DROP POLICY {FLOOR}",
                "CREATE POLICY tickets_tenant_isolation ON ticketing.tickets AS RESTRICTIVE "
                "FOR SELECT TO ticketing_app, ticketing_worker, ticketing_readonly "
                f"USING ({TENANT})",
            ),
            (
                ("tickets", "WITH CHECK of tickets_tenant_isolation is missing"),
                ("tickets", "tickets_tenant_isolation is for one command alone"),
            ),
        ),
        plant(
            f"ALTER POLICY {FLOOR} USING ({TENANT} OR (SELECT ticketing.current_tenant_id()) "
            "IS NULL)",
            tickets="USING of tickets_tenant_isolation is ((tenant_id",
        ),
        plant(
            f"ALTER POLICY {FLOOR} WITH CHECK (TRUE)",
            tickets="WITH CHECK of tickets_tenant_isolation is true",
        ),
        plant(
            f"ALTER POLICY {FLOOR} USING (tenant_id = ticketing.current_tenant_id())",
            tickets="USING of tickets_tenant_isolation is (tenant_id = ticketing.cur",
        ),
        plant(
            "ALTER POLICY tenants_tenant_isolation ON ticketing.tenants USING (slug = 'a')",
            tenants="USING of tenants_tenant_isolation is (slug",
        ),
    ],
    "floor_roles": [
        innocent(f"ALTER POLICY {FLOOR} TO PUBLIC"),
        named(
            f"ALTER POLICY {FLOOR} TO ticketing_app, ticketing_worker",
            found={"tickets.ticketing_readonly": "ticketing_readonly holds a grant, and"},
        ),
        named(
            "GRANT SELECT ON ticketing.tickets TO ts_test_nobody",
            found={"tickets.ts_test_nobody": "ts_test_nobody holds a grant"},
        ),
        named(
            "GRANT UPDATE (seat) ON ticketing.tickets TO ts_test_nobody",
            found={"tickets.ts_test_nobody": "ts_test_nobody holds a grant"},
        ),
        named(
            f"ALTER POLICY {FLOOR} TO ticketing_app, ticketing_worker, ticketing_readonly, "
            "ts_test_nobody, ticketing_owner",
            found={
                "tickets.ts_test_nobody": "tickets_tenant_isolation names ts_test_nobody",
                "tickets.ticketing_owner": "tickets_tenant_isolation names ticketing_owner",
            },
        ),
    ],
    "policy_for_each_grant": [
        named(
            "GRANT DELETE ON ticketing.orders TO ticketing_app",
            found={"orders.ticketing_app": "ticketing_app may DELETE, but no policy"},
        ),
        named(
            "GRANT SELECT ON ticketing.webhook_nonces TO ticketing_app",
            found={"webhook_nonces.ticketing_app": "ticketing_app may SELECT, but"},
        ),
        named(
            "GRANT INSERT (status) ON ticketing.orders TO ticketing_readonly",
            "DROP POLICY orders_worker_insert ON ticketing.orders",
            found={
                "orders.ticketing_readonly": "ticketing_readonly may INSERT",
                "orders.ticketing_worker": "ticketing_worker may INSERT",
            },
        ),
    ],
    "grant_for_each_policy": [
        innocent(
            "CREATE POLICY narrow ON ticketing.events AS RESTRICTIVE FOR DELETE "
            "TO ticketing_readonly USING (FALSE)",
        ),
        innocent("REVOKE UPDATE ON ticketing.tickets FROM ticketing_owner"),
        named(
            "REVOKE SELECT ON ticketing.events FROM ticketing_readonly",
            found={"events.events_tenant_select": "ticketing_readonly is not granted SELECT"},
        ),
        named(
            "CREATE POLICY events_tenant_delete ON ticketing.events FOR DELETE "
            f"TO ticketing_app USING ({TENANT})",
            found={"events.events_tenant_delete": "ticketing_app is not granted DELETE"},
        ),
    ],
    "policy_roles": [
        named(
            "ALTER POLICY events_tenant_select ON ticketing.events TO PUBLIC",
            found={"events.events_tenant_select": "is for PUBLIC"},
        ),
        named(
            "ALTER POLICY events_tenant_select ON ticketing.events TO ts_test_nobody",
            found={"events.events_tenant_select": "is for ts_test_nobody"},
        ),
    ],
    "policy_clauses": [
        named(
            "CREATE POLICY extra ON ticketing.tickets FOR UPDATE TO ticketing_app "
            f"USING ({TENANT})",
            found={"tickets.extra": "has no WITH CHECK"},
        ),
        named(
            "CREATE POLICY extra ON ticketing.tickets FOR ALL TO ticketing_app "
            f"WITH CHECK ({TENANT})",
            found={"tickets.extra": "has no USING"},
        ),
    ],
    "tenant_in_policies": [
        innocent(
            "CREATE POLICY narrow ON ticketing.tickets AS RESTRICTIVE TO ticketing_app "
            "USING (seat = '1') WITH CHECK (seat = '1')",
        ),
        named(
            "ALTER POLICY tickets_admin_all ON ticketing.tickets "
            "USING ((SELECT ticketing.acts_for_tenant()))",
            found={"tickets.tickets_admin_all": "USING does not begin with the tenant test"},
        ),
        named(
            f"ALTER POLICY tickets_admin_all ON ticketing.tickets WITH CHECK ({TENANT} OR TRUE)",
            found={"tickets.tickets_admin_all": "WITH CHECK does not begin"},
        ),
        named(
            "ALTER POLICY tickets_view_own ON ticketing.tickets "
            f"USING ({TENANT} AND seat = '1' OR seat = '2')",
            found={"tickets.tickets_view_own": "USING does not begin"},
        ),
        named(
            "CREATE POLICY anything ON ticketing.tickets FOR SELECT TO ticketing_app USING (TRUE)",
            found={"tickets.anything": "USING does not begin with the tenant test: true"},
        ),
        named(
            "CREATE FUNCTION public.current_tenant_id() RETURNS uuid LANGUAGE sql STABLE "
            "AS 'SELECT NULL::uuid'",
            "ALTER POLICY tickets_view_own ON ticketing.tickets "
            "USING (tenant_id = (SELECT public.current_tenant_id()))",
            found={"tickets.tickets_view_own": "USING does not begin"},
        ),
    ],
    "crossing_policies": [
        named(
            "ALTER POLICY holds_worker_select ON ticketing.holds TO ticketing_app",
            found={"holds.holds_worker_select": "crosses tenants for ticketing_app"},
        ),
        named(
            "ALTER POLICY holds_worker_update ON ticketing.holds "
            "TO ticketing_worker, ticketing_app",
            found={
                "holds.holds_worker_update": "crosses tenants for ticketing_app, ticketing_worker"
            },
        ),
        named(
            "ALTER POLICY tickets_owner_update ON ticketing.tickets USING (TRUE)",
            found={"tickets.tickets_owner_update": "does not ask first who is asking: true"},
        ),
        named(
            "ALTER POLICY tickets_owner_select ON ticketing.tickets TO PUBLIC",
            found={"tickets.tickets_owner_select": "crosses tenants for PUBLIC"},
        ),
    ],
    "unbounded_policies": [
        innocent(
            "CREATE POLICY narrow ON ticketing.tickets AS RESTRICTIVE TO ticketing_app "
            "USING (TRUE) WITH CHECK (TRUE)",
        ),
        named(
            "ALTER POLICY holds_worker_select ON ticketing.holds USING (TRUE)",
            found={"holds.holds_worker_select": "USING is TRUE"},
        ),
        named(
            "ALTER POLICY holds_worker_update ON ticketing.holds WITH CHECK (TRUE)",
            found={"holds.holds_worker_update": "WITH CHECK is TRUE"},
        ),
    ],
    "policy_helpers": [
        innocent(
            "CREATE FUNCTION public.same(uuid, uuid) RETURNS boolean LANGUAGE sql IMMUTABLE "
            "AS 'SELECT TRUE'",
            "CREATE OPERATOR public.=== (LEFTARG = uuid, RIGHTARG = uuid, FUNCTION = public.same)",
            "CREATE TABLE public.thing (id uuid)",
            "CREATE POLICY mine ON public.thing USING (id OPERATOR(public.===) id)",
        ),
        named(
            f"ALTER POLICY tickets_view_own ON ticketing.tickets USING ({TENANT} "
            "AND current_setting('app.x', TRUE) = '')",
            found={"tickets.tickets_view_own": "calls current_setting"},
        ),
        named(
            *EVIL,
            f"ALTER POLICY tickets_view_own ON ticketing.tickets USING ({TENANT} "
            "AND public.evil())",
            found={"tickets.tickets_view_own": "calls public.evil"},
        ),
        named(
            f"ALTER POLICY tickets_view_own ON ticketing.tickets USING ({TENANT} "
            "AND ticketing.acts_for_tenant())",
            found={"tickets.tickets_view_own": "calls ticketing.acts_for_tenant() once a row"},
        ),
        named(
            "CREATE FUNCTION public.same(uuid, uuid) RETURNS boolean LANGUAGE sql IMMUTABLE "
            "AS 'SELECT TRUE'",
            "CREATE OPERATOR public.=== (LEFTARG = uuid, RIGHTARG = uuid, FUNCTION = public.same)",
            "ALTER POLICY tickets_view_own ON ticketing.tickets "
            f"USING ({TENANT} AND tenant_id OPERATOR(public.===) id)",
            found={"tickets.tickets_view_own": "uses operator === of schema public"},
        ),
    ],
    "policy_subqueries": [
        innocent(
            "CREATE TABLE public.member (id uuid)",
            "CREATE TABLE public.thing (id uuid)",
            "CREATE POLICY mine ON public.thing USING (id IN (SELECT id FROM public.member))",
        ),
        named(
            f"ALTER POLICY tickets_view_own ON ticketing.tickets USING ({TENANT} "
            "AND event_id IN (SELECT e.id FROM ticketing.events AS e))",
            found={"tickets.tickets_view_own": "reads events"},
        ),
    ],
    "helper_properties": [
        named(
            "ALTER FUNCTION ticketing.current_tenant_id() IMMUTABLE",
            found={"current_tenant_id()": "is not STABLE"},
        ),
        named(
            "ALTER FUNCTION ticketing.acts_for_tenant() VOLATILE",
            found={"acts_for_tenant()": "is not STABLE"},
        ),
        named(
            "ALTER FUNCTION ticketing.status_change_reason() PARALLEL UNSAFE",
            found={"status_change_reason()": "is PARALLEL UNSAFE"},
        ),
        named(
            Rewrite(
                "current_tenant_id",
                "RETURN NULL;",
                "RETURN NULL;\nEXCEPTION WHEN others THEN RETURN NULL;",
            ),
            found={"current_tenant_id()": "has an EXCEPTION block"},
        ),
        named(
            Rewrite("current_user_id", "RETURN NULL;", "RAISE 'no user';"),
            found={"current_user_id()": "raises inside a policy"},
        ),
        named(
            Rewrite(
                "current_tenant_id",
                "RETURN NULL;",
                "RETURN (SELECT t.id FROM ticketing.tenants AS t LIMIT 1);",
            ),
            found={"current_tenant_id()": "runs a query inside a policy"},
        ),
        named(
            "ALTER FUNCTION ticketing.current_tenant_id() SECURITY DEFINER",
            found={"current_tenant_id()": "runs as its owner inside a policy"},
        ),
    ],
    "helper_settings": [
        named(
            Rewrite("current_tenant_id", "app.current_tenant_id", "app.tenant_id"),
            found={"current_tenant_id()": "reads app.tenant_id"},
        ),
        named(
            Rewrite(
                "acts_for_tenant",
                "RETURN coalesce(",
                "RETURN current_setting('app.is_system_user', TRUE) = 'true' OR coalesce(",
            ),
            found={"acts_for_tenant()": "reads app.current_user_id, app.current_user_role, app.is"},
        ),
        named(
            "CREATE OR REPLACE FUNCTION ticketing.current_tenant_id() RETURNS uuid "
            "LANGUAGE plpgsql STABLE AS 'BEGIN RETURN NULL; END'",
            found={"current_tenant_id()": "reads no setting"},
        ),
    ],
    "tenant_column": [
        plant(*PARTS, parts="tenant_id may be NULL"),
        innocent(
            "CREATE TABLE ticketing.notes (gone text, tenant_id uuid NOT NULL)",
            "ALTER TABLE ticketing.notes DROP gone",
        ),
        plant("CREATE TABLE ticketing.notes (note text)", notes="has no tenant_id"),
        plant("CREATE TABLE ticketing.notes (tenant_id text NOT NULL)", notes="tenant_id is text"),
        plant("CREATE TABLE ticketing.notes (tenant_id uuid)", notes="tenant_id may be NULL"),
        plant(
            "CREATE TABLE ticketing.notes (note text, tenant_id uuid NOT NULL)",
            notes="tenant_id is not the first column",
        ),
        plant(
            "ALTER TABLE ticketing.tickets ALTER tenant_id "
            "SET DEFAULT '00000000-0000-0000-0000-000000000000'",
            tickets="tenant_id has a default",
        ),
    ],
    "tenant_reference": [
        plant(*PARTS, parts="tenant_id does not refer to tenants"),
        plant(
            "CREATE TABLE public.tenants (id uuid PRIMARY KEY)",
            "CREATE TABLE ticketing.notes (tenant_id uuid REFERENCES public.tenants)",
            notes="tenant_id does not refer to tenants",
        ),
        plant(
            "CREATE TABLE ticketing.others (id uuid PRIMARY KEY)",
            "CREATE TABLE ticketing.notes (tenant_id uuid REFERENCES ticketing.others)",
            notes="tenant_id does not refer to tenants",
        ),
        plant(
            "CREATE TABLE ticketing.notes (tenant_id uuid, by uuid REFERENCES ticketing.tenants)",
            notes="tenant_id does not refer to tenants",
        ),
        plant(
            "ALTER TABLE ticketing.tickets DROP CONSTRAINT fk_tickets_tenant_id",
            tickets="tenant_id does not refer to tenants",
        ),
    ],
    "primary_key": [
        plant(*PARTS, parts="has no primary key"),
        plant(
            "ALTER TABLE ticketing.ticket_validations DROP CONSTRAINT pk_ticket_validations",
            ticket_validations="has no primary key",
        ),
        plant(
            "CREATE TABLE ticketing.notes (tenant_id uuid, id uuid PRIMARY KEY)",
            notes="primary key is PRIMARY KEY (id)",
        ),
    ],
    "tenant_leads_unique_keys": [
        innocent(*PARTS, "CREATE UNIQUE INDEX ON ticketing.part_a (id)"),
        innocent(
            "CREATE MATERIALIZED VIEW ticketing.frozen AS SELECT 1 AS one",
            "CREATE UNIQUE INDEX ON ticketing.frozen (one)",
        ),
        named(
            "CREATE UNIQUE INDEX worldwide ON ticketing.tickets (ticket_number)",
            found={"tickets.worldwide": "is unique across tenants"},
        ),
        named(
            "CREATE UNIQUE INDEX late ON ticketing.tickets (ticket_number, tenant_id)",
            found={"tickets.late": "is unique across tenants"},
        ),
        named(
            "CREATE UNIQUE INDEX computed ON ticketing.tickets (lower(ticket_number))",
            found={"tickets.computed": "is unique across tenants"},
        ),
        named(
            "ALTER TABLE ticketing.tickets ADD CONSTRAINT apart "
            "EXCLUDE USING btree (ticket_number WITH =)",
            found={"tickets.apart": "is unique across tenants"},
        ),
    ],
    "tenant_in_foreign_keys": [
        named(
            *PARTS,
            "ALTER TABLE ticketing.parts ADD CONSTRAINT k FOREIGN KEY (id) "
            "REFERENCES ticketing.tenants (id)",
            found={"parts.k": "pairs id with id of ticketing.tenants first"},
        ),
        innocent(
            "CREATE TABLE public.parent (id uuid PRIMARY KEY)",
            "CREATE TABLE public.child (id uuid REFERENCES public.parent)",
        ),
        named(
            "ALTER TABLE ticketing.venues ADD UNIQUE (id)",
            "ALTER TABLE ticketing.tickets ADD CONSTRAINT loose FOREIGN KEY (venue_id) "
            "REFERENCES ticketing.venues (id)",
            found={"tickets.loose": "pairs venue_id with id of ticketing.venues first"},
        ),
        named(
            "ALTER TABLE ticketing.tickets ADD CONSTRAINT other FOREIGN KEY (user_id) "
            "REFERENCES ticketing.tenants (id)",
            found={"tickets.other": "pairs user_id with id of ticketing.tenants first"},
        ),
        named(
            "CREATE TABLE public.prober (tenant_id uuid, id uuid, CONSTRAINT probe "
            "FOREIGN KEY (tenant_id, id) REFERENCES ticketing.tickets (tenant_id, id))",
            found={"public.prober.probe": "pairs tenant_id with tenant_id of ticketing.tickets"},
        ),
        named(
            "CREATE TABLE public.parent (id uuid PRIMARY KEY)",
            "ALTER TABLE ticketing.tickets ADD CONSTRAINT away FOREIGN KEY (venue_id) "
            "REFERENCES public.parent (id)",
            found={"tickets.away": "pairs venue_id with id of public.parent first"},
        ),
    ],
    "reference_actions": [
        named(
            "ALTER TABLE ticketing.ticket_scans ADD CONSTRAINT emptied "
            "FOREIGN KEY (tenant_id, ticket_id) REFERENCES ticketing.tickets (tenant_id, id) "
            "ON DELETE SET NULL",
            found={"ticket_scans.emptied": "FOREIGN KEY (tenant_id, ticket_id)"},
        ),
        named(
            "ALTER TABLE ticketing.ticket_scans ADD CONSTRAINT moved "
            "FOREIGN KEY (tenant_id, ticket_id) REFERENCES ticketing.tickets (tenant_id, id) "
            "ON UPDATE CASCADE ON DELETE RESTRICT",
            found={"ticket_scans.moved": "FOREIGN KEY (tenant_id, ticket_id)"},
        ),
    ],
    "foreign_key_index": [
        named(
            NOTES_OF_TICKETS,
            "CREATE INDEX ON ticketing.notes (tenant_id) INCLUDE (ticket_id)",
            found={"notes.k": "no index leads with (tenant_id, ticket_id)"},
        ),
        named(
            NOTES_OF_TICKETS,
            "CREATE INDEX broken ON ticketing.notes (tenant_id, ticket_id)",
            "UPDATE pg_index SET indisvalid = FALSE "
            "WHERE indexrelid = 'ticketing.broken'::regclass",
            found={"notes.k": "no index leads with (tenant_id, ticket_id)"},
        ),
        innocent(
            NOTES_OF_TICKETS,
            "CREATE INDEX ON ticketing.notes (tenant_id, ticket_id) WHERE ticket_id IS NOT NULL",
        ),
        named(
            NOTES_OF_TICKETS,
            found={"notes.k": "no index leads with (tenant_id, ticket_id)"},
        ),
        named(
            NOTES_OF_TICKETS,
            "CREATE INDEX ON ticketing.notes (tenant_id, ticket_id) WHERE ticket_id > tenant_id",
            "CREATE INDEX ON ticketing.notes (ticket_id, tenant_id)",
            found={"notes.k": "no index leads with (tenant_id, ticket_id)"},
        ),
    ],
    "key_updates": [
        innocent("GRANT UPDATE (id) ON ticketing.tickets TO ticketing_owner"),
        innocent(
            "CREATE SEQUENCE ticketing.numbers",
            "GRANT UPDATE ON SEQUENCE ticketing.numbers TO ticketing_app",
        ),
        plant("GRANT UPDATE ON ticketing.tickets TO ticketing_app", tickets="ticketing_app may"),
        named(
            "GRANT UPDATE (tenant_id) ON ticketing.tickets TO ticketing_app",
            found={"tickets.tenant_id": "ticketing_app may UPDATE it"},
        ),
        named(
            "GRANT UPDATE (id) ON ticketing.tenants TO PUBLIC",
            found={"tenants.id": "PUBLIC may UPDATE it"},
        ),
    ],
    "grants": [
        plant(
            "GRANT TRUNCATE ON ticketing.tickets TO ticketing_app",
            tickets="ticketing_app may TRUNCATE: no row level security holds it",
        ),
        plant(
            "GRANT TRIGGER ON ticketing.tickets TO ticketing_app",
            tickets="ticketing_app may TRIGGER: no row level security holds it",
        ),
        Plant(
            ("GRANT MAINTAIN ON ticketing.tickets TO ticketing_app",),
            (("tickets", "ticketing_app may MAINTAIN: no row"),),
            since=17,
        ),
        named(
            "GRANT REFERENCES (id) ON ticketing.tickets TO ticketing_app",
            found={"tickets.id": "ticketing_app may REFERENCES: no row level security"},
        ),
        plant("GRANT SELECT ON ticketing.tickets TO PUBLIC", tickets="PUBLIC may SELECT: PUBLIC"),
        plant(
            "GRANT SELECT ON ticketing.zone_availability TO PUBLIC",
            zone_availability="PUBLIC may SELECT: PUBLIC is everybody",
        ),
        plant(
            "GRANT DELETE ON ticketing.tickets TO ticketing_readonly",
            tickets="ticketing_readonly may DELETE: that role only reads",
        ),
        plant(
            "CREATE SEQUENCE ticketing.numbers",
            "GRANT USAGE ON SEQUENCE ticketing.numbers TO ticketing_app",
            numbers="ticketing_app may USAGE: its numbers are those of every tenant",
        ),
        plant(
            "GRANT INSERT ON ticketing.state_transitions TO ticketing_app",
            state_transitions="ticketing_app may INSERT: its rows are the same for every tenant",
        ),
    ],
    "partition_grants": [
        plant(
            *PARTS,
            "GRANT SELECT ON ticketing.part_a TO ticketing_app",
            part_a="ticketing_app may SELECT",
        ),
        plant(
            *PARTS,
            "GRANT UPDATE (id) ON ticketing.part_a TO PUBLIC",
            part_a="PUBLIC may UPDATE",
        ),
    ],
    "grantees": [
        plant(
            "GRANT SELECT ON ticketing.tickets TO ts_test_nobody",
            tickets="ts_test_nobody, which is no group of this schema, holds SELECT",
        ),
        named(
            "GRANT SELECT (seat) ON ticketing.tickets TO ts_test_nobody",
            found={"tickets.seat": "ts_test_nobody, which is no group"},
        ),
        named(
            "GRANT EXECUTE ON FUNCTION ticketing.current_tenant_id() TO ts_test_nobody",
            found={"current_tenant_id()": "ts_test_nobody, which is no group"},
        ),
        plant(
            "GRANT USAGE ON SCHEMA ticketing TO ts_test_nobody",
            ticketing="ts_test_nobody, which is no group",
        ),
        plant(
            "GRANT SELECT ON ticketing.tickets TO ticketing_app WITH GRANT OPTION",
            tickets="ticketing_app may hand SELECT on",
        ),
        plant(
            "CREATE TYPE ticketing.mood AS ENUM ('good')",
            "GRANT USAGE ON TYPE ticketing.mood TO ts_test_nobody",
            mood="ts_test_nobody, which is no group",
        ),
    ],
    "schema_grants": [
        innocent("ALTER ROLE ticketing_app SUPERUSER"),
        innocent("GRANT CREATE ON DATABASE postgres TO ticketing_app"),
        plant("GRANT USAGE ON SCHEMA ticketing TO PUBLIC", ticketing="PUBLIC has USAGE"),
        plant(
            "GRANT CREATE ON SCHEMA ticketing TO ticketing_app",
            ticketing="ticketing_app has CREATE",
        ),
        Plant(
            ("GRANT CREATE ON SCHEMA public TO PUBLIC",),
            (
                ("public", "ticketing_app may make objects in it"),
                ("public", "ticketing_readonly may make objects in it"),
                ("public", "ticketing_worker may make objects in it"),
            ),
        ),
        plant(
            "GRANT CREATE ON SCHEMA public TO ticketing_worker",
            public="ticketing_worker may make objects in it",
        ),
        named(
            HERE.format("GRANT CREATE ON DATABASE %I TO ticketing_app"),
            found={DATABASE: "ticketing_app may make schemas in it"},
        ),
    ],
    "function_grants": [
        named(
            "GRANT EXECUTE ON FUNCTION ticketing.current_tenant_id() TO PUBLIC",
            found={"current_tenant_id()": "PUBLIC may execute it"},
        ),
        named(
            "CREATE FUNCTION ticketing.fresh() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            found={"fresh()": "PUBLIC may execute it"},
        ),
        named(
            "GRANT EXECUTE ON FUNCTION ticketing.move_hold_inventory() TO ticketing_app",
            found={"move_hold_inventory()": "ticketing_app may execute it"},
        ),
    ],
    "default_privileges": [
        innocent(
            "ALTER DEFAULT PRIVILEGES FOR ROLE ts_test_migrator GRANT SELECT ON TABLES TO PUBLIC"
        ),
        plant(
            "ALTER DEFAULT PRIVILEGES FOR ROLE ts_test_migrator "
            "REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
            "ALTER DEFAULT PRIVILEGES FOR ROLE ticketing_owner GRANT EXECUTE ON FUNCTIONS TO "
            "PUBLIC",
            database="new functions of ticketing_owner give EXECUTE to PUBLIC",
        ),
        plant(
            "ALTER DEFAULT PRIVILEGES FOR ROLE ticketing_owner GRANT EXECUTE ON FUNCTIONS TO "
            "PUBLIC",
            database="new functions of ticketing_owner give EXECUTE to PUBLIC",
        ),
        plant(
            "ALTER DEFAULT PRIVILEGES FOR ROLE ticketing_owner GRANT SELECT ON TABLES "
            "TO ticketing_app",
            database="new tables of ticketing_owner give SELECT to ticketing_app",
        ),
        plant(
            "ALTER DEFAULT PRIVILEGES FOR ROLE ts_test_migrator IN SCHEMA ticketing "
            "GRANT SELECT ON TABLES TO PUBLIC",
            ticketing="new tables of ts_test_migrator give SELECT to PUBLIC",
        ),
    ],
    "system_grants": [
        innocent(
            *SERVER,
            "CREATE FOREIGN TABLE public.far (id uuid) SERVER loop",
            "ALTER ROLE ticketing_app SUPERUSER",
        ),
        named(
            "GRANT SELECT ON pg_statistic TO ticketing_readonly",
            found={"pg_catalog.pg_statistic": "ticketing_readonly may SELECT"},
        ),
        named(
            "GRANT SELECT ON pg_statistic_ext_data TO PUBLIC",
            found={"pg_catalog.pg_statistic_ext_data": "PUBLIC may SELECT"},
        ),
        named(
            "GRANT EXECUTE ON FUNCTION pg_read_file(text) TO ticketing_app",
            found={"pg_catalog.pg_read_file(text)": "ticketing_app may EXECUTE"},
        ),
        named(
            "GRANT SET ON PARAMETER session_replication_role TO ticketing_app",
            found={"parameter session_replication_role": "ticketing_app may SET it"},
        ),
        named(
            *SERVER,
            "GRANT USAGE ON FOREIGN SERVER loop TO ticketing_app",
            found={"server loop": "ticketing_app may use it"},
        ),
        named(
            *SERVER,
            "CREATE FOREIGN TABLE public.far (id uuid) SERVER loop",
            "GRANT SELECT ON public.far TO ticketing_readonly",
            found={"public.far": "ticketing_readonly may read this foreign table"},
        ),
    ],
    "views": [
        plant(
            "ALTER VIEW ticketing.zone_availability RESET (security_invoker)",
            zone_availability="runs as its owner ticketing_owner",
        ),
        plant(
            "ALTER VIEW ticketing.zone_availability SET (security_invoker = FALSE)",
            zone_availability="runs as its owner ticketing_owner",
        ),
        named(
            f"CREATE VIEW {VIEWER} AS SELECT id FROM ticketing.tickets",
            found={VIEWER: "runs as its owner"},
        ),
        named(
            f"CREATE VIEW {VIEWER} WITH (security_invoker = TRUE) AS "
            "SELECT id FROM ticketing.tickets",
            f"CREATE VIEW public.outer_view AS SELECT id FROM {VIEWER}",
            found={"public.outer_view": "runs as its owner"},
        ),
        named(
            f"CREATE VIEW {VIEWER} AS SELECT ticketing.current_tenant_id()",
            found={VIEWER: "runs as its owner"},
        ),
        named(
            f"CREATE MATERIALIZED VIEW {VIEWER} AS SELECT id FROM ticketing.tickets",
            found={VIEWER: "is materialised"},
        ),
        plant(
            "CREATE MATERIALIZED VIEW ticketing.frozen AS SELECT 1 AS one",
            frozen="is materialised",
        ),
    ],
    "relation_kinds": [
        plant(
            *SERVER,
            "CREATE FOREIGN TABLE ticketing.far (id uuid) SERVER loop",
            far="is a foreign table",
        ),
        plant("ALTER TABLE ticketing.webhook_nonces SET UNLOGGED", webhook_nonces="is unlogged"),
    ],
    "inheritance": [
        innocent(*PARTS),
        innocent(
            "CREATE TABLE public.parent (id uuid)",
            "CREATE TABLE public.child () INHERITS (public.parent)",
        ),
        named(
            "CREATE TABLE public.mine () INHERITS (ticketing.venues)",
            found={"public.mine": "is a child of ticketing.venues"},
        ),
        named(
            "CREATE TABLE public.everything (LIKE ticketing.venues)",
            "ALTER TABLE ticketing.venues INHERIT public.everything",
            found={"ticketing.venues": "is a child of public.everything"},
        ),
        named(
            "CREATE TABLE public.everything (LIKE ticketing.ticket_validations) "
            "PARTITION BY LIST (tenant_id)",
            "ALTER TABLE public.everything ATTACH PARTITION ticketing.ticket_validations DEFAULT",
            found={"ticketing.ticket_validations": "is a child of public.everything"},
        ),
    ],
    "rules": [
        named(
            "CREATE RULE copied AS ON INSERT TO ticketing.tickets DO ALSO NOTHING",
            found={"tickets.copied": "rewrites statements"},
        ),
    ],
    "triggers": [
        named(
            "ALTER TABLE ticketing.tickets DISABLE TRIGGER trg_tickets_10_guard_holder",
            found={"tickets.trg_tickets_10_guard_holder": "is switched off"},
        ),
        named(
            "ALTER TABLE ticketing.tickets ENABLE REPLICA TRIGGER trg_tickets_10_guard_holder",
            found={"tickets.trg_tickets_10_guard_holder": "fires for replicas alone"},
        ),
        named(
            "CREATE TABLE ticketing.notes (tenant_id uuid, CONSTRAINT k FOREIGN KEY (tenant_id) "
            "REFERENCES ticketing.tenants (id))",
            "ALTER TABLE ticketing.notes DISABLE TRIGGER ALL",
            found={"notes.k": "is switched off"},
        ),
    ],
    "foreign_code": [
        named(
            *EVIL,
            "CREATE TRIGGER spy AFTER INSERT ON ticketing.tickets FOR EACH ROW "
            "EXECUTE FUNCTION public.evil_row()",
            found={"tickets.spy": "uses public.evil_row"},
        ),
        named(
            *EVIL,
            "ALTER TABLE ticketing.tickets ADD spied boolean DEFAULT public.evil()",
            found={"tickets.spied": "uses public.evil"},
        ),
        named(
            *EVIL,
            "ALTER TABLE ticketing.tickets ADD CONSTRAINT asked CHECK (public.evil())",
            found={"tickets.asked": "uses public.evil"},
        ),
        named(
            *EVIL,
            "CREATE INDEX spying ON ticketing.tickets ((public.evil()))",
            found={"spying": "uses public.evil"},
        ),
        named(
            *EVIL,
            "CREATE VIEW ticketing.spied WITH (security_invoker = TRUE) AS SELECT public.evil()",
            found={"spied._RETURN": "uses public.evil"},
        ),
        named(
            *EVIL,
            "CREATE FUNCTION ticketing.calls() RETURNS boolean LANGUAGE sql "
            "BEGIN ATOMIC SELECT public.evil(); END",
            found={"calls()": "uses public.evil"},
        ),
        named(
            *EVIL,
            "CREATE POLICY spied ON ticketing.tickets USING (public.evil())",
            found={"tickets.spied": "uses public.evil"},
        ),
    ],
    "custom_objects": [
        named(
            "CREATE OPERATOR ticketing.=== (LEFTARG = uuid, RIGHTARG = uuid, FUNCTION = uuid_ne)",
            found={"operator ===": "is an operator of its own"},
        ),
        named(
            "CREATE OPERATOR CLASS ticketing.odd FOR TYPE uuid USING btree AS "
            "OPERATOR 3 =, FUNCTION 1 uuid_cmp(uuid, uuid)",
            found={"operator class odd": "is an operator class of its own"},
        ),
        named(
            "CREATE CONVERSION ticketing.odd FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8",
            found={"conversion odd": "is a conversion of its own"},
        ),
        named(
            'CREATE COLLATION ticketing.odd FROM "C"',
            found={"collation odd": "is a collation of its own"},
        ),
        named(
            "CREATE AGGREGATE ticketing.odd (integer) (SFUNC = int4pl, STYPE = integer)",
            found={"odd(integer)": "is an aggregate or window function of its own"},
        ),
        named(
            "CREATE TYPE ticketing.mood AS ENUM ('good')",
            "CREATE FUNCTION ticketing.felt(ticketing.mood) RETURNS uuid LANGUAGE sql "
            "AS 'SELECT NULL::uuid'",
            "CREATE CAST (ticketing.mood AS uuid) WITH FUNCTION ticketing.felt(ticketing.mood) "
            "AS IMPLICIT",
            found={"cast ticketing.mood to uuid": "is a cast of its own"},
        ),
    ],
    "definers": [
        named(
            "ALTER FUNCTION ticketing.has_pending_transaction(uuid) SECURITY DEFINER",
            found={"has_pending_transaction(uuid)": "runs as ticketing_owner"},
        ),
        named(
            "CREATE FUNCTION ticketing.reissue_ticket(text) RETURNS int LANGUAGE sql "
            "SECURITY DEFINER AS 'SELECT 1'",
            found={"reissue_ticket(text)": "runs as"},
        ),
    ],
    "definers_called": [
        named(
            "ALTER FUNCTION ticketing.has_pending_transaction(uuid) SECURITY DEFINER",
            found={
                f"has_pending_transaction(uuid).{role}": "runs as ticketing_owner, called by"
                for role in ("ticketing_app", "ticketing_readonly", "ticketing_worker")
            },
        ),
        named(
            "GRANT EXECUTE ON FUNCTION ticketing.register_ticket_codes() TO ticketing_app",
            found={"register_ticket_codes().ticketing_app": "runs as ticketing_owner, called by"},
        ),
        named(
            "GRANT EXECUTE ON FUNCTION ticketing.prune_holds(interval, integer) TO ticketing_app",
            found={
                "prune_holds(interval, integer).ticketing_app": "runs as ticketing_owner, called"
            },
        ),
    ],
    "definer_bodies": [
        named(
            "CREATE FUNCTION ticketing.count_all() RETURNS bigint LANGUAGE sql SECURITY DEFINER "
            "AS 'SELECT count(*) FROM ticketing.tickets'",
            found={"count_all()": "does not ask for the tenant of the transaction"},
        ),
        named(
            "CREATE FUNCTION ticketing.count_row() RETURNS trigger LANGUAGE plpgsql "
            "SECURITY DEFINER AS 'BEGIN RETURN NEW; END'",
            found={"count_row()": "does not name the tenant of its row"},
        ),
    ],
    "definers_elsewhere": [
        innocent(
            "CREATE FUNCTION public.peek() RETURNS bigint LANGUAGE sql "
            "AS 'SELECT count(*) FROM ticketing.tickets'",
        ),
        innocent(
            "CREATE FUNCTION public.look() RETURNS bigint LANGUAGE sql "
            "BEGIN ATOMIC SELECT count(*) FROM ticketing.tickets; END",
            "CREATE FUNCTION public.peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER "
            "BEGIN ATOMIC SELECT count(*) FROM pg_catalog.pg_class; END",
        ),
        named(
            "CREATE FUNCTION public.peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER "
            "AS 'SELECT count(*) FROM ticketing.tickets'",
            found={"public.peek()": "runs as"},
        ),
        named(
            "CREATE FUNCTION public.peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER "
            "SET search_path = ticketing AS 'SELECT 1'",
            found={"public.peek()": "runs as"},
        ),
        named(
            "CREATE FUNCTION public.peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER "
            "BEGIN ATOMIC SELECT count(*) FROM ticketing.tickets; END",
            found={"public.peek()": "runs as"},
        ),
    ],
    "search_path": [
        named(
            "ALTER FUNCTION ticketing.current_tenant_id() RESET search_path",
            found={"current_tenant_id()": "takes the search path of its caller"},
        ),
        named(
            "ALTER FUNCTION ticketing.current_tenant_id() SET search_path = ticketing",
            found={"current_tenant_id()": "sets search_path=ticketing"},
        ),
    ],
    "function_settings": [
        named(
            "ALTER FUNCTION ticketing.current_tenant_id() SET row_security = off",
            found={"current_tenant_id() SET row_security=off": "runs under a setting"},
        ),
        named(
            "ALTER FUNCTION ticketing.create_hold(uuid, uuid, integer, text, uuid, interval) "
            "SET app.current_user_role = 'admin'",
            found={
                "create_hold(uuid, uuid, integer, text, uuid, interval) "
                "SET app.current_user_role=admin": "runs under a setting"
            },
        ),
    ],
    "function_kinds": [
        named(
            "CREATE FUNCTION ticketing.adds(int, int) RETURNS int LANGUAGE internal AS 'int4pl'",
            found={"adds(integer, integer)": "is written in internal"},
        ),
        named(
            "ALTER FUNCTION ticketing.current_tenant_id() LEAKPROOF",
            found={"current_tenant_id()": "is LEAKPROOF"},
        ),
        named(
            *EVIL,
            "ALTER FUNCTION public.evil() LEAKPROOF",
            found={"public.evil()": "is LEAKPROOF"},
        ),
    ],
    "settings_readers": [
        named(
            "CREATE FUNCTION ticketing.reads() RETURNS text LANGUAGE sql "
            "AS $$SELECT current_setting('app.current_tenant_id', TRUE)$$",
            found={"reads()": "reads a session setting"},
        ),
        named(
            "CREATE FUNCTION ticketing.reads(text) RETURNS text LANGUAGE sql "
            "AS $$SELECT current_setting($1, TRUE)$$",
            found={"reads(text)": "reads a session setting"},
        ),
        named(
            f"ALTER POLICY tickets_view_own ON ticketing.tickets USING ({TENANT} "
            "AND current_setting('app.x', TRUE) = '')",
            found={"tickets.tickets_view_own": "reads a session setting"},
        ),
        named(
            "ALTER TABLE ticketing.tickets ALTER seat SET DEFAULT current_setting('app.x', TRUE)",
            found={"tickets.seat": "reads a session setting"},
        ),
        named(
            "ALTER TABLE ticketing.tickets ADD CONSTRAINT asked "
            "CHECK (current_setting('app.x', TRUE) = '')",
            found={"tickets.asked": "reads a session setting"},
        ),
        plant(
            "CREATE VIEW ticketing.asked AS SELECT current_setting('app.x', TRUE) AS x",
            asked="reads a session setting",
        ),
    ],
    "settings_writers": [
        named(
            "CREATE FUNCTION ticketing.moves(text) RETURNS text LANGUAGE sql "
            "AS $$SELECT set_config('app.current_tenant_id', $1, TRUE)$$",
            found={"moves(text)": "writes a session setting"},
        ),
        named(
            "CREATE FUNCTION ticketing.moves() RETURNS void LANGUAGE plpgsql "
            "AS $$BEGIN SET LOCAL app.current_user_role = 'admin'; END$$",
            found={"moves()": "writes a session setting"},
        ),
    ],
    "setting_names": [
        named(
            Rewrite("current_tenant_id", "app.current_tenant_id", "app.tenant_id"),
            found={"current_tenant_id()": "uses setting app.tenant_id"},
        ),
        named(
            f"ALTER POLICY tickets_view_own ON ticketing.tickets USING ({TENANT} "
            "AND current_setting('my.flag', TRUE) = '')",
            found={"tickets.tickets_view_own": "uses setting my.flag"},
        ),
    ],
    "fixed_settings": [
        innocent("ALTER ROLE ts_test_app SET work_mem = '8MB'"),
        named(
            "ALTER ROLE ts_test_app SET app.current_user_role = 'admin'",
            found={"role ts_test_app": "fixes app.current_user_role=admin"},
        ),
        named(
            "ALTER ROLE ts_test_app SET session_replication_role = replica",
            found={"role ts_test_app": "fixes session_replication_role=replica"},
        ),
        named(
            "ALTER ROLE ALL SET row_security = off",
            found={"role ALL": "fixes row_security=off"},
        ),
        named(
            HERE.format("ALTER DATABASE %I SET app.current_tenant_id = ''x''"),
            found={f"database {DATABASE}": "fixes app.current_tenant_id=x"},
        ),
        named(
            HERE.format("ALTER ROLE ts_test_app IN DATABASE %I SET role = ticketing_owner"),
            found={"role ts_test_app": "fixes role=ticketing_owner"},
        ),
    ],
    "role_powers": [
        plant("ALTER ROLE ticketing_app SUPERUSER", ticketing_app="is a superuser"),
        plant("ALTER ROLE ticketing_app BYPASSRLS", ticketing_app="bypasses row level security"),
        plant("ALTER ROLE ticketing_owner LOGIN", ticketing_owner="may log in"),
        plant("ALTER ROLE ticketing_worker CREATEROLE", ticketing_worker="may make roles"),
        plant("ALTER ROLE ticketing_worker CREATEDB", ticketing_worker="may make databases"),
        plant("ALTER ROLE ticketing_app REPLICATION", ticketing_app="may read the log"),
        plant(
            "ALTER ROLE ticketing_readonly RENAME TO ts_test_renamed",
            ticketing_readonly="is missing",
        ),
    ],
    "memberships": [
        plant(
            "GRANT ticketing_owner TO ticketing_readonly",
            ticketing_readonly="is a member of ticketing_owner",
        ),
        plant(
            "GRANT pg_read_all_data TO ticketing_owner",
            ticketing_owner="is a member of pg_read_all_data",
        ),
    ],
    "service_logins": [
        Plant(
            ("GRANT ticketing_owner TO ts_test_app WITH INHERIT FALSE, SET TRUE",),
            (("ts_test_app", "serves as ticketing_app and may act as ticketing_owner"),),
            since=16,
        ),
        innocent(
            "GRANT ticketing_owner TO ts_test_app WITH ADMIN TRUE, INHERIT FALSE, SET FALSE",
            since=16,
        ),
        innocent(
            "CREATE ROLE ts_test_group",
            "GRANT ticketing_app, ticketing_owner TO ts_test_group",
        ),
        innocent("ALTER ROLE ticketing_app LOGIN SUPERUSER"),
        innocent("GRANT ticketing_owner TO ticketing_app"),
        plant(
            "ALTER ROLE ts_test_app SUPERUSER",
            ts_test_app="serves as ticketing_app and is a superuser",
        ),
        plant(
            "ALTER ROLE ts_test_app BYPASSRLS",
            ts_test_app="serves as ticketing_app and bypasses row level security",
        ),
        plant(
            "GRANT ticketing_owner TO ts_test_app",
            ts_test_app="serves as ticketing_app and may act as ticketing_owner, which owns",
        ),
        plant(
            "CREATE ROLE ts_test_between BYPASSRLS",
            "CREATE ROLE ts_test_chain",
            "GRANT ts_test_between TO ts_test_chain",
            "GRANT ts_test_chain TO ts_test_worker",
            ts_test_worker="serves as ticketing_worker and may act as ts_test_between, which by",
        ),
        plant(
            "GRANT pg_read_all_data TO ts_test_readonly",
            ts_test_readonly="serves as ticketing_readonly and may act as pg_read_all_data",
        ),
        plant(
            "GRANT ticketing_worker TO ts_test_app",
            ts_test_app="serves as ticketing_app and may act as ticketing_worker, which crosses",
        ),
        plant(
            "ALTER ROLE ts_test_app CREATEROLE",
            ts_test_app="serves as ticketing_app and may make roles",
        ),
        plant(
            "ALTER ROLE ts_test_worker REPLICATION",
            ts_test_worker="serves as ticketing_worker and may read the log",
        ),
        plant(
            HERE.format("ALTER DATABASE %I OWNER TO ts_test_app"),
            ts_test_app="serves as ticketing_app and owns the database",
        ),
    ],
    "owner": [
        plant(
            "ALTER TABLE ticketing.tickets OWNER TO ts_test_migrator",
            tickets="belongs to ts_test_migrator",
        ),
        plant(
            "ALTER VIEW ticketing.zone_availability OWNER TO ts_test_migrator",
            zone_availability="belongs to ts_test_migrator",
        ),
        named(
            "ALTER FUNCTION ticketing.current_tenant_id() OWNER TO ts_test_migrator",
            found={"current_tenant_id()": "belongs to ts_test_migrator"},
        ),
        plant(
            "CREATE TYPE ticketing.mood AS ENUM ('good')",
            "ALTER TYPE ticketing.mood OWNER TO ts_test_migrator",
            mood="belongs to ts_test_migrator",
        ),
        plant(
            "CREATE STATISTICS ticketing.odd ON seat, section FROM ticketing.tickets",
            "ALTER STATISTICS ticketing.odd OWNER TO ts_test_migrator",
            odd="belongs to ts_test_migrator",
        ),
        plant(
            "ALTER SCHEMA ticketing OWNER TO ts_test_migrator",
            ticketing="belongs to ts_test_migrator",
        ),
    ],
    "publications": [
        named(
            "CREATE PUBLICATION leak FOR TABLE ticketing.tickets, ticketing.outbox",
            found={"leak.tickets": "carries the rows of every tenant"},
        ),
    ],
    "event_triggers": [
        innocent(
            "CREATE FUNCTION public.watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'",
            "CREATE EVENT TRIGGER watching ON ddl_command_end EXECUTE FUNCTION public.watch()",
        ),
        plant(
            "CREATE FUNCTION public.watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'",
            "ALTER FUNCTION public.watch() OWNER TO ts_test_migrator",
            "CREATE EVENT TRIGGER watching ON ddl_command_end EXECUTE FUNCTION public.watch()",
            watching="runs public.watch of ts_test_migrator",
        ),
        plant(
            "CREATE FUNCTION ticketing.watch() RETURNS event_trigger LANGUAGE plpgsql "
            "AS 'BEGIN END'",
            "CREATE EVENT TRIGGER watching ON ddl_command_end EXECUTE FUNCTION ticketing.watch()",
            watching="runs ticketing.watch of",
        ),
    ],
    "validated": [
        named(
            "ALTER TABLE ticketing.tickets ADD CONSTRAINT later CHECK (seat <> '') NOT VALID",
            found={"tickets.later": "is not validated: old rows may break it"},
        ),
        named(
            "ALTER TABLE ticketing.tickets ADD CONSTRAINT never CHECK (seat <> '') NOT ENFORCED",
            found={"tickets.never": "is not enforced"},
            since=18,
        ),
        plant(
            "UPDATE pg_index SET indisvalid = FALSE "
            "WHERE indexrelid = 'ticketing.uq_tickets_external'::regclass",
            uq_tickets_external="is invalid and guarantees nothing",
        ),
    ],
    "orphans": [
        named(
            "SET LOCAL session_replication_role = replica",
            "INSERT INTO ticketing.venues (tenant_id, name) VALUES (gen_random_uuid(), 'Hall')",
            found={"venues.fk_venues_tenant_id": "1 rows refer to nothing"},
        ),
    ],
}
