"""0008 to 0010 on filled tables: rows that break a rule are named, good ones are not blamed."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from uuid import UUID

import psycopg
import pytest

import ticket_schema
from support.databases import Database, database
from support.names import shown
from support.online import BEFORE, RULES, Rule, mend, plant, revision_of, rights_in, schema_of
from support.psql import psql
from support.servers import Server
from ticket_schema import TicketSchemaError, constraints, steps

Copying = Callable[[str], AbstractContextManager[Database]]


@pytest.fixture
def copy(server: Server, filled_databases: dict[str, Database]) -> Copying:
    """Copies a filled database at a revision."""
    return lambda revision: database(server, filled_databases[revision].name)


@pytest.fixture(params=["migrator", "superuser"])
def url_of(request: pytest.FixtureRequest) -> Callable[[Database], str]:
    """Who migrates: a plain member of the owner, as in production, or a superuser, as in CI."""
    return lambda target: (
        target.migrator_url if request.param == "migrator" else target.superuser_url
    )


upgrade = partial(ticket_schema.upgrade, progress=lambda _: None)


def found_by(connection: psycopg.Connection, query: str) -> dict[UUID, set[UUID]]:
    """Returns the ids that a query finds, by tenant."""
    found: dict[UUID, set[UUID]] = {}
    for tenant, ids in connection.execute(query.encode()):
        found.setdefault(tenant, set()).update(ids if isinstance(ids, list) else [ids])
    return found


def shown_query(text: str) -> str:
    query = re.search(r"SELECT [^;]*;", text)
    assert query is not None, text
    return query[0]


@pytest.mark.parametrize("rule", RULES, ids=shown)
def test_rows_that_break_a_rule_are_shown_and_mended(
    rule: Rule, copy: Copying, url_of: Callable[[Database], str], schemas: dict[str, str]
) -> None:
    with copy(BEFORE[rule.revision]) as target:
        broken = plant(target, rule)
        before, rights = schema_of(target), rights_in(target)

        with pytest.raises(TicketSchemaError) as failure:
            upgrade(url_of(target), rule.revision)

        assert rule.name in failure.value.what
        assert rule.table in failure.value.what or rule.name.startswith("uq_")
        assert failure.value.hint.endswith("; Nothing of it stays.")
        assert max(len(failure.value.what), len(f"hint:  {failure.value.hint}")) < 300
        query = shown_query(failure.value.hint)
        with target.connect() as connection:
            assert found_by(connection, query) == broken
        for tenant, ids in broken.items():
            with psycopg.connect(target.url("ts_test_app")) as connection:
                connection.execute(
                    "SELECT set_config('app.current_tenant_id', %s, TRUE)", [str(tenant)]
                )
                assert found_by(connection, query) == {tenant: ids}
        assert revision_of(target) == BEFORE[rule.revision]
        assert schema_of(target) == before
        assert rights_in(target) == rights

        mend(target, rule)
        upgrade(url_of(target), rule.revision)

        assert revision_of(target) == rule.revision
        assert schema_of(target) == schemas[rule.revision]


def test_good_rows_are_accepted(
    at_0007: Database, url_of: Callable[[Database], str], schemas: dict[str, str]
) -> None:
    rights = rights_in(at_0007)
    assert any("ticketing_owner=arwdDxt" in right for _, held in rights for right in held)

    upgrade(url_of(at_0007), "0010")

    assert schema_of(at_0007) == schemas["0010"]
    assert rights_in(at_0007) == rights
    with at_0007.connect() as connection:
        for rule in RULES:
            row = connection.execute(f"SELECT count(*) FROM ticketing.{rule.table}".encode())
            assert row.fetchone() != (0,)


def test_every_late_rule_is_broken_once(schemas: dict[str, str]) -> None:
    late = {
        step.split("/")[1]
        for step, stamps in steps.stamps().items()
        if step.startswith(("constraints/", "indexes/"))
        for revision in stamps
        if revision in BEFORE
    }
    assert {rule.name for rule in RULES} == late
    assert len(late) == 18


def test_the_plain_form_would_bless_orphans(at_0007: Database) -> None:
    """Why each row is tested by itself; see docs/adr/0009."""
    (rule,) = (rule for rule in RULES if str(rule) == "fk_refunds_order_id: order_id = gen_random_"
               "uuid()")  # fmt: skip
    plant(at_0007, rule)
    adding = constraints.adding(
        (constraints.parse(steps.read(f"constraints/{rule.name}", "0008")),)
    )
    validate = f"ALTER TABLE ticketing.refunds VALIDATE CONSTRAINT {rule.name}".encode()
    with psycopg.connect(at_0007.migrator_url) as connection:
        connection.execute("SET ROLE ticketing_owner")
        for text in adding:
            connection.execute(text.encode())
        with connection.transaction(force_rollback=True):
            connection.execute(validate)
            blessed = connection.execute(
                "SELECT convalidated FROM pg_constraint WHERE conname = %s", [rule.name]
            ).fetchone()
            assert blessed == (True,)
        connection.execute("SET LOCAL row_security = off")
        with (
            pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security policy"),
            connection.transaction(),
        ):
            connection.execute(validate)


@pytest.mark.parametrize("orphans", [False, True])
def test_a_right_that_cannot_be_withdrawn_stops_the_run(
    at_0007: Database, *, orphans: bool
) -> None:
    """The big query would run after all; it is not to be believed, whatever it says."""
    if orphans:
        plant(at_0007, RULES[0])
    before = schema_of(at_0007)
    with at_0007.connect() as connection:
        connection.execute("GRANT SELECT ON ticketing.refunds TO PUBLIC")
        granted = schema_of(at_0007)
        with pytest.raises(TicketSchemaError, match="row-level security policy") as failure:
            upgrade(at_0007.migrator_url, "0008")
        assert "Nothing of it stays." in failure.value.hint
        assert schema_of(at_0007) == granted
        connection.execute("REVOKE SELECT ON ticketing.refunds FROM PUBLIC")
    assert schema_of(at_0007) == before
    if not orphans:
        upgrade(at_0007.migrator_url, "0008")
        assert revision_of(at_0007) == "0008"


def test_a_second_rule_that_is_broken_is_named_next(at_0007: Database) -> None:
    first, second = RULES[0], RULES[2]
    plant(at_0007, first)
    with at_0007.connect() as connection:
        connection.execute("UPDATE ticketing.order_discounts SET order_id = gen_random_uuid()")

    with pytest.raises(TicketSchemaError, match=first.name):
        upgrade(at_0007.migrator_url, "0010")
    mend(at_0007, first)
    before = schema_of(at_0007)
    with pytest.raises(TicketSchemaError, match=second.name):
        upgrade(at_0007.migrator_url, "0010")

    # What had gone well in the same revision is taken back as well.
    assert schema_of(at_0007) == before
    assert revision_of(at_0007) == "0007"


def test_what_came_before_the_failed_revision_is_kept(
    at_0007: Database, schemas: dict[str, str]
) -> None:
    (rule,) = (rule for rule in RULES if rule.name == "chk_tickets_price_positive")
    plant(at_0007, rule)

    with pytest.raises(TicketSchemaError, match=rule.name):
        upgrade(at_0007.migrator_url, "head")

    assert revision_of(at_0007) == "0009"
    assert schema_of(at_0007) == schemas["0009"]


def test_no_value_of_a_row_is_repeated_in_an_error(copy: Copying) -> None:
    (rule,) = (rule for rule in RULES if rule.name == "uq_tickets_qr_code")
    with copy("0008") as target:
        plant(target, rule)
        with pytest.raises(TicketSchemaError) as failure:
            upgrade(target.superuser_url, "0009")
    assert "twice" not in str(failure.value)


# Offline ------------------------------------------------------------------------------------------


@pytest.fixture
def script() -> Callable[[str], str]:
    """Renders a span of revisions."""
    from support.command import run  # noqa: PLC0415

    def render(span: str) -> str:
        done = run("sql", span)
        assert (done.code, done.stderr) == (0, "")
        return done.stdout

    return render


def test_a_script_does_what_the_run_does(
    at_0007: Database,
    script: Callable[[str], str],
    url_of: Callable[[Database], str],
    schemas: dict[str, str],
) -> None:
    rights = rights_in(at_0007)

    done = psql(url_of(at_0007), script("0007:0010"))

    assert (done.returncode, done.stderr) == (0, "")
    assert rights_in(at_0007) == rights
    assert schema_of(at_0007) == schemas["0010"]
    assert revision_of(at_0007) == "0010"

    back = psql(url_of(at_0007), script("0010:0008"))
    assert back.returncode == 0, back.stderr
    assert schema_of(at_0007) == schemas["0008"]


@pytest.mark.parametrize(
    "name", ["fk_tickets_original_purchaser_id", "uq_tickets_barcode", "chk_tickets_valid_dates"]
)
def test_a_script_stops_at_rows_that_break_a_rule_and_can_be_run_again(
    name: str, copy: Copying, script: Callable[[str], str], schemas: dict[str, str]
) -> None:
    rule = next(rule for rule in RULES if rule.name == name)
    before = BEFORE[rule.revision]
    text = script(f"{before}:{rule.revision}")
    with copy(before) as target:
        broken = plant(target, rule)

        refused = psql(target.migrator_url, f"\\set VERBOSITY verbose\n{text}")

        assert refused.returncode == 3
        assert name in refused.stderr
        if name.startswith("uq_"):
            (note,) = (line for line in text.splitlines() if line.startswith("-- It fails")
                       and "barcode" in line)  # fmt: skip
        else:
            assert "TK903" in refused.stderr
            note = refused.stderr
        with target.connect() as connection:
            assert found_by(connection, shown_query(note)) == broken
        assert revision_of(target) == before

        mend(target, rule)
        done = psql(target.migrator_url, text)
        assert done.returncode == 0, done.stderr
        assert schema_of(target) == schemas[rule.revision]
