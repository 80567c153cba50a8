"""get_spending_status: what a person may still spend."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

STATUS = "SELECT * FROM ticketing.get_spending_status(%s, %s)"
SECOND = timedelta(seconds=1)
WINDOWS = {
    "daily": timedelta(hours=24),
    "weekly": timedelta(hours=168),
    "monthly": timedelta(hours=720),
}


@pytest.fixture
def person(make: Make, tenant: UUID) -> UUID:
    return make.id("users", tenant)


def spent(db: Session, person: UUID, currency: str = "USD") -> dict[str, int]:
    return {row["limit_name"]: row["spent_cents"] for row in db.all(STATUS, person, currency)}


def test_whoever_spent_nothing_has_everything_left(
    db: Session, tenant: UUID, person: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        rows = db.all(STATUS, person, "USD")
    assert [tuple(row.values())[:4] for row in rows] == [
        ("per_transaction", 50000, 0, 50000),
        ("daily", 100000, 0, 100000),
        ("weekly", 500000, 0, 500000),
        ("monthly", 2000000, 0, 2000000),
    ]
    assert rows[0]["window_start"] is None


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Pacific/Auckland"])
def test_rolling_windows_are_of_hours_whatever_the_sessions_time_zone(
    db: Session, tenant: UUID, *, person: UUID, as_tenant: Acting, zone: str
) -> None:
    db.run(f"SET LOCAL TimeZone = '{zone}'")
    with as_tenant(tenant):
        before = db.value("SELECT clock_timestamp()")
        rows = {row["limit_name"]: row["window_start"] for row in db.all(STATUS, person, "USD")}
        after = db.value("SELECT clock_timestamp()")
    for name, length in WINDOWS.items():
        # As instants: Python subtracts wall clocks when both sides share a zone.
        start = rows[name].astimezone(UTC)
        assert before.astimezone(UTC) - length <= start <= after.astimezone(UTC) - length


@pytest.mark.parametrize("name", WINDOWS)
def test_a_spending_leaves_each_window_at_its_end(
    db: Session, make: Make, tenant: UUID, *, person: UUID, as_tenant: Acting, name: str
) -> None:
    now = db.value("SELECT clock_timestamp()")
    inside, outside = now - WINDOWS[name] + 30 * SECOND, now - WINDOWS[name] - SECOND
    for moment, amount in ((inside, 5), (outside, 70)):
        make.row(
            "spending_transactions", tenant, user_id=person, amount_cents=amount, occurred_at=moment
        )
    longer = list(WINDOWS)[list(WINDOWS).index(name) + 1 :]
    shorter = list(WINDOWS)[: list(WINDOWS).index(name)]
    with as_tenant(tenant):
        found = spent(db, person)
    assert found[name] == 5
    assert [found[other] for other in shorter] == [0] * len(shorter)
    assert [found[other] for other in longer] == [75] * len(longer)


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "America/Los_Angeles"])
def test_calendar_windows_begin_with_day_week_and_month_in_their_zone(
    db: Session, make: Make, tenant: UUID, *, person: UUID, as_tenant: Acting, zone: str
) -> None:
    make.row("spending_limits", tenant, user_id=person, window_mode="calendar", timezone=zone)
    db.run("SET LOCAL TimeZone = 'Europe/Berlin'")
    local = db.one(
        """
        SELECT
            date_trunc('day', n.t) AT TIME ZONE %(zone)s AS daily,
            (n.t::date - extract(isodow FROM n.t)::integer + 1)::timestamp AT TIME ZONE %(zone)s
                AS weekly,
            make_timestamp(
                extract(year FROM n.t)::integer, extract(month FROM n.t)::integer, 1, 0, 0, 0
            ) AT TIME ZONE %(zone)s AS monthly
        FROM (SELECT clock_timestamp() AT TIME ZONE %(zone)s AS t) AS n
        """.replace("%(zone)s", f"'{zone}'")
    )
    with as_tenant(tenant):
        rows = {row["limit_name"]: row["window_start"] for row in db.all(STATUS, person, "USD")}
    assert rows == {"per_transaction": None, **local}


@pytest.mark.parametrize("name", WINDOWS)
def test_a_calendar_window_holds_its_first_instant_and_nothing_before_it(
    db: Session, make: Make, tenant: UUID, *, person: UUID, as_tenant: Acting, name: str
) -> None:
    make.row("spending_limits", tenant, user_id=person, window_mode="calendar")
    with as_tenant(tenant):
        rows = {row["limit_name"]: row["window_start"] for row in db.all(STATUS, person, "USD")}
    first = rows[name]
    for moment, amount in ((first, 5), (first - timedelta(microseconds=1), 70)):
        make.row(
            "spending_transactions", tenant, user_id=person, amount_cents=amount, occurred_at=moment
        )
    with as_tenant(tenant):
        found = spent(db, person)
    for other in WINDOWS:
        expected = (5 if rows[other] <= first else 0) + (70 if rows[other] < first else 0)
        assert found[other] == expected, other


def test_a_calendar_week_may_have_begun_in_the_month_before(
    db: Session, make: Make, tenant: UUID, person: UUID, as_tenant: Acting
) -> None:
    """On Wednesday 1 July 2026 the week is two days older than the month."""
    signature = "ticketing.get_spending_status(uuid, text)"
    body = db.value(f"SELECT pg_get_functiondef('{signature}'::regprocedure)")
    db.run(body.replace("clock_timestamp()", "timestamptz '2026-07-01 12:00+00'"))
    make.row("spending_limits", tenant, user_id=person, window_mode="calendar")
    for day, amount in ((28, 100), (29, 20)):
        moment = datetime(2026, 6, day, 12, tzinfo=UTC)
        make.row(
            "spending_transactions", tenant, user_id=person, amount_cents=amount, occurred_at=moment
        )
    with as_tenant(tenant):
        found = spent(db, person)
    assert found == {"per_transaction": 0, "daily": 0, "weekly": 20, "monthly": 0}


def test_what_was_reversed_does_not_count_and_makes_no_room_elsewhere(
    db: Session, make: Make, tenant: UUID, person: UUID, as_tenant: Acting
) -> None:
    now = db.value("SELECT clock_timestamp()")
    old = make.id(
        "spending_transactions",
        tenant,
        user_id=person,
        amount_cents=900,
        occurred_at=now - timedelta(hours=30),
    )
    make.row("spending_transactions", tenant, user_id=person, amount_cents=40)
    make.row("spending_transactions", tenant, reverses_id=old)
    with as_tenant(tenant):
        assert spent(db, person) == {
            "per_transaction": 0,
            "daily": 40,
            "weekly": 40,
            "monthly": 40,
        }


@pytest.mark.parametrize(("kind", "counts"), [("purchase", 7), ("transfer", 7), ("fee", 7)])
def test_every_type_of_spending_counts(
    db: Session,
    make: Make,
    tenant: UUID,
    *,
    person: UUID,
    as_tenant: Acting,
    kind: str,
    counts: int,
) -> None:
    make.row("spending_transactions", tenant, user_id=person, amount_cents=7, transaction_type=kind)
    with as_tenant(tenant):
        assert spent(db, person)["daily"] == counts


def test_other_people_currencies_and_tenants_do_not_count(
    db: Session, make: Make, tenant: UUID, *, other_tenant: UUID, person: UUID, as_tenant: Acting
) -> None:
    make.id("users", other_tenant, id=person)
    make.row("spending_transactions", tenant)
    make.row("spending_transactions", tenant, user_id=person, currency="EUR")
    make.row("spending_transactions", other_tenant, user_id=person)
    with as_tenant(tenant):
        assert spent(db, person)["monthly"] == 0
        assert spent(db, person, "EUR")["monthly"] == 100


def test_nothing_less_than_nothing_remains(
    db: Session, make: Make, tenant: UUID, person: UUID, as_tenant: Acting
) -> None:
    make.row("spending_transactions", tenant, user_id=person, amount_cents=100001)
    with as_tenant(tenant):
        daily = db.all(STATUS, person, "USD")[1]
    assert (daily["spent_cents"], daily["remaining_cents"]) == (100001, 0)


@pytest.mark.parametrize(
    ("who", "currency"), [(None, "USD"), (uuid4(), None), (uuid4(), "usd"), (uuid4(), "")]
)
def test_a_missing_or_malformed_argument_is_refused(
    db: Session, tenant: UUID, *, as_tenant: Acting, who: Any, currency: str | None
) -> None:
    with as_tenant(tenant), db.refused("TK001"):
        db.all(STATUS, who, currency)


def test_it_needs_a_tenant(db: Session, person: UUID) -> None:
    with db.acting("ticketing_app"), db.refused("TK701"):
        db.all(STATUS, person, "USD")


def test_readers_may_ask_and_nobody_else(
    db: Session, tenant: UUID, *, person: UUID, as_readonly: Acting, as_nobody: Acting
) -> None:
    with as_readonly(tenant):
        assert len(db.all(STATUS, person, "USD")) == 4
    with as_nobody(tenant=tenant), db.refused("42501"):
        db.all(STATUS, person, "USD")


def test_the_window_is_read_by_its_index(
    db: Session, make: Make, tenant: UUID, person: UUID, as_tenant: Acting
) -> None:
    now = datetime.now(UTC)
    db.run(
        """
        INSERT INTO ticketing.spending_transactions (
            tenant_id, user_id, amount_cents, transaction_reference, occurred_at
        )
        SELECT %s, %s, 1, 'old ' || n, %s::timestamptz - make_interval(days => 31, secs => n)
        FROM generate_series(1, 3000) AS n
        """,
        *(tenant, person, now),
    )
    db.run("ANALYZE ticketing.spending_transactions")
    read = "SELECT coalesce(idx_tup_fetch + seq_tup_read, 0) FROM pg_stat_xact_user_tables"
    read += " WHERE relid = 'ticketing.spending_transactions'::regclass"
    before = db.value(read)
    with as_tenant(tenant):
        assert spent(db, person)["monthly"] == 0
    assert db.value(read) - before < 100
