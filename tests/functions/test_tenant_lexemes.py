"""tenant_lexemes: each word of a vector behind its tenant, for the index of the search."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

TENANT = UUID("00000000-0000-0000-0000-00000000000a")
WORDS = "SELECT tsvector_to_array(ticketing.tenant_lexemes(%s, %s::tsvector)) AS words"


def words(db: Session, vector: str, tenant: UUID = TENANT) -> list[str]:
    """Returns the words that the index would hold."""
    got: list[str] = db.value(WORDS, tenant, vector)
    return got


@pytest.mark.parametrize(
    ("vector", "expected"),
    [
        ("", []),
        ("'golden'", ["golden"]),
        ("'a' 'b'", ["a", "b"]),
        ("'-0042' 'tkt'", ["-0042", "tkt"]),
        ("'it''s' 'a:b' 'c\\\\d' 'e f'", ["a:b", "c\\d", "e f", "it's"]),
        ("'éclair' '座'", ["éclair", "座"]),
    ],
)
def test_every_word_stands_behind_the_tenant(db: Session, vector: str, expected: list[str]) -> None:
    assert words(db, vector) == [f"{TENANT}:{word}" for word in expected]


def test_positions_and_weights_are_left_out(db: Session) -> None:
    assert (
        db.value("SELECT ticketing.tenant_lexemes(%s, '''a'':1A,7B')::text", TENANT)
        == f"'{TENANT}:a'"
    )


def test_the_same_word_of_two_tenants_is_two_words(db: Session) -> None:
    assert set(words(db, "'a' 'b'")).isdisjoint(words(db, "'a' 'b'", uuid4()))


def test_a_tenant_written_into_a_word_does_not_make_it_that_tenants(db: Session) -> None:
    other = uuid4()
    assert set(words(db, f"'{other}:a'")).isdisjoint(words(db, "'a'", other))


@pytest.mark.parametrize(("tenant", "vector"), [(None, "'a'"), (TENANT, None), (None, None)])
def test_null_gives_null(db: Session, tenant: UUID | None, vector: str | None) -> None:
    query = "SELECT ticketing.tenant_lexemes(%s, %s::tsvector)"
    assert db.value(query, tenant, vector) is None


@pytest.mark.parametrize(("length", "kept"), [(199, 199), (200, 200), (201, 200), (500, 200)])
def test_a_long_word_is_cut(db: Session, length: int, kept: int) -> None:
    assert words(db, f"'{'座' * length}'") == [f"{TENANT}:{'座' * kept}"]


def test_words_that_are_alike_once_cut_are_one(db: Session) -> None:
    start = "x" * 200
    assert words(db, f"'{start}a' '{start}b'") == [f"{TENANT}:{start}"]


@pytest.mark.parametrize(("count", "kept"), [(1000, 1000), (1001, 1000)])
def test_a_thousand_words_are_kept(db: Session, count: int, kept: int) -> None:
    long = "座" * 200
    got = words(db, " ".join(f"'{n:04}{long}'" for n in range(count)))
    assert len(got) == kept
    # Nothing was broken on the way: it reads back as it was written.
    again = "SELECT %s::text::tsvector::text = %s::text"
    text = db.value(
        "SELECT ticketing.tenant_lexemes(%s, %s::tsvector)::text",
        TENANT,
        " ".join(f"'{n:04}{long}'" for n in range(count)),
    )
    assert db.value(again, text, text)


def test_the_index_of_the_search_is_built_of_it(db: Session) -> None:
    definition = db.value("SELECT pg_get_indexdef('ticketing.idx_tickets_search_vector'::regclass)")
    assert "USING gin (ticketing.tenant_lexemes(tenant_id, search_vector))" in definition
    # Pending words of all tenants would be read by the search of each.
    assert "fastupdate=off" in definition


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_whoever_writes_tickets_can_fill_the_index(
    db: Session, make: Make, tenant: UUID, role: str
) -> None:
    kind = make.row("ticket_types", tenant)
    with db.acting(role, tenant=tenant):
        db.run(
            "INSERT INTO ticketing.tickets (tenant_id, event_id, ticket_type_id, ticket_number) "
            "VALUES (%s, %s, %s, 'GA-7')",
            tenant,
            kind["event_id"],
            kind["id"],
        )


def test_a_reader_may_call_it(tenant: UUID, as_readonly: Acting) -> None:
    with as_readonly(tenant) as reader:
        assert len(words(reader, "'a'")) == 1


def test_no_statistics_tell_which_words_tenants_have(db: Session, make: Make, tenant: UUID) -> None:
    for seat in range(5):
        make.row("tickets", tenant, section="golden", seat=str(seat))
    db.run("ANALYZE ticketing.tickets")
    kept = """
        SELECT a.attrelid::regclass::text AS relation, a.attname
        FROM pg_statistic AS s
        JOIN pg_attribute AS a ON a.attrelid = s.starelid AND a.attnum = s.staattnum
        WHERE s.starelid IN (
            'ticketing.tickets'::regclass, 'ticketing.idx_tickets_search_vector'::regclass
        )
    """
    got = {(row["relation"], row["attname"]) for row in db.all(kept)}
    assert ("ticketing.tickets", "section") in got
    assert ("ticketing.tickets", "search_vector") not in got
    assert "ticketing.idx_tickets_search_vector" not in {relation for relation, _ in got}
