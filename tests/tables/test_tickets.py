"""tickets: rules of the table."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.session import Session

Acting = Callable[..., AbstractContextManager[Session]]

NOW = datetime(2030, 6, 1, 18, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
MINT = "2" * 32
HELD = {"purchaser_email": "ann@example.org"}
PARENTS = [
    ("fk_tickets_venue_id", "venue_id", "venues"),
    ("fk_tickets_user_id", "user_id", "users"),
    ("fk_tickets_original_purchaser_id", "original_purchaser_id", "users"),
    ("fk_tickets_reservation_id", "reservation_id", "reservations"),
    ("fk_tickets_order_id", "order_id", "orders"),
    ("fk_tickets_replaces_ticket_id", "replaces_ticket_id", "tickets"),
]


@pytest.mark.parametrize(
    ("constraint", "given"),
    [
        (
            "chk_tickets_resale_within_max",
            {"resale_price_cents": 101, "max_resale_price_cents": 100},
        ),
        ("chk_tickets_transfer_count_within_max", {"transfer_count": 2, "max_transfers": 1}),
        ("chk_tickets_transfer_count_within_max", {"transfer_count": 1, "max_transfers": 0}),
        ("chk_tickets_holder", {"status": "sold"}),
        ("chk_tickets_holder", {"status": "minted", "token_mint": MINT, "is_nft": True}),
        ("chk_tickets_holder", {"status": "active"}),
        ("chk_tickets_holder", {"status": "transferred"}),
        ("chk_tickets_holder", {"status": "checked_in", "checked_in_at": NOW}),
        ("chk_tickets_holder", {"status": "used", "checked_in_at": NOW}),
        ("chk_tickets_reason_required", {"status": "revoked"}),
        ("chk_tickets_reason_required", {"status": "refunded", "status_reason": ""}),
        ("chk_tickets_reason_required", {"status": "cancelled", "status_reason": "  "}),
        ("chk_tickets_checked_in", {**HELD, "status": "checked_in"}),
        ("chk_tickets_checked_in", {**HELD, "status": "used"}),
        ("chk_tickets_validated", {"is_validated": True}),
        ("chk_tickets_validated", {"validated_at": NOW}),
        ("chk_tickets_nft_mint", {"token_mint": MINT}),
        ("chk_tickets_minted", {**HELD, "status": "minted", "is_nft": True}),
        ("chk_tickets_token_mint_base58", {"is_nft": True, "token_mint": "2" * 31}),
        ("chk_tickets_token_mint_base58", {"is_nft": True, "token_mint": "2" * 45}),
        ("chk_tickets_token_mint_base58", {"is_nft": True, "token_mint": "2" * 31 + "0"}),
        ("chk_tickets_token_mint_base58", {"is_nft": True, "token_mint": "2" * 31 + "O"}),
        ("chk_tickets_token_mint_base58", {"is_nft": True, "token_mint": "2" * 31 + "I"}),
        ("chk_tickets_token_mint_base58", {"is_nft": True, "token_mint": "2" * 31 + "l"}),
        ("chk_tickets_external_pair", {"external_source": "box_office"}),
        ("chk_tickets_external_pair", {"external_id": "42"}),
        ("chk_tickets_purchaser_email", {"purchaser_email": "Ann@example.org"}),
        ("chk_tickets_deleted_terminal", {"deleted_at": NOW}),
        ("chk_tickets_deleted_terminal", {"deleted_at": NOW, "status": "reserved"}),
        ("chk_tickets_deleted_terminal", {**HELD, "deleted_at": NOW, "status": "sold"}),
        (
            "chk_tickets_deleted_terminal",
            {**HELD, "deleted_at": NOW, "status": "checked_in", "checked_in_at": NOW},
        ),
        ("chk_tickets_status", {**HELD, "status": "lost"}),
        ("chk_tickets_status", {**HELD, "status": ""}),
        ("chk_tickets_status", {**HELD, "status": "SOLD"}),
        ("chk_tickets_price_positive", {"price_cents": -1}),
        ("chk_tickets_face_value_positive", {"face_value_cents": -1}),
        ("chk_tickets_resale_price_positive", {"resale_price_cents": -1}),
        ("chk_tickets_max_resale_price", {"max_resale_price_cents": -1}),
        ("chk_tickets_max_resale_price", {"price_cents": 100, "max_resale_price_cents": 99}),
        ("chk_tickets_scan_count_positive", {"scan_count": -1}),
        ("chk_tickets_scan_count_positive", {"check_in_round": 0}),
        ("chk_tickets_scan_count_positive", {"credential_version": 0}),
        ("chk_tickets_transfer_count_positive", {"transfer_count": -1}),
        ("chk_tickets_max_transfers_positive", {"max_transfers": -1}),
        ("chk_tickets_seat_number_positive", {"seat_number": 0}),
        ("chk_tickets_seat_number_positive", {"seat_number": -1}),
        ("chk_tickets_valid_dates", {"valid_from": NOW, "expires_at": NOW - MOMENT}),
        ("chk_tickets_currency", {"currency": "usd"}),
        ("chk_tickets_currency", {"currency": "US"}),
        ("chk_tickets_currency", {"currency": "USDX"}),
    ],
)
def test_a_broken_rule_is_refused(
    db: Session, make: Make, tenant: UUID, constraint: str, given: dict[str, Any]
) -> None:
    with db.refused("23514", constraint):
        make.row("tickets", tenant, **given)


@pytest.mark.parametrize(
    "given",
    [
        {"resale_price_cents": 100, "max_resale_price_cents": 100},
        {"resale_price_cents": 100, "max_resale_price_cents": None},
        {"transfer_count": 1, "max_transfers": 1},
        {"transfer_count": 0, "max_transfers": 0},
        {"transfer_count": 99, "max_transfers": None},
        *({"status": status} for status in ("available", "reserved", "expired")),
        *({"status": status, "status_reason": "x"} for status in ("cancelled", "refunded")),
        {"status": "revoked", "status_reason": "x"},
        *({**HELD, "status": status} for status in ("sold", "active", "transferred")),
        {**HELD, "status": "minted", "token_mint": MINT, "is_nft": True},
        {**HELD, "status": "checked_in", "checked_in_at": NOW},
        {**HELD, "status": "used", "checked_in_at": NOW},
        {"is_validated": True, "validated_at": NOW},
        {"is_nft": True, "token_mint": None},
        {"is_nft": True, "token_mint": "z" * 44},
        {"external_source": "box_office", "external_id": "42"},
        {"deleted_at": NOW, "status": "expired"},
        {"deleted_at": NOW, "status": "cancelled", "status_reason": "x"},
        {"deleted_at": NOW, "status": "refunded", "status_reason": "x"},
        {"deleted_at": NOW, "status": "revoked", "status_reason": "x"},
        {**HELD, "deleted_at": NOW, "status": "used", "checked_in_at": NOW},
        {"price_cents": 0, "face_value_cents": 0, "resale_price_cents": 0},
        {"price_cents": None, "face_value_cents": None, "resale_price_cents": None},
        {"price_cents": 100, "max_resale_price_cents": 100},
        {"price_cents": 100, "max_resale_price_cents": None},
        {"price_cents": None, "max_resale_price_cents": 0},
        {"scan_count": 0, "check_in_round": 1, "credential_version": 1},
        {"seat_number": 1},
        {"valid_from": NOW, "expires_at": NOW},
        {"valid_from": NOW, "expires_at": None},
        {"valid_from": None, "expires_at": NOW},
        {"currency": "EUR"},
    ],
)
def test_the_last_allowed_value_is_accepted(
    make: Make, tenant: UUID, given: dict[str, Any]
) -> None:
    assert given.items() <= make.row("tickets", tenant, **given).items()


@pytest.mark.parametrize(
    ("column", "parent"),
    [("user_id", "users"), ("order_id", "orders"), ("reservation_id", "reservations")],
)
def test_an_available_ticket_belongs_to_nobody(
    db: Session, make: Make, tenant: UUID, column: str, parent: str
) -> None:
    taken = make.id(parent, tenant)
    with db.refused("23514", "chk_tickets_available_unowned"):
        make.row("tickets", tenant, status="available", **{column: taken})


def test_a_user_is_holder_enough_without_an_email(make: Make, tenant: UUID) -> None:
    ann = make.id("users", tenant)
    assert make.row("tickets", tenant, status="sold", user_id=ann)["purchaser_email"] is None


def test_a_ticket_cannot_replace_itself(db: Session, make: Make, tenant: UUID) -> None:
    ticket = uuid4()
    with db.refused("23514", "chk_tickets_not_own_replacement"):
        make.row("tickets", tenant, id=ticket, replaces_ticket_id=ticket)


@pytest.mark.parametrize(
    ("constraint", "given"),
    [
        ("uq_tickets_ticket_number", {"ticket_number": "A-1"}),
        ("uq_tickets_external", {"external_source": "box_office", "external_id": "42"}),
        ("uq_tickets_qr_code", {"qr_code": "q"}),
        ("uq_tickets_barcode", {"barcode": "b"}),
        ("uq_tickets_token_mint", {"is_nft": True, "token_mint": MINT}),
    ],
)
def test_a_number_is_used_once_in_a_tenant_and_again_in_another(
    db: Session,
    make: Make,
    *,
    tenant: UUID,
    other_tenant: UUID,
    constraint: str,
    given: dict[str, Any],
) -> None:
    make.row("tickets", tenant, **given)
    with db.refused("23505", constraint):
        make.row("tickets", tenant, **given)
    assert given.items() <= make.row("tickets", other_tenant, **given).items()


def test_tickets_without_a_code_do_not_collide(make: Make, tenant: UUID) -> None:
    given = {"qr_code": None, "barcode": None, "token_mint": None}
    assert make.id("tickets", tenant, **given) != make.id("tickets", tenant, **given)


def test_a_code_of_one_kind_may_be_that_of_another_kind(make: Make, tenant: UUID) -> None:
    make.row("tickets", tenant, qr_code=MINT)
    make.row("tickets", tenant, barcode=MINT)
    assert make.row("tickets", tenant, is_nft=True, token_mint=MINT)["token_mint"] == MINT


def test_two_sources_may_use_the_same_external_id(make: Make, tenant: UUID) -> None:
    make.row("tickets", tenant, external_source="box_office", external_id="42")
    again = make.row("tickets", tenant, external_source="partner", external_id="42")
    assert again["external_id"] == "42"


@pytest.mark.parametrize(
    "place",
    [
        {"section": "A", "row": "1", "seat": "7"},
        {"section": "A", "row": None, "seat": "7"},
        {"section": None, "row": "1", "seat": "7"},
        {"section": None, "row": None, "seat": "7"},
    ],
)
@pytest.mark.parametrize("status", ["available", "reserved"])
def test_a_seat_is_given_once_in_an_event(
    db: Session, make: Make, tenant: UUID, place: dict[str, Any], status: str
) -> None:
    event = make.id("events", tenant)
    make.row("tickets", tenant, event_id=event, status=status, **place)
    with db.refused("23505", "uq_tickets_event_seat"):
        make.row("tickets", tenant, event_id=event, **place)


@pytest.mark.parametrize("status", ["cancelled", "refunded", "expired", "revoked"])
def test_the_seat_of_a_dead_ticket_is_free(make: Make, tenant: UUID, status: str) -> None:
    event = make.id("events", tenant)
    make.row("tickets", tenant, event_id=event, seat="7", status=status, status_reason="x")
    assert make.row("tickets", tenant, event_id=event, seat="7")["status"] == "available"


def test_a_used_ticket_keeps_its_seat(db: Session, make: Make, tenant: UUID) -> None:
    event = make.id("events", tenant)
    used = {**HELD, "status": "used", "checked_in_at": NOW}
    make.row("tickets", tenant, event_id=event, seat="7", **used)
    with db.refused("23505", "uq_tickets_event_seat"):
        make.row("tickets", tenant, event_id=event, seat="7")


@pytest.mark.parametrize(
    "other", [{"section": "B"}, {"row": "2"}, {"seat": "8"}, {"row": None}, {"section": None}]
)
def test_another_place_is_another_seat(
    make: Make, tenant: UUID, other: dict[str, str | None]
) -> None:
    event = make.id("events", tenant)
    place = {"section": "A", "row": "1", "seat": "7"}
    make.row("tickets", tenant, event_id=event, **place)
    made = make.row("tickets", tenant, event_id=event, **{**place, **other})
    assert other.items() <= made.items()


def test_tickets_without_a_seat_do_not_collide(make: Make, tenant: UUID) -> None:
    event = make.id("events", tenant)
    first = make.id("tickets", tenant, event_id=event, section="A", row="1")
    assert make.id("tickets", tenant, event_id=event, section="A", row="1") != first


def test_the_same_seat_is_free_at_another_event_and_tenant(
    make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    event = make.id("events", tenant)
    make.row("tickets", tenant, event_id=event, seat="7")
    assert make.row("tickets", tenant, seat="7")["event_id"] != event
    twin = make.id("events", other_tenant, id=event)
    assert make.row("tickets", other_tenant, event_id=twin, seat="7")["event_id"] == event


def test_a_ticket_is_replaced_once(db: Session, make: Make, tenant: UUID) -> None:
    lost = make.id("tickets", tenant)
    make.row("tickets", tenant, replaces_ticket_id=lost)
    with db.refused("23505", "uq_tickets_replaces"):
        make.row("tickets", tenant, replaces_ticket_id=lost)


def test_a_ticket_with_the_same_id_in_another_tenant_is_replaced_there(
    make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    lost = make.id("tickets", tenant)
    make.row("tickets", tenant, replaces_ticket_id=lost)
    make.row("tickets", other_tenant, id=lost)
    made = make.row("tickets", other_tenant, replaces_ticket_id=lost)
    assert made["replaces_ticket_id"] == lost


@pytest.mark.parametrize(("constraint", "column", "parent"), PARENTS)
def test_a_parent_of_another_tenant_is_refused(
    db: Session,
    make: Make,
    *,
    tenant: UUID,
    other_tenant: UUID,
    constraint: str,
    column: str,
    parent: str,
) -> None:
    stranger = make.id(parent, other_tenant)
    with db.refused("23503", constraint):
        make.row("tickets", tenant, status="reserved", **{column: stranger})


@pytest.mark.parametrize(("constraint", "column", "parent"), PARENTS)
def test_a_parent_must_exist(
    db: Session, make: Make, *, tenant: UUID, constraint: str, column: str, parent: str
) -> None:
    with db.refused("23503", constraint):
        make.row("tickets", tenant, status="reserved", **{column: uuid4()})


def test_the_ticket_type_may_not_be_of_another_tenant(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    stranger = make.ticket_type(other_tenant)
    with db.refused("23503", "fk_tickets_ticket_type_id"):
        make.row("tickets", tenant, ticket_type_id=stranger["id"])


def test_the_ticket_type_must_exist(db: Session, make: Make, tenant: UUID) -> None:
    ticket = make.id("tickets", tenant)
    with db.refused("23503", "fk_tickets_ticket_type_id"):
        db.run("UPDATE ticketing.tickets SET ticket_type_id = id WHERE id = %s", ticket)


def test_the_ticket_type_must_be_of_the_same_event(db: Session, make: Make, tenant: UUID) -> None:
    kind, elsewhere = make.ticket_type(tenant), make.id("events", tenant)
    with db.refused("23503", "fk_tickets_ticket_type_id"):
        make.row("tickets", tenant, ticket_type_id=kind["id"], event_id=elsewhere)


def test_a_new_ticket_is_available_and_untouched(make: Make, tenant: UUID) -> None:
    row = make.row("tickets", tenant)
    expected = {
        "status": "available",
        "currency": "USD",
        "credential_version": 1,
        "check_in_round": 1,
        "scan_count": 0,
        "transfer_count": 0,
        "max_transfers": None,
        "is_transferable": True,
        "is_validated": False,
        "is_nft": False,
        "metadata": {},
        "version": 1,
        "deleted_at": None,
    }
    assert expected.items() <= row.items()


@pytest.mark.parametrize("name", ["price", "face_value", "resale_price", "max_resale_price"])
@pytest.mark.parametrize(
    ("cents", "units"),
    [(2550, Decimal("25.50")), (1, Decimal("0.01")), (0, Decimal("0.00")), (None, None)],
)
def test_an_amount_is_also_given_in_whole_units(
    make: Make, tenant: UUID, name: str, cents: int | None, units: Decimal | None
) -> None:
    assert make.row("tickets", tenant, **{f"{name}_cents": cents})[name] == units


def test_whole_units_follow_the_cents(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    make.row("tickets", tenant, price_cents=2550)
    with as_tenant(tenant):
        price = db.value("UPDATE ticketing.tickets SET price_cents = 999 RETURNING price")
    assert price == Decimal("9.99")


@pytest.mark.parametrize("word", ["nr77", "balcony", "r12", "s7", "ext42"])
def test_a_ticket_is_found_by_each_of_its_words(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting, word: str
) -> None:
    where = {"ticket_number": "NR77", "section": "Balcony", "row": "R12", "seat": "S7"}
    ticket = make.id("tickets", tenant, external_source="box", external_id="EXT42", **where)
    make.row("tickets", tenant)
    query = "SELECT id FROM ticketing.tickets WHERE search_vector @@ plainto_tsquery('simple', %s)"
    with as_tenant(tenant):
        assert db.value(query, word) == ticket


@pytest.mark.parametrize(
    "column",
    [
        "tenant_id",
        "id",
        "event_id",
        "ticket_type_id",
        "replaces_ticket_id",
        "external_source",
        "external_id",
        "price",
        "face_value",
        "resale_price",
        "max_resale_price",
        "search_vector",
        "version",
        "created_at",
        "updated_at",
    ],
)
def test_a_service_cannot_change(db: Session, tenant: UUID, as_tenant: Acting, column: str) -> None:
    with as_tenant(tenant), db.refused("42501") as by:
        db.run(f"UPDATE ticketing.tickets SET {column} = DEFAULT")
    assert "permission denied" in str(by.error)


def test_a_service_may_change_all_the_rest(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    columns = """
        venue_id, user_id, original_purchaser_id, reservation_id, order_id, purchaser_email,
        ticket_number, qr_code, barcode, credential_version, payment_id, price_cents,
        face_value_cents, resale_price_cents, max_resale_price_cents, currency, section, "row",
        seat, seat_number, status, status_reason, status_changed_by, status_changed_at,
        is_validated, validated_at, validated_by, checked_in_at, checked_in_by, scan_count,
        check_in_round, is_transferable, transfer_count, max_transfers, is_nft, token_mint,
        valid_from, expires_at, purchased_at, metadata, deleted_at
    """
    make.row("tickets", tenant)
    with as_tenant(tenant):
        assert db.run(f"UPDATE ticketing.tickets SET ({columns}) = ROW ({columns})") == 1


def test_a_service_cannot_delete(db: Session, tenant: UUID, as_tenant: Acting) -> None:
    with as_tenant(tenant), db.refused("42501"):
        db.run("DELETE FROM ticketing.tickets")
