"""log_reservation_change: every change of status leaves a row."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, overdue
from support.races import race
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

SET = "UPDATE ticketing.reservations SET status = %s WHERE id = ANY (%s)"


def history(db: Session, reservation: UUID) -> list[tuple[object, ...]]:
    """Returns from, to and reason of every change, oldest first."""
    rows = db.all(
        """
        SELECT status_from, status_to, reason FROM ticketing.reservation_history
        WHERE reservation_id = %s ORDER BY created_at
        """,
        reservation,
    )
    return [tuple(row.values()) for row in rows]


def test_a_new_reservation_leaves_a_row(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant)
    user = make.id("users", tenant)
    with db.acting("ticketing_app", tenant=tenant, reason="web"):
        made = db.value(
            """
            INSERT INTO ticketing.reservations (
                tenant_id, event_id, ticket_type_id, user_id, quantity
            ) VALUES (%s, %s, %s, %s, 3) RETURNING id
            """,
            *(tenant, kind["event_id"], kind["id"], user),
        )
    row = db.one("SELECT * FROM ticketing.reservation_history WHERE reservation_id = %s", made)
    assert {name: row[name] for name in row if name not in {"id", "created_at"}} == {
        "tenant_id": tenant,
        "reservation_id": made,
        "order_id": None,
        "user_id": user,
        "status_from": None,
        "status_to": "pending",
        "quantity": 3,
        "reason": "web",
        "metadata": {},
    }


def test_a_change_leaves_a_row_with_what_the_reservation_says_then(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    order, user = make.id("orders", tenant), make.id("users", tenant)
    made = make.id("reservations", tenant, user_id=user, quantity=3)
    with as_tenant(tenant):
        db.run(
            """
            UPDATE ticketing.reservations SET status = 'confirmed', order_id = %s WHERE id = %s
            """,
            *(order, made),
        )
    row = db.one(
        """
        SELECT tenant_id, order_id, user_id, quantity, status_from, reason
        FROM ticketing.reservation_history
        WHERE reservation_id = %s AND status_to = 'confirmed'
        """,
        made,
    )
    assert tuple(row.values()) == (tenant, order, user, 3, "pending", None)


def test_the_row_of_a_guest_names_no_user(db: Session, make: Make, tenant: UUID) -> None:
    made = make.id("reservations", tenant, guest_session="guest")
    query = "SELECT user_id FROM ticketing.reservation_history WHERE reservation_id = %s"
    assert db.value(query, made) is None


def test_the_rows_tell_the_whole_way(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    made = make.id("reservations", tenant, order_id=make.id("orders", tenant))
    with as_tenant(tenant):
        db.run(SET, "confirmed", [made])
    with db.acting("ticketing_app", tenant=tenant, reason="refunded"):
        db.run(SET, "cancelled", [made])
    assert history(db, made) == [
        (None, "pending", None),
        ("pending", "confirmed", None),
        ("confirmed", "cancelled", "refunded"),
    ]


@pytest.mark.parametrize(
    ("status", "given", "reason", "expected"),
    [
        ("expired", None, None, "timeout"),
        ("expired", None, "sweep", "timeout"),
        ("cancelled", "admin", "web", "admin"),
        ("cancelled", None, "web", "web"),
    ],
)
def test_the_reason_is_that_of_the_release_or_of_the_session(
    db: Session,
    make: Make,
    tenant: UUID,
    *,
    status: str,
    given: str | None,
    reason: str | None,
    expected: str,
) -> None:
    made = make.id("reservations", tenant, **(overdue() if status == "expired" else {}))
    with db.acting("ticketing_app", tenant=tenant, reason=reason):
        db.run(
            "UPDATE ticketing.reservations SET status = %s, release_reason = %s WHERE id = %s",
            *(status, given, made),
        )
    assert history(db, made)[1:] == [("pending", status, expected)]


@pytest.mark.parametrize("change", ["status = status", "type_name = 'Standing'"])
def test_an_update_that_leaves_the_status_leaves_no_row(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting, change: str
) -> None:
    made = make.id("reservations", tenant)
    with as_tenant(tenant):
        assert db.run(f"UPDATE ticketing.reservations SET {change} WHERE id = %s", made) == 1
    assert history(db, made) == [(None, "pending", None)]


def test_a_refused_change_leaves_no_row(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    made = make.id("reservations", tenant)
    with as_tenant(tenant), db.refused("23514"):
        db.run(SET, "confirmed", [made])
    assert history(db, made) == [(None, "pending", None)]


def test_a_statement_over_many_rows_leaves_a_row_for_each_that_changed(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    made = [make.id("reservations", tenant, **overdue()) for _ in range(3)]
    with as_tenant(tenant):
        db.run(SET, "expired", made[:1])
        db.run(SET, "expired", made)
    assert [history(db, one) for one in made] == [
        [(None, "pending", None), ("pending", "expired", "timeout")]
    ] * 3


def test_a_worker_without_a_tenant_leaves_rows_in_the_tenants_it_changed(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, as_worker: Acting
) -> None:
    made = {owner: make.id("reservations", owner, **overdue()) for owner in (tenant, other_tenant)}
    with as_worker():
        assert db.run(SET, "expired", list(made.values())) == 2
    rows = db.all(
        """
        SELECT tenant_id, reservation_id FROM ticketing.reservation_history
        WHERE status_to = 'expired' AND reservation_id = ANY (%s)
        """,
        list(made.values()),
    )
    assert {row["tenant_id"]: row["reservation_id"] for row in rows} == made


def test_concurrent_changes_leave_one_row_each_that_happened(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        made = make.id("reservations", tenant, **overdue())

    def expire(connection: psycopg.Connection, number: int) -> int:
        return connection.execute(SET, ["expired", [made]]).rowcount

    assert race(clone, "ts_test_worker", 16, expire, tenant=tenant) == [1] * 16
    with psycopg.connect(clone.superuser_url) as connection:
        assert history(Session(connection), made) == [
            (None, "pending", None),
            ("pending", "expired", "timeout"),
        ]
