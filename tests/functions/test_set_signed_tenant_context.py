"""set_signed_tenant_context: the context of a transaction, as the application signed it.

With the hardening off it sets the plain variables as well, so that services can go first.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest

from support import signed
from support.factories import Make
from support.session import CONTEXT, Session

SET = "SELECT ticketing.set_signed_tenant_context(%s, %s, %s, %s)"
PLAIN = "SELECT ticketing.set_tenant_context(%s, %s, %s)"
OWNERS = "SELECT tenant_id FROM ticketing.events"


def said(session: Session) -> list[str]:
    read = "SELECT coalesce(current_setting(%s, TRUE), '')"
    return [session.value(read, name) for name in CONTEXT]


@pytest.fixture
def user(make: Make, tenant: UUID) -> UUID:
    return make.id("users", tenant)


@pytest.fixture
def app(db: Session, make: Make, tenant: UUID, other_tenant: UUID, user: UUID) -> Iterator[Session]:
    for owner in (tenant, other_tenant):
        make.row("events", owner)
    signed.add_key(db)
    with db.logged_in("ts_test_app"):
        yield db


def test_the_transaction_works_for_the_tenant(app: Session, tenant: UUID) -> None:
    assert app.all(OWNERS) == []
    app.all(signed.SET, signed.sign(tenant))
    assert app.all(OWNERS) == [{"tenant_id": tenant}]


def test_everything_arrives(app: Session, tenant: UUID, user: UUID) -> None:
    app.all(SET, signed.sign(tenant, user, "staff"), "system", "asked for", "api")
    expected = [str(tenant), str(user), "staff"]
    assert app.value("SELECT ticketing.signed_context()") == expected
    assert dict(zip(CONTEXT, said(app), strict=True)) == {
        "app.current_tenant_id": str(tenant),
        "app.current_user_id": str(user),
        "app.current_user_role": "staff",
        "app.actor_type": "system",
        "app.status_change_reason": "asked for",
        "app.status_change_source": "api",
    }


@pytest.mark.parametrize("status", ["suspended", "closed"])
def test_a_tenant_that_is_not_active_is_refused(db: Session, make: Make, status: str) -> None:
    tenant = make.tenant(status=status)
    signed.add_key(db)
    with db.logged_in("ts_test_app"):
        for unknown in (tenant, uuid4()):
            with db.refused("TK704"):
                db.all(signed.SET, signed.sign(unknown))
        assert db.value("SELECT ticketing.signed_context()") is None
        assert said(db) == [""] * 6


def test_a_user_of_nobody_or_of_another_tenant_is_refused(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    stranger = make.id("users", other_tenant)
    blocked = make.id("users", tenant, status="blocked")
    signed.add_key(db)
    with db.logged_in("ts_test_app"):
        for user, code in ((uuid4(), "TK706"), (stranger, "TK706"), (blocked, "TK707")):
            with db.refused(code):
                db.all(signed.SET, signed.sign(tenant, user, "user"))
            assert db.value("SELECT ticketing.signed_context()") is None


def test_a_token_that_is_not_genuine_sets_nothing(app: Session, tenant: UUID) -> None:
    with app.refused("TK713"):
        app.all(signed.SET, signed.sign(tenant, secret=bytes(32)))
    assert said(app) == [""] * 6


def test_an_unknown_actor_is_refused(app: Session, tenant: UUID) -> None:
    with app.refused("TK001"):
        app.all(SET, signed.sign(tenant), "root", None, None)
    assert app.value("SELECT ticketing.signed_context()") is None


def test_a_login_that_is_not_bound_is_refused(db: Session, tenant: UUID) -> None:
    signed.add_key(db)
    with db.refused("TK705"):
        db.all(signed.SET, signed.sign(tenant))


def test_called_again_it_may_say_more_but_nothing_else(
    app: Session, tenant: UUID, other_tenant: UUID, user: UUID
) -> None:
    app.all(SET, signed.sign(tenant, user, "user"), None, "first", "api")
    app.all(SET, signed.sign(tenant, user, "user"), None, "second", None)
    assert said(app)[3:] == ["second", "", "api"]
    for other in ((other_tenant,), (tenant,), (tenant, user, "admin")):
        with app.refused("TK703"):
            app.all(signed.SET, signed.sign(*other))
    app.all("SELECT ticketing.clear_tenant_context()")
    app.all(signed.SET, signed.sign(other_tenant))
    assert app.all(OWNERS) == [{"tenant_id": other_tenant}]


def test_a_plain_context_before_it_is_kept_apart(
    app: Session, tenant: UUID, other_tenant: UUID
) -> None:
    app.all(PLAIN, other_tenant, None, None)
    with app.refused("TK703"):
        app.all(signed.SET, signed.sign(tenant))
    app.all(signed.SET, signed.sign(other_tenant))


def test_a_savepoint_takes_it_back(app: Session, tenant: UUID) -> None:
    with app.connection.transaction(force_rollback=True):
        app.all(signed.SET, signed.sign(tenant))
        assert app.all(OWNERS) == [{"tenant_id": tenant}]
    assert app.value("SELECT ticketing.signed_context()") is None
    assert app.all(OWNERS) == []


@pytest.mark.parametrize("login", ["ts_test_worker", "ts_test_readonly"])
def test_the_other_logins_may_as_well(db: Session, make: Make, tenant: UUID, login: str) -> None:
    make.row("ticket_types", tenant)
    signed.add_key(db)
    with db.logged_in(login):
        db.all(signed.SET, signed.sign(tenant))
        assert db.all("SELECT tenant_id FROM ticketing.ticket_types") == [{"tenant_id": tenant}]


def test_a_login_without_grants_cannot_call_it(db: Session, tenant: UUID) -> None:
    with db.acting("ts_test_nobody"), db.refused("42501"):
        db.all(signed.SET, signed.sign(tenant))
