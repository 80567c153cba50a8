"""expire_transactions: ends what is proved dead, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import psycopg
import pytest

from support.databases import Database
from support.factories import Make
from support.races import race
from support.relay import HEIGHT, STATUSES, Relay, call, committing

World = tuple[Database, Relay]


@pytest.fixture
def relay(make: Make, tenant: UUID) -> Relay:
    return Relay(make, tenant)


@pytest.fixture
def world(clone: Database) -> Iterator[World]:
    with committing(clone) as relay:
        yield clone, relay


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
@pytest.mark.parametrize("before", ["pending", "confirming"])
def test_what_is_proved_dead_expires(make: Make, tenant: UUID, before: str, role: str) -> None:
    relay = Relay(make, tenant, role)
    tx = relay.create(relay.ticket())
    if before == "confirming":
        relay.see(tx, confirmations=2, error_code="Custom:1", error_message="no")
    relay.miss(tx, HEIGHT + 1)
    assert relay.status(tx) == before
    assert relay.expire() == 1
    row = relay.row(tx)
    assert (row["status"], row["not_found_at_height"]) == ("expired", HEIGHT + 1)
    assert (row["commitment"], row["slot"], row["confirmation_count"]) == (None, None, 0)
    assert (row["error_code"], row["error_message"]) == (None, None)
    assert row["expired_at"] > make.session.value("SELECT now()")
    assert relay.log(tx)[-1] == ("transaction_expired", "warning")


@pytest.mark.parametrize("before", ["pending", "confirming"])
def test_without_evidence_nothing_expires(relay: Relay, before: str) -> None:
    tx = relay.bring(relay.ticket(), before)
    assert relay.expire() == 0
    # A look that was not late enough, and one that a later sight contradicts.
    relay.miss(tx, HEIGHT)
    assert relay.expire() == 0
    relay.miss(tx, HEIGHT + 9)
    relay.see(tx)
    assert relay.expire() == 0
    assert relay.status(tx) == "confirming"


def test_a_height_that_has_passed_is_no_evidence(relay: Relay) -> None:
    tx = relay.create(relay.ticket())
    # The chain has moved on, and whether the transaction is there nobody has asked.
    relay.db.run("UPDATE ticketing.pending_transactions SET last_checked_block_height = 9999")
    assert (relay.expire(), relay.status(tx)) == (0, "pending")


def test_closed_ones_are_left_as_they_are(relay: Relay) -> None:
    closed = [
        relay.bring(relay.ticket(), status)
        for status in STATUSES
        if status not in ("pending", "confirming")
    ]
    # Evidence everywhere: what is closed stays so.
    relay.db.run("UPDATE ticketing.pending_transactions SET not_found_at_height = 9999")
    relay.db.run(
        "UPDATE ticketing.pending_transactions SET not_found_at_height = NULL "
        "WHERE status = 'pending'"
    )
    before = [relay.row(tx) for tx in closed]
    assert relay.expire() == 0
    assert [relay.row(tx) for tx in closed] == before


@pytest.mark.parametrize(("limit", "left"), [(1, 2), (2, 1), (3, 0), (10_000, 0)])
def test_no_more_than_wanted_expire_and_the_oldest_first(
    relay: Relay, limit: int, left: int
) -> None:
    txs = [relay.create(relay.ticket()) for _ in range(3)]
    for age, tx in enumerate(txs):
        relay.miss(tx)
        relay.db.run(
            """
            UPDATE ticketing.pending_transactions
            SET submitted_at = now() - %s * interval '1 hour' WHERE tx_signature = %s
            """,
            *(age, tx),
        )
    assert relay.expire(limit) == 3 - left
    assert [relay.status(tx) for tx in txs] == ["pending"] * left + ["expired"] * (3 - left)
    assert relay.expire() == left


@pytest.mark.parametrize("limit", [None, 0, -1, 10_001])
def test_a_limit_out_of_range_is_refused(relay: Relay, limit: int | None) -> None:
    with relay.db.refused("TK001"):
        relay.expire(limit)


def test_with_a_tenant_only_its_own_expire(relay: Relay, make: Make, other_tenant: UUID) -> None:
    neighbour = Relay(make, other_tenant)
    theirs = neighbour.create(neighbour.ticket())
    neighbour.miss(theirs)
    assert relay.expire() == 0
    with relay.db.acting("ticketing_worker", tenant=relay.tenant):
        assert call(relay.db.connection, "expire_transactions") == 0
    with relay.db.acting("ticketing_app"):
        assert call(relay.db.connection, "expire_transactions") == 0
    # Nor does a superuser look past the tenant of the context.
    context = "SELECT set_config('app.current_tenant_id', %s, TRUE)"
    assert make.session.value(context, str(relay.tenant)) == str(relay.tenant)
    assert call(make.session.connection, "expire_transactions") == 0
    assert neighbour.status(theirs) == "pending"
    assert neighbour.expire() == 1


def test_without_a_tenant_a_job_expires_those_of_every_one_on_evidence_alone(
    relay: Relay, make: Make, other_tenant: UUID
) -> None:
    dead, alive = [], []
    for each in (relay, Relay(make, other_tenant)):
        dead.append((each, each.create(each.ticket())))
        alive.append((each, each.create(each.ticket())))
        each.miss(dead[-1][1])
        each.miss(alive[-1][1], HEIGHT)
    with relay.db.acting("ticketing_worker"):
        assert call(relay.db.connection, "expire_transactions") == 2
        # By hand a job goes no further than the function.
        for change in ("status = 'expired'", "slot = slot"):
            query = f"UPDATE ticketing.pending_transactions SET {change}"
            assert relay.db.run(query) == 0
    assert [each.status(tx) for each, tx in dead] == ["expired"] * 2
    assert [each.status(tx) for each, tx in alive] == ["pending"] * 2
    assert [each.log(tx)[-1] for each, tx in dead] == [("transaction_expired", "warning")] * 2


@pytest.mark.parametrize("event", ["transaction_confirmed", "status_changed"])
def test_a_job_without_a_tenant_logs_nothing_but_expiry(relay: Relay, event: str) -> None:
    add = "INSERT INTO ticketing.blockchain_sync_log (tenant_id, event_type) VALUES (%s, %s)"
    with relay.db.acting("ticketing_worker"), relay.db.refused("42501"):
        relay.db.run(add, relay.tenant, event)


def test_a_customer_may_not_expire_it(make: Make, relay: Relay, tenant: UUID) -> None:
    ticket = relay.ticket("active")
    relay.miss(relay.create(ticket))
    me = relay.find_ticket(ticket)["user_id"]
    with make.session.refused("TK202"):
        Relay(make, tenant, user=me, user_role="user").expire()


@pytest.mark.parametrize("role", ["ticketing_readonly", "ts_test_nobody"])
def test_others_may_not_expire_it(make: Make, relay: Relay, role: str) -> None:
    with make.session.refused("42501"):
        Relay(make, relay.tenant, role).expire()


def test_sweepers_share_the_work_and_pass_over_what_is_in_use(world: World) -> None:
    target, relay = world
    txs = [relay.create(relay.ticket()) for _ in range(12)]
    for tx in txs:
        relay.miss(tx)
    relay.commit()

    def sweep(connection: psycopg.Connection, number: int) -> int:
        connection.execute("SET LOCAL lock_timeout = '5s'")
        expired: int = call(connection, "expire_transactions", batch=5)
        return expired

    # The lock of somebody who works on the first.
    relay.db.run(
        "SELECT FROM ticketing.pending_transactions WHERE tx_signature = %s FOR UPDATE", txs[0]
    )
    results = race(target, "ts_test_app", 6, sweep, tenant=relay.tenant)
    assert sum(result for result in results if isinstance(result, int)) == 11
    assert not [result for result in results if isinstance(result, psycopg.Error)]
    relay.commit()
    assert relay.status(txs[0]) == "pending"
    assert [len(relay.log(tx)) for tx in txs] == [0] + [1] * 11
