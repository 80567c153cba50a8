"""tenant_query: what a person typed, as a query for the words of one tenant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.databases import Database
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

TENANT = UUID("00000000-0000-0000-0000-00000000000a")
OTHER = UUID("00000000-0000-0000-0000-00000000000b")
MATCHES = """
    SELECT ticketing.tenant_lexemes(%s, to_tsvector('simple', %s)) @@ ticketing.tenant_query(%s, %s)
"""
# Texts of what means something to a query, a quote or a parser of words, and of anything else.
TYPED = st.text(
    st.one_of(
        st.sampled_from("'\\\":*&|!()<-> ,.;@/#_0123456789abcXYZ"),
        st.characters(exclude_categories=["Cs"], exclude_characters="\x00"),
    ),
    max_size=60,
)


def matches(db: Session, document: str, typed: str, tenant: UUID = TENANT) -> bool | None:
    """Returns whether a text of the tenant is found by what was typed."""
    got: bool | None = db.value(MATCHES, tenant, document, tenant, typed)
    return got


@pytest.mark.parametrize(
    ("document", "typed"),
    [
        ("Golden Circle", "golden"),
        ("Golden Circle", "CIRCLE"),
        ("Golden Circle", "circle golden"),
        ("Golden Circle", "gol"),
        ("Golden Circle", "golden cir"),
        ("Golden Circle", "  golden\tcircle\n"),
        ("Golden Circle", "golden & circle"),
        ("Golden Circle", "'golden'"),
        ("Golden Circle", "(golden"),
        ("Golden Circle", "golden:*"),
        ("Golden Circle", "golden <-> circle"),
        ("TKT-0042", "TKT-0042"),
        ("TKT-0042", "tkt-004"),
        ("TKT-0042", "tkt"),
        ("TKT-0042", "0042"),
        ("TKT-0042", "004"),
        ("TKT-0042", "TKT 0042"),
        ("vip-gold 7", "vip-gol"),
        ("vip-gold 7", "gold 7"),
        ("GA/1234", "ga/12"),
        ("7", "7"),
        ("0", "0"),
        ("éclair", "ÉCL"),
        ("座席", "座席"),
        # An address is one word, quotes in it included.
        ("example.com/it's", "example.com/it's"),
    ],
)
def test_it_finds(db: Session, document: str, typed: str) -> None:
    assert matches(db, document, typed) is True


@pytest.mark.parametrize(
    ("document", "typed"),
    [
        ("Golden Circle", "golden square"),
        ("Golden Circle", "olden"),
        ("Golden Circle", "gol circle"),
        ("Golden Circle", "golden | square"),
        ("Golden Circle", "!square"),
        ("Golden Circle", "golden:* or x"),
        ("70", "7"),
        ("abcd", "ab"),
        ("abcd", "ab:*"),
        ("abcd", "a"),
        ("TKT-0042", "TKT-0043"),
        ("TKT-0042", "TKT-00"),
        ("TKT-0042", "042"),
    ],
)
def test_it_does_not_find(db: Session, document: str, typed: str) -> None:
    assert matches(db, document, typed) is False


@pytest.mark.parametrize("typed", ["", "  ", "'", "&", "!!", ":*", "()", "\\", "''", "<->", "-"])
def test_a_text_without_a_word_gives_null(db: Session, typed: str) -> None:
    assert db.value("SELECT ticketing.tenant_query(%s, %s)", TENANT, typed) is None


@pytest.mark.parametrize(("tenant", "typed"), [(None, "a"), (TENANT, None), (None, None)])
def test_null_gives_null(db: Session, tenant: UUID | None, typed: str | None) -> None:
    assert db.value("SELECT ticketing.tenant_query(%s, %s)", tenant, typed) is None


def test_a_long_word_is_cut_as_in_the_index(db: Session) -> None:
    assert matches(db, "x" * 300, "x" * 300) is True
    assert matches(db, "x" * 300, "x" * 200) is True
    assert matches(db, "x" * 199, "x" * 200) is False


@pytest.mark.parametrize(
    "typed",
    [
        "golden",
        "gol",
        "{other}:golden",
        "{other}:gol",
        "{other}: golden",
        "'{other}:golden'",
        "{other}",
        "golden' | '{other}:golden",
        "golden\\' | '{other}:golden",
        "golden'':* | {other}:gol:*",
        "nothing | golden",
        "!nothing",
        "! {tenant}:nothing",
        "example.com/'&!'{tenant}:nothing",
    ],
)
def test_no_text_reaches_the_words_of_another_tenant(db: Session, typed: str) -> None:
    text = typed.format(other=OTHER, tenant=TENANT)
    assert db.value(MATCHES, OTHER, "golden", TENANT, text) is not True
    assert db.value(MATCHES, OTHER, f"golden {TENANT}:golden", TENANT, text) is not True


@pytest.fixture(scope="module")
def alone(shared: Database) -> Iterator[Session]:
    """A session for all examples, which change nothing."""
    with psycopg.connect(shared.superuser_url, autocommit=True) as connection:
        yield Session(connection)


@settings(max_examples=300, deadline=None, database=None)
@given(typed=TYPED)
def test_whatever_is_typed_names_words_of_the_tenant_alone(alone: Session, typed: str) -> None:
    text = alone.value("SELECT ticketing.tenant_query(%s, %s)::text", TENANT, typed)
    if text is None:
        assert alone.value("SELECT to_tsvector('simple', %s) = ''", typed)
        return
    word = r"'(?:[^'\\]|''|\\\\)*'(?::\*)?"
    found = re.findall(word, text)
    assert found
    assert all(one.startswith(f"'{TENANT}:") for one in found), text
    # Between the words stand and, or and brackets, never a negation.
    assert set(re.sub(word, "", text)) <= set(" &|()"), text


@settings(max_examples=300, deadline=None, database=None)
@given(typed=TYPED)
def test_what_is_typed_finds_itself_and_nothing_of_another_tenant(
    alone: Session, typed: str
) -> None:
    assert alone.value(MATCHES, TENANT, typed, TENANT, typed) is not False
    assert alone.value(MATCHES, OTHER, typed, TENANT, typed) is not True


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
def test_every_role_of_the_schema_may_call_it(db: Session, role: str) -> None:
    with db.acting(role):
        assert matches(db, "golden", "golden", uuid4()) is True


def test_nobody_else_may(as_nobody: Acting) -> None:
    with as_nobody() as nobody, nobody.refused("42501"):
        matches(nobody, "golden", "golden")
