"""What the revisions did to each object, and what they locked, as seen while they ran."""

from __future__ import annotations

from typing import Any

import pytest

from ticket_schema import drift
from ticket_schema.docs.history import History, Locks, docstring, of_object, of_revision
from ticket_schema.docs.snapshot import Snapshot


@pytest.fixture(scope="module")
def history(walked: tuple[History, Locks]) -> History:
    return walked[0]


@pytest.fixture(scope="module")
def locks(walked: tuple[History, Locks]) -> Locks:
    return walked[1]


def test_each_change_is_at_the_revision_at_which_the_fingerprint_changes(history: History) -> None:
    for kind, names in drift.fingerprints().items():
        assert history["objects"][kind].keys() == names.keys()
        for name, stamps in names.items():
            told = {one["revision"]: one["change"] for one in of_object(history, kind, name)}
            gone = {stamp for stamp, digest in stamps.items() if digest is None}
            assert told.keys() == stamps.keys(), (kind, name)
            assert {stamp for stamp, change in told.items() if change == "dropped"} == gone


def test_what_is_there_at_head_is_what_was_made_and_not_dropped(
    history: History, head: Snapshot
) -> None:
    for kind, names in history["objects"].items():
        left = {name for name, events in names.items() if events[-1]["change"] != "dropped"}
        assert left == head["objects"][kind].keys(), kind


def test_a_change_says_from_what_to_what(history: History) -> None:
    made, changed = of_object(history, "column", "order_discounts.amount_cents")
    assert made == {"revision": "0001", "change": "made"}
    assert changed == {
        "revision": "0019",
        "change": "changed",
        "parts": {"grants": [None, ["ticketing_app: UPDATE", "ticketing_worker: UPDATE"]]},
    }
    *_, changed = of_object(history, "function", "guard_reservation()")
    assert changed["parts"]["definition"] is None  # too long to print


def test_revisions_are_told_in_order_with_their_docstrings(history: History) -> None:
    ids = [one["id"] for one in history["revisions"]]
    assert ids == sorted(ids)
    ninth = history["revisions"][9]
    assert (ninth["id"], ninth["phase"]) == ("0009", "contract")
    assert ninth["title"].startswith("Unique codes of tickets")
    assert [name for name, _ in ninth["sections"]] == ["What", "Why", "Locks", "Reverse"]
    assert all(one["sections"] for one in history["revisions"])


def test_a_revision_gathers_what_it_did(history: History) -> None:
    did = of_revision(history, "0009")
    assert did == {
        "made": {
            "index": {
                name: {}
                for name in ("uq_tickets_barcode", "uq_tickets_qr_code", "uq_tickets_token_mint")
            }
        }
    }
    assert of_revision({}, "0009") == {}
    assert of_object({}, "column", "tickets.status") == []


def relation(locks: Locks, revision: str, table: str) -> dict[str, Any]:
    [found] = [one for one in locks["revisions"][revision]["relations"] if one["name"] == table]
    return found  # type: ignore[no-any-return]


def test_a_build_without_a_lock_is_seen_as_one(locks: Locks) -> None:
    assert locks["revisions"]["0009"]["outside"]
    assert relation(locks, "0009", "tickets") == {
        "name": "tickets",
        "lock": "ShareUpdateExclusive",
        "rewritten": False,
        "scanned": "ShareUpdateExclusive",
        "written": False,
        "built": ["uq_tickets_qr_code", "uq_tickets_barcode", "uq_tickets_token_mint"],
        "validated": [],
    }


def test_a_foreign_key_is_seen_to_be_validated(locks: Locks) -> None:
    found = relation(locks, "0008", "refunds")
    assert found["lock"] == "ShareRowExclusive"
    # Later, in a transaction of its own: the strong lock is gone by then.
    assert found["scanned"] == "ShareUpdateExclusive"
    assert found["validated"] == ["fk_refunds_order_id"]
    assert locks["revisions"]["0008"]["transactions"] > 1


def test_a_changed_policy_keeps_everybody_out(locks: Locks) -> None:
    found = relation(locks, "0019", "waitlist")
    assert found["lock"] == "AccessExclusive"
    assert not found["scanned"]
    assert not found["rewritten"]


def test_nothing_is_rewritten_and_the_first_revision_meets_no_table(locks: Locks) -> None:
    everything = [one for told in locks["revisions"].values() for one in told["relations"]]
    assert not any(one["rewritten"] for one in everything)
    assert locks["revisions"]["0000"]["relations"] == []


@pytest.mark.parametrize(
    ("text", "sections"),
    [
        ("T.\n\nWhat: one\n    two.\nWhy: because: so.\n",
         [("What", "one two."), ("Why", "because: so.")]),
        ("T.\n\nCodes of before: from here\n    on.\n", [("Codes of before", "from here on.")]),
        ("T.", []),
        ("", []),
        ("T.\n\nNo headings here.", []),
    ],
)  # fmt: skip
def test_a_docstring_is_cut_at_its_headings(text: str, sections: list[tuple[str, str]]) -> None:
    assert docstring(text) == sections
