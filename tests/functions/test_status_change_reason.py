"""status_change_reason: why the transaction changes what it changes."""

from __future__ import annotations

import pytest

from support.databases import Database
from support.session import Session

READ = "SELECT ticketing.status_change_reason()"


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
def test_every_service_role_reads_its_reason(db: Session, role: str) -> None:
    with db.acting(role, reason="paid late") as service:
        assert service.value(READ) == "paid late"


def test_without_a_reason_it_is_null(db: Session) -> None:
    assert db.value("SELECT current_setting('app.status_change_reason', TRUE)") is None
    assert db.value(READ) is None


@pytest.mark.parametrize("reason", ["", " ", "    "])
def test_a_blank_reason_is_none(db: Session, reason: str) -> None:
    with db.acting("ticketing_app", reason=reason):
        assert db.value(READ) is None


def test_spaces_around_a_reason_are_cut_and_those_inside_stay(db: Session) -> None:
    with db.acting("ticketing_app", reason="  paid  too late "):
        assert db.value(READ) == "paid  too late"


@pytest.mark.parametrize("reason", ["it's over; DROP", "x" * 10_000, "abgesagt: Grüße"])
def test_any_text_comes_through_whole(db: Session, reason: str) -> None:
    with db.acting("ticketing_app", reason=reason):
        assert db.value(READ) == reason


def test_a_used_connection_has_no_reason_left(shared: Database) -> None:
    with shared.connect("ts_test_app") as connection:
        session = Session(connection)
        with connection.transaction():
            session.all("SELECT set_config('app.status_change_reason', 'paid late', TRUE)")
            assert session.value(READ) == "paid late"
        assert session.value(READ) is None


def test_a_login_without_grants_cannot_call_it(db: Session) -> None:
    with db.acting("ts_test_nobody"), db.refused("42501"):
        db.value(READ)
