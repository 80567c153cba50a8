"""authenticate_ticket_pass: a device gets the pass whose token it has, and no other."""

from __future__ import annotations

from uuid import UUID

import pytest

from support.factories import Make, Row
from support.names import shown
from support.passes import TOKEN, TYPE
from support.session import Session

FIND = "SELECT * FROM ticketing.authenticate_ticket_pass(%s, %s, %s)"
KNOWN: Row = {"pass_type_id": TYPE, "auth_token_hash": TOKEN}


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
def test_type_number_and_token_find_the_pass(
    db: Session, make: Make, tenant: UUID, role: str
) -> None:
    make.row("ticket_passes", tenant, **KNOWN)
    row = make.row("ticket_passes", tenant, **KNOWN)
    with db.acting(role, tenant=tenant):
        assert db.one(FIND, TYPE, row["serial_number"], TOKEN) == row


def test_a_void_pass_is_found(db: Session, make: Make, tenant: UUID) -> None:
    row = make.row("ticket_passes", tenant, **KNOWN)
    db.run("UPDATE ticketing.ticket_passes SET voided_at = now()")
    with db.acting("ticketing_app", tenant=tenant):
        assert db.one(FIND, TYPE, row["serial_number"], TOKEN)["id"] == row["id"]


@pytest.mark.parametrize(
    "asked",
    [
        (f"{TYPE}.other", "S-1", TOKEN),
        (TYPE, "S-2", TOKEN),
        (TYPE, "S-1", "cd" * 32),
        (TYPE, "S-1", TOKEN.upper()),
        (TYPE, "S-1", ""),
        (None, "S-1", TOKEN),
        (TYPE, None, TOKEN),
        (TYPE, "S-1", None),
    ],
    ids=shown,
)
def test_one_that_does_not_fit_finds_nothing(
    db: Session, make: Make, tenant: UUID, asked: tuple[str, ...]
) -> None:
    make.row("ticket_passes", tenant, serial_number="S-1", **KNOWN)
    with db.acting("ticketing_app", tenant=tenant):
        assert db.all(FIND, TYPE, "S-1", TOKEN)
        assert db.all(FIND, *asked) == []


@pytest.mark.parametrize(
    "given",
    [
        {"pass_type_id": TYPE},
        {"auth_token_hash": TOKEN},
        {**KNOWN, "channel": "google_wallet"},
    ],
    ids=shown,
)
def test_a_pass_without_a_token_opens_to_nobody(
    db: Session, make: Make, tenant: UUID, given: Row
) -> None:
    row = make.row("ticket_passes", tenant, **given)
    with db.acting("ticketing_app", tenant=tenant):
        for token in (TOKEN, None):
            assert db.all(FIND, TYPE, row["serial_number"], token) == []


def test_another_tenants_pass_is_not_found(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    make.row("ticket_passes", other_tenant, serial_number="S-1", **KNOWN)
    with db.acting("ticketing_app", tenant=tenant):
        assert db.all(FIND, TYPE, "S-1", TOKEN) == []
    # Where no policy binds the caller, too.
    db.all("SELECT set_config('app.current_tenant_id', %s, TRUE)", str(tenant))
    assert db.all(FIND, TYPE, "S-1", TOKEN) == []
