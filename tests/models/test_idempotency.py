"""Idempotent requests against a plain Python model, along random walks through time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from support.factories import Row
from support.requests import (
    HASH,
    OTHER_HASH,
    acquire,
    complete,
    extend,
    find,
    mark,
    pass_time,
    record,
    release,
)
from support.session import Session
from support.walks import ACT, Walk, walk

DAY = 86_400
# The model's clock moves by whole steps, and a walk takes less real time than one.
STEP = 10
PAUSES = (10, 50, 50, 300, 300, 3_600, 3_600, DAY - 3_600, DAY, 31 * DAY)
LEASES = (60, 300, 3_600)
LIVES = (DAY, 30 * DAY)
KEYS = ("k1", "k2")
OPERATIONS = ("POST /orders", "POST /refunds")
USERS = (None, uuid4())
POINTS = ("charged", "sent")
BODIES = (None, {"n": 1}, {"n": 2})

WHICH = st.integers(0, 99)


@dataclass(frozen=True)
class Request:
    """What a client sends; the tenant, the key and the operation name it."""

    tenant: int
    key: str
    operation: str
    hash_: str
    user: UUID | None

    @property
    def name(self) -> tuple[int, str, str]:
        return self.tenant, self.key, self.operation


# Mostly the same few requests, so that they meet.
REQUESTS = st.builds(
    Request,
    tenant=st.sampled_from((0, 0, 0, 1)),
    key=st.sampled_from((KEYS[0], KEYS[0], *KEYS)),
    operation=st.sampled_from((OPERATIONS[0], OPERATIONS[0], OPERATIONS[0], *OPERATIONS)),
    hash_=st.sampled_from((HASH, HASH, HASH, HASH, HASH, OTHER_HASH)),
    user=st.sampled_from((USERS[0], USERS[0], USERS[0], *USERS)),
)


@dataclass
class Known:
    """What the model knows of one key."""

    id: UUID
    request: Request
    expires: int
    token: str | None = None
    until: int | None = None
    status: str = "processing"
    point: str = "started"
    attempts: int = 1
    body: Any = None
    completed_by: str | None = None


@dataclass
class Held:
    """What a caller remembers of a request that it was given, however long ago."""

    tenant: int
    row: Row


@dataclass
class Book:
    """The rules, once more and in words of Python."""

    now: int = 0
    rows: dict[tuple[int, str, str], Known] = field(default_factory=dict)

    def is_free(self, known: Known) -> bool:
        """Whether nobody holds a request."""
        return known.until is None or known.until <= self.now

    def is_spent(self, known: Known) -> bool:
        """Whether a key counts as unused."""
        return known.expires <= self.now and self.is_free(known)

    def is_same(self, known: Known, request: Request) -> bool:
        """Whether a request is the one that the key stands for."""
        return (known.request.hash_, known.request.user) == (request.hash_, request.user)

    def verdict(self, request: Request) -> str:
        """Returns new, mismatch, replay, in_progress, retry or recovered."""
        known = self.rows.get(request.name)
        if known is None or self.is_spent(known):
            return "new"
        if not self.is_same(known, request):
            return "mismatch"
        if known.status == "completed":
            return "replay"
        if not self.is_free(known):
            return "in_progress"
        return "retry" if known.status == "failed" else "recovered"

    def take(self, request: Request, row: Row, lease: int, life: int) -> None:
        """Follows an acquisition."""
        known = self.rows.get(request.name)
        if known is None or self.is_spent(known):
            known = self.rows[request.name] = Known(row["key_id"], request, self.now + life, "")
        else:
            known.attempts += 1
            known.expires = max(known.expires, self.now + life)
        known.status = "processing"
        known.token = row["lock_token"]
        known.until = self.now + lease

    def holds(self, tenant: int, key: UUID, token: str) -> Known | None:
        """Returns the request of a tenant that a token holds."""
        for known in self.rows.values():
            if (known.request.tenant, known.id, known.token) == (tenant, key, token):
                return known
        return None

    def complete(self, tenant: int, key: UUID, token: str, body: Any) -> bool:
        """Follows a completion, and says whether it counts."""
        known = self.holds(tenant, key, token)
        if known is None:
            return any(
                (k.request.tenant, k.id, k.completed_by, k.body) == (tenant, key, token, body)
                for k in self.rows.values()
            )
        known.status, known.body, known.completed_by = "completed", body, token
        known.token = known.until = None
        known.expires = max(known.expires, self.now + DAY)
        return True

    def release(self, tenant: int, key: UUID, token: str, *, failed: bool) -> bool:
        """Follows a request that is given back."""
        known = self.holds(tenant, key, token)
        if known is None:
            return False
        known.status = "failed" if failed else "processing"
        known.token = known.until = None
        return True

    def extend(self, tenant: int, key: UUID, token: str, lease: int) -> bool:
        """Follows a lease that is prolonged."""
        known = self.holds(tenant, key, token)
        if known is None:
            return False
        known.until = max(known.until or 0, self.now + lease)
        known.expires = max(known.expires, self.now + DAY)
        return True

    def mark(self, tenant: int, key: UUID, token: str, point: str) -> bool:
        """Follows a phase that is done."""
        known = self.holds(tenant, key, token)
        if known is None:
            return False
        known.point = point
        return True

    def clean(self, batch: int) -> int:
        """Deletes the oldest keys that are spent; ties are left to the caller to avoid."""
        spent = sorted(
            (name for name, known in self.rows.items() if self.is_spent(known)),
            key=lambda name: self.rows[name].expires,
        )[:batch]
        for name in spent:
            del self.rows[name]
        return len(spent)


class Requests(Walk):
    """Random walks over a handful of keys of two tenants."""

    model: type[Book] = Book

    @initialize()
    def open_the_shop(self) -> None:
        """Starts with two tenants and no key."""
        make = self.start()
        self.tenants = [self.tenant, make.tenant()]
        self.book = self.model()
        self.held: list[Held] = []

    @contextmanager
    def service(self, tenant: int) -> Iterator[None]:
        """Acts as a service of a tenant."""
        self.db.all(ACT, "ticketing_app", str(self.tenants[tenant]), "", "")
        yield
        self.db.all(ACT, "none", "", "", "")

    def ask(self, request: Request, lease: int, life: int) -> Row:
        """Asks for a request to be run."""
        with self.service(request.tenant):
            return acquire(
                self.db,
                self.tenants[request.tenant],
                key=request.key,
                operation=request.operation,
                request_hash=request.hash_,
                user_id=request.user,
                lock_duration=f"{lease} seconds",
                time_to_live=f"{life} seconds",
            )

    @rule(request=REQUESTS, lease=st.sampled_from(LEASES), life=st.sampled_from(LIVES))
    def acquire(self, request: Request, lease: int, life: int) -> None:
        """Somebody asks to run a request."""
        expected = self.book.verdict(request)
        got = self.ask(request, lease, life)
        assert (got["acquired_as"] or got["outcome"]) == expected
        known = self.book.rows.get(request.name)
        if got["outcome"] == "acquired":
            self.book.take(request, got, lease, life)
            self.held.append(Held(request.tenant, got))
            known = self.book.rows[request.name]
            assert (got["recovery_point"], got["attempt_count"]) == (known.point, known.attempts)
        elif expected == "replay":
            assert known is not None
            assert (got["key_id"], got["response_body"]) == (known.id, known.body)
        elif expected == "in_progress":
            assert known is not None
            remaining = (known.until or 0) - self.book.now
            assert remaining - STEP < got["retry_after"] <= remaining

    @precondition(lambda self: self.book.rows)
    @rule(which=WHICH, lease=st.sampled_from(LEASES), life=st.sampled_from(LIVES))
    def repeat(self, which: int, lease: int, life: int) -> None:
        """A client that missed the answer sends its request again."""
        known = list(self.book.rows.values())
        self.acquire(known[which % len(known)].request, lease, life)

    @rule(request=REQUESTS)
    def look(self, request: Request) -> None:
        """Somebody looks a request up."""
        words = {"new": "absent", "retry": "free", "recovered": "free"}
        verdict = self.book.verdict(request)
        with self.service(request.tenant):
            got = find(
                self.db,
                self.tenants[request.tenant],
                key=request.key,
                operation=request.operation,
                request_hash=request.hash_,
                user_id=request.user,
            )
        assert got["outcome"] == words.get(verdict, verdict)
        expected = self.book.rows[request.name].body if verdict == "replay" else None
        assert got["response_body"] == expected

    @precondition(lambda self: len(self.held) % 4 == 0)
    @rule(request=REQUESTS, body=st.sampled_from(BODIES), life=st.sampled_from(LIVES))
    def record(self, request: Request, body: Any, life: int) -> None:
        """Somebody who did the work in one transaction stores key and answer."""
        words = {"new": "recorded", "retry": "free", "recovered": "free"}
        verdict = self.book.verdict(request)
        with self.service(request.tenant):
            got = record(
                self.db,
                self.tenants[request.tenant],
                key=request.key,
                operation=request.operation,
                request_hash=request.hash_,
                user_id=request.user,
                response_body=body,
                time_to_live=f"{life} seconds",
            )
        assert got["outcome"] == words.get(verdict, verdict)
        if got["outcome"] == "recorded":
            self.book.rows[request.name] = Known(
                got["key_id"], request, self.book.now + life, status="completed", body=body
            )

    def caller(self, which: int, other: int) -> tuple[int, Row]:
        """Returns who calls with what: a holder, one of the last ones, or a mix-up of two."""
        tokens = {known.token for known in self.book.rows.values() if known.token}
        holders = [held for held in self.held if held.row["lock_token"] in tokens]
        if which >= 40 or not holders:
            holders = self.held[-6:]
        mine = holders[which % len(holders)]
        if other < 90:
            return mine.tenant, mine.row
        if other < 95:
            return 1 - mine.tenant, mine.row
        theirs = self.held[other % len(self.held)]
        return mine.tenant, {**mine.row, "lock_token": theirs.row["lock_token"]}

    # Not always, so that most requests live through several attempts first.
    @precondition(lambda self: len(self.held) % 4 == 3)
    @rule(which=WHICH, other=WHICH, body=st.sampled_from(BODIES))
    def complete(self, which: int, other: int, body: Any) -> None:
        """Somebody stores an answer."""
        tenant, row = self.caller(which, other)
        for _ in range(1 + which % 2):
            with self.service(tenant):
                got = complete(self.db, row, response_body=body)
            assert got == self.book.complete(tenant, row["key_id"], row["lock_token"], body)

    @precondition(lambda self: self.held)
    @rule(which=WHICH, other=WHICH, failed=st.booleans())
    def release(self, which: int, other: int, failed: bool) -> None:
        """Somebody gives a request back."""
        tenant, row = self.caller(which, other)
        with self.service(tenant):
            got = release(self.db, row, failed=failed)
        assert got == self.book.release(tenant, row["key_id"], row["lock_token"], failed=failed)

    @precondition(lambda self: self.held)
    @rule(which=WHICH, other=WHICH, lease=st.sampled_from(LEASES), worked=st.sampled_from((0, 50)))
    def extend(self, which: int, other: int, lease: int, worked: int) -> None:
        """Somebody who has worked for a while needs longer."""
        self.wait(worked)
        tenant, row = self.caller(which, other)
        with self.service(tenant):
            got = extend(self.db, row, lock_duration=f"{lease} seconds")
        assert got == self.book.extend(tenant, row["key_id"], row["lock_token"], lease)

    @precondition(lambda self: self.held)
    @rule(which=WHICH, other=WHICH, point=st.sampled_from(POINTS))
    def mark(self, which: int, other: int, point: str) -> None:
        """Somebody is done with a phase."""
        tenant, row = self.caller(which, other)
        with self.service(tenant):
            got = mark(self.db, row, point)
        assert got == self.book.mark(tenant, row["key_id"], row["lock_token"], point)

    @rule(seconds=st.sampled_from(PAUSES))
    def wait(self, seconds: int) -> None:
        """Time goes by."""
        pass_time(self.db, f"{seconds} seconds")
        self.book.now += seconds

    @rule(batch=st.integers(1, 3))
    def clean(self, batch: int) -> None:
        """The clean-up comes by."""
        ends = [known.expires for known in self.book.rows.values() if self.book.is_spent(known)]
        if len(set(ends)) < len(ends):
            batch = 100  # of two that expired at once either may go first
        with self.db.acting("ticketing_worker"):
            got = self.db.value("SELECT ticketing.cleanup_expired_idempotency_keys(%s)", batch)
        assert got == self.book.clean(batch)

    @rule()
    def nothing_sticks(self) -> None:
        """After the longest lease every request is answered, or can be run and answered."""
        with self.db.connection.transaction(force_rollback=True):
            pass_time(self.db, f"{max(LEASES)} seconds")
            for known in self.book.rows.values():
                got = self.ask(known.request, LEASES[0], LIVES[0])
                assert got["outcome"] in ("acquired", "replay")
                if got["outcome"] == "acquired":
                    with self.service(known.request.tenant):
                        assert complete(self.db, got)
                    assert self.ask(known.request, LEASES[0], LIVES[0])["outcome"] == "replay"

    @invariant()
    def the_rows_are_what_the_model_says(self) -> None:
        """Compares every column that the rules move."""
        found = self.db.all(
            """
            SELECT
                k.*,
                extract(EPOCH FROM k.lock_expires_at - clock_timestamp()) AS held_for,
                extract(EPOCH FROM k.expires_at - clock_timestamp()) AS kept_for
            FROM ticketing.idempotency_keys AS k
            """
        )
        rows = {row["id"]: row for row in found}
        assert rows.keys() == {known.id for known in self.book.rows.values()}
        for known in self.book.rows.values():
            row, request = rows[known.id], known.request
            assert row["tenant_id"] == self.tenants[request.tenant]
            assert (row["idempotency_key"], row["operation"]) == (request.key, request.operation)
            assert (row["request_hash"], row["user_id"]) == (request.hash_, request.user)
            assert (row["status"], row["recovery_point"]) == (known.status, known.point)
            assert (row["attempt_count"], row["locked_by"]) == (known.attempts, known.token)
            assert (row["response_body"], row["completed_by"]) == (known.body, known.completed_by)
            assert math.isclose(row["kept_for"], known.expires - self.book.now, abs_tol=STEP)
            if known.until is None:
                assert row["held_for"] is None
            else:
                assert math.isclose(row["held_for"], known.until - self.book.now, abs_tol=STEP)


def test_requests_live_as_the_model_says(db: Session) -> None:
    walk(Requests, db, examples=20, steps=60)


class LeaseNeverEnds(Book):
    """Who took a request keeps it until the key is spent."""

    def verdict(self, request: Request) -> str:
        known = self.rows.get(request.name)
        if known is not None and known.token and known.expires > self.now:
            return "in_progress" if self.is_same(known, request) else "mismatch"
        return super().verdict(request)


class AnyPrincipal(Book):
    """The answer is for whoever sends the same request."""

    def is_same(self, known: Known, request: Request) -> bool:
        return known.request.hash_ == request.hash_


class AnyHash(Book):
    """The hash is stored and never compared."""

    def is_same(self, known: Known, request: Request) -> bool:
        return known.request.user == request.user


class NoFence(Book):
    """Whoever once held a request may answer it as long as somebody holds it."""

    def holds(self, tenant: int, key: UUID, token: str) -> Known | None:
        for known in self.rows.values():
            if (known.request.tenant, known.id) == (tenant, key) and known.token:
                return known
        return None


class FailedIsFinal(Book):
    """A failed request is not tried again."""

    def verdict(self, request: Request) -> str:
        verdict = super().verdict(request)
        return "replay" if verdict == "retry" else verdict


class SticksWhenReleased(Book):
    """A request that was given back without a failure stays locked for ever."""

    def is_free(self, known: Known) -> bool:
        return known.status == "failed" or (known.until is not None and known.until <= self.now)


class ExpiresWhileHeld(Book):
    """The time of a key runs out, whoever holds it."""

    def extend(self, tenant: int, key: UUID, token: str, lease: int) -> bool:
        known = self.holds(tenant, key, token)
        before = known.expires if known else 0
        done = super().extend(tenant, key, token, lease)
        if known:
            known.expires = before
        return done


class CompletedOnce(Book):
    """A holder that missed the reply and asks again is told that it was overtaken."""

    def complete(self, tenant: int, key: UUID, token: str, body: Any) -> bool:
        held = self.holds(tenant, key, token) is not None
        return super().complete(tenant, key, token, body) and held


class StartsOver(Book):
    """The next attempt is not told how far the last one came."""

    def take(self, request: Request, row: Row, lease: int, life: int) -> None:
        super().take(request, row, lease, life)
        self.rows[request.name].point = "started"


class SeesTheOtherTenant(Book):
    """A token is enough, in whichever tenant."""

    def holds(self, tenant: int, key: UUID, token: str) -> Known | None:
        return super().holds(0, key, token) or super().holds(1, key, token)


@pytest.mark.parametrize(
    "rules",
    [
        LeaseNeverEnds,
        AnyPrincipal,
        AnyHash,
        NoFence,
        FailedIsFinal,
        SticksWhenReleased,
        ExpiresWhileHeld,
        CompletedOnce,
        StartsOver,
        SeesTheOtherTenant,
    ],
)
def test_a_wrong_rule_is_found_out(db: Session, rules: type[Book]) -> None:
    # As many walks as it takes: the first that meets the rule ends it.
    with pytest.raises(AssertionError):
        walk(type("Wrong", (Requests,), {"model": rules}), db, examples=400, steps=60)
