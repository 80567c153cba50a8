"""Every name that an error may carry is on the page, with the SQLSTATE that a client sees."""

from __future__ import annotations

import re
from collections.abc import Callable

import psycopg
import pytest

from ticket_schema.docs.model import Source
from ticket_schema.docs.pages import constraints

Make = Callable[[str], Source]

SHOP = """
CREATE TABLE parents (id int CONSTRAINT pk_parents PRIMARY KEY);
CREATE TABLE things (
    id int CONSTRAINT pk_things PRIMARY KEY,
    code text CONSTRAINT uq_things_code UNIQUE,
    size int NOT NULL CONSTRAINT chk_things_size CHECK (size > 0),
    parent int CONSTRAINT fk_things_parent REFERENCES parents ON DELETE RESTRICT,
    other int CONSTRAINT fk_things_other REFERENCES parents,
    gone int CONSTRAINT fk_things_gone REFERENCES parents ON DELETE CASCADE DEFERRABLE,
    late int CONSTRAINT fk_things_late REFERENCES parents DEFERRABLE INITIALLY DEFERRED,
    during int4range,
    CONSTRAINT ex_things_during EXCLUDE USING gist (during WITH &&)
);
CREATE UNIQUE INDEX uq_things_small ON things (lower(code)) WHERE size < 10;
ALTER TABLE things ADD CONSTRAINT chk_things_new CHECK (id < 1000) NOT VALID;
COMMENT ON CONSTRAINT uq_things_code ON things IS 'A code names one thing.';
COMMENT ON INDEX uq_things_small IS 'Small things differ in more than case.';
CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $f$
BEGIN INSERT INTO shop.things (id, size) VALUES (1, 1)
    ON CONFLICT ON CONSTRAINT pk_things DO NOTHING;
END $f$;
INSERT INTO parents VALUES (1), (2), (3);
INSERT INTO things VALUES (1, 'a', 1, 1, 2, 3, 3, '[1,5)');
"""


@pytest.fixture
def shop(foreign: Make) -> Source:
    return foreign(SHOP)


def line(page: str, name: str) -> list[str]:
    [found] = [one for one in page.splitlines() if one.startswith(f"| `{name}` |")]
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", found)[1:-1]]


@pytest.mark.parametrize(
    ("statement", "name", "state"),
    [
        ("INSERT INTO things VALUES (1, 'b', 1)", "pk_things", "23505"),
        ("INSERT INTO things VALUES (2, 'a', 20)", "uq_things_code", "23505"),
        ("INSERT INTO things VALUES (2, 'A', 1)", "uq_things_small", "23505"),
        ("INSERT INTO things VALUES (2, 'b', 0)", "chk_things_size", "23514"),
        ("INSERT INTO things VALUES (2000, 'b', 1)", "chk_things_new", "23514"),
        ("INSERT INTO things VALUES (2, 'b', 1, 9)", "fk_things_parent", "23503"),
        ("INSERT INTO things VALUES (2, 'b', 1, 1, 9)", "fk_things_other", "23503"),
        ("DELETE FROM parents WHERE id = 1", "fk_things_parent", "23001 for the parent"),
        ("DELETE FROM parents WHERE id = 2", "fk_things_other", "23503"),
        ("INSERT INTO things VALUES (2, 'b', 1, 1, 2, 3, 9); SET CONSTRAINTS ALL IMMEDIATE",
         "fk_things_late", "23503"),
        ("INSERT INTO things (id, size, during) VALUES (2, 1, '[4,9)')", "ex_things_during",
         "23P01"),
    ],
)  # fmt: skip
def test_the_state_is_the_one_that_a_client_sees(
    shop: Source, database: psycopg.Connection, statement: str, name: str, state: str
) -> None:
    with (
        pytest.raises(psycopg.IntegrityError) as raised,
        database.transaction(force_rollback=True),
    ):
        database.execute(statement.encode())
    told = line(constraints.pages(shop)[constraints.PAGE], name)
    assert raised.value.diag.constraint_name == name
    assert raised.value.sqlstate == state[:5]
    assert state in told[1].split(", ")


def test_a_missing_value_is_told_once_for_all(shop: Source, database: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.NotNullViolation) as raised:
        database.execute("INSERT INTO things (id) VALUES (2)")
    assert f"| `{raised.value.sqlstate}` | NOT NULL |" in constraints.pages(shop)[constraints.PAGE]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("uq_things_code", "A code names one thing."),
        ("uq_things_small", "Small things differ in more than case."),
        ("uq_things_small", "`UNIQUE INDEX btree (lower(code)) WHERE (size < 10)`"),
        ("chk_things_new", "**NOT VALID**"),
        ("fk_things_gone", "DEFERRABLE: at COMMIT when"),
        ("fk_things_late", "*tested at COMMIT.*"),
        ("pk_things", "[`f`](functions/f.md)"),
    ],
)
def test_a_line_tells(shop: Source, name: str, told: str) -> None:
    assert told in " | ".join(line(constraints.pages(shop)[constraints.PAGE], name))


def test_a_parent_that_may_go_gets_no_state(shop: Source) -> None:
    assert line(constraints.pages(shop)[constraints.PAGE], "fk_things_gone")[1] == "23503"


def test_every_constraint_of_head_is_there_with_its_meaning(source: Source) -> None:
    page = constraints.pages(source)[constraints.PAGE]
    names = [
        *(one.name for table in source.schema.tables.values() for one in table.constraints),
        *(one.name for table in source.schema.tables.values() for one in table.indexes
          if one.unique and not one.constraint),
    ]  # fmt: skip
    assert len(names) > 400
    for name in set(names):
        _, state, meaning, definition, _ = line(page, name)
        assert re.match(r"23\w{3}", state), name
        assert len(meaning) > 15, name
        assert definition.startswith("`"), name


def test_a_schema_without_constraints_has_no_page(foreign: Make) -> None:
    assert constraints.pages(foreign("CREATE TABLE t (id int)")) == {}
