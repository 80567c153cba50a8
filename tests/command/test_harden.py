"""`ticket-schema harden`: the signed context is on as a whole or not at all."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg
import pytest

from support import signed
from support.command import HEAD, Outcome, run, state
from support.databases import MIGRATOR, Database
from support.factories import Make
from support.psql import psql
from support.session import Session
from support.sweeps import CHORES
from ticket_schema import drift, runner, steps
from ticket_schema.catalog import Catalog, read_catalog
from ticket_schema.maintenance import TASKS

ON = ("harden", "signed-context")
OFF = (*ON, "--off")
PLAIN = "plain: against mistakes, not against SQL injection"
SIGNED = "signed: only what the application signed is believed"
FORMS = steps.signed_forms("9999")


def add_key(target: Database) -> None:
    with target.connect(MIGRATOR) as migrator:
        signed.add_key(Session(migrator))


def told(target: Database, *arguments: str) -> dict[str, Any]:
    """Returns what the command reports, when it succeeds."""
    done = run(*arguments, "--json", url=target.migrator_url)
    assert (done.code, done.stderr) == (0, ""), done
    found: dict[str, Any] = done.document
    return found


def looked_over(target: Database) -> tuple[list[str], list[tuple[str, str]]]:
    """Returns what status says of the context, and what it finds wrong, with the remedies."""
    findings = run("status", "--json", url=target.migrator_url).document["findings"]
    context = [f["detail"] for f in findings if f["check"] == "context"]
    return context, [(f["detail"], f["remedy"]) for f in findings if f["level"] == "error"]


def test_without_a_name_it_says_what_is_on(clone: Database) -> None:
    before = state(clone)
    assert told(clone, "harden") == {"context": "plain", "changed": False}
    assert run("harden", url=clone.migrator_url).stdout == "The context is plain.\n"
    for login in ("ts_test_app", "ts_test_worker", "ts_test_readonly"):
        assert run("harden", url=clone.url(login)).stdout == "The context is plain.\n"
    assert state(clone) == before


def test_on_and_off_and_each_twice(clone: Database) -> None:
    plain = state(clone)
    add_key(clone)
    assert looked_over(clone) == ([PLAIN], [])
    assert told(clone, *OFF) == {"context": "plain", "changed": False}
    assert state(clone) == plain

    assert told(clone, *ON) == {"context": "signed", "changed": True}
    hardened = state(clone)
    assert hardened[0] != plain[0]
    assert looked_over(clone) == ([SIGNED], [])
    assert told(clone, *ON) == {"context": "signed", "changed": False}
    assert state(clone) == hardened
    assert run("harden", url=clone.migrator_url).stdout == "The context is signed.\n"

    done = run(*OFF, url=clone.migrator_url)
    assert (done.code, done.stdout) == (0, "The context is now plain.\n")
    assert state(clone) == plain
    assert looked_over(clone) == ([PLAIN], [])


def retired(target: Database) -> None:
    add_key(target)
    with target.connect(MIGRATOR) as migrator:
        migrator.execute("SELECT ticketing.retire_context_key(%s)", [signed.KEY])


@pytest.mark.parametrize("prepare", [lambda _: None, retired], ids=["no key", "a retired key"])
def test_without_a_valid_key_it_is_refused(
    clone: Database, prepare: Callable[[Database], None]
) -> None:
    prepare(clone)
    before = state(clone)
    refusal = run(*ON, url=clone.migrator_url).refusal(1)
    assert "[TK718]" in refusal
    assert "add_context_key" in refusal
    assert state(clone) == before


@pytest.mark.parametrize("arguments", [ON, OFF])
def test_only_who_migrates_may(clone: Database, arguments: tuple[str, ...]) -> None:
    add_key(clone)
    before = state(clone)
    for login in ("ts_test_app", "ts_test_worker", "ts_test_readonly"):
        refusal = run(*arguments, url=clone.url(login)).refusal(1)
        assert "may not act as ticketing_owner" in refusal
    assert state(clone) == before


def test_a_superuser_makes_the_same(clone: Database) -> None:
    add_key(clone)
    told(clone, *ON)
    by_migrator = state(clone)
    told(clone, *OFF)
    assert run(*ON, url=clone.superuser_url).code == 0
    assert state(clone) == by_migrator


@pytest.mark.parametrize(
    "arguments", [("--off",), ("--sql",), ("everything",), ("signed-context", "twice")]
)
def test_what_cannot_be_meant_is_wrong_usage(clone: Database, arguments: tuple[str, ...]) -> None:
    run("harden", *arguments, url=clone.migrator_url).refusal(2)


def test_a_database_that_knows_no_signed_context_is_refused(clone: Database) -> None:
    assert run("downgrade", "0021", url=clone.migrator_url).code == 0
    assert run("harden", url=clone.migrator_url).stdout == "The context is plain.\n"
    refusal = run(*ON, url=clone.migrator_url).refusal(1)
    assert "ticket-schema upgrade" in refusal
    assert looked_over(clone) == ([PLAIN], [])


def test_an_empty_database_is_refused(empty: Database) -> None:
    refusal = run(*ON, url=empty.migrator_url).refusal(1)
    assert "ticket-schema upgrade" in refusal


def test_it_does_not_meet_a_migration(clone: Database) -> None:
    add_key(clone)
    with clone.connect() as other:
        other.execute("SELECT pg_advisory_lock(%s)", [runner.RUNNER_LOCK])
        assert "migration is running" in run(*ON, url=clone.migrator_url).refusal(4)
    assert told(clone, *ON)["changed"]


def test_the_script_for_a_dba_has_the_same_effect(clone: Database) -> None:
    add_key(clone)
    plain = state(clone)
    on, off = (run(*a, "--sql") for a in (ON, OFF))
    assert (on.code, off.code, on.stderr, off.stderr) == (0, 0, "", "")
    told(clone, *ON)
    hardened = state(clone)
    for script, expected in ((off, plain), (on, hardened), (on, hardened)):
        done = psql(clone.migrator_url, script.stdout)
        assert done.returncode == 0, done.stderr
        assert state(clone) == expected


def test_the_script_refuses_another_revision_and_a_missing_key(clone: Database) -> None:
    script = run(*ON, "--sql").stdout
    before = state(clone)
    assert "no key to sign contexts with is valid" in psql(clone.migrator_url, script).stderr
    assert run("downgrade", "0021", url=clone.migrator_url).code == 0
    done = psql(clone.migrator_url, script)
    assert "starts at revision 0022" in done.stderr
    assert run("upgrade", url=clone.migrator_url).code == 0
    assert state(clone) == before


def test_a_database_that_is_hardened_in_part_is_an_error(clone: Database) -> None:
    add_key(clone)
    told(clone, *ON)
    with clone.connect() as superuser:
        superuser.execute(steps.read_at("functions/acts_for_tenant", "9999").encode())
    remedy = "Run: ticket-schema harden signed-context."
    context = "signed in part: some functions still believe plain variables"
    drifted = "function acts_for_tenant() is in its plain form, others believe the signed context"
    assert looked_over(clone) == ([context], [(context, remedy), (drifted, remedy)])
    told(clone, *ON)
    assert looked_over(clone) == ([SIGNED], [])


def test_each_function_is_missed_in_its_other_form(clone: Database) -> None:
    add_key(clone)
    plain = catalog_of(clone)
    told(clone, *ON)
    hardened = catalog_of(clone)
    assert drift.differences(plain, HEAD) == drift.differences(hardened, HEAD) == []
    other = {n for n, d in hardened["function"].items() if d != plain["function"][n]}
    assert {name.partition("(")[0] for name in other} == FORMS.keys()
    for name in other:
        for within, form in ((hardened, plain), (plain, hardened)):
            mixed = {**within["function"], name: form["function"][name]}
            catalog = {**within, "function": mixed}
            assert drift.is_signed(catalog, HEAD)
            missed = {name} if form is plain else other - {name}
            assert drift.differences(catalog, HEAD) == [
                f"function {one} is in its plain form, others believe the signed context"
                for one in sorted(missed)
            ]


def catalog_of(target: Database) -> Catalog:
    with target.connect() as connection:
        return read_catalog(connection)


def test_other_drift_is_found_as_before(clone: Database) -> None:
    add_key(clone)
    told(clone, *ON)
    with clone.connect() as superuser:
        superuser.execute(
            FORMS["acts_for_tenant"].replace("'scanner', ", "'scanner', 'user', ").encode()
        )
        superuser.execute("GRANT SELECT ON ticketing.context_keys TO ticketing_app")
    (context,), wrong = looked_over(clone)
    assert context == SIGNED
    assert {detail for detail, _ in wrong} == {
        "context_keys.ticketing_app: ticketing_app may SELECT, but no policy of it shows a row",
        "function acts_for_tenant() was changed",
        "table context_keys was changed",
    }


def test_maintenance_goes_on_as_before(clone: Database) -> None:
    """Background jobs cross tenants without a context, signed or not."""
    signed.harden(clone)
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        for tenant in (make.tenant(), make.tenant()):
            for chore in CHORES:
                chore.make(make, tenant)
                chore.make_early(make, tenant)
    done = run("maintain", "--json", url=clone.url("ts_test_worker"))
    assert done.code == 0, done
    tasks = {task["name"]: task for task in done.document["tasks"]}
    assert tuple(tasks) == TASKS
    ended = [tasks.pop(name)["rows"] for name in ("expire_reservations", "expire_offers")]
    assert ended in ([2, 2], [4, 0])
    assert {task["rows"] for task in tasks.values()} == {2}, tasks


def test_copies_of_other_services_rows_arrive_as_before(clone: Database) -> None:
    signed.harden(clone)
    tenant = UUID(int=7)
    with clone.connect("ts_test_worker") as worker:
        session = Session(worker)
        session.all("SELECT ticketing.apply_tenant(%s, 1, 'sale', 'Sale')", tenant)
        assert session.value("SELECT name FROM ticketing.tenants") == "Sale"


def test_the_demo_is_refused(clone: Database) -> None:
    signed.harden(clone)
    assert "signs nothing" in run("demo", url=clone.superuser_url).refusal(1)


def test_the_secret_is_in_no_output(clone: Database) -> None:
    add_key(clone)
    outcomes: list[Outcome] = [
        run(*ON, "--sql"),
        run(*ON, "--json", url=clone.migrator_url),
        run("status", "--json", url=clone.migrator_url),
        run(*ON, "--debug", url=clone.url("ts_test_app")),
    ]
    for outcome in outcomes:
        assert not re.search(signed.SECRET.hex(), outcome.stdout + outcome.stderr)
