"""apply_replica: a row as JSON goes to the function of its table, and nowhere else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from support.factories import Make
from support.replicas import FUNCTIONS, messages
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

CALL = "SELECT ticketing.apply_replica(%s, %s)"


def as_json(message: dict[str, Any]) -> Jsonb:
    return Jsonb(json.loads(json.dumps(message, default=str)))


@pytest.mark.parametrize("table", FUNCTIONS)
def test_every_column_arrives_and_the_newest_version_stays(
    db: Session, make: Make, tenant: UUID, as_worker: Acting, table: str
) -> None:
    first, second = messages(make, tenant, table)
    steps = [(first, 4, "applied"), (second, 9, "applied"), (first, 9, "repeated")]
    with as_worker() as worker:
        for message, version, answer in [*steps, (first, 8, "stale")]:
            row = as_json({**message, "version": version, "shoe_size": 9, "refunded_cents": 77})
            assert worker.value(CALL, table, row) == answer
    found = db.one(f"SELECT * FROM ticketing.{table} WHERE id = %s", first["id"])
    assert {**second, "version": 9}.items() <= found.items()
    assert found.get("refunded_cents", 0) == 0


@pytest.mark.parametrize("missing", [{}, None])
@pytest.mark.parametrize(
    ("table", "needed"),
    [
        ("tenants", {"slug": "handle", "name": "Name"}),
        ("users", {}),
        ("venues", {"name": "Hall"}),
        ("events", {"name": "Gala", "starts_at": "2030-06-01", "ends_at": "2030-06-02"}),
        ("orders", {"order_number": "1"}),
        ("payments", {"amount_cents": 100}),
    ],
)
def test_a_missing_key_or_null_means_the_default_of_the_column(
    db: Session,
    make: Make,
    tenant: UUID,
    *,
    as_worker: Acting,
    table: str,
    needed: Any,
    missing: Any,
) -> None:
    key = {"id": uuid4(), "version": 1}
    if table != "tenants":
        key["tenant_id"] = tenant
    if table == "payments":
        key["order_id"] = make.id("orders", tenant)
    columns = {
        row["name"]: row["value"]
        for row in db.all(
            "SELECT column_name AS name, column_default AS value FROM information_schema.columns"
            " WHERE table_schema = 'ticketing' AND table_name = %s",
            table,
        )
    }
    sent = {**key, **needed}
    if missing is None:
        sent = {**dict.fromkeys(columns), **sent}
    with as_worker() as worker:
        assert worker.value(CALL, table, as_json(sent)) == "applied"
    for column, default in columns.items():
        if column not in {*key, *needed, "created_at", "updated_at"}:
            same = f"SELECT {column} IS NOT DISTINCT FROM {default or 'NULL'}"
            assert db.value(f"{same} FROM ticketing.{table} WHERE id = %s", key["id"]), column


@pytest.mark.parametrize(
    "table", [None, "", "tickets", "Users", "ticketing.users", "users; DROP TABLE ticketing.users"]
)
def test_another_table_is_refused(as_worker: Acting, table: str | None) -> None:
    with as_worker() as worker, worker.refused("TK001"):
        worker.value(CALL, table, as_json({"id": uuid4(), "version": 1}))


@pytest.mark.parametrize("row", [None, "[]", "1", "null", '"users"'])
def test_a_message_is_an_object(as_worker: Acting, row: str | None) -> None:
    with as_worker() as worker, worker.refused("TK001"):
        worker.value("SELECT ticketing.apply_replica('users', %s)", row)


def test_a_message_without_a_version_is_refused(tenant: UUID, as_worker: Acting) -> None:
    with as_worker() as worker, worker.refused("TK001"):
        worker.value(CALL, "users", as_json({"tenant_id": tenant, "id": uuid4()}))


def test_a_key_or_value_never_becomes_sql(db: Session, tenant: UUID, as_worker: Acting) -> None:
    bad = "x'); DROP TABLE ticketing.users; --"
    row = {"tenant_id": tenant, "id": uuid4(), "version": 1, "name": bad, bad: 1}
    with as_worker() as worker:
        assert worker.value(CALL, "venues", as_json(row)) == "applied"
    assert db.value("SELECT name FROM ticketing.venues WHERE id = %s", row["id"]) == bad


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_readonly", "ts_test_nobody"])
def test_only_a_worker_may(db: Session, tenant: UUID, role: str) -> None:
    with db.acting(role, tenant=tenant), db.refused("42501"):
        db.value(CALL, "users", as_json({"tenant_id": tenant, "id": uuid4(), "version": 1}))
