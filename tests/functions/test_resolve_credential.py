"""resolve_credential: whose code this is, and whether it still admits."""

from __future__ import annotations

from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session
from support.transfers import Desk, hashed, query


@pytest.fixture
def desk(db: Session, tenant: UUID) -> Desk:
    return Desk(db, tenant)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
def test_a_code_is_active_dead_or_unknown(desk: Desk, role: str) -> None:
    desk.call("reissue_ticket", ticket_id=desk.ticket, code_hash=hashed("new"), reason="lost")
    found = {
        code: desk.call("resolve_credential", role=role, code_hash=hashed(code))
        for code in ("new", "old code", "never")
    }
    died = found["old code"].pop("revoked_at")
    assert died is not None
    assert found["old code"] == {
        "status": "revoked",
        "ticket_id": desk.ticket,
        "credential_version": 1,
        "revoked_reason": "lost",
    }
    assert list(found["new"].values()) == ["active", desk.ticket, 2, None, None]
    assert list(found["never"].values()) == ["unknown", None, None, None, None]


def test_a_code_of_another_tenant_is_as_unknown_as_any(desk: Desk, other_tenant: UUID) -> None:
    acting = {"tenant": other_tenant}
    row = desk.call("resolve_credential", acting=acting, code_hash=hashed("old code"))
    assert list(row.values()) == ["unknown", None, None, None, None]


@pytest.mark.parametrize("code", [None, "", "old code", "A" * 64, "a" * 63, "a" * 65])
def test_only_a_hash_is_looked_up(desk: Desk, code: str | None) -> None:
    with desk.db.refused("TK001"):
        desk.call("resolve_credential", code_hash=code)


def test_it_needs_a_tenant(desk: Desk) -> None:
    text, values = query("resolve_credential", code_hash=hashed("old code"))
    with desk.db.acting("ticketing_app"), desk.db.refused("TK701"):
        desk.db.one(text, *values)


@pytest.mark.parametrize("role", ["user", "venue_owner", ""])
def test_a_customer_does_not_look_codes_up(desk: Desk, role: str) -> None:
    with desk.db.refused("TK303"):
        desk.call(
            "resolve_credential",
            acting={"user": desk.sender, "user_role": role},
            code_hash=hashed("old code"),
        )


def test_a_scanner_does(desk: Desk, make: Make) -> None:
    acting = {"user": make.id("users", desk.tenant), "user_role": "scanner"}
    row = desk.call("resolve_credential", acting=acting, code_hash=hashed("old code"))
    assert row["status"] == "active"


def test_strangers_do_not(desk: Desk) -> None:
    with desk.db.refused("42501"):
        desk.call("resolve_credential", role="ts_test_nobody", code_hash=hashed("old code"))
