"""The soak in short, and whether it would see what it looks for."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest

from support.databases import Database
from support.factories import Make, blockhash
from support.session import Session

from .acts import ACTS
from .invariants import INVARIANTS, offenders
from .run import soak

SECONDS = 5
Damage = Callable[[Make, UUID], object]


def change(statement: str, which: str = "TRUE") -> Damage:
    """Returns a damage that a statement does to rows of a tenant."""
    return lambda make, tenant: make.session.run(
        f"UPDATE ticketing.{statement} WHERE tenant_id = %s AND {which}", tenant
    )


def two_mints(make: Make, tenant: UUID) -> None:
    make.session.run("DROP INDEX ticketing.uq_pending_tx_one_open_per_ticket")
    make.session.run(
        """
        INSERT INTO ticketing.pending_transactions (
            tenant_id, ticket_id, event_id, tx_type, tx_signature, blockhash,
            last_valid_block_height
        )
        SELECT tenant_id, ticket_id, event_id, tx_type, %s, %s, 1000
        FROM ticketing.pending_transactions WHERE tenant_id = %s
        """,
        *(blockhash() + blockhash(), blockhash(), tenant),
    )


# What is done behind the triggers' backs, one for each invariant.
DAMAGES: dict[str, Damage] = {
    "a ticket type's counters": change(
        "ticket_inventory SET quantity = quantity + 1, sold_quantity = sold_quantity + 1"
    ),
    "a zone's counters": change("zone_inventory SET confirmed_quantity = confirmed_quantity + 1"),
    "no type of ticket is sold": change("reservations SET quantity = 1000"),
    "no zone is sold": change("holds SET quantity = 1000"),
    "the history of a ticket": change("tickets SET status = 'cancelled', status_reason = 'none'"),
    "the history of a reservation": change(
        "reservations SET status = 'cancelled', released_at = now(), release_reason = 'none'"
    ),
    "each change of a ticket": change("outbox SET id = gen_random_uuid()"),
    "whoever is inside": change(
        "tickets SET status = 'checked_in', checked_in_at = now()", "status = 'active'"
    ),
    "nobody was let in": change("ticket_state_history SET new_status = 'refunded'"),
    "a ticket has one open transfer": change("tickets SET transfer_count = 7, max_transfers = 9"),
    "an order has paid back": change("orders SET paid_cents = 9999, refunded_cents = 9999"),
    "a code was used": change("discounts SET times_used = times_used + 1"),
    "an offer holds": change(
        "waitlist SET status = 'notified', notified_at = now(),"
        " offer_expires_at = now() + interval '1 hour', reservation_id = gen_random_uuid()"
    ),
    "a confirmed cart": change(
        "reservations SET status = 'confirmed', confirmed_at = now(), currency = 'USD',"
        " order_id = id, total_cents = 1"
    ),
    "a ticket was minted once": two_mints,
    "an idempotent request": change("idempotency_keys SET response_status = 201"),
    "nobody spends": change("spending_limits SET daily_limit = 1, per_transaction_limit = 1"),
    "every foreign key": lambda make, tenant: make.session.run(
        "ALTER TABLE ticketing.payments DROP CONSTRAINT fk_payments_order_id, "
        "ADD CONSTRAINT fk_payments_order_id FOREIGN KEY (tenant_id, order_id) "
        "REFERENCES ticketing.orders (tenant_id, id) NOT VALID"
    ),
}


def test_everything_holds_after_a_few_seconds(clone: Database) -> None:
    report = soak(clone, seconds=SECONDS, seed=1, connections=8)
    assert report.faults == []
    assert report.offenders == {}
    assert report.kills
    done = {act for act, codes in report.outcomes.items() if codes["done"]}
    # Too few for the rarest to be sure, and enough to see acts that no longer work at all.
    assert len(done) > 0.8 * len(ACTS)


def test_nothing_offends_in_an_empty_database(db: Session) -> None:
    assert offenders(db) == {}


@pytest.mark.parametrize("name", INVARIANTS)
def test_each_invariant_sees_its_damage(db: Session, make: Make, tenant: UUID, name: str) -> None:
    ticket = make.row("tickets", tenant, status="active", user_id=make.id("users", tenant))
    for table in ("reservations", "holds", "idempotency_keys", "orders", "discounts", "waitlist"):
        make.id(table, tenant)
    make.id("ticket_scans", tenant, ticket_id=ticket["id"], event_id=ticket["event_id"])
    make.id("pending_transactions", tenant)
    person = make.id("users", tenant)
    make.id("spending_limits", tenant, user_id=person)
    make.id("spending_transactions", tenant, user_id=person)
    before = offenders(db)
    (damage,) = (damage for start, damage in DAMAGES.items() if name.startswith(start))
    db.run("SET LOCAL session_replication_role = replica")
    damage(make, tenant)
    db.run("SET LOCAL session_replication_role = origin")
    assert name not in before
    assert name in offenders(db)
