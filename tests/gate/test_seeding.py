"""Rows for any schema: what the server accepts, as varied as its rules allow."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

import psycopg
import pytest

from support.databases import Database
from ticket_schema.gate.seeding import matching, seed


@pytest.fixture
def admin(empty: Database) -> Iterator[psycopg.Connection]:
    with empty.connect() as connection:
        yield connection


def make(connection: psycopg.Connection, text: str) -> None:
    connection.execute(text.encode())


def one(connection: psycopg.Connection, query: str) -> object:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def test_every_table_of_our_own_schema_gets_rows(clone: Database) -> None:
    with clone.connect() as connection:
        found = seed(connection)
        assert found.missing == {}
        assert len(found.rows) > 40
        unpaired = """
            SELECT count(*) FROM ticketing.tickets AS t
            WHERE t.order_id IS NOT NULL AND NOT EXISTS (
                SELECT FROM ticketing.orders AS o
                WHERE (o.tenant_id, o.id) = (t.tenant_id, t.order_id)
            )
        """
        assert one(connection, "SELECT count(order_id) FROM ticketing.tickets") > 0  # type: ignore[operator]
        assert one(connection, unpaired) == 0
        # A second look finds nothing to do.
        assert seed(connection).rows == {}


def test_types_keys_and_rules_are_met(admin: psycopg.Connection) -> None:
    make(
        admin,
        """
        CREATE TYPE mood AS ENUM ('glad', 'sad');
        CREATE DOMAIN code AS text CHECK (VALUE ~ '^[A-Z]{3}-[0-9]{4}$');
        CREATE DOMAIN cents AS bigint CHECK (VALUE BETWEEN 500 AND 900);
        CREATE TABLE parent (
            tenant int, id bigint GENERATED ALWAYS AS IDENTITY, code code NOT NULL UNIQUE,
            PRIMARY KEY (tenant, id)
        );
        CREATE TABLE child (
            id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
            tenant int NOT NULL, parent_id bigint NOT NULL, mood mood NOT NULL, price cents,
            status text NOT NULL CHECK (status IN ('new', 'paid', 'void')),
            paid_at timestamptz, note varchar(5), tags text[] NOT NULL, data jsonb NOT NULL,
            digest bytea NOT NULL CHECK (octet_length(digest) = 32),
            currency char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
            low int NOT NULL, high int NOT NULL, twice int GENERATED ALWAYS AS (low * 2) STORED,
            starts tstzrange NOT NULL,
            CHECK ((status = 'paid') = (paid_at IS NOT NULL)),
            CHECK (high > low + 2), CHECK (length(note) >= 4),
            FOREIGN KEY (tenant, parent_id) REFERENCES parent,
            UNIQUE (tenant, parent_id, low)
        );
        """,
    )
    found = seed(admin, rows=30)
    assert found.missing == {}
    assert found.rows["public.parent"] > 20
    assert found.rows["public.child"] > 15
    assert one(admin, "SELECT count(DISTINCT status) FROM child") == 3
    assert one(admin, "SELECT count(DISTINCT mood) FROM child") == 2
    # What may be empty is, somewhere; what may be there twice is.
    assert one(admin, "SELECT bool_or(price IS NULL) AND bool_or(price > 0) FROM child") is True
    assert one(admin, "SELECT count(*) > count(DISTINCT low) FROM child") is True
    orphans = "SELECT count(*) FROM child LEFT JOIN parent AS p USING (tenant) WHERE p.id IS NULL"
    assert one(admin, orphans) == 0


def test_triggers_do_not_stand_in_the_way(admin: psycopg.Connection) -> None:
    make(
        admin,
        """
        CREATE TABLE machine (id serial PRIMARY KEY, state text NOT NULL);
        CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no''; END';
        CREATE TRIGGER no BEFORE INSERT ON machine FOR EACH ROW EXECUTE FUNCTION no();
        """,
    )
    assert seed(admin).rows["public.machine"] > 20
    # The sequence has moved on, so the next row of somebody else fits in.
    assert one(admin, "SELECT nextval('machine_id_seq') > max(id) FROM machine") is True


def test_cycles_are_closed_with_nothing(admin: psycopg.Connection) -> None:
    make(
        admin,
        """
        CREATE TABLE a (id int PRIMARY KEY, b_id int, up int REFERENCES a);
        CREATE TABLE b (id int PRIMARY KEY, a_id int NOT NULL REFERENCES a);
        ALTER TABLE a ADD FOREIGN KEY (b_id) REFERENCES b;
        CREATE TABLE loop (id int PRIMARY KEY, next int NOT NULL REFERENCES loop);
        """,
    )
    assert seed(admin).missing == {}
    assert one(admin, "SELECT count(*) FROM loop WHERE next <> id") == 0


def test_partitions_take_the_rows_that_they_are_for(admin: psycopg.Connection) -> None:
    make(
        admin,
        """
        CREATE TABLE log (at date NOT NULL, kind text NOT NULL, n int) PARTITION BY RANGE (at);
        CREATE TABLE log_old PARTITION OF log FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')
            PARTITION BY LIST (kind);
        CREATE TABLE log_old_a PARTITION OF log_old FOR VALUES IN ('x', 'y');
        CREATE TABLE spread (id int NOT NULL) PARTITION BY HASH (id);
        CREATE TABLE spread_0 PARTITION OF spread FOR VALUES WITH (MODULUS 1, REMAINDER 0);
        CREATE TABLE none_yet (id int NOT NULL) PARTITION BY LIST (id);
        """,
    )
    found = seed(admin)
    assert one(admin, "SELECT count(*) FROM log_old_a") == found.rows["public.log"] > 20
    assert found.rows["public.spread"] > 20
    assert "no partition" in found.missing["public.none_yet"]


def test_what_cannot_be_met_is_said(admin: psycopg.Connection) -> None:
    make(
        admin,
        """
        CREATE TABLE odd (a text NOT NULL CHECK (md5(a) = 'x'));
        CREATE TABLE follower (odd_id int NOT NULL, a int);
        ALTER TABLE odd ADD id int PRIMARY KEY;
        ALTER TABLE follower ADD FOREIGN KEY (odd_id) REFERENCES odd;
        """,
    )
    found = seed(admin)
    assert "md5(a)" in found.missing["public.odd"]
    assert found.missing["public.follower"] == "public.odd has no rows"
    assert found.rows == {}


@pytest.mark.parametrize(
    "pattern",
    [
        "^[0-9a-f]{64}$",
        "^[1-9A-HJ-NP-Za-km-z]{32,44}$",
        r"^\d{4}-(0[1-9]|1[0-2])$",
        "^(?:draft|sent)(-v[0-9]+)?$",
        "^[a-z][a-z0-9_]*$",
        "^[^0-9]+x?$",
    ],
)
def test_texts_match_their_pattern(pattern: str) -> None:
    chance = random.Random(1)
    for _ in range(30):
        assert re.search(pattern, matching(pattern, chance))
    assert re.fullmatch("[A-Za-z]+", matching("^[[:alpha:]]+$", chance))
