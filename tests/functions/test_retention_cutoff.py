"""retention_cutoff: how old a row must be to go, never below the least age of its kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

ASK = "SELECT ticketing.retention_cutoff(%s::interval, '30 days')"


@pytest.mark.parametrize("keep", ["30 days", "31 days", "720 hours", "2 months", "10 years"])
def test_it_is_so_long_ago(db: Session, as_worker: Acting, keep: str) -> None:
    with as_worker():
        expected = db.value("SELECT clock_timestamp() - %s::interval", keep)
        assert 0 <= (db.value(ASK, keep) - expected).total_seconds() < 5


@pytest.mark.parametrize("keep", ["29 days 23:59:59.999999", "1 second", "0", "-1 day"])
def test_what_is_too_short_is_refused(db: Session, as_worker: Acting, keep: str) -> None:
    with as_worker(), db.refused("TK041") as by:
        db.value(ASK, keep)
    assert "30 days" in str(by.error)


@pytest.mark.parametrize(("more", "long_enough"), [("-1 second", True), ("1 second", False)])
def test_a_month_counts_as_the_calendar_has_it(
    db: Session, *, as_worker: Acting, more: str, long_enough: bool
) -> None:
    # Compared as intervals a month would always be 30 days.
    days = db.value("SELECT (now() - (now() - interval '1 month'))::text")
    ask = "SELECT ticketing.retention_cutoff('1 month', %s::interval + %s::interval)"
    with as_worker():
        if long_enough:
            assert db.value(ask, days, more) < db.value("SELECT now()")
        else:
            with db.refused("TK041"):
                db.value(ask, days, more)


def test_no_age_at_all_is_refused(db: Session, as_worker: Acting) -> None:
    with as_worker(), db.refused("TK001"):
        db.value(ASK, None)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_readonly", "ts_test_nobody"])
def test_nobody_else_needs_it(db: Session, role: str) -> None:
    with db.acting(role), db.refused("42501"):
        db.value(ASK, "1 year")
