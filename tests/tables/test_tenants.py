"""tenants: rules of the table."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

Acting = Callable[..., AbstractContextManager[Session]]


@pytest.mark.parametrize(
    ("constraint", "given"),
    [
        ("chk_tenants_status", {"status": "gone"}),
        ("chk_tenants_status", {"status": ""}),
        ("chk_tenants_slug", {"slug": "Upper"}),
        ("chk_tenants_slug", {"slug": ""}),
        ("chk_tenants_slug", {"slug": "a" * 64}),
    ],
)
def test_a_broken_rule_is_refused(
    db: Session, make: Make, constraint: str, given: dict[str, str]
) -> None:
    with db.refused("23514", constraint):
        make.tenant(**given)


@pytest.mark.parametrize(
    "given",
    [
        {"status": "active"},
        {"status": "suspended"},
        {"status": "closed"},
        {"slug": "a"},
        {"slug": "a" * 63},
    ],
)
def test_the_last_allowed_value_is_accepted(
    make: Make, tenant: UUID, given: dict[str, str]
) -> None:
    made = make.row("tenants", make.tenant(**given))
    assert given.items() <= made.items()


def test_a_slug_names_one_tenant_even_when_that_one_is_closed(db: Session, make: Make) -> None:
    make.tenant(slug="city-hall", status="closed")
    with db.refused("23505", "uq_tenants_slug"):
        make.tenant(slug="city-hall")


def test_two_tenants_may_have_the_same_name(make: Make) -> None:
    assert make.tenant(name="City Hall") != make.tenant(name="City Hall")


def test_a_new_tenant_is_active_and_has_no_settings(make: Make, tenant: UUID) -> None:
    row = make.row("tenants", tenant)
    assert (row["status"], row["settings"], row["version"]) == ("active", {}, 1)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO ticketing.tenants (slug, name) VALUES ('mine', 'Mine')",
        "UPDATE ticketing.tenants SET name = 'Mine'",
        "DELETE FROM ticketing.tenants",
    ],
)
def test_a_service_cannot_write(
    db: Session, tenant: UUID, as_tenant: Acting, statement: str
) -> None:
    with as_tenant(tenant), db.refused("42501") as by:
        db.run(statement)
    assert "permission denied" in str(by.error)


def test_the_worker_copies_what_the_owner_sends(
    db: Session, tenant: UUID, as_worker: Acting
) -> None:
    with as_worker():
        db.run("INSERT INTO ticketing.tenants (slug, name) VALUES ('copied', 'Copied')")
        changed = db.run(
            "UPDATE ticketing.tenants SET slug = 'moved', name = 'Moved', status = 'closed', "
            "settings = '{}', version = 2 WHERE id = %s",
            tenant,
        )
    assert changed == 1


@pytest.mark.parametrize("column", ["id", "created_at", "updated_at"])
def test_the_worker_cannot_change(db: Session, as_worker: Acting, column: str) -> None:
    with as_worker(), db.refused("42501") as by:
        db.run(f"UPDATE ticketing.tenants SET {column} = DEFAULT")
    assert "permission denied" in str(by.error)


def test_the_worker_cannot_delete(db: Session, as_worker: Acting) -> None:
    with as_worker(), db.refused("42501"):
        db.run("DELETE FROM ticketing.tenants")
