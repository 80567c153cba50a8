"""ticket_validations: rules of the table."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.session import Session

Acting = Callable[..., AbstractContextManager[Session]]


@pytest.mark.parametrize(
    ("constraint", "given"),
    [
        ("chk_ticket_validations_method", {"validation_method": "smell"}),
        ("chk_ticket_validations_result", {"result": "maybe", "reason": "unsure"}),
        ("chk_ticket_validations_result", {"result": "invalid"}),
    ],
)
def test_a_broken_rule_is_refused(
    db: Session, make: Make, tenant: UUID, constraint: str, given: dict[str, Any]
) -> None:
    with db.refused("23514", constraint):
        make.row("ticket_validations", tenant, **given)


@pytest.mark.parametrize(
    "given",
    [
        *({"validation_method": method} for method in ("qr", "barcode", "nfc")),
        *({"validation_method": method} for method in ("manual", "id_check", "blockchain")),
        {"result": "valid", "reason": None},
        {"result": "invalid", "reason": "torn"},
    ],
)
def test_the_last_allowed_value_is_accepted(
    make: Make, tenant: UUID, given: dict[str, Any]
) -> None:
    assert given.items() <= make.row("ticket_validations", tenant, **given).items()


def test_the_ticket_may_not_be_of_another_tenant(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    stranger = make.id("tickets", other_tenant)
    with db.refused("23503", "fk_ticket_validations_ticket_id"):
        make.row("ticket_validations", tenant, ticket_id=stranger)


def test_the_ticket_must_exist(db: Session, make: Make, tenant: UUID) -> None:
    with db.refused("23503", "fk_ticket_validations_ticket_id"):
        make.row("ticket_validations", tenant, ticket_id=uuid4())


def test_whoever_validated_is_a_user_of_the_tenant_or_not_named(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    for stranger in (uuid4(), make.id("users", other_tenant)):
        with db.refused("23503", "fk_ticket_validations_validator_id"):
            make.row("ticket_validations", tenant, validator_id=stranger)
    assert make.row("ticket_validations", tenant, validator_id=None)["validator_id"] is None


def test_a_ticket_may_be_validated_twice(make: Make, tenant: UUID) -> None:
    ticket = make.id("tickets", tenant)
    first = make.id("ticket_validations", tenant, ticket_id=ticket)
    assert make.id("ticket_validations", tenant, ticket_id=ticket) != first


def test_a_validation_says_valid_by_qr_code_unless_told_otherwise(make: Make, tenant: UUID) -> None:
    row = make.row("ticket_validations", tenant)
    assert (row["validation_method"], row["result"], row["metadata"]) == ("qr", "valid", {})


def test_a_service_adds_a_validation(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    ticket = make.id("tickets", tenant)
    with as_tenant(tenant):
        made = make.row("ticket_validations", tenant, ticket_id=ticket)
    assert made["ticket_id"] == ticket


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ticketing.ticket_validations SET result = 'valid'",
        "DELETE FROM ticketing.ticket_validations",
        "TRUNCATE ticketing.ticket_validations",
    ],
)
def test_a_validation_stays(db: Session, tenant: UUID, role: str, statement: str) -> None:
    with db.acting(role, tenant=tenant), db.refused("42501"):
        db.run(statement)
