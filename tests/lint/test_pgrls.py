"""A checker that is not ours agrees, and would not if a tenant stood open."""

from __future__ import annotations

from lint import pgrls
from support.databases import Database

TENANT = "tenant_id = (SELECT ticketing.current_tenant_id())"
NONE = "(SELECT ticketing.current_tenant_id()) IS NULL"

# what is broken, each in a table of its own, and what one of the findings begins with
BROKEN = {
    "ALTER TABLE ticketing.tickets DISABLE ROW LEVEL SECURITY": "SEC032 tickets: ",
    "ALTER TABLE ticketing.events NO FORCE ROW LEVEL SECURITY": "SEC002 events: ",
    "CREATE POLICY open ON ticketing.users FOR SELECT USING (TRUE)": "SEC003 users.open: ",
    # The floor and what stands on it fail open.
    f"ALTER POLICY orders_tenant_isolation ON ticketing.orders USING ({TENANT} OR {NONE}); "
    f"ALTER POLICY orders_tenant_select ON ticketing.orders USING ({TENANT} OR {NONE})": (
        "verify anon ticketing_app orders.orders_tenant_select: leak"
    ),
    "ALTER POLICY refunds_tenant_isolation ON ticketing.refunds USING (TRUE); "
    "ALTER POLICY refunds_tenant_select ON ticketing.refunds USING (TRUE)": (
        "verify cross-tenant ticketing_readonly refunds.refunds_tenant_select: "
    ),
    "ALTER POLICY venues_tenant_isolation ON ticketing.venues WITH CHECK (TRUE); "
    "CREATE POLICY loose ON ticketing.venues FOR INSERT TO ticketing_app WITH CHECK (TRUE)": (
        "verify write ticketing_app venues.loose: "
    ),
    "ALTER POLICY zones_tenant_select ON ticketing.zones "
    "USING (tenant_id = ticketing.current_tenant_id())": "PERF001 zones.zones_tenant_select: ",
    "ALTER VIEW ticketing.zone_availability RESET (security_invoker)": (
        "VIEW001 zone_availability: "
    ),
    "CREATE UNIQUE INDEX worldwide ON ticketing.ticket_bundles (name)": (
        "SEC035 ticket_bundles (worldwide): "
    ),
    "CREATE FUNCTION ticketing.everything() RETURNS bigint LANGUAGE sql SECURITY DEFINER "
    "AS 'SELECT count(*) FROM ticketing.tickets'": "SEC014 everything: ",
}


def test_nothing_is_left_unexplained(template: Database) -> None:
    assert pgrls.findings(template.superuser_url) == []


def test_every_explanation_explains_something(template: Database) -> None:
    assert pgrls.unused(template.superuser_url) == []


def test_what_is_broken_is_found(clone: Database) -> None:
    with clone.connect() as connection:
        for defect in BROKEN:
            connection.execute(defect.encode())
    found = pgrls.findings(clone.superuser_url)
    missed = [said for said in BROKEN.values() if not any(f.startswith(said) for f in found)]
    assert missed == [], found


def test_what_cannot_be_read_is_not_proven(clone: Database) -> None:
    with clone.connect() as connection:
        connection.execute("DROP SCHEMA ticketing CASCADE")
    assert pgrls.findings(clone.superuser_url)
