"""A section a revision: what it did, what it locked, and what the way back loses."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from ticket_schema.docs.history import History, Locks
from ticket_schema.docs.model import Source
from ticket_schema.docs.pages import revisions
from ticket_schema.docs.snapshot import Snapshot
from ticket_schema.gate.trace import MODES


@pytest.fixture(scope="module")
def source(head: Snapshot, walked: tuple[History, Locks]) -> Source:
    return Source(head, *walked)


@pytest.fixture(scope="module")
def page(source: Source) -> str:
    return revisions.pages(source)[revisions.PAGE]


def section(page: str, revision: str) -> str:
    return page.partition(f"\n## {revision}\n")[2].partition("\n## ")[0]


def test_what_locks_0009_takes(page: str) -> None:
    text = section(page, "0009")
    [row] = [one for one in text.splitlines() if one.startswith("| [`tickets`](tables/tickets.md)")]
    cells = [one.strip() for one in row.split("|")[1:-1]]
    assert cells[1] == "SHARE UPDATE EXCLUSIVE"
    assert cells[2].startswith("no reader or writer")
    assert cells[3:5] == ["no", "yes, under SHARE UPDATE EXCLUSIVE"]
    assert "builds `uq_tickets_qr_code`" in cells[5]
    assert "committed one by one" in text


def test_the_overview_names_the_strongest_lock(page: str) -> None:
    [row] = [one for one in page.splitlines() if one.startswith("| [`0019`](#0019)")]
    assert row.split("|")[-2].strip() == "ACCESS EXCLUSIVE: `reservations`, `waitlist`"
    [row] = [one for one in page.splitlines() if one.startswith("| [`0022`](#0022)")]
    assert row.split("|")[-2].strip() == "none"


def test_each_revision_has_a_section_with_its_words(source: Source, page: str) -> None:
    for told in source.history["revisions"]:
        text = section(page, told["id"])
        assert "**What:** " in text
        assert "**The way back:** " in text
        assert "**Locks, by its author:** " in text
        assert "**Locks, as seen" in text


def test_what_belongs_to_a_new_table_goes_without_saying(page: str) -> None:
    text = section(page, "0016")
    makes = text.partition("**Makes**")[2].partition("\n\n**")[0]
    assert "- table: [`ticket_credentials`](tables/ticket_credentials.md)" in makes
    assert "ticket_credentials.code_hash" not in makes
    assert "`tickets.trg_tickets_15_rotate_code`" in makes


def test_what_changed_is_told_part_by_part(page: str) -> None:
    changes = section(page, "0019").partition("**Changes**")[2].partition("\n\n**")[0]
    assert "[`guard_reservation`](functions/guard_reservation.md) (comment, its text)" in changes
    assert "`order_discounts.amount_cents` (grants)" in changes


def test_what_a_downgrade_loses_is_what_the_revision_brought(page: str) -> None:
    lost = re.search(r"A downgrade loses what stands in (.*)\.", section(page, "0019"))
    assert lost is not None
    assert "`reservations.currency`" in lost[1]
    assert "A downgrade loses" not in section(page, "0009")


def test_every_mode_is_explained(page: str) -> None:
    for mode in MODES:
        assert f"| {revisions._mode(mode)} |" in page


def test_without_history_there_is_no_page(source: Source) -> None:
    assert revisions.pages(replace(source, history={})) == {}


def test_without_locks_the_rest_is_told(source: Source) -> None:
    page = revisions.pages(replace(source, locks={}))[revisions.PAGE]
    assert "Locks, as seen" not in page
    assert "**Makes**" in section(page, "0009")
