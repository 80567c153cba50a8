"""verify_tenant_context: whether the transaction has a tenant that may work; never an error."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.session import Session

READ = "SELECT ticketing.verify_tenant_context()"
ROLES = ("ticketing_app", "ticketing_worker", "ticketing_readonly")
VERSION = "SELECT current_setting('server_version_num')::integer"


@pytest.mark.parametrize("role", ROLES)
def test_an_active_tenant_is_true(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, role: str
) -> None:
    with db.acting(role, tenant=tenant):
        assert db.value(READ) is True
    with db.acting(role, tenant=str(other_tenant).upper()):
        assert db.value(READ) is True


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "context", [None, "", " ", "tenant", str(UUID(int=0)), "{}0", "{} ", "'{}'", "{},{}", "\n{}"]
)
def test_whatever_is_no_tenant_is_false(
    db: Session, tenant: UUID, role: str, context: str | None
) -> None:
    with db.acting(role, tenant=context and context.format(tenant, tenant)):
        assert db.value(READ) is False


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("status", ["suspended", "closed", None])
def test_a_tenant_that_is_not_active_or_unknown_is_false(
    db: Session, make: Make, tenant: UUID, role: str, status: str | None
) -> None:
    named = make.tenant(status=status) if status else uuid4()
    with db.acting(role, tenant=named):
        assert db.value(READ) is False


@pytest.mark.parametrize("role", ROLES)
def test_it_answers_where_row_security_is_off(
    db: Session, make: Make, tenant: UUID, role: str
) -> None:
    suspended = make.tenant(status="suspended")
    for named, expected in ((tenant, True), (suspended, False), (None, False)):
        with db.acting(role, tenant=named):
            db.run("SET LOCAL row_security = off")
            assert db.value(READ) is expected


def test_it_sees_a_change_of_the_tenant(db: Session, tenant: UUID) -> None:
    db.run("SET LOCAL plan_cache_mode = force_generic_plan")
    db.run(f"PREPARE read AS {READ}")
    change = "UPDATE ticketing.tenants SET status = %s, version = version + 1 WHERE id = %s"
    for status in ("suspended", "active", "closed"):
        db.run(change, status, tenant)
        with db.acting("ticketing_app", tenant=tenant):
            assert db.value("EXECUTE read") is (status == "active")


def test_a_parallel_worker_answers_as_well(db: Session, tenant: UUID) -> None:
    forced = "debug_parallel_query" if db.value(VERSION) >= 160000 else "force_parallel_mode"
    with db.acting("ticketing_app", tenant=tenant):
        db.run(f"SET LOCAL {forced} = on")
        assert "Gather" in "".join(row["QUERY PLAN"] for row in db.all(f"EXPLAIN {READ}"))
        assert db.value(READ) is True


def test_a_login_without_a_role_may_not_call_it(db: Session) -> None:
    with db.acting("ts_test_nobody"), db.refused("42501"):
        db.value(READ)
