"""Messages of other services, and what must hold for every copy of their rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from .databases import Database
from .factories import Make
from .races import in_turn, race
from .session import Session

if TYPE_CHECKING:
    from conftest import Acting

Message = dict[str, Any]
START = datetime(2030, 6, 1, 18, tzinfo=UTC)
FUNCTIONS = {
    "tenants": "apply_tenant",
    "users": "apply_user",
    "venues": "apply_venue",
    "events": "apply_event",
    "orders": "apply_order",
    "payments": "apply_payment",
}
DELIVERIES = 20


def messages(make: Make, tenant: UUID, table: str) -> tuple[Message, Message]:
    """Returns two messages of one row, which differ in everything that may change."""
    row = uuid4()
    key: Message = {"id": row} if table == "tenants" else {"tenant_id": tenant, "id": row}

    def parent(of: str) -> UUID:
        return make.id(of, tenant)

    pairs: dict[str, list[tuple[str, Any, Any]]] = {
        "tenants": [
            ("slug", f"first-{row}", f"second-{row}"),
            ("name", "First", "Second"),
            ("status", "active", "suspended"),
            ("settings", {"a": 1}, {}),
        ],
        "users": [
            ("email", f"{row}@example.org", None),
            ("role", "user", "admin"),
            ("status", "active", "deleted"),
        ],
        "venues": [
            ("name", "First", "Second"),
            ("created_by", None, "users"),
            ("timezone", "UTC", "Europe/Berlin"),
        ],
        "events": [
            ("name", "First", "Second"),
            ("starts_at", START, START + timedelta(days=1)),
            ("ends_at", START + timedelta(hours=3), START + timedelta(days=2)),
            ("venue_id", "venues", None),
            ("timezone", "UTC", "Europe/Berlin"),
            ("status", "published", "postponed"),
            ("check_in_opens_before", timedelta(hours=4), timedelta(hours=1)),
            ("check_in_closes_after", timedelta(hours=2), timedelta(0)),
            ("transfer_deadline_hours", None, 24),
        ],
        "orders": [
            ("order_number", f"first-{row}", f"second-{row}"),
            ("user_id", "users", None),
            ("event_id", None, "events"),
            ("status", "awaiting_payment", "completed"),
            ("subtotal_cents", 1000, 2000),
            ("discount_cents", 0, 300),
            ("fees_cents", 0, 20),
            ("tax_cents", 0, 1),
            ("total_cents", 1000, 1721),
            ("paid_cents", 0, 1721),
            ("currency", "USD", "EUR"),
            ("expires_at", START, None),
        ],
        "payments": [
            ("order_id", "orders", "orders"),
            ("amount_cents", 1000, 1500),
            ("provider", "stripe", "paypal"),
            ("provider_payment_id", None, f"pay_{row}"),
            ("currency", "USD", "EUR"),
            # No rule leads from the one to the other: messages in between are missing.
            ("status", "succeeded", "failed"),
        ],
    }
    both: tuple[Message, Message] = (dict(key), dict(key))
    for column, *values in pairs[table]:
        for message, value in zip(both, values, strict=True):
            named = isinstance(value, str) and value in FUNCTIONS
            message[column] = parent(value) if named else value
    return both


def apply(session: Session, table: str, message: Message, version: int | None) -> Any:
    """Returns the answer to a message."""
    given = {**message, "version": version}
    values = [Jsonb(value) if isinstance(value, dict) else value for value in given.values()]
    arguments = ", ".join(f"p_{name} => %s" for name in given)
    return session.value(f"SELECT ticketing.{FUNCTIONS[table]}({arguments})", *values)


class Messages:
    """Tests of an apply_ function; a subclass names its table, and texts that an index holds."""

    table: str
    indexed: tuple[str, ...] = ()

    def stored(self, db: Session, message: Message) -> dict[str, Any]:
        return db.one(f"SELECT * FROM ticketing.{self.table} WHERE id = %s", message["id"])

    def test_the_first_message_makes_the_row(
        self, db: Session, make: Make, tenant: UUID, as_worker: Acting
    ) -> None:
        first, _ = messages(make, tenant, self.table)
        with as_worker() as worker:
            assert apply(worker, self.table, first, 0) == "applied"
        assert {**first, "version": 0}.items() <= self.stored(db, first).items()

    @pytest.mark.parametrize("version", [6, 600])
    def test_a_newer_message_replaces_everything_gaps_allowed(
        self, db: Session, make: Make, tenant: UUID, *, as_worker: Acting, version: int
    ) -> None:
        first, second = messages(make, tenant, self.table)
        with as_worker() as worker:
            apply(worker, self.table, first, 5)
            before = self.stored(db, first)
            assert apply(worker, self.table, second, version) == "applied"
        after = self.stored(db, first)
        assert {**second, "version": version}.items() <= after.items()
        assert after["created_at"] == before["created_at"]
        assert after["updated_at"] > before["updated_at"]

    @pytest.mark.parametrize(("version", "answer"), [(0, "stale"), (4, "stale"), (5, "repeated")])
    def test_an_older_or_repeated_message_changes_nothing(
        self, db: Session, make: Make, tenant: UUID, *, as_worker: Acting, version: int, answer: str
    ) -> None:
        first, second = messages(make, tenant, self.table)
        with as_worker() as worker:
            apply(worker, self.table, first, 5)
            before = self.stored(db, first)
            assert apply(worker, self.table, second, version) == answer
        assert self.stored(db, first) == before

    @pytest.mark.parametrize("version", [None, -1])
    def test_a_message_has_a_version(
        self, db: Session, make: Make, tenant: UUID, *, as_worker: Acting, version: int | None
    ) -> None:
        first, _ = messages(make, tenant, self.table)
        with as_worker() as worker, worker.refused("TK001"):
            apply(worker, self.table, first, version)

    def test_a_message_names_its_row(self, make: Make, tenant: UUID, as_worker: Acting) -> None:
        first, _ = messages(make, tenant, self.table)
        for key in first.keys() & {"tenant_id", "id"}:
            with as_worker() as worker, worker.refused("TK001"):
                apply(worker, self.table, {**first, key: None}, 1)

    def test_a_message_carries_every_value_that_a_row_must_have(
        self, db: Session, make: Make, tenant: UUID, as_worker: Acting
    ) -> None:
        first, _ = messages(make, tenant, self.table)
        required = db.all(
            "SELECT attname::text AS name FROM pg_attribute WHERE attrelid = %s::regclass "
            "AND attnotnull",
            f"ticketing.{self.table}",
        )
        columns = first.keys() & {column["name"] for column in required}
        assert len(columns) > 1
        for column in sorted(columns):
            with as_worker() as worker, worker.refused("TK001"):
                apply(worker, self.table, {**first, column: None}, 1)

    def test_texts_that_no_index_could_hold_are_refused(
        self, make: Make, tenant: UUID, as_worker: Acting
    ) -> None:
        first, _ = messages(make, tenant, self.table)
        for column in self.indexed:
            with as_worker() as worker, worker.refused("TK001"):
                apply(worker, self.table, {**first, column: "n" * 501}, 1)

    def test_a_transaction_of_another_tenant_refuses_it(
        self, make: Make, tenant: UUID, *, other_tenant: UUID, as_worker: Acting
    ) -> None:
        first, _ = messages(make, tenant, self.table)
        with as_worker(tenant=other_tenant) as worker, worker.refused("TK702"):
            apply(worker, self.table, first, 1)
        with as_worker(tenant=first.get("tenant_id", first["id"])) as worker:
            assert apply(worker, self.table, first, 1) == "applied"

    @pytest.mark.parametrize("role", ["ticketing_app", "ticketing_readonly", "ts_test_nobody"])
    def test_only_a_worker_may(self, db: Session, make: Make, tenant: UUID, role: str) -> None:
        first, _ = messages(make, tenant, self.table)
        with db.acting(role, tenant=tenant), db.refused("42501"):
            apply(db, self.table, first, 1)

    def test_of_two_messages_at_once_the_newer_wins_in_both_orders(self, clone: Database) -> None:
        with clone.connect() as connection:
            make = Make(Session(connection))
            tenant = make.tenant()
            for known in (True, False):
                for sooner, later in ((8, 7), (7, 8)):
                    pair = messages(make, tenant, self.table)
                    sent = {7: pair[0], 8: pair[1]}
                    if known:
                        apply(Session(connection), self.table, pair[0], 1)

                    def sending(
                        version: int, sent: dict[int, Message] = sent
                    ) -> Callable[[psycopg.Connection], Any]:
                        return lambda caller: apply(
                            Session(caller), self.table, sent[version], version
                        )

                    answers = in_turn(
                        clone,
                        "ts_test_worker",
                        sending(sooner),
                        sending(later),
                        tenant=pair[0].get("tenant_id") or pair[0]["id"],
                    )

                    assert answers == ("applied", "applied" if later == 8 else "stale", True)
                    found = self.stored(Session(connection), pair[0])
                    assert {**pair[1], "version": 8}.items() <= found.items()

    def test_twenty_deliveries_of_one_message_are_one(self, clone: Database) -> None:
        with clone.connect() as connection:
            make = Make(Session(connection))
            first, _ = messages(make, make.tenant(), self.table)

        answers = race(
            clone,
            "ts_test_worker",
            DELIVERIES,
            lambda caller, _: apply(Session(caller), self.table, first, 3),
        )

        assert sorted(map(str, answers)) == ["applied"] + ["repeated"] * (DELIVERIES - 1)
        with clone.connect() as connection:
            found = self.stored(Session(connection), first)
            assert {**first, "version": 3}.items() <= found.items()
