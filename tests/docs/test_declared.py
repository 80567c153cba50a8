"""What is declared of the schema is complete in both directions, and agrees with the catalog."""

from __future__ import annotations

from pathlib import Path

import pytest

from ticket_schema import maintenance
from ticket_schema.docs import declared, retention
from ticket_schema.docs.declared import Declared
from ticket_schema.docs.model import Source
from ticket_schema.docs.snapshot import Snapshot
from ticket_schema.errors import Exit, TicketSchemaError


@pytest.fixture(scope="module")
def said() -> Declared:
    return declared.load()


def test_every_table_stands_in_one_domain(said: Declared, source: Source) -> None:
    tables = [name for domain in said.domains for name in domain.tables]
    views = [name for domain in said.domains for name in domain.views]
    assert sorted(tables) == sorted(source.schema.tables)
    assert sorted(views) == sorted(source.schema.views)
    assert sorted(said.growth) == sorted(source.schema.tables)


def test_domains_have_names_of_their_own_and_a_sentence(said: Declared) -> None:
    assert len({domain.key for domain in said.domains}) == len(said.domains)
    assert len({domain.title for domain in said.domains}) == len(said.domains)
    assert all(domain.line.endswith(".") for domain in said.domains)


def test_every_word_means_something_and_is_met_somewhere(said: Declared, source: Source) -> None:
    schema = source.schema
    known = {*schema.tables, *schema.views, *schema.overloads}
    assert len({term.name.lower() for term in said.terms}) == len(said.terms)
    for term in said.terms:
        assert term.meaning.endswith("."), term.name
        assert term.see, term.name
        assert set(term.see) <= known, term.name


def test_nothing_is_filtered_out_at_head(said: Declared, head: Snapshot) -> None:
    assert declared.of(head) == said


def test_rows_of_a_window_are_deleted_by_a_function(said: Declared, source: Source) -> None:
    for name, growth in said.growth.items():
        deleters = retention.deleters(source, name)
        bounded = [one for one in deleters if one.keeps or one.until]
        if growth.grows == "window":
            assert bounded, f"nothing deletes from {name} when its time is over"
        elif growth.grows == "for ever":
            assert bool(deleters) == bool(growth.stays), f"{name}: say which rows stay"
        else:
            assert not bounded, f"{name} is deleted by age: it grows with traffic"


def test_what_grows_says_with_what(said: Declared) -> None:
    for name, growth in said.growth.items():
        assert bool(growth.by) == (growth.grows != "fixed"), name


def test_append_only_tables_are_never_called_a_catalogue(said: Declared, source: Source) -> None:
    for name, table in source.schema.tables.items():
        if any(trigger.function == "refuse_history_change" for trigger in table.triggers):
            # Prices change as seldom as products do.
            assert said.growth[name].grows in {"for ever", "window"} or "price" in name, name


def test_retention_is_read_from_the_functions(source: Source) -> None:
    found = {name: retention.deleters(source, name) for name in source.schema.tables}
    assert found["outbox"] == [retention.Deleter("prune_outbox", keeps="7 days", least="1 hour")]
    assert [one.function for one in found["reservation_history"]] == ["prune_reservations"]
    assert [one.until for one in found["webhook_nonces"]] == ["expires_at"]
    assert found["tickets"] == []
    assert retention.roles(source.schema.tables["tickets"]) == []
    assert "ticketing_worker" in retention.roles(source.schema.tables["webhook_nonces"])
    assert retention.parents(source.schema.tables["zone_inventory"]) == ["zones"]


def test_every_task_of_maintenance_that_deletes_is_found(source: Source) -> None:
    found = {
        one.function for name in source.schema.tables for one in retention.deleters(source, name)
    }
    deleting = {name for name in maintenance.TASKS if name.startswith(("prune_", "cleanup_"))}
    assert deleting <= found


def test_another_schema_has_nothing_declared(head: Snapshot) -> None:
    assert declared.of({**head, "schema": "other"}) == Declared()


def test_a_schema_that_lacks_a_table_is_told_nothing_of_it(head: Snapshot) -> None:
    objects = {**head["objects"], "table": {"holds": head["objects"]["table"]["holds"]}, "view": {}}
    less = declared.of({**head, "objects": objects})
    assert [domain.tables for domain in less.domains] == [("holds",)]
    assert list(less.growth) == ["holds"]
    assert {name for term in less.terms for name in term.see} <= {
        "holds",
        *(one["function"] for one in head["structure"]["functions"].values()),
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nonsense", "cannot be used"),
        ('[[domains]]\nkey = "a"', "lacks 'title'"),
        (
            '[[domains]]\nkey = "a"\ntitle = "A"\nline = "A."\n[domains.tables]\n'
            't = { grows = "fast" }',
            "cannot grow 'fast'",
        ),
        (
            '[[domains]]\nkey = "a"\ntitle = "A"\nline = "A."\n[domains.tables]\n'
            't = { grows = "fixed" }\n'
            '[[domains]]\nkey = "b"\ntitle = "B"\nline = "B."\n[domains.tables]\n'
            't = { grows = "fixed" }',
            "stands in two domains",
        ),
    ],
)
def test_a_file_with_a_mistake_is_refused_in_one_sentence(
    tmp_path: Path, text: str, says: str
) -> None:
    file = tmp_path / "own.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(TicketSchemaError, match=says) as refused:
        declared.load(file)
    assert refused.value.exit_code == Exit.USAGE


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TicketSchemaError, match="No such file"):
        declared.load(tmp_path / "none.toml")


def test_the_outbox_says_what_its_retention_leaves(said: Declared) -> None:
    # Dead events and the cursor of a consumer that is gone let it grow without bound.
    assert {"dead", "cursor"} <= set(said.growth["outbox"].stays.replace(",", "").split())
