"""docs/seed-coverage.md: nothing that the seed names is lost without a word."""

from __future__ import annotations

import copy
import dataclasses

import pytest

from seed import coverage
from support.databases import Database
from ticket_schema.catalog import Catalog, read_catalog


@pytest.fixture(scope="module")
def catalog(template: Database) -> Catalog:
    with template.connect() as connection:
        return read_catalog(connection)


def test_each_name_is_in_the_catalog_or_explained_by_a_decision(catalog: Catalog) -> None:
    assert not list(coverage.missing(catalog))


def test_no_name_is_listed_twice() -> None:
    lines = coverage.names().lines
    assert not {line for line in lines if lines.count(line) > 1}


def test_the_page_is_what_would_be_generated(catalog: Catalog) -> None:
    committed = coverage.PAGE.read_text(encoding="utf-8")
    assert committed == coverage.page(catalog), f"run: {coverage.COMMAND}"


@pytest.mark.parametrize(
    ("kind", "name", "complaint"),
    [
        ("table", "waitlist", "table waitlist: neither"),
        ("column", "tickets.seat", "column tickets.seat: neither"),
        ("policy", "tickets.tickets_view_own", "policy tickets.tickets_view_own: neither"),
        ("index", "idx_tickets_tenant_status", "index idx_tickets_tenant_status"),
        ("function", "update_user_ticket_stats()", "function update_user_ticket_stats(): neither"),
        ("constraint", "tickets.fk_tickets_user_id", "reference tickets.user_id -> users: neither"),
        (
            "constraint",
            "ticket_types.fk_ticket_types_tenant_id",
            "reference ticket_types.tenant_id",
        ),
        (
            "trigger",
            "tickets.trg_tickets_90_raise_version",
            "rule version column by check constraint: trigger tickets: raise_row",
        ),
        (
            "constraint",
            "ticket_transfers.chk_ticket_transfers_status",
            "value ticket_transfers.status=accepted: neither",
        ),
        # What stands in the place of a name must stand there.
        (
            "column",
            "ticket_transfers.acceptance_code_hash",
            "column ticket_transfers.acceptance_code: column ticket_transfers.acceptance_code_hash",
        ),
    ],
)
def test_what_goes_is_missed(catalog: Catalog, kind: str, name: str, complaint: str) -> None:
    less = copy.deepcopy(catalog)
    del less[kind][name]
    new = set(coverage.missing(less)) - set(coverage.missing(catalog))
    assert any(line.startswith(complaint) for line in new), new
    assert coverage.page(less) != coverage.page(catalog)


def test_what_a_service_needs_and_goes_is_missed(catalog: Catalog) -> None:
    less = copy.deepcopy(catalog)
    for signature in [name for name in less["function"] if name.startswith("create_hold(")]:
        del less["function"][signature]
    assert any("function create_hold(" in line for line in coverage.missing(less))


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        (coverage.Said("a", ("table tickets",)), "neither given and proved"),
        (coverage.Said("a", (), ("seed/test_coverage.py::test_x",)), "there is no test"),
        (coverage.Said("a", ("table nothing",)), "table nothing does not exist"),
        (coverage.Said("a", adr="9999", mentions="b"), "there is no decision 9999"),
        (coverage.Said("a", adr="0011", mentions="a lie"), "does not mention a lie"),
    ],
)
def test_an_answer_must_hold(catalog: Catalog, said: coverage.Said, fault: str) -> None:
    assert any(fault in line for line in said.faults(coverage.Lookup(catalog)))


def test_an_argument_that_moves_is_missed(catalog: Catalog) -> None:
    moved = copy.deepcopy(catalog)
    old = "get_ticket_state_history(p_ticket_id uuid, p_limit integer)"
    new = "get_ticket_state_history(p_limit integer, p_ticket_id uuid)"
    moved["function"][new] = moved["function"].pop(old)
    assert "function get_ticket_state_history(ticket_id, limit): neither in the catalog nor " in (
        "\n".join(coverage.missing(moved))
    )


def test_a_name_that_comes_back_is_noticed(catalog: Catalog) -> None:
    more = copy.deepcopy(catalog)
    more["column"]["ticket_transfers.acceptance_code"] = {"type": "text"}
    assert any(
        line.startswith("column ticket_transfers.acceptance_code: is in the catalog")
        for line in coverage.missing(more)
    )


def test_a_variable_that_nothing_reads_is_missed(catalog: Catalog) -> None:
    found = list(coverage.missing({**catalog, "function": {}}))
    variables = [line for line in coverage.names().lines if line.startswith("variable app.")]
    assert len(variables) == 7
    for line in variables:
        assert any(said.startswith(f"{line}: ") for said in found), line


@pytest.mark.parametrize(
    ("adr", "mentions"), [("9999", "app.tenant_id"), ("0014", "a word that is not there")]
)
def test_a_decision_must_exist_and_mention_the_name(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch, adr: str, mentions: str
) -> None:
    line = "variable app.tenant_id"
    read = coverage.names()
    changed = dataclasses.replace(read.differences[line], adr=adr, mentions=mentions)
    monkeypatch.setitem(read.differences, line, changed)
    assert any(said.startswith(f"{line}: ") for said in coverage.missing(catalog))
