"""sync_replica: a table of another service in the same database feeds its copy."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

SOURCE = """
    CREATE SCHEMA auth;
    CREATE TABLE auth.accounts (
        id uuid PRIMARY KEY, org uuid NOT NULL, email text, role text, password text,
        row_version bigint NOT NULL
    );
    GRANT USAGE ON SCHEMA auth TO ticketing_worker, ticketing_app;
    GRANT SELECT, INSERT, UPDATE ON auth.accounts TO ticketing_worker, ticketing_app;
    CREATE TRIGGER copy AFTER INSERT OR UPDATE ON auth.accounts FOR EACH ROW
    EXECUTE FUNCTION ticketing.sync_replica(
        'users', '{"tenant_id": "org", "version": "row_version"}'
    );
"""
ADD = "INSERT INTO auth.accounts VALUES (%s, %s, 'a@example.org', 'staff', 'secret', 1)"
READ = "SELECT tenant_id, email, role, version FROM ticketing.users WHERE id = %s"


@pytest.fixture
def source(db: Session) -> Session:
    """A table of the auth service beside the schema."""
    db.run(SOURCE)
    return db


def test_a_row_is_copied_with_the_columns_as_they_are_mapped(
    source: Session, tenant: UUID, as_worker: Acting
) -> None:
    user = uuid4()
    with as_worker() as owner:
        owner.run(ADD, user, tenant)
    assert source.one(READ, user) == {
        "tenant_id": tenant,
        "email": "a@example.org",
        "role": "staff",
        "version": 1,
    }


@pytest.mark.parametrize(("raised", "role"), [(1, "admin"), (0, "staff"), (-1, "staff")])
def test_an_update_is_copied_when_it_raises_the_version(
    source: Session, tenant: UUID, *, as_worker: Acting, raised: int, role: str
) -> None:
    user = uuid4()
    change = "UPDATE auth.accounts SET role = 'admin', row_version = row_version + %s WHERE id = %s"
    with as_worker() as owner:
        owner.run(ADD, user, tenant)
        assert owner.run(change, raised, user) == 1
    assert source.one(READ, user)["role"] == role


def test_columns_of_the_same_name_need_no_mapping(
    source: Session, tenant: UUID, as_worker: Acting
) -> None:
    source.run("CREATE TABLE auth.venues (tenant_id uuid, id uuid, name text, version bigint)")
    source.run("GRANT INSERT ON auth.venues TO ticketing_worker")
    source.run(
        "CREATE TRIGGER copy AFTER INSERT OR UPDATE ON auth.venues FOR EACH ROW"
        " EXECUTE FUNCTION ticketing.sync_replica('venues')"
    )
    with as_worker() as owner:
        owner.run("INSERT INTO auth.venues VALUES (%s, %s, 'Hall', 4)", tenant, uuid4())
    assert source.one("SELECT name, version FROM ticketing.venues") == {
        "name": "Hall",
        "version": 4,
    }


def test_a_writer_who_is_no_worker_is_refused(
    source: Session, tenant: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant) as service, service.refused("42501"):
        service.run(ADD, uuid4(), tenant)


def test_an_unknown_copy_is_refused(source: Session, tenant: UUID, as_worker: Acting) -> None:
    source.run("DROP TRIGGER copy ON auth.accounts")
    source.run(
        "CREATE TRIGGER copy AFTER INSERT ON auth.accounts FOR EACH ROW"
        " EXECUTE FUNCTION ticketing.sync_replica('tickets')"
    )
    with as_worker() as owner, owner.refused("TK001"):
        owner.run(ADD, uuid4(), tenant)


def test_nobody_attaches_it_without_being_granted(db: Session) -> None:
    for role in ("ticketing_app", "ticketing_worker", "ticketing_readonly"):
        allowed = "SELECT has_function_privilege(%s, 'ticketing.sync_replica()', 'EXECUTE')"
        assert db.value(allowed, role) is False
