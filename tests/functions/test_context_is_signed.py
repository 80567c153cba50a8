"""context_is_signed: which of its two forms stands, and so what the database believes."""

from __future__ import annotations

import pytest

from support.session import Session
from ticket_schema import steps

READ = "SELECT ticketing.context_is_signed()"
ROLES = ("ticketing_app", "ticketing_worker", "ticketing_readonly")


@pytest.mark.parametrize("role", ROLES)
def test_it_is_false_until_it_is_switched_on(db: Session, role: str) -> None:
    with db.acting(role):
        assert db.value(READ) is False


@pytest.mark.parametrize("role", ROLES)
def test_the_form_of_the_hardening_says_so(db: Session, role: str) -> None:
    db.run(steps.signed_forms("0022")["context_is_signed"])
    with db.acting(role):
        assert db.value(READ) is True


def test_a_login_without_grants_cannot_call_it(db: Session) -> None:
    with db.acting("ts_test_nobody"), db.refused("42501"):
        db.value(READ)
