"""A small filled database at 0007, and every rule that the revisions after it add to its rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import psycopg

import ticket_schema
from ticket_schema.catalog import Catalog, canonical, read_catalog

from .databases import Database, database, join_groups
from .factories import Make
from .servers import Server
from .session import Session

BEFORE = {"0008": "0007", "0009": "0008", "0010": "0009"}


@dataclass(frozen=True)
class Rule:
    """A rule that arrives late, and how a row comes to break it.

    Args:
        revision: where it arrives.
        name: of the constraint or unique index.
        table: whose rows it holds for.
        breaks: what a row is set to; %(stranger)s is an id of the other tenant.
        hidden_by: an older rule that would refuse such a row.
    """

    revision: str
    name: str
    table: str
    breaks: str
    hidden_by: str | None = None

    def __str__(self) -> str:
        return f"{self.name}: {self.breaks}"


def _key(table: str, column: str) -> list[Rule]:
    name = f"fk_{table}_{column}"
    return [
        Rule("0008", name, table, f"{column} = gen_random_uuid()"),
        Rule("0008", name, table, f"{column} = %(stranger)s"),
    ]


def _check(name: str, breaks: str, hidden_by: str | None = None) -> Rule:
    return Rule("0010", f"chk_tickets_{name}", "tickets", breaks, hidden_by)


RULES = [
    *_key("refunds", "order_id"),
    *_key("order_discounts", "order_id"),
    *_key("ticket_validations", "validator_id"),
    *_key("ticket_holds", "held_by"),
    *_key("tickets", "original_purchaser_id"),
    Rule("0009", "uq_tickets_qr_code", "tickets", "qr_code = 'twice'"),
    Rule("0009", "uq_tickets_barcode", "tickets", "barcode = 'twice'"),
    Rule("0009", "uq_tickets_token_mint", "tickets", f"is_nft = TRUE, token_mint = '{'9' * 32}'"),
    _check("status", "status = 'lost'"),
    _check("price_positive", "price_cents = -1"),
    _check("face_value_positive", "face_value_cents = -1"),
    _check("resale_price_positive", "resale_price_cents = -1"),
    _check("max_resale_price", "max_resale_price_cents = price_cents - 1"),
    _check(
        "max_resale_price",
        "price_cents = NULL, resale_price_cents = NULL, max_resale_price_cents = -1",
    ),
    _check("scan_count_positive", "scan_count = -1"),
    _check("scan_count_positive", "check_in_round = 0"),
    _check("scan_count_positive", "credential_version = 0"),
    _check("transfer_count_positive", "transfer_count = -1"),
    _check("max_transfers_positive", "max_transfers = -1", "chk_tickets_transfer_count_within_max"),
    _check("seat_number_positive", "seat_number = 0"),
    _check("valid_dates", "valid_from = now(), expires_at = now() - interval '1 microsecond'"),
]


def fill(target: Database) -> None:
    """Makes rows of two tenants in each table that has a rule to come, with and without values."""
    with psycopg.connect(target.superuser_url) as connection:
        make = Make(Session(connection))
        for _ in range(2):
            tenant = make.tenant()
            user = make.id("users", tenant)
            order = make.id("orders", tenant, user_id=user)
            whole = {
                "user_id": user,
                "original_purchaser_id": user,
                "price_cents": 2500,
                "face_value_cents": 0,
                "resale_price_cents": 0,
                "max_resale_price_cents": 2500,
                "max_transfers": 0,
                "seat_number": 1,
            }
            ticket = make.id("tickets", tenant, status="sold", order_id=order, **whole)
            for number in range(2):
                codes = {"qr_code": f"qr {number}", "barcode": f"bar {number}"}
                mint = {"is_nft": True, "token_mint": f"{number + 2}" * 32}
                make.row("tickets", tenant, status="sold", **{**whole, **codes, **mint})
                make.row("tickets", tenant)
            make.row("refunds", tenant, order_id=order, ticket_id=ticket)
            make.row("order_discounts", tenant, order_id=order)
            for validator in (user, None):
                make.row("ticket_validations", tenant, ticket_id=ticket, validator_id=validator)
            for holder in (user, None):
                make.row("ticket_holds", tenant, held_by=holder)


@contextmanager
def filled(server: Server) -> Iterator[dict[str, Database]]:
    """Yields filled databases to copy, by the revision they stand at."""
    with (
        database(server) as at_0007,
        database(server) as at_0008,
        database(server) as at_0009,
    ):
        made = {"0007": at_0007, "0008": at_0008, "0009": at_0009}
        ticket_schema.upgrade(at_0007.migrator_url, "0007", progress=lambda _: None)
        join_groups(server)
        for revision, target in made.items():
            ticket_schema.upgrade(target.migrator_url, "0007", progress=lambda _: None)
            fill(target)
            ticket_schema.upgrade(target.migrator_url, revision, progress=lambda _: None)
        yield made


def plant(target: Database, rule: Rule) -> dict[UUID, set[UUID]]:
    """Breaks a rule in one row of each tenant, in two of them for a unique index.

    Returns:
        The ids of the broken rows, by tenant; `mend` takes it back.
    """
    with psycopg.connect(target.superuser_url) as connection:
        # Nothing fires, so that rows are what no application could make them.
        connection.execute("SET session_replication_role = replica")
        connection.execute(f"CREATE TABLE public.kept AS TABLE ticketing.{rule.table}".encode())
        if rule.hidden_by:
            drop = f"ALTER TABLE ticketing.{rule.table} DROP CONSTRAINT {rule.hidden_by}"
            connection.execute(drop.encode())
        # The whole rows: those that have a value in every column that a rule is about.
        column = {"tickets": "price_cents"}.get(rule.table, rule.breaks.split(" ")[0])
        broken: dict[UUID, set[UUID]] = {}
        tenants = connection.execute("SELECT id FROM ticketing.tenants ORDER BY id").fetchall()
        for (tenant,), (other,) in zip(tenants, reversed(tenants), strict=True):
            parent = "orders" if "order_id" in rule.breaks else "users"
            stranger = connection.execute(
                f"SELECT id FROM ticketing.{parent} WHERE tenant_id = %s".encode(), [other]
            ).fetchone()
            rows = connection.execute(
                f"UPDATE ticketing.{rule.table} SET {rule.breaks} WHERE tenant_id = %(tenant)s"
                f" AND id IN (SELECT id FROM ticketing.{rule.table} WHERE tenant_id = %(tenant)s"
                f" AND {column} IS NOT NULL ORDER BY id"
                f" LIMIT {2 if rule.name.startswith('uq_') else 1}) RETURNING id".encode(),
                {"tenant": tenant, "stranger": stranger[0] if stranger else None},
            ).fetchall()
            broken[tenant] = {row[0] for row in rows}
            assert broken[tenant]
    return broken


def mend(target: Database, rule: Rule) -> None:
    """Gives the rows that `plant` broke their values back."""
    columns = ", ".join(re.findall(r"(\w+) = ", rule.breaks))
    with psycopg.connect(target.superuser_url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            f"UPDATE ticketing.{rule.table} AS t SET ({columns}) ="
            f" (SELECT {columns} FROM public.kept AS k WHERE k.id = t.id)".encode()
        )
        if rule.hidden_by:
            connection.execute(
                f"ALTER TABLE ticketing.{rule.table} ADD CONSTRAINT {rule.hidden_by}"
                " CHECK (max_transfers IS NULL OR transfer_count <= max_transfers)".encode()
            )
            connection.execute(
                f"COMMENT ON CONSTRAINT {rule.hidden_by} ON ticketing.{rule.table} IS"
                " 'The holder has not changed more often than max_transfers allows; the transfer"
                " beyond the limit fails here.'".encode()
            )
        connection.execute("DROP TABLE public.kept")


def catalog_of(target: Database) -> Catalog:
    """Returns the schema of a database as data."""
    with target.connect() as connection:
        return read_catalog(connection)


def schema_of(target: Database) -> str:
    """Returns the schema of a database as text."""
    return canonical(catalog_of(target))


def revision_of(target: Database) -> str:
    """Returns the revision that a database stands at."""
    with target.connect() as connection:
        (row,) = connection.execute("SELECT version_num FROM ticketing.alembic_version").fetchall()
    return str(row[0])


def rights_in(target: Database) -> list[tuple[str, list[str]]]:
    """Returns who may do what with each table and column, its owner included.

    The text of the schema leaves the owner out.
    """
    query = """
        SELECT c.relname::text, array(SELECT r::text FROM unnest(c.relacl) AS r ORDER BY 1)
        FROM pg_class AS c
        WHERE c.relnamespace = 'ticketing'::regnamespace AND c.relacl IS NOT NULL
        UNION ALL
        SELECT format('%s.%s', c.relname, a.attname),
            array(SELECT r::text FROM unnest(a.attacl) AS r ORDER BY 1)
        FROM pg_class AS c
        INNER JOIN pg_attribute AS a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'ticketing'::regnamespace AND a.attacl IS NOT NULL
        ORDER BY 1
    """
    with target.connect() as connection:
        return connection.execute(query).fetchall()
