"""ticket_bundle_items: rules of the table."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.session import Session

Acting = Callable[..., AbstractContextManager[Session]]

PARENTS = [
    ("fk_ticket_bundle_items_bundle_id", "bundle_id", "ticket_bundles"),
    ("fk_ticket_bundle_items_ticket_type_id", "ticket_type_id", "ticket_types"),
]


@pytest.mark.parametrize("quantity", [0, -1])
def test_an_item_without_a_ticket_is_refused(
    db: Session, make: Make, tenant: UUID, quantity: int
) -> None:
    with db.refused("23514", "chk_ticket_bundle_items_quantity_positive"):
        make.row("ticket_bundle_items", tenant, quantity=quantity)


def test_an_item_is_one_ticket_unless_told_otherwise(make: Make, tenant: UUID) -> None:
    assert make.row("ticket_bundle_items", tenant)["quantity"] == 1


def test_a_type_stands_once_in_a_bundle(db: Session, make: Make, tenant: UUID) -> None:
    item = make.row("ticket_bundle_items", tenant)
    same = {"bundle_id": item["bundle_id"], "ticket_type_id": item["ticket_type_id"]}
    with db.refused("23505", "uq_ticket_bundle_items_type"):
        make.row("ticket_bundle_items", tenant, **same)


@pytest.mark.parametrize("same", ["bundle_id", "ticket_type_id"])
def test_another_type_or_bundle_is_another_item(make: Make, tenant: UUID, same: str) -> None:
    item = make.row("ticket_bundle_items", tenant)
    assert make.row("ticket_bundle_items", tenant, **{same: item[same]})["id"] != item["id"]


def test_the_same_ids_in_another_tenant_are_another_item(
    make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    item = make.row("ticket_bundle_items", tenant)
    same = {
        "bundle_id": make.id("ticket_bundles", other_tenant, id=item["bundle_id"]),
        "ticket_type_id": make.id("ticket_types", other_tenant, id=item["ticket_type_id"]),
    }
    assert same.items() <= make.row("ticket_bundle_items", other_tenant, **same).items()


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
        make.row("ticket_bundle_items", tenant, **{column: stranger})


@pytest.mark.parametrize(("constraint", "column", "parent"), PARENTS)
def test_a_parent_must_exist(
    db: Session, make: Make, *, tenant: UUID, constraint: str, column: str, parent: str
) -> None:
    with db.refused("23503", constraint):
        make.row("ticket_bundle_items", tenant, **{column: uuid4()})


def test_a_deleted_bundle_takes_its_items_along_and_no_others(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    gone, stays = make.row("ticket_bundle_items", tenant), make.row("ticket_bundle_items", tenant)
    make.row("ticket_bundles", other_tenant, id=gone["bundle_id"])
    twin = make.row("ticket_bundle_items", other_tenant, bundle_id=gone["bundle_id"])
    with as_tenant(tenant):
        db.run("DELETE FROM ticketing.ticket_bundles WHERE id = %s", gone["bundle_id"])
    left = db.all("SELECT id FROM ticketing.ticket_bundle_items")
    assert {row["id"] for row in left} == {stays["id"], twin["id"]}


@pytest.mark.parametrize("column", ["tenant_id", "id", "created_at", "updated_at"])
def test_a_service_cannot_change(db: Session, tenant: UUID, as_tenant: Acting, column: str) -> None:
    with as_tenant(tenant), db.refused("42501") as by:
        db.run(f"UPDATE ticketing.ticket_bundle_items SET {column} = DEFAULT")
    assert "permission denied" in str(by.error)


def test_a_service_may_change_all_the_rest_and_delete(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    make.row("ticket_bundle_items", tenant)
    with as_tenant(tenant):
        changed = db.run(
            "UPDATE ticketing.ticket_bundle_items SET bundle_id = bundle_id, "
            "ticket_type_id = ticket_type_id, quantity = 2"
        )
        assert changed == db.run("DELETE FROM ticketing.ticket_bundle_items") == 1
