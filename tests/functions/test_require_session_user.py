"""require_session_user: nobody acts in another's name."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

REQUIRE = "SELECT ticketing.require_session_user(%s)"
ROLES = ("user", "staff", "scanner", "venue_owner", "admin", "superadmin")
PERSON = uuid4()


@pytest.mark.parametrize("role", ROLES)
def test_a_person_acts_for_themselves(
    db: Session, tenant: UUID, as_user: Acting, role: str
) -> None:
    with as_user(tenant, PERSON, role):
        db.run(REQUIRE, PERSON)


@pytest.mark.parametrize("role", ROLES)
def test_and_for_nobody_else(db: Session, tenant: UUID, as_user: Acting, role: str) -> None:
    with as_user(tenant, PERSON, role):
        for other in (uuid4(), None):
            with db.refused("TK738"):
                db.run(REQUIRE, other)


def test_a_service_names_whom_it_has_before_it(
    db: Session, tenant: UUID, as_tenant: Acting, as_worker: Acting
) -> None:
    with as_tenant(tenant):
        db.run(REQUIRE, PERSON)
        db.run(REQUIRE, None)
    with as_worker():
        db.run(REQUIRE, PERSON)


@pytest.mark.parametrize("role", ROLES)
def test_a_malformed_user_is_somebody_unknown_and_no_service(
    db: Session, tenant: UUID, role: str
) -> None:
    with (
        db.acting("ticketing_app", tenant=tenant, user="root", user_role=role),
        db.refused("TK738"),
    ):
        db.run(REQUIRE, PERSON)


def test_readers_may_not_call_it(db: Session, tenant: UUID, as_readonly: Acting) -> None:
    with as_readonly(tenant), db.refused("42501"):
        db.run(REQUIRE, PERSON)
