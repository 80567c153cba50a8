"""webhook_nonces: rules of the table."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

Acting = Callable[..., AbstractContextManager[Session]]

NOW = datetime(2030, 6, 1, 18, tzinfo=UTC)
TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("constraint", "given"),
    [
        ("chk_webhook_nonces_expiry", {"received_at": NOW, "expires_at": NOW}),
        ("chk_webhook_nonces_length", {"nonce": ""}),
        ("chk_webhook_nonces_length", {"nonce": "n" * 256}),
    ],
)
def test_a_broken_rule_is_refused(
    db: Session, make: Make, tenant: UUID, constraint: str, given: dict[str, Any]
) -> None:
    with db.refused("23514", constraint):
        make.row("webhook_nonces", tenant, **given)


@pytest.mark.parametrize(
    "given",
    [
        {"received_at": NOW, "expires_at": NOW + TICK},
        {"nonce": "n"},
        {"nonce": "n" * 255},
        {"tenant_id": None},
    ],
)
def test_the_last_allowed_value_is_accepted(
    make: Make, tenant: UUID, given: dict[str, Any]
) -> None:
    assert given.items() <= make.row("webhook_nonces", tenant, **given).items()


def test_a_nonce_is_used_once_at_an_endpoint_whoever_the_tenant_is(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    make.row("webhook_nonces", tenant, endpoint="stripe", nonce="n")
    with db.refused("23505", "pk_webhook_nonces"):
        make.row("webhook_nonces", other_tenant, endpoint="stripe", nonce="n")


def test_two_endpoints_may_use_the_same_nonce(make: Make, tenant: UUID) -> None:
    make.row("webhook_nonces", tenant, endpoint="stripe", nonce="n")
    assert make.row("webhook_nonces", tenant, endpoint="paypal", nonce="n")["nonce"] == "n"


def test_a_nonce_is_kept_for_fifteen_minutes(make: Make, tenant: UUID) -> None:
    row = make.row("webhook_nonces", tenant)
    assert row["expires_at"] - row["received_at"] == timedelta(minutes=15)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_readonly"])
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT nonce FROM ticketing.webhook_nonces",
        "INSERT INTO ticketing.webhook_nonces (endpoint, nonce) VALUES ('stripe', 'n')",
        "UPDATE ticketing.webhook_nonces SET payload_hash = NULL",
        "DELETE FROM ticketing.webhook_nonces",
    ],
)
def test_no_service_touches_nonces(db: Session, tenant: UUID, role: str, statement: str) -> None:
    with db.acting(role, tenant=tenant), db.refused("42501") as by:
        db.run(statement)
    assert "permission denied" in str(by.error)


def test_the_worker_stores_a_nonce_before_the_tenant_is_known_and_clears_up(
    db: Session, as_worker: Acting
) -> None:
    with as_worker():
        db.run("INSERT INTO ticketing.webhook_nonces (endpoint, nonce) VALUES ('stripe', 'n')")
        assert db.run("DELETE FROM ticketing.webhook_nonces WHERE nonce = 'n'") == 1


def test_the_worker_cannot_change_a_nonce(db: Session, as_worker: Acting) -> None:
    with as_worker(), db.refused("42501") as by:
        db.run("UPDATE ticketing.webhook_nonces SET expires_at = DEFAULT")
    assert "permission denied" in str(by.error)
