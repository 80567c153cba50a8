"""Request tickets as the services use them: the guide of their design, and random walks.

The record in audit_events must tell the whole story: replayed, it gives each request as it stands.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from support.factories import Make, Row
from support.session import Session
from support.walks import Walk, walk

if TYPE_CHECKING:
    from conftest import Acting

ROWS = "SELECT * FROM ticketing.request_tickets ORDER BY created_at"
EVENTS = "SELECT * FROM ticketing.audit_events WHERE tenant_id = %s ORDER BY seq"


def replayed(events: list[Row]) -> dict[UUID, Row]:
    """Returns what the events alone say of each request."""
    told: dict[UUID, Row] = {}
    for event in events:
        data = event["data"]
        ticket = event["ticket_id"]
        if event["event_type"] == "ticket_created":
            told[ticket] = {
                "state": "pending",
                "created_by": UUID(data["created_by"]),
                "priority": data["priority"],
                **data["query_context"],
                "dest_path": data["dest_path"],
                "claimed_by": None,
                "claim_number": 0,
                "error": None,
                "cancelled_by": None,
                "cancel_reason": None,
            }
            continue
        one = told[ticket]
        if event["event_type"] == "ticket_updated":
            for column, change in data["changes"].items():
                assert one[column] == change["from"]
                one[column] = change["to"]
        elif event["event_type"] == "ticket_claimed":
            one |= {"claimed_by": data["claimed_by"], "claim_number": data["claim_number"]}
        elif event["event_type"] == "ticket_released":
            one["claimed_by"] = None
        elif event["event_type"] == "ticket_cancelled":
            assert one["state"] == data["previous_state"]
            one |= {"state": "cancelled", "claimed_by": None, "cancel_reason": data["reason"]}
            one["cancelled_by"] = UUID(data["cancelled_by"])
        else:
            assert event["event_type"] == "ticket_state_changed"
            assert one["state"] == data["previous_state"]
            one |= {"state": data["new_state"], "claimed_by": None, "error": data.get("error")}
    return told


def test_the_manual_of_the_design_from_end_to_end(
    db: Session,
    make: Make,
    tenant: UUID,
    as_user: Acting,
    as_readonly: Callable[[UUID], AbstractContextManager[Session]],
) -> None:
    user = make.id("users", tenant)
    with as_user(tenant, user):
        db.value("SELECT ticketing.record_audit_event('service_started')")
        made = db.one(
            """
            SELECT * FROM ticketing.create_request_ticket(
                100, '{music,flac}', 'Abbey Road by The Beatles', '/media/music/beatles'
            )
            """
        )
        assert (made["created_by"], made["state"], made["priority"]) == (user, "pending", 100)
        got = db.one("SELECT * FROM ticketing.get_request_ticket(%s)", made["id"])
        assert got == made
        for filters in ("p_limit => 10", "p_state => 'pending'"):
            page = db.one(f"SELECT * FROM ticketing.list_request_tickets({filters})")
            assert page["total"] == 1
            assert page["tickets"][0]["id"] == str(made["id"])
        gone = db.one(
            "SELECT * FROM ticketing.cancel_request_ticket(%s, 'Testing cancellation')", made["id"]
        )
        assert gone["state"] == "cancelled"
        assert (gone["cancelled_by"], gone["cancel_reason"]) == (user, "Testing cancellation")
    with as_readonly(tenant):
        kinds = "SELECT * FROM ticketing.audit_events WHERE event_type = %s"
        created = db.one(kinds, "ticket_created")
        cancelled = db.one(kinds, "ticket_cancelled")
        assert db.one(kinds, "service_started")["ticket_id"] is None
    assert created["user_id"] == cancelled["user_id"] == user
    assert created["data"] == {
        "ticket_id": str(made["id"]),
        "created_by": str(user),
        "priority": 100,
        "query_context": {"tags": ["music", "flac"], "description": "Abbey Road by The Beatles"},
        "dest_path": "/media/music/beatles",
    }
    assert cancelled["data"] == {
        "ticket_id": str(made["id"]),
        "cancelled_by": str(user),
        "reason": "Testing cancellation",
        "previous_state": "pending",
    }
    with as_user(tenant, user), db.refused("TK142"):
        db.one("SELECT * FROM ticketing.cancel_request_ticket(%s)", made["id"])


CALLS = [
    "get_request_ticket(%s)",
    "lock_request_ticket(%s)",
    "lock_claimed_request_ticket(%s, NULL)",
    "complete_request_ticket(%s)",
    "fail_request_ticket(%s, 'no seeders')",
    "cancel_request_ticket(%s, NULL, gen_random_uuid())",
    "extend_request_ticket_claim(%s, 1)",
    "release_request_ticket_claim(%s, 1)",
]


@pytest.mark.parametrize("call", CALLS)
def test_a_call_keeps_to_its_tenant_even_where_no_policy_binds_the_caller(
    db: Session, make: Make, tenant: UUID, *, other_tenant: UUID, call: str
) -> None:
    theirs = make.id("request_tickets", other_tenant)
    db.all("SELECT set_config('app.current_tenant_id', %s, TRUE)", str(tenant))
    with db.refused("TK141"):
        db.all(f"SELECT * FROM ticketing.{call}", theirs)
    assert db.all("SELECT * FROM ticketing.claim_request_tickets('w1')") == []
    assert db.one("SELECT * FROM ticketing.list_request_tickets()")["total"] == 0


WHICH = st.integers(0, 4)
NUMBER = st.one_of(st.none(), st.integers(0, 3))


class Queue(Walk):
    """Five requests, three workers and whoever cancels, beside a model of them."""

    @initialize()
    def begin(self) -> None:
        make = self.start()
        self.user = make.id("users", self.tenant)
        self.model: list[Row] = []
        self.ids: list[UUID] = []
        for number in range(5):
            self.ids.append(
                make.id("request_tickets", self.tenant, created_by=self.user, priority=number)
            )
            self.model.append({"state": "pending", "by": None, "live": False, "number": 0})

    def _closing(self, which: int, number: int | None) -> str | None:
        one = self.model[which]
        if one["state"] != "pending":
            return "TK142"
        if number is None:
            return "TK144" if one["live"] else None
        return None if one["by"] is not None and number == one["number"] else "TK144"

    def _end(self, which: int, state: str) -> None:
        self.model[which] |= {"state": state, "by": None, "live": False}

    @rule(worker=st.integers(1, 3), limit=st.integers(1, 3))
    def claim(self, worker: int, limit: int) -> None:
        # The higher ones have the higher priority.
        free = [
            which
            for which in reversed(range(5))
            if self.model[which]["state"] == "pending" and not self.model[which]["live"]
        ][:limit]
        call = f"SELECT id FROM ticketing.claim_request_tickets('w{worker}', {limit})"
        if len(free) != 1:
            call = f"SELECT count(*) FROM ({call}) AS c"
        assert self.outcome(call) is None
        for which in free:
            one = self.model[which]
            one |= {"by": f"w{worker}", "live": True, "number": one["number"] + 1}

    @rule(which=WHICH)
    def die(self, which: int) -> None:
        if self.model[which]["live"]:
            self.db.run(
                "UPDATE ticketing.request_tickets SET claimed_until = clock_timestamp()"
                " WHERE id = %s",
                self.ids[which],
            )
            self.model[which]["live"] = False

    @rule(which=WHICH, number=NUMBER)
    def complete(self, which: int, number: int | None) -> None:
        wanted = self._closing(which, number)
        call = "SELECT ticketing.complete_request_ticket(%s, %s)"
        assert self.outcome(call, self.ids[which], number) == wanted
        if wanted is None:
            self._end(which, "completed")

    @rule(which=WHICH, number=NUMBER)
    def fail(self, which: int, number: int | None) -> None:
        wanted = self._closing(which, number)
        call = "SELECT ticketing.fail_request_ticket(%s, 'no seeders', %s)"
        assert self.outcome(call, self.ids[which], number) == wanted
        if wanted is None:
            self._end(which, "failed")

    @rule(which=WHICH)
    def cancel(self, which: int) -> None:
        wanted = None if self.model[which]["state"] == "pending" else "TK142"
        call = "SELECT ticketing.cancel_request_ticket(%s, 'found it', %s)"
        assert self.outcome(call, self.ids[which], self.user) == wanted
        if wanted is None:
            self._end(which, "cancelled")

    @rule(which=WHICH, number=st.integers(0, 3))
    def release(self, which: int, number: int) -> None:
        wanted = self._closing(which, number)
        call = "SELECT ticketing.release_request_ticket_claim(%s, %s)"
        assert self.outcome(call, self.ids[which], number) == wanted
        if wanted is None:
            self.model[which] |= {"by": None, "live": False}

    @rule(which=WHICH, number=st.integers(0, 3))
    def extend(self, which: int, number: int) -> None:
        wanted = self._closing(which, number)
        if wanted is None and not self.model[which]["live"]:
            wanted = "TK144"
        call = "SELECT ticketing.extend_request_ticket_claim(%s, %s)"
        assert self.outcome(call, self.ids[which], number) == wanted

    @rule(which=WHICH, words=st.text(alphabet="ab", max_size=2))
    def edit_by_row(self, which: int, words: str) -> None:
        before = self.db.value(
            "SELECT description FROM ticketing.request_tickets WHERE id = %s", self.ids[which]
        )
        frozen = self.model[which]["state"] != "pending" and words != before
        call = "UPDATE ticketing.request_tickets SET description = %s WHERE id = %s"
        assert self.outcome(call, words, self.ids[which]) == ("TK002" if frozen else None)

    @invariant()
    def the_rows_are_those_of_the_model(self) -> None:
        if not hasattr(self, "ids"):
            return
        rows = {row["id"]: row for row in self.db.all(ROWS)}
        for which, one in enumerate(self.model):
            row = rows[self.ids[which]]
            assert (row["state"], row["claimed_by"]) == (one["state"], one["by"])
            assert row["claim_number"] == one["number"]

    @invariant()
    def the_events_tell_the_rows(self) -> None:
        if not hasattr(self, "ids"):
            return
        told = replayed(self.db.all(EVENTS, self.tenant))
        rows: list[dict[str, Any]] = self.db.all(ROWS)
        assert len(told) == len(rows)
        for row in rows:
            assert told[row["id"]].items() <= row.items()


def test_random_walks_end_where_the_model_says_and_the_events_tell_them(db: Session) -> None:
    walk(Queue, db, examples=30, steps=25)
