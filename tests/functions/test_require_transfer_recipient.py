"""require_transfer_recipient: who may answer an offer."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from support.session import Session
from support.transfers import Desk, hashed

CALL = "SELECT ticketing.require_transfer_recipient(%s, %s, %s)"
CODE = hashed("secret")
WRONG = hashed("guess")


@pytest.fixture
def desk(db: Session, tenant: UUID) -> Desk:
    return Desk(db, tenant)


def offer(desk: Desk, *, named: bool, coded: bool, addressed: str = "nobody@example.org") -> UUID:
    return desk.start(
        to_user_id=desk.friend if named else None,
        acceptance_code_hash=CODE if coded else None,
        to_email=addressed,
    )


@pytest.mark.parametrize(
    ("named", "coded", "who", "code", "answer"),
    [
        (True, True, "friend", CODE, None),
        (True, True, "friend", WRONG, "TK222"),
        (True, True, "friend", None, "TK222"),
        (True, True, "stranger", CODE, "TK223"),
        (True, True, None, CODE, "TK223"),
        (True, False, "friend", None, None),
        (True, False, "friend", WRONG, None),
        (True, False, "stranger", None, "TK223"),
        (True, False, None, None, "TK223"),
        (False, True, "friend", CODE, None),
        (False, True, "stranger", CODE, None),
        (False, True, None, CODE, None),
        (False, True, "sender", CODE, "TK223"),
        (False, True, "friend", WRONG, "TK222"),
        (False, True, None, None, "TK222"),
        (False, False, "friend", None, "TK223"),
        (False, False, None, None, "TK223"),
        (False, False, None, CODE, "TK223"),
    ],
)
def test_a_name_a_code_or_an_address_must_fit(
    desk: Desk, *, named: bool, coded: bool, who: str | None, code: str | None, answer: str | None
) -> None:
    transfer = offer(desk, named=named, coded=coded)
    people = {"friend": desk.friend, "sender": desk.sender, "stranger": uuid4(), None: None}
    for role in ("ticketing_app", "ticketing_worker"):
        with desk.db.acting(role, tenant=desk.tenant):
            if answer is None:
                assert desk.db.value(CALL, transfer, people[who], code) == ""
            else:
                with desk.db.refused(answer):
                    desk.db.value(CALL, transfer, people[who], code)


def test_without_name_or_code_the_address_decides(desk: Desk) -> None:
    address = desk.read("users", desk.friend)["email"]
    transfer = offer(desk, named=False, coded=False, addressed=address.upper())
    with desk.db.acting("ticketing_app", tenant=desk.tenant):
        assert desk.db.value(CALL, transfer, desk.friend, None) == ""
        with desk.db.refused("TK223"):
            desk.db.value(CALL, transfer, uuid4(), None)


def test_the_address_of_a_user_of_another_tenant_does_not_fit(
    desk: Desk, other_tenant: UUID
) -> None:
    transfer = offer(desk, named=False, coded=False, addressed="double@example.org")
    double = desk.make.id("users", other_tenant, email="double@example.org")
    with desk.db.acting("ticketing_worker", tenant=desk.tenant), desk.db.refused("TK223"):
        desk.db.value(CALL, transfer, double, None)


def test_an_offer_that_the_tenant_does_not_have_is_for_nobody(
    desk: Desk, other_tenant: UUID
) -> None:
    transfer = offer(desk, named=True, coded=False)
    for tenant, offered in ((desk.tenant, uuid4()), (desk.tenant, None), (other_tenant, transfer)):
        with desk.db.acting("ticketing_app", tenant=tenant), desk.db.refused("TK223"):
            desk.db.value(CALL, offered, desk.friend, None)


def test_readers_do_not_ask(desk: Desk) -> None:
    with desk.db.acting("ticketing_readonly", tenant=desk.tenant), desk.db.refused("42501"):
        desk.db.value(CALL, uuid4(), desk.friend, None)
