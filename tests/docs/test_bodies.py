"""What functions do is read from their bodies, and what cannot be read is named."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable

import pytest

from ticket_schema.docs.bodies import AT_RUN_TIME, Body, RowLock, bodies, reached
from ticket_schema.docs.model import Source
from ticket_schema.errors import TicketSchemaError

Make = Callable[[str], Source]

TABLES = """
CREATE TABLE customers (id int PRIMARY KEY, name text, note text);
CREATE TABLE orders (
    id int PRIMARY KEY, customer int REFERENCES customers ON DELETE CASCADE, status text, total int
);
CREATE TABLE lines (id int PRIMARY KEY, order_id int REFERENCES orders ON DELETE SET NULL);
CREATE VIEW open_orders AS SELECT * FROM orders WHERE status = 'open';
"""


def body_of(foreign: Make, text: str, declared: str = "") -> Body:
    source = foreign(
        f"{TABLES} CREATE FUNCTION f(p_text text) RETURNS void LANGUAGE plpgsql"
        f" AS $f$ {declared} BEGIN {text} END $f$"
    )
    return source.bodies["f(p_text text)"]


@pytest.mark.parametrize(
    ("text", "raises"),
    [
        ("RAISE 'no %', 1 USING ERRCODE = 'TK001', HINT = 'TK999';", {"TK001": ("no %",)}),
        ("RAISE 'a' USING ERRCODE = 'unique_violation';", {"23505": ("a",)}),
        ("RAISE SQLSTATE '22012';", {"22012": ()}),
        ("RAISE division_by_zero USING MESSAGE = 'b';", {"22012": ()}),
        ("RAISE EXCEPTION 'plain';", {"P0001": ("plain",)}),
        ("IF true THEN RAISE 'a' USING ERRCODE = 'TK001'; ELSE RAISE 'b' USING ERRCODE = 'TK001';"
         " END IF;", {"TK001": ("a", "b")}),
        ("RAISE NOTICE 'only said'; RAISE DEBUG 'x';", {}),
        ("RAISE 'a' USING ERRCODE = CASE p_text WHEN 'x' THEN 'TK002' ELSE 'TK003' END;",
         {"TK002": ("a",), "TK003": ("a",)}),
        ("RAISE 'a' USING ERRCODE = p_text;", {AT_RUN_TIME: ("a",)}),
        ("p_text := 'TK005'; RAISE 'a' USING ERRCODE = p_text;", {"TK005": ("a",)}),
        ("ASSERT p_text > '';", {"P0004": ()}),
        ("BEGIN PERFORM 1; EXCEPTION WHEN others THEN RAISE; END;", {}),
    ],
)  # fmt: skip
def test_errors_are_seen(foreign: Make, text: str, raises: dict[str, tuple[str, ...]]) -> None:
    assert body_of(foreign, text).raises == raises


def test_a_code_is_followed_through_a_variable(foreign: Make) -> None:
    found = body_of(
        foreign,
        "v_code := 'TK002'; RAISE 'a' USING ERRCODE = v_code;",
        "DECLARE v_code text := 'TK001';",
    )
    assert found.raises == {"TK001": ("a",), "TK002": ("a",)}


def test_warnings_are_no_errors(foreign: Make) -> None:
    found = body_of(foreign, "RAISE WARNING 'left' USING ERRCODE = 'TK042';")
    assert (found.raises, found.warns) == ({}, {"TK042": ("left",)})


def test_what_is_caught_is_named(foreign: Make) -> None:
    found = body_of(
        foreign, "PERFORM 1; EXCEPTION WHEN unique_violation OR SQLSTATE '40001' THEN NULL;"
    )
    assert found.catches == ("23505", "40001")


@pytest.mark.parametrize(
    ("text", "reads", "writes"),
    [
        ("PERFORM FROM shop.orders;", ("orders",), {}),
        ("PERFORM (SELECT count(*) FROM customers);", ("customers",), {}),
        ("IF EXISTS (SELECT FROM shop.lines) THEN NULL; END IF;", ("lines",), {}),
        ("WITH orders AS (SELECT 1) SELECT FROM orders INTO STRICT p_text;", (), {}),
        ("PERFORM FROM pg_catalog.pg_class;", (), {}),
        ("PERFORM FROM public.elsewhere;", ("public.elsewhere",), {}),
        ("INSERT INTO lines (id, order_id) SELECT id, id FROM orders;", ("orders",),
         {"lines": {"INSERT": ("id", "order_id")}}),
        ("INSERT INTO customers (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET name = 'x';", (),
         {"customers": {"INSERT": ("id",), "UPDATE": ("name",)}}),
        ("UPDATE orders AS o SET (status, total) = ('a', 1) FROM customers AS c;", ("customers",),
         {"orders": {"UPDATE": ("status", "total")}}),
        ("DELETE FROM ONLY shop.lines USING orders;", ("orders",), {"lines": {"DELETE": ()}}),
        ("TRUNCATE lines;", (), {"lines": {"TRUNCATE": ()}}),
        ("MERGE INTO orders AS o USING customers AS c ON true"
         " WHEN MATCHED THEN UPDATE SET total = 1 WHEN NOT MATCHED THEN INSERT (id) VALUES (1);",
         ("customers",),
         {"orders": {"INSERT": ("id",), "UPDATE": ("total",)}}),
        ("FOR p_text IN SELECT name FROM customers LOOP NULL; END LOOP;", ("customers",), {}),
        ("WITH gone AS (DELETE FROM lines RETURNING id)"
         " INSERT INTO orders (id) SELECT id FROM gone;",
         (), {"lines": {"DELETE": ()}, "orders": {"INSERT": ("id",)}}),
    ],
)  # fmt: skip
def test_tables_are_seen(
    foreign: Make, text: str, reads: tuple[str, ...], writes: dict[str, dict[str, tuple[str, ...]]]
) -> None:
    found = body_of(foreign, text)
    assert (found.reads, found.writes) == (reads, writes)


@pytest.mark.parametrize(
    ("text", "locks"),
    [
        ("FOR UPDATE", {RowLock("orders", "FOR UPDATE"), RowLock("customers", "FOR UPDATE")}),
        ("FOR NO KEY UPDATE OF o SKIP LOCKED",
         {RowLock("orders", "FOR NO KEY UPDATE", "SKIP LOCKED")}),
        ("FOR SHARE OF customers NOWAIT", {RowLock("customers", "FOR SHARE", "NOWAIT")}),
        ("FOR KEY SHARE OF o FOR UPDATE OF customers",
         {RowLock("orders", "FOR KEY SHARE"), RowLock("customers", "FOR UPDATE")}),
        ("", set()),
    ],
)  # fmt: skip
def test_row_locks_are_seen(foreign: Make, text: str, locks: set[RowLock]) -> None:
    found = body_of(foreign, f"PERFORM FROM orders AS o JOIN customers ON true {text};")
    assert set(found.row_locks) == locks


def test_other_locks_are_seen(foreign: Make) -> None:
    found = body_of(
        foreign,
        "PERFORM pg_advisory_xact_lock(hashtext('x')); PERFORM pg_advisory_unlock_all();"
        " LOCK TABLE orders IN SHARE ROW EXCLUSIVE MODE;",
    )
    assert found.advisory_locks == ("pg_advisory_xact_lock(hashtext('x'))",)
    assert found.table_locks == (("orders", "SHARE ROW EXCLUSIVE"),)


def test_settings_are_seen(foreign: Make) -> None:
    found = body_of(
        foreign,
        "p_text := current_setting('app.a', true); PERFORM set_config('app.b', '', true);"
        " SET LOCAL work_mem = '1MB'; PERFORM current_setting(p_text); v[1] := "
        "current_setting('app.c');",
        "DECLARE v text[];",
    )
    assert found.settings_read == (AT_RUN_TIME, "app.a", "app.c")
    assert found.settings_written == ("app.b", "work_mem")


def test_of_overloads_those_that_fit_are_called(foreign: Make) -> None:
    source = foreign("""
        CREATE FUNCTION g() RETURNS int LANGUAGE sql RETURN 1;
        CREATE FUNCTION g(a int, b int DEFAULT 2) RETURNS int LANGUAGE sql RETURN 1;
        CREATE FUNCTION g(a int, b int, c int) RETURNS int LANGUAGE sql RETURN 1;
        CREATE PROCEDURE h() LANGUAGE plpgsql AS $f$ BEGIN NULL; END $f$;
        CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $f$
        BEGIN CALL shop.h(); RETURN g(1) + pg_catalog.abs(g(a => 1, b => 2)); END $f$;
    """)
    assert source.bodies["f()"].calls == ("g(a integer, b integer)", "h()")


def test_sql_that_is_put_together_is_read_as_far_as_it_goes(foreign: Make) -> None:
    found = body_of(
        foreign,
        "EXECUTE 'UPDATE shop.orders SET total = 1';"
        " EXECUTE format($q$DELETE FROM shop.%I WHERE id IN (SELECT id FROM shop.lines)$q$, 'x');"
        " v := format('SELECT FROM shop.customers '\n'WHERE id = %L FOR UPDATE', 1);"
        " EXECUTE v; EXECUTE p_text || ' x';",
        "DECLARE v text;",
    )
    assert found.writes == {"orders": {"UPDATE": ("total",)}}
    assert found.reads == ("customers", "lines")
    assert found.row_locks == (RowLock("customers", "FOR UPDATE"),)
    assert found.dynamic == (
        "DELETE FROM shop.% WHERE id IN (SELECT id FROM shop.lines)",
        "SELECT FROM shop.customers WHERE id = '%' FOR UPDATE",
        "p_text || ' x'",
    )


def test_functions_in_sql_are_read_in_both_forms(foreign: Make) -> None:
    source = foreign(f"""
        {TABLES}
        CREATE FUNCTION as_text() RETURNS void LANGUAGE sql AS $f$
            DELETE FROM shop.lines; UPDATE shop.orders SET total = 1; $f$;
        CREATE FUNCTION atomic() RETURNS void LANGUAGE sql
            BEGIN ATOMIC DELETE FROM lines; UPDATE orders SET total = 1; END;
        CREATE FUNCTION answering() RETURNS bigint LANGUAGE sql RETURN (SELECT count(*) FROM lines);
    """)
    written = {"lines": {"DELETE": ()}, "orders": {"UPDATE": ("total",)}}
    assert source.bodies["as_text()"].writes == written
    assert source.bodies["atomic()"].writes == written
    assert source.bodies["answering()"].reads == ("lines",)


def test_another_language_is_named_and_not_guessed(foreign: Make) -> None:
    source = foreign("CREATE FUNCTION f(float8) RETURNS float8 LANGUAGE internal AS 'dsin'")
    assert source.bodies["f(double precision)"].unread == "it is written in internal"


TRIGGERS = f"""
{TABLES}
CREATE FUNCTION told() RETURNS trigger LANGUAGE plpgsql AS $f$
BEGIN RAISE 'orders' USING ERRCODE = 'TK001'; END $f$;
CREATE FUNCTION of_status() RETURNS trigger LANGUAGE plpgsql AS $f$
BEGIN RAISE 'status' USING ERRCODE = 'TK002'; END $f$;
CREATE FUNCTION of_lines() RETURNS trigger LANGUAGE plpgsql AS $f$
BEGIN PERFORM FROM shop.customers FOR UPDATE; RAISE 'lines' USING ERRCODE = 'TK003'; END $f$;
CREATE FUNCTION off() RETURNS trigger LANGUAGE plpgsql AS $f$
BEGIN RAISE 'off' USING ERRCODE = 'TK004'; END $f$;
CREATE TRIGGER a AFTER DELETE ON orders FOR EACH ROW EXECUTE FUNCTION told();
CREATE TRIGGER b AFTER UPDATE OF status ON orders FOR EACH ROW EXECUTE FUNCTION of_status();
CREATE TRIGGER c AFTER UPDATE ON lines FOR EACH ROW EXECUTE FUNCTION of_lines();
CREATE TRIGGER d AFTER UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION off();
ALTER TABLE orders DISABLE TRIGGER d;
CREATE FUNCTION leaf() RETURNS void LANGUAGE plpgsql AS $f$ BEGIN %s END $f$;
CREATE FUNCTION root() RETURNS void LANGUAGE plpgsql AS $f$ BEGIN PERFORM shop.leaf(); END $f$;
"""


@pytest.mark.parametrize(
    ("text", "raises"),
    [
        ("UPDATE orders SET total = 1;", {}),
        ("UPDATE orders SET status = 'x';", {"TK002": ("of_status()",)}),
        ("INSERT INTO orders VALUES (1);", {}),
        # Through the foreign keys: orders go with their customer, lines lose their order.
        ("DELETE FROM customers;", {"TK001": ("told()",), "TK003": ("of_lines()",)}),
        ("RAISE 'x' USING ERRCODE = 'TK009';", {"TK009": ("leaf()",)}),
    ],
)
def test_what_arrives_through_calls_and_triggers(
    foreign: Make, text: str, raises: dict[str, tuple[str, ...]]
) -> None:
    found = foreign(TRIGGERS % text).reached["root()"]
    assert found.raises == raises
    assert found.called == ("leaf()",)
    locked = (RowLock("customers", "FOR UPDATE"),) if "TK003" in raises else ()
    assert found.row_locks == locked


def test_a_view_calls_its_functions(foreign: Make) -> None:
    source = foreign("""
        CREATE FUNCTION inner_one() RETURNS int LANGUAGE plpgsql AS $f$
        BEGIN RAISE 'x' USING ERRCODE = 'TK001'; END $f$;
        CREATE VIEW v AS SELECT inner_one() AS one;
        CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $f$ BEGIN PERFORM FROM v; END $f$;
    """)
    assert source.reached["f()"].raises == {"TK001": ("inner_one()",)}


def test_functions_that_call_each_other_come_to_an_end(foreign: Make) -> None:
    source = foreign("""
        CREATE FUNCTION f(n int) RETURNS int LANGUAGE plpgsql AS $f$
        BEGIN RETURN shop.g(n - 1); END $f$;
        CREATE FUNCTION g(n int) RETURNS int LANGUAGE plpgsql AS $f$
        BEGIN RAISE 'x' USING ERRCODE = 'TK001'; RETURN shop.f(n - 1); END $f$;
    """)
    assert source.reached["f(n integer)"].raises == {"TK001": ("g(n integer)",)}
    assert source.reached["g(n integer)"].raises == {}


def test_every_function_of_head_is_read_and_fast(source: Source) -> None:
    started = time.process_time()
    found = bodies(source.snapshot)
    reached(source.snapshot, found)
    assert time.process_time() - started < 5
    assert len(found) == len(source.schema.functions) > 200
    assert {key: one.unread for key, one in found.items() if one.unread} == {}
    # Whoever adds one looks at what its page says.
    dynamic = {source.schema.functions[key].name for key, one in found.items() if one.dynamic}
    assert dynamic == {"expire_overdue", "lock_version"}


def test_the_codes_of_head_are_those_in_its_text(source: Source) -> None:
    for key, found in source.bodies.items():
        text = re.sub(r"--[^\n]*", "", source.schema.functions[key].body)
        written = set(re.findall(r"ERRCODE\s*=\s*'(\w{5})'", text))
        seen = {code for code in (*found.raises, *found.warns) if code.startswith("TK")}
        assert seen == {code for code in written if code.startswith("TK")}, key


def test_each_table_in_the_text_of_a_function_of_head_is_one_it_touches(source: Source) -> None:
    names = "|".join(source.schema.tables)
    after = re.compile(rf"\b(?:FROM|JOIN|INTO|UPDATE)\s+ticketing\.({names})\b")
    for key, found in source.bodies.items():
        text = re.sub(r"--[^\n]*", "", source.schema.functions[key].body)
        touched = {*found.reads, *found.writes}
        assert touched >= set(after.findall(text)), key
        assert touched <= set(re.findall(r"\w+", text)), key


def test_without_the_parser_it_says_what_to_install(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pglast", None)
    with pytest.raises(TicketSchemaError, match="pglast is not installed"):
        bodies(source.snapshot)
