"""tenant_access_violations: rules of the table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

TABLE = "tenant_access_violations"
# {"a": ""} takes nine bytes.
ROOM = 8192 - 9


@pytest.mark.parametrize(
    ("constraint", "given"),
    [
        ("chk_tenant_violations_operation", {"operation": "TRUNCATE"}),
        ("chk_tenant_violations_operation", {"operation": "select"}),
        ("chk_tenant_violations_operation", {"operation": ""}),
        ("chk_tenant_violations_table_name", {"table_name": "t" * 128}),
        ("chk_tenant_violations_details", {"details": []}),
        ("chk_tenant_violations_details", {"details": {"a": "x" * (ROOM + 1)}}),
        ("chk_tenant_violations_details", {"details": {"a": "ü" * (ROOM // 2 + 1)}}),
    ],
)
def test_a_broken_rule_is_refused(
    db: Session, make: Make, tenant: UUID, constraint: str, given: dict[str, Any]
) -> None:
    with db.refused("23514", constraint):
        make.row(TABLE, tenant, **given)


@pytest.mark.parametrize(
    "given",
    [
        *({"operation": word} for word in ("SELECT", "INSERT", "UPDATE", "DELETE", "CONTEXT")),
        {"operation": None},
        {"table_name": "t" * 127},
        {"table_name": None},
        {"details": {"a": "x" * ROOM}},
        {"attempted_tenant_id": None, "actual_tenant_id": None},
        {"attempted_tenant_id": UUID(int=0), "actual_tenant_id": UUID(int=0)},
    ],
)
def test_the_last_allowed_value_is_accepted(
    make: Make, tenant: UUID, given: dict[str, Any]
) -> None:
    assert given.items() <= make.row(TABLE, tenant, **given).items()


def test_an_id_exists_once(db: Session, make: Make, tenant: UUID, other_tenant: UUID) -> None:
    made = make.id(TABLE, tenant)
    with db.refused("23505", "pk_tenant_access_violations"):
        make.row(TABLE, other_tenant, id=made)


def test_what_is_left_out_comes_from_the_server(db: Session, make: Make, tenant: UUID) -> None:
    row = make.row(TABLE, tenant)
    assert row["user_name"] == db.value("SELECT session_user::text")
    assert row["details"] == {}
    assert abs(row["occurred_at"] - datetime.now(UTC)) < timedelta(minutes=1)
    assert row["occurred_at"] > db.value("SELECT now()")
