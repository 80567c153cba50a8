"""Every key leads with the tenant, and every foreign key has an index."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from support.session import Session
from ticket_schema.catalog import Catalog

from .allowed import GLOBAL_TABLES, OTHER_KEYS, TENANT_THROUGH_PARENT

FOREIGN_KEYS = """
SELECT
    k.conname,
    c.relname AS child,
    p.relname AS parent,
    ARRAY(
        SELECT a.attname::text
        FROM unnest(k.conkey) WITH ORDINALITY AS u (number, place)
        INNER JOIN pg_attribute AS a ON k.conrelid = a.attrelid AND u.number = a.attnum
        ORDER BY u.place
    ) AS columns,
    ARRAY(
        SELECT a.attname::text
        FROM unnest(k.confkey) WITH ORDINALITY AS u (number, place)
        INNER JOIN pg_attribute AS a ON k.confrelid = a.attrelid AND u.number = a.attnum
        ORDER BY u.place
    ) AS referenced,
    k.confdeltype::text AS on_delete
FROM pg_constraint AS k
INNER JOIN pg_class AS c ON k.conrelid = c.oid
INNER JOIN pg_class AS p ON k.confrelid = p.oid
WHERE k.contype = 'f' AND c.relnamespace = 'ticketing'::regnamespace
"""
INDEXES = """
SELECT
    c.relname AS table_name,
    i.relname AS index_name,
    x.indisunique,
    pg_get_expr(x.indpred, x.indrelid) AS predicate,
    ARRAY(
        SELECT a.attname::text
        FROM unnest(x.indkey) WITH ORDINALITY AS u (number, place)
        INNER JOIN pg_attribute AS a ON x.indrelid = a.attrelid AND u.number = a.attnum
        WHERE u.place <= x.indnkeyatts
        ORDER BY u.place
    ) AS columns
FROM pg_index AS x
INNER JOIN pg_class AS c ON x.indrelid = c.oid
INNER JOIN pg_class AS i ON x.indexrelid = i.oid
WHERE c.relnamespace = 'ticketing'::regnamespace AND c.relkind IN ('r', 'p')
"""


def tenant_tables(catalog: Catalog) -> Iterator[str]:
    for table in catalog["table"]:
        if table not in GLOBAL_TABLES:
            yield table


def test_each_tenant_table_has_its_tenant_in_every_row(catalog: Catalog) -> None:
    for table in tenant_tables(catalog):
        column = catalog["column"][f"{table}.tenant_id"]
        assert column["type"] == "uuid", table
        assert column["not_null"], table
        assert column["position"] == 1, table


def test_primary_keys_are_tenant_and_id(catalog: Catalog) -> None:
    for table in tenant_tables(catalog):
        key = catalog["constraint"][f"{table}.pk_{table}"]["definition"]
        if table in OTHER_KEYS:
            assert key.startswith("PRIMARY KEY (tenant_id, "), table
            assert key != "PRIMARY KEY (tenant_id, id)", f"{table} is allowed for nothing"
        else:
            assert key == "PRIMARY KEY (tenant_id, id)", table


def test_each_tenant_table_refers_to_its_tenant(catalog: Catalog) -> None:
    for table in tenant_tables(catalog):
        present = f"{table}.fk_{table}_tenant_id" in catalog["constraint"]
        assert present != (table in TENANT_THROUGH_PARENT), table


def test_unique_keys_lead_with_the_tenant(db: Session, catalog: Catalog) -> None:
    tables = set(tenant_tables(catalog))
    for index in db.all(INDEXES):
        if index["indisunique"] and index["table_name"] in tables:
            assert index["columns"][0] == "tenant_id", index["index_name"]


def test_foreign_keys_between_tenant_tables_carry_the_tenant(db: Session, catalog: Catalog) -> None:
    tables = set(tenant_tables(catalog))
    for key in db.all(FOREIGN_KEYS):
        if key["child"] in tables and key["parent"] in tables:
            assert key["columns"][0] == "tenant_id", key["conname"]
            assert key["referenced"][0] == "tenant_id", key["conname"]
            assert len(key["columns"]) >= 2, key["conname"]


def test_a_delete_never_empties_a_reference(db: Session) -> None:
    # SET NULL on a composite key would empty tenant_id as well.
    for key in db.all(FOREIGN_KEYS):
        assert key["on_delete"] in ("r", "c"), key["conname"]


def test_every_foreign_key_has_an_index(db: Session) -> None:
    indexes = db.all(INDEXES)
    for key in db.all(FOREIGN_KEYS):
        assert any(covers(index, key) for index in indexes), key["conname"]


def covers(index: dict[str, Any], key: dict[str, Any]) -> bool:
    columns: list[str] = key["columns"]
    last = columns[-1]
    return (
        index["table_name"] == key["child"]
        and index["columns"][: len(columns)] == columns
        # A row without a parent needs no finding; every other predicate hides some that do.
        and index["predicate"] in (None, f"({last} IS NOT NULL)")
    )


def test_no_index_repeats_another(db: Session) -> None:
    seen: dict[tuple[Any, ...], str] = {}
    for index in db.all(INDEXES):
        shape = (index["table_name"], tuple(index["columns"]), index["predicate"])
        assert shape not in seen, f"{index['index_name']} repeats {seen.get(shape)}"
        seen[shape] = index["index_name"]


def test_no_entry_of_the_allow_lists_is_stale(catalog: Catalog) -> None:
    for table in (*GLOBAL_TABLES, *OTHER_KEYS, *TENANT_THROUGH_PARENT):
        assert table in catalog["table"], table
