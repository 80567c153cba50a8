"""`ticket-schema demo`: two tenants to look at, beside nobody else's rows."""

from __future__ import annotations

import re

import psycopg
import pytest
from psycopg import sql

from support.command import HEAD, run, state
from support.databases import Database
from support.factories import Make
from support.session import Session

TENANTS = ["northlight", "harbour"]
DAY = {
    "The rush": r"20 of 60 hold two places each, 0 places are left, the others were told TK121",
    "Payment": r"16 of them paid",
    "Expiry": r"4 holds ran out, and their places are free again",
    "Transfer": r"NOR-0006-1 is guest24's now: its old code is revoked, its new one active",
    "Mint": r"\S+ is minted, with the token 7Np47Np4…",
    "Doors": r"NOR-0023-1: north gate says valid, south gate says duplicate",
    "Refund": r"NOR-0009-1 is refunded: 129\.00 EUR went back",
    "Wallet pass": r"NOR-0010-1 has a pass for apple_wallet, and it is sent",
    "Request ticket": r'"A red umbrella, .*" is completed, with 3 events to tell how',
    "Outbox": r"\d+ events of the day wait for a relay",
}


def counts(target: Database) -> dict[str, int]:
    """Returns how many rows each table holds."""
    found = {}
    with target.connect() as connection:
        query = "SELECT relname FROM pg_class WHERE relnamespace = 'ticketing'::regnamespace"
        for (table,) in connection.execute(f"{query} AND relkind = 'r'").fetchall():
            count = sql.SQL("SELECT count(*) FROM ticketing.{}").format(sql.Identifier(table))
            row = connection.execute(count).fetchone()
            assert row is not None
            found[table] = int(row[0])
    return found


def loaded(target: Database) -> Database:
    """Returns a database after the demo was loaded into it."""
    done = run("demo", url=target.superuser_url)
    assert done.code == 0, done
    assert done.stdout.startswith("Loaded northlight and harbour.\nA day at Northlight:\n")
    return target


def another_tenant(target: Database) -> None:
    """Commits a tenant that is none of the demo's."""
    with psycopg.connect(target.superuser_url) as connection:
        Make(Session(connection)).tenant(slug="elsewhere")


def test_the_demo_is_loaded_once(clone: Database) -> None:
    before = counts(loaded(clone))
    again = run("demo", url=clone.superuser_url)
    assert (again.code, again.stderr) == (0, "")
    assert again.stdout == "northlight and harbour are there already.\n"
    assert counts(clone) == before
    assert before["tenants"] == 2
    assert before["users"] == 54


def test_json_tells_whether_it_was_loaded(clone: Database) -> None:
    first = run("demo", "--json", url=clone.superuser_url)
    again = run("demo", "--json", url=clone.superuser_url)
    assert (first.code, again.code) == (0, 0)
    assert first.document | {"day": []} == {"loaded": True, "tenants": TENANTS, "day": []}
    assert again.document == {"loaded": False, "tenants": TENANTS, "day": []}


def test_the_day_goes_as_it_should(clone: Database) -> None:
    told = run("demo", "--json", url=clone.superuser_url).document["day"]
    assert [scene["scene"] for scene in told] == [*DAY]
    for scene in told:
        assert re.fullmatch(DAY[scene["scene"]], scene["outcome"]), scene


def test_other_tenants_are_a_reason_to_refuse(clone: Database) -> None:
    another_tenant(clone)
    before = counts(clone)
    said = run("demo", url=clone.superuser_url).refusal(1)
    assert "other tenants" in said
    assert "--beside-others" in said
    assert counts(clone) == before


def test_other_tenants_can_be_put_up_with(clone: Database) -> None:
    another_tenant(clone)
    done = run("demo", "--beside-others", url=clone.superuser_url)
    assert (done.code, counts(clone)["tenants"]) == (0, 3)


def test_the_counters_agree_with_the_rows(clone: Database) -> None:
    with loaded(clone).connect() as connection:
        drift = connection.execute("SELECT * FROM ticketing.ticket_inventory_drift").fetchall()
        sold = connection.execute("SELECT sum(sold_quantity) FROM ticketing.ticket_inventory")
        assert sold.fetchone() != (0,)
    assert drift == []


def test_the_history_and_the_events_tell_how_each_ticket_became_what_it_is(clone: Database) -> None:
    with loaded(clone).connect() as connection:
        last = """
            SELECT DISTINCT ON (h.tenant_id, h.ticket_id) h.new_status
            FROM ticketing.ticket_state_history AS h
            ORDER BY h.tenant_id, h.ticket_id, h.seq DESC
        """
        now = "SELECT t.status FROM ticketing.tickets AS t"
        statuses = [
            connection.execute(
                f"SELECT status, count(*) FROM ({query}) AS s (status) GROUP BY status".encode()
            ).fetchall()
            for query in (now, last)
        ]
        unheard = connection.execute(
            "SELECT id FROM ticketing.ticket_state_history EXCEPT SELECT id FROM ticketing.outbox"
        ).fetchall()
    assert dict(statuses[0]) == dict(statuses[1])
    ends = {"minted", "active", "checked_in", "transferred", "refunded"}
    assert dict(statuses[0]).keys() == ends
    assert unheard == []


@pytest.mark.parametrize("slug", TENANTS)
def test_a_service_sees_the_rows_of_its_tenant_alone(clone: Database, slug: str) -> None:
    with loaded(clone).connect("ts_test_app") as connection:
        (tenant,) = connection.execute("SELECT md5('demo ' || %s)::uuid", [slug]).fetchone() or ()
        connection.execute("SELECT set_config('app.current_tenant_id', %s, FALSE)", [str(tenant)])
        for table in ("users", "events", "orders", "ticket_types", "reservations", "tickets"):
            query = sql.SQL("SELECT DISTINCT tenant_id FROM ticketing.{}").format(
                sql.Identifier(table)
            )
            assert connection.execute(query).fetchall() == [(tenant,)], table
        assert connection.execute("SELECT slug FROM ticketing.tenants").fetchall() == [(slug,)]


def test_without_a_tenant_a_service_sees_nothing(clone: Database) -> None:
    with loaded(clone).connect("ts_test_app") as connection:
        assert connection.execute("SELECT FROM ticketing.tickets").fetchall() == []


def test_the_loaded_database_is_still_good(clone: Database) -> None:
    assert run("status", url=loaded(clone).superuser_url).code == 0


def test_a_login_without_the_roles_is_refused(clone: Database) -> None:
    said = run("demo", url=clone.url("ts_test_readonly")).refusal(1)
    assert "ts_test_readonly may not act as ticketing_worker" in said
    assert counts(clone)["tenants"] == 0


@pytest.mark.parametrize("revision", ["base", "0000"])
def test_a_database_below_head_is_refused(clone: Database, revision: str) -> None:
    run("downgrade", revision, url=clone.migrator_url)
    before = state(clone)
    said = run("demo", url=clone.superuser_url).refusal(1)
    assert f"stands at {revision}, the demo needs {HEAD}" in said
    assert state(clone) == before
