"""acts_for_tenant: whether the session speaks for the tenant or for one customer."""

from __future__ import annotations

import pytest

from support.databases import Database
from support.session import Session

USER = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"
READ = "SELECT ticketing.acts_for_tenant()"


def acts(db: Session, user: str | None, user_role: str | None) -> bool:
    with db.acting("ticketing_app", user=user, user_role=user_role):
        return bool(db.value(READ))


def test_a_service_that_names_no_user_acts_for_the_tenant(db: Session) -> None:
    assert acts(db, None, None)


def test_an_empty_user_is_no_user(db: Session) -> None:
    assert acts(db, "", "")


def test_a_used_connection_acts_for_the_tenant_again(shared: Database) -> None:
    with shared.connect("ts_test_app") as connection:
        session = Session(connection)
        with connection.transaction():
            session.all("SELECT set_config('app.current_user_id', %s, TRUE)", USER)
            assert session.value(READ) is False
        assert session.value(READ) is True


@pytest.mark.parametrize("user_role", ["staff", "scanner", "admin", "superadmin"])
def test_the_people_of_the_tenant_act_for_it(db: Session, user_role: str) -> None:
    assert acts(db, USER, user_role)


@pytest.mark.parametrize(
    "user_role", [None, "", "user", "venue_owner", "Admin", " admin", "admin ", "admin,user", "%"]
)
def test_everybody_else_acts_for_himself(db: Session, user_role: str | None) -> None:
    assert not acts(db, USER, user_role)


@pytest.mark.parametrize("user", ["somebody", " ", USER[:-1], f"{USER} ", f"{{{USER}}}"])
def test_a_malformed_user_is_a_customer_and_not_the_service(db: Session, user: str) -> None:
    assert not acts(db, user, None)


@pytest.mark.parametrize("role", ["ticketing_worker", "ticketing_readonly"])
def test_it_answers_the_other_roles_alike(db: Session, role: str) -> None:
    with db.acting(role, user=USER, user_role="user"):
        assert db.value(READ) is False
    with db.acting(role):
        assert db.value(READ) is True


def test_a_prepared_statement_asks_anew(db: Session) -> None:
    db.run("SET LOCAL plan_cache_mode = force_generic_plan")
    db.run(f"PREPARE read AS {READ}")
    assert db.value("EXECUTE read") is True
    db.all("SELECT set_config('app.current_user_id', %s, TRUE)", USER)
    assert db.value("EXECUTE read") is False


def test_a_login_without_grants_cannot_call_it(db: Session) -> None:
    with db.acting("ts_test_nobody"), db.refused("42501"):
        db.value(READ)
