"""require_fresh_snapshot: who counts rows under a lock must see what was committed before it."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import IsolationLevel

from support.databases import Database
from support.factories import Make
from support.session import Session

CHECK = "SELECT ticketing.require_fresh_snapshot()"


@pytest.mark.parametrize(
    "level",
    [IsolationLevel.READ_UNCOMMITTED, IsolationLevel.READ_COMMITTED, IsolationLevel.SERIALIZABLE],
)
def test_it_passes(shared: Database, level: IsolationLevel) -> None:
    with psycopg.connect(shared.url("ts_test_app")) as connection:
        connection.isolation_level = level
        Session(connection).run(CHECK)
        connection.rollback()


@pytest.mark.parametrize(
    "query",
    [
        CHECK,
        "SELECT * FROM ticketing.record_failed_attempt('a', 'device')",
        "SELECT * FROM ticketing.check_and_record_spending("
        "ticketing.current_tenant_id(), 1, 'USD', 'order')",
    ],
)
def test_repeatable_read_is_refused(shared: Database, query: str) -> None:
    with psycopg.connect(shared.url("ts_test_app")) as connection:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        db = Session(connection)
        tenant = "11111111-1111-4111-8111-111111111111"
        db.all("SELECT set_config('app.current_tenant_id', %s, TRUE)", tenant)
        with db.refused("TK729"):
            db.all(query)
        connection.rollback()


def test_serializable_notices_two_spendings_past_each_other(clone: Database) -> None:
    """What the function leaves to PostgreSQL: the second snapshot is older than the first sum."""
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        person = make.id("users", tenant)
        most = dict.fromkeys(("daily_limit", "weekly_limit", "monthly_limit"), 100)
        make.row("spending_limits", tenant, user_id=person, per_transaction_limit=100, **most)
    spend = "SELECT * FROM ticketing.check_and_record_spending(%s, 100, 'USD', %s)"
    enter = "SELECT set_config('app.current_tenant_id', %s, TRUE)"
    with (
        psycopg.connect(clone.url("ts_test_app")) as one,
        psycopg.connect(clone.url("ts_test_app")) as other,
    ):
        for connection in (one, other):
            connection.isolation_level = IsolationLevel.SERIALIZABLE
            connection.execute(enter, [str(tenant)])
        assert Session(one).one(spend, person, "first")["allowed"]
        one.commit()
        with pytest.raises(psycopg.errors.SerializationFailure):
            Session(other).one(spend, person, "second")


def test_readers_may_not_call_it(db: Session) -> None:
    with db.acting("ticketing_readonly"), db.refused("42501"):
        db.run(CHECK)
