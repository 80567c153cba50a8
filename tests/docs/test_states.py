"""Pages of state machines against the rows and the triggers that they tell of."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from ticket_schema.docs import build, snapshot
from ticket_schema.docs.model import Source
from ticket_schema.docs.pages import states

TICKET = "states/ticket.md"


@pytest.fixture(scope="module")
def pages(source: Source) -> dict[str, str]:
    return states.pages(source)


def section(page: str, heading: str) -> list[list[str]]:
    """The rows of the table under a heading."""
    _, _, rest = page.partition(f"\n## {heading}\n")
    text = rest.partition("\n## ")[0]
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows[1:]]


def test_each_entity_has_a_page_in_the_list(source: Source, pages: dict[str, str]) -> None:
    entities = {row["entity"] for row in source.snapshot["transitions"]}
    assert set(pages) == {states.INDEX, *(f"states/{one}.md" for one in entities)}
    for entity in entities:
        assert f"[`{entity}`]({entity}.md)" in pages[states.INDEX]


def test_each_transition_is_a_row(source: Source, pages: dict[str, str]) -> None:
    for entity in {row["entity"] for row in source.snapshot["transitions"]}:
        told = {
            (row[0].strip("`"), row[1].strip("`"), row[2].replace("`", ""), row[3] == "yes")
            for row in section(pages[f"states/{entity}.md"], "Transitions")
        }
        assert told == {
            (
                row["from_status"] if row["from_status"] != "*new*" else "*(new row)*",
                row["to_status"],
                ", ".join(row["actor_types"]),
                row["requires_reason"],
            )
            for row in source.snapshot["transitions"]
            if row["entity"] == entity
        }


def test_states_are_those_of_the_check_in_its_order(pages: dict[str, str]) -> None:
    told = {row[0].strip("`"): row[1:] for row in section(pages[TICKET], "States")}
    assert list(told)[:3] == ["available", "reserved", "sold"]
    assert len(told) == 12
    assert told["used"] == ["final", "`checked_in`", "never left"]
    assert told["active"][0] == "start"


def test_a_state_that_nothing_leads_to_is_there(source: Source) -> None:
    rows = [one for one in source.snapshot["transitions"] if one["to_status"] != "minted"]
    fewer = replace(source, snapshot={**source.snapshot, "transitions": rows})
    assert "| `minted` |" in states.pages(fewer)[TICKET]


def test_a_page_names_what_keeps_to_it_and_who_may_get_round_it(pages: dict[str, str]) -> None:
    kept = pages[TICKET].partition("## What keeps to it")[2]
    assert "`chk_tickets_status`" in kept
    assert (
        "`trg_tickets_05_change_status` calls [`ticket_status_change_trigger`](../functions/"
        in kept
    )
    (direct,) = re.findall(r"Besides the owner, (.*) may write the column directly", kept)
    assert "`ticketing_app` (INSERT, UPDATE)" in direct
    assert "ticketing_owner" not in direct


def test_who_may_write_directly_follows_the_grants(
    at_head: psycopg.Connection, tmp_path: Path
) -> None:
    at_head.execute("REVOKE UPDATE ON ticketing.tickets FROM ticketing_app")
    at_head.execute("REVOKE UPDATE (status) ON ticketing.tickets FROM ticketing_app")
    page = states.pages(build.source(snapshot.read(at_head), tmp_path))[TICKET]
    assert "`ticketing_app` (INSERT)," in page or "`ticketing_app` (INSERT) and" in page


def test_functions_that_move_a_row_are_listed(pages: dict[str, str]) -> None:
    told = {row[0]: row[1] for row in section(pages[TICKET], "Functions")}
    scan = "[`record_scan_attempt`](../functions/record_scan_attempt.md)"
    assert told[scan] == "changes the state"
    confirm = "[`confirm_reservation`](../functions/confirm_reservation.md)"
    assert told[confirm] == "makes rows and changes the state"
    # It writes tickets, but not their status.
    assert not [one for one in told if "reissue_ticket" in one]


def test_a_table_leads_to_its_states(rendered: dict[str, str]) -> None:
    link = "| States | `state`: [what a `request_ticket` may become](../states/request_ticket.md) |"
    assert link in rendered["tables/request_tickets.md"]
    assert "| States |" not in rendered["tables/users.md"]


def test_a_schema_without_rules_has_no_such_page(source: Source) -> None:
    assert states.pages(replace(source, snapshot={**source.snapshot, "transitions": []})) == {}


def test_rules_that_no_trigger_keeps_are_told_as_such(source: Source) -> None:
    structure = {**source.snapshot["structure"], "triggers": {}}
    loose = Source({**source.snapshot, "structure": structure})
    page = states.pages(loose)[TICKET]
    assert "No trigger was found that keeps to these rules." in page
    assert "## Transitions" in page
    assert "## What keeps to it" not in page
