"""current_actor_type: who acts in the transaction."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from support.session import Session

CALL = "SELECT ticketing.current_actor_type()"


def test_a_service_without_a_user_acts_as_itself(db: Session, tenant: UUID) -> None:
    with db.acting("ticketing_app", tenant=tenant):
        assert db.value(CALL) == "service"


@pytest.mark.parametrize(
    ("role", "actor"),
    [
        (None, "user"),
        ("", "user"),
        ("user", "user"),
        ("venue_owner", "user"),
        ("staff", "user"),
        ("scanner", "user"),
        ("admin", "admin"),
        ("superadmin", "admin"),
        ("Admin", "user"),
        ("system", "user"),
    ],
)
def test_a_user_acts_as_the_role_says(
    db: Session, tenant: UUID, role: str | None, actor: str
) -> None:
    with db.acting("ticketing_app", tenant=tenant, user=uuid4(), user_role=role):
        assert db.value(CALL) == actor


def test_a_malformed_user_is_still_a_user(db: Session, tenant: UUID) -> None:
    with db.acting("ticketing_app", tenant=tenant, user="somebody"):
        assert db.value(CALL) == "user"


@pytest.mark.parametrize("actor", ["user", "system", "admin", "service"])
def test_what_is_set_counts_before_the_role(db: Session, tenant: UUID, actor: str) -> None:
    with db.acting("ticketing_app", tenant=tenant, user=uuid4(), user_role="admin", actor=actor):
        assert db.value(CALL) == actor


@pytest.mark.parametrize("actor", ["robot", "ADMIN", " admin", "user,admin"])
def test_any_other_word_is_refused(db: Session, tenant: UUID, actor: str) -> None:
    with db.acting("ticketing_app", tenant=tenant, actor=actor), db.refused("TK204"):
        db.value(CALL)


def test_a_login_without_a_role_may_not_ask(db: Session) -> None:
    with db.acting("ts_test_nobody"), db.refused("42501"):
        db.value(CALL)
