"""Every state machine: each change that state_transitions lists is possible, no other is."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from support.factories import Make, Row
from support.session import Session
from support.triggers import attached, tables_running

TRANSITIONS = Path(__file__).parents[2] / "sql" / "transitions"
NEW = "*new*"
ACTORS = ("user", "system", "admin", "service")
MINT = "7" * 44


@dataclass(frozen=True)
class Machine:
    """How a test moves the rows of one table; a change it says nothing about sets only the status.

    Args:
        table: the table.
        start: columns of a new row.
        step: columns that a change to a status sets besides.
        overdue: columns of a new row, or of the step named, whose deadline has passed.
        roads: how to reach a status, where the shortest road will not do for a pair.
        reason: the column of a step that is a reason in itself, left out where there is to be none.
        around: what a new row needs around it before it can go on.
        check: the constraint that lists the statuses, where it is not called after the table.
        writer: the role that may change a row directly.
        column: what the status is called.
    """

    table: str
    start: Callable[[Make, UUID], Row] = lambda _make, _tenant: {}
    step: dict[str, Callable[[Make, UUID], Row]] = field(default_factory=dict)
    overdue: Callable[[], dict[str, Row]] = dict
    roads: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    reason: str = ""
    around: Callable[[Make, Row], None] = lambda _make, _row: None
    check: str = ""
    writer: str = "ticketing_app"
    column: str = "status"


def ago(**given: float) -> datetime:
    return datetime.now(UTC) - timedelta(**given)


def past() -> Row:
    return {"created_at": ago(hours=2), "expires_at": ago(hours=1)}


def votes(make: Make, request: Row) -> None:
    """Gives a request the votes for anything, uncounted, so that its status stays to be set."""
    make.session.run("SET LOCAL session_replication_role = replica")
    for table in ("multisig_approvals", "multisig_approvals", "multisig_rejections"):
        make.row(table, request["tenant_id"], request_id=request["id"])
    make.session.run("SET LOCAL session_replication_role = origin")


MACHINES = {
    "ticket": Machine(
        "tickets",
        step={
            "sold": lambda make, tenant: {"user_id": make.id("users", tenant)},
            "active": lambda make, tenant: {"user_id": make.id("users", tenant)},
            "minted": lambda _make, _tenant: {"is_nft": True, "token_mint": MINT},
        },
        roads={("checked_in", "transferred"): ("active", "transferred", "checked_in")},
    ),
    "ticket_transfer": Machine(
        "ticket_transfers",
        step={
            "accepted": lambda make, tenant: {"to_user_id": make.id("users", tenant)},
            "completed": lambda make, tenant: {"to_user_id": make.id("users", tenant)},
        },
        overdue=lambda: {NEW: past()},
    ),
    "ticket_credential": Machine(
        "ticket_credentials",
        step={
            "revoked": lambda _make, _tenant: {
                "revoked_reason": "lost",
                "revoked_at": ago(seconds=1),
            },
        },
        writer="ticketing_owner",
    ),
    "reservation": Machine(
        "reservations",
        step={"confirmed": lambda make, tenant: {"order_id": make.id("orders", tenant)}},
        overdue=lambda: {NEW: past()},
    ),
    "ticket_hold": Machine(
        "ticket_holds",
        start=lambda _make, _tenant: {"expires_at": ago(hours=-1)},
        overdue=lambda: {NEW: past()},
    ),
    "hold": Machine(
        "holds",
        step={"confirmed": lambda _make, _tenant: {"confirm_idempotency_key": "key"}},
        overdue=lambda: {NEW: past()},
    ),
    "refund": Machine(
        "refunds",
        start=lambda make, tenant: {"order_id": make.id("orders", tenant, paid_cents=100)},
        step={"completed": lambda _make, _tenant: {"processed_at": ago(seconds=1)}},
        roads={("completed", ""): ("approved", "processing", "completed")},
    ),
    "multisig_request": Machine(
        "multisig_approval_requests",
        step={
            "executed": lambda make, tenant: {"executed_by": make.id("users", tenant, role="admin")}
        },
        overdue=lambda: {NEW: {"requested_at": ago(hours=2), "expires_at": ago(hours=1)}},
        # Past its time none is approved any more, so the row stands there from the start.
        roads={("approved", "expired"): ("approved",)},
        around=votes,
        check="chk_multisig_status_valid",
    ),
    "payment": Machine("payments", writer="ticketing_worker"),
    "waitlist": Machine(
        "waitlist",
        step={
            "notified": lambda make, tenant: {
                "notified_at": ago(hours=2),
                "offer_expires_at": ago(hours=-1),
                "reservation_id": make.id("reservations", tenant),
            }
        },
        overdue=lambda: {"notified": {"offer_expires_at": ago(hours=1)}},
    ),
    "idempotency_key": Machine(
        "idempotency_keys",
        step={
            "completed": lambda _make, _tenant: {
                "completed_at": ago(seconds=1),
                "response_status": 201,
            }
        },
        check="chk_idempotency_status",
    ),
    "pending_transaction": Machine(
        "pending_transactions",
        step={
            "pending": lambda _make, _tenant: {"commitment": None, "slot": None},
            "confirming": lambda _make, _tenant: {"commitment": "confirmed", "slot": 100},
            "confirmed": lambda _make, _tenant: {
                "commitment": "finalized",
                "slot": 100,
                "confirmed_at": ago(seconds=1),
            },
            "failed": lambda _make, _tenant: {
                "error_code": "Custom:1",
                "failed_at": ago(seconds=1),
            },
            "expired": lambda _make, _tenant: {
                "not_found_at_height": 1001,
                "expired_at": ago(seconds=1),
            },
        },
        reason="error_code",
        check="chk_pending_tx_status",
    ),
    "request_ticket": Machine(
        "request_tickets",
        step={
            "cancelled": lambda make, tenant: {"cancelled_by": make.id("users", tenant)},
        },
        column="state",
    ),
    "ticket_pass": Machine(
        "ticket_passes",
        step={"failed": lambda _make, _tenant: {"error_message": "the signer is away"}},
        reason="error_message",
    ),
}


@cache
def rules(entity: str) -> dict[tuple[str, str], tuple[bool, tuple[str, ...]]]:
    """Returns the rules of an entity as its file has them, which the table must have too."""
    (file,) = TRANSITIONS.glob(f"{entity}.*.sql")
    rows = re.findall(
        rf"\('{entity}', '(\S+)', '(\w+)', (TRUE|FALSE), '\{{([a-z,]+)\}}'", file.read_text()
    )
    return {
        (before, after): (reason == "TRUE", tuple(actors.split(",")))
        for before, after, reason, actors in rows
    }


def statuses(entity: str) -> list[str]:
    return sorted({status for pair in rules(entity) for status in pair} - {NEW})


def road(entity: str, status: str, onward: str = "") -> tuple[str, ...]:
    """Returns the statuses on the shortest way from a new row to one in this status."""
    machine = MACHINES[entity]
    for key in ((status, onward), (status, "")):
        if key in machine.roads:
            return machine.roads[key]
    ways: deque[tuple[str, ...]] = deque([(NEW,)])
    while ways:
        way = ways.popleft()
        if way[-1] == status:
            return way[1:]
        ways.extend((*way, b) for a, b in rules(entity) if a == way[-1] and b not in way)
    raise AssertionError(f"{entity} never becomes {status}")


def move(
    db: Session,
    machine: Machine,
    row: Row,
    after: str,
    *,
    actor: str = "admin",
    reason: str | None = "asked for",
    late: bool = False,
) -> None:
    """Changes the status of a row, as a service of its tenant that names an actor and a reason."""
    make = Make(db)
    columns: Row = {}
    if after in machine.step:
        columns |= machine.step[after](make, row["tenant_id"])
    if late:
        columns |= machine.overdue().get(after, {})
    if not (reason or "").strip():
        columns.pop(machine.reason, None)
    setting = "".join(f", {column} = %s" for column in columns)
    with db.acting(machine.writer, tenant=row["tenant_id"], actor=actor, reason=reason):
        changed = db.run(
            f"UPDATE ticketing.{machine.table} SET {machine.column} = %s{setting} WHERE id = %s",
            *(after, *columns.values(), row["id"]),
        )
    assert changed == 1


def reached(
    db: Session, make: Make, tenant: UUID, entity: str, status: str, onward: str = ""
) -> Row:
    """Returns a row that went the whole way to a status."""
    machine = MACHINES[entity]
    way = road(entity, status, onward)
    late = "expired" in way or (onward == "expired" and (status, onward) in rules(entity))
    columns = machine.start(make, tenant)
    if way[0] in machine.step:
        columns |= machine.step[way[0]](make, tenant)
    if late:
        columns |= machine.overdue().get(NEW, {})
    row = make.row(machine.table, tenant, **{machine.column: way[0]}, **columns)
    machine.around(make, row)
    for after in way[1:]:
        move(db, machine, row, after, late=late)
    return row


def pairs() -> list[Any]:
    return [
        pytest.param(entity, before, after, id=f"{entity}-{before}-{after}")
        for entity in MACHINES
        for before in statuses(entity)
        for after in statuses(entity)
        if before != after
    ]


@pytest.mark.parametrize(("entity", "before", "after"), pairs())
def test_a_listed_change_is_possible_and_any_other_refused(
    db: Session, make: Make, tenant: UUID, *, entity: str, before: str, after: str
) -> None:
    machine = MACHINES[entity]
    row = reached(db, make, tenant, entity, before, after)
    if (before, after) in rules(entity):
        move(db, machine, row, after)
        found = db.value(
            f"SELECT {machine.column} FROM ticketing.{machine.table} WHERE id = %s", row["id"]
        )
        assert found == after
    else:
        with db.refused("TK201") as refused:
            move(db, machine, row, after)
        onward = sorted(b for a, b in rules(entity) if a == before)
        hint = refused.error.diag.message_hint or ""
        assert (", ".join(onward) in hint) if onward else ("final" in hint)


@pytest.mark.parametrize(
    ("entity", "before", "after"),
    [p for p in pairs() if (p.values[1], p.values[2]) in rules(str(p.values[0]))],
)
def test_only_the_actors_listed_make_a_change_and_only_with_the_reason_it_needs(
    db: Session, make: Make, tenant: UUID, *, entity: str, before: str, after: str
) -> None:
    machine = MACHINES[entity]
    needs_reason, actors = rules(entity)[before, after]
    row = reached(db, make, tenant, entity, before, after)
    for actor in sorted(set(ACTORS) - set(actors)):
        with db.refused("TK202"):
            move(db, machine, row, after, actor=actor)
    for empty in (None, " "):
        if needs_reason:
            with db.refused("TK203"):
                move(db, machine, row, after, actor=actors[0], reason=empty)
    for actor in actors:
        with db.connection.transaction(force_rollback=True):
            move(db, machine, row, after, actor=actor, reason="why" if needs_reason else None)


@pytest.mark.parametrize(("entity", "status"), [(e, s) for e in MACHINES for s in statuses(e)])
def test_a_row_starts_only_where_the_rules_say(
    db: Session, make: Make, tenant: UUID, *, entity: str, status: str
) -> None:
    machine = MACHINES[entity]
    row = make.row(machine.table, tenant, **machine.start(make, tenant))
    copied = {
        name: value
        for name, value in row.items()
        if name not in ("id", "version", "position", "created_at", "updated_at")
    }
    generated = {
        r["attname"]
        for r in db.all(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attgenerated <> ''",
            f"ticketing.{machine.table}",
        )
    }
    left_out = generated | {machine.column}
    columns = ", ".join(f'"{name}"' for name in copied if name not in left_out)
    insert = (
        f"INSERT INTO ticketing.{machine.table} ({machine.column}, {columns}) "
        f"SELECT %s, {columns} FROM ticketing.{machine.table} WHERE id = %s"
    )
    if (NEW, status) in rules(entity):
        # Refused for being a copy, if at all, and not for its status.
        try:
            with db.connection.transaction(force_rollback=True):
                db.run(insert, status, row["id"])
        except psycopg.Error as error:
            assert error.sqlstate in ("23505", "23514", "TK604"), str(error)  # noqa: PT017
    else:
        with db.refused("TK201") as refused:
            db.run(insert, status, row["id"])
        assert "may start as" in (refused.error.diag.message_hint or "")


@pytest.mark.parametrize("entity", [e for e, machine in MACHINES.items() if machine.overdue()])
def test_nothing_expires_before_its_deadline(
    db: Session, make: Make, tenant: UUID, entity: str
) -> None:
    machine = MACHINES[entity]
    before = "notified" if entity == "waitlist" else road(entity, "expired")[0]
    row = reached(db, make, tenant, entity, before)
    with db.refused("TK205") as refused:
        move(db, machine, row, "expired", reason=None)
    assert "Wait" in (refused.error.diag.message_hint or "")


@pytest.mark.parametrize("entity", MACHINES)
def test_the_rules_are_those_of_the_file_and_of_the_check(db: Session, entity: str) -> None:
    machine = MACHINES[entity]
    held = {
        (row["from_status"], row["to_status"]): (row["requires_reason"], tuple(row["actor_types"]))
        for row in db.all("SELECT * FROM ticketing.state_transitions WHERE entity = %s", entity)
    }
    assert held == rules(entity)
    checked = [
        set(re.findall(r"'(\w+)'::text", row["definition"]))
        for row in db.all(
            """
            SELECT pg_get_constraintdef(c.oid) AS definition
            FROM pg_constraint AS c
            WHERE c.conrelid = %s::regclass AND c.conname = %s
            """,
            *(
                f"ticketing.{machine.table}",
                machine.check or f"chk_{machine.table}_{machine.column}",
            ),
        )
    ]
    assert checked == [set(statuses(entity))]


def test_every_machine_is_tested(db: Session) -> None:
    held = {row["entity"] for row in db.all("SELECT entity FROM ticketing.state_transitions")}
    assert held == MACHINES.keys()
    # Tickets have a trigger function of their own, which notes who changed them; requests one
    # that writes their times.
    own = {*attached(db, "ticket_status_change_trigger"), *attached(db, "guard_request_ticket")}
    guarded = {*attached(db, "guard_status_change"), *own}
    assert guarded == {machine.table for machine in MACHINES.values()}
    assert tables_running("guard_status_change") == sorted(guarded - own)


TERMINAL: dict[str, set[str]] = {
    "payment": set(),
    "ticket": {"used", "revoked", "refunded", "expired", "cancelled"},
    "ticket_transfer": {"rejected", "cancelled", "completed", "expired"},
    "ticket_credential": {"revoked"},
    "reservation": {"expired", "cancelled"},
    "ticket_hold": {"released", "expired"},
    "hold": {"confirmed", "released", "expired"},
    "refund": {"rejected", "completed", "cancelled"},
    "multisig_request": {"rejected", "expired", "executed"},
    "waitlist": {"converted", "expired", "cancelled"},
    "idempotency_key": {"completed"},
    "pending_transaction": {"confirmed", "replaced"},
    "request_ticket": {"completed", "failed", "cancelled"},
    "ticket_pass": set(),
}


@pytest.mark.parametrize("entity", MACHINES)
def test_the_final_statuses_are_final_and_every_other_leads_somewhere(entity: str) -> None:
    leading = {before for before, _ in rules(entity)} - {NEW}
    assert set(statuses(entity)) - leading == TERMINAL[entity]
