"""`ticket-schema history`: lists the revisions of the package."""

from __future__ import annotations

from support.command import REVISIONS, run


def test_revisions_are_listed_oldest_first_without_a_database() -> None:
    done = run("history")
    assert (done.code, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert [line.split("  ")[0] for line in lines] == REVISIONS
    assert lines[0].startswith("0000  Service references: ")


def test_json_tells_what_each_revision_follows() -> None:
    done = run("history", "--json")
    listed = done.document
    assert done.code == 0
    assert [entry["revision"] for entry in listed] == REVISIONS
    assert [entry["down"] for entry in listed] == [None, *REVISIONS[:-1]]
    assert all(entry["title"].strip() for entry in listed)
    assert {tuple(entry) for entry in listed} == {("revision", "down", "title")}
