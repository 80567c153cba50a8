"""Comments say something; those that do not are found, one way of saying nothing at a time."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest

from support.command import run
from support.databases import Database
from ticket_schema.docs import comments
from ticket_schema.docs.snapshot import Snapshot
from ticket_schema.errors import Exit


def told(head: Snapshot, kind: str, name: str, comment: str | None) -> list[comments.Flaw]:
    """Returns the flaws of head with another comment on one object."""
    one = {**head["objects"][kind][name], "comment": comment}
    return comments.flaws(beside(head, kind, name, one))


def beside(head: Snapshot, kind: str, name: str, facts: dict[str, Any]) -> Snapshot:
    """Returns head with one object more, or another one of that name."""
    of_kind = {**head["objects"].get(kind, {}), name: facts}
    return {**head, "objects": {**head["objects"], kind: of_kind}}


def test_every_object_of_head_has_a_comment_that_says_something(head: Snapshot) -> None:
    assert comments.flaws(head) == []


def test_every_comment_of_head_ends_as_a_sentence_does(head: Snapshot) -> None:
    for kind in comments.KINDS:
        for name, facts in head["objects"].get(kind, {}).items():
            comment = facts.get("comment") or "."
            assert comment.endswith((".", ";", ")")), f"{kind} {name}: {comment}"


def test_coverage_counts_every_kind_that_there_is(head: Snapshot) -> None:
    found = {one.kind: one for one in comments.coverage(head, [])}
    assert {
        "schema", "table", "view", "sequence", "column", "constraint", "index", "trigger",
        "policy", "function",
    } == set(found)  # fmt: skip
    assert found["column"].objects == len(head["objects"]["column"])
    kept = sum(bool(one["constraint"]) for one in head["structure"]["indexes"].values())
    assert found["index"].objects == len(head["objects"]["index"]) - kept
    assert all(one.good == one.objects for one in found.values())


@pytest.mark.parametrize("kind", comments.KINDS)
def test_an_object_without_a_comment_is_found(head: Snapshot, kind: str) -> None:
    changed = beside(head, kind, "left_alone", {"comment": " ", "table": "tickets"})
    assert comments.flaws(changed) == [comments.Flaw(kind, "left_alone", "has no comment")]


@pytest.mark.parametrize(
    ("kind", "name", "comment", "why"),
    [
        ("table", "ticket_scans", "Ticket scans.", "repeats its name and no more"),
        ("table", "ticket_scans", "The table of the tickets' scans", "repeats its name"),
        ("column", "tickets.status", "Status of the ticket.", "repeats its name and no more"),
        ("column", "tickets.status", "The status column (text)", "repeats its name and no more"),
        ("column", "tickets.status", "TODO: say what the states mean", "is yet to be written"),
        ("column", "tickets.status", "Current status", "but for current"),
        ("constraint", "tickets.pk_tickets", "Primary key of tickets.", "repeats its name"),
        ("index", "idx_orders_user_id", "Index on orders, by tenant_id and user_id.", "question"),
        ("function", "stamp_updated_at()", "Stamps the updated_at.", "repeats its name"),
        ("policy", "tickets.tickets_update_own", "Update own tickets.", "repeats its name"),
        ("sequence", "outbox_seq_seq", "Sequence of outbox seq", "repeats its name"),
    ],
)
def test_a_comment_that_says_nothing_is_found(
    head: Snapshot, kind: str, name: str, comment: str, why: str
) -> None:
    found = told(head, kind, name, comment)
    assert [(flaw.kind, flaw.name) for flaw in found] == [(kind, name)]
    assert why in found[0].why


def test_two_columns_of_a_table_may_not_share_a_sentence(head: Snapshot) -> None:
    other = head["objects"]["column"]["tickets.status"]["comment"]
    (flaw,) = told(head, "column", "tickets.validated_at", other.upper())
    assert flaw == comments.Flaw(
        "column", "tickets.validated_at", "says the same as tickets.status"
    )


def test_columns_of_several_tables_may(head: Snapshot) -> None:
    shared = head["objects"]["column"]["tickets.tenant_id"]["comment"]
    assert sum(one["comment"] == shared for one in head["objects"]["column"].values()) > 10


def test_an_index_may_not_claim_a_foreign_key_that_it_does_not_cover(head: Snapshot) -> None:
    claim = "Covers the foreign key to users: finds what somebody was given."
    (flaw,) = told(head, "index", "idx_orders_event_id", claim)
    assert "covers a foreign key to users, which it does not" in flaw.why
    assert told(head, "index", "idx_orders_user_id", claim) == []


def test_what_stands_in_lists_begins_with_a_short_sentence(head: Snapshot) -> None:
    long = f"{'A long way to say what it is for, ' * 9}and so on. Short."
    (flaw,) = told(head, "view", "zone_availability", long)
    assert "begins with a sentence of" in flaw.why
    assert told(head, "column", "tickets.status", long) == []


@pytest.mark.parametrize(
    ("comment", "first"),
    [
        ("One. Two.", "One."),
        ("One\n\nTwo", "One"),
        ("Holds, e.g. of a buyer. Two.", "Holds, e.g. of a buyer."),
        ("Version 1.5 of it. Two.", "Version 1.5 of it."),
        ("Is it? Yes.", "Is it?"),
        ("No end", "No end"),
    ],
)
def test_the_summary_is_the_first_sentence(comment: str, first: str) -> None:
    assert comments.summary(comment) == first


def test_the_command_lists_what_says_nothing_and_fails(clone: Database) -> None:
    good = run("docs", "lint", "--url", clone.superuser_url)
    assert good.code == Exit.GOOD, good
    assert "objects have a comment that says something" in good.stdout
    with psycopg.connect(clone.superuser_url, autocommit=True) as connection:
        connection.execute("COMMENT ON COLUMN ticketing.tickets.status IS 'The [status].'")
        connection.execute("COMMENT ON SEQUENCE ticketing.outbox_seq_seq IS NULL")
    bad = run("docs", "lint", "--url", clone.superuser_url)
    assert bad.code == Exit.FAILED
    assert "column tickets.status repeats its name" in bad.stdout
    assert "sequence outbox_seq_seq has no comment" in bad.stdout
    as_json = run("docs", "lint", "--url", clone.superuser_url, "--json")
    assert as_json.code == Exit.FAILED
    assert [flaw["name"] for flaw in json.loads(as_json.stdout)["flaws"]] == [
        "outbox_seq_seq",
        "tickets.status",
    ]
