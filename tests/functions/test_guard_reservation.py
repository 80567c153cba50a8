"""guard_reservation: what a reservation may be and become."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row, overdue
from support.races import race
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

RESERVE = """
    INSERT INTO ticketing.reservations (tenant_id, event_id, ticket_type_id, user_id, quantity)
    VALUES (%s, %s, %s, %s, %s)
"""
PLACE = "UPDATE ticketing.reservations SET status = %s, order_id = %s WHERE id = %s"
READ = "SELECT * FROM ticketing.reservations WHERE id = %s"
STATUSES = ("pending", "confirmed", "expired", "cancelled")


def ago(**given: float) -> datetime:
    return datetime.now(UTC) - timedelta(**given)


@pytest.fixture
def buyer(make: Make, tenant: UUID) -> UUID:
    return make.id("users", tenant)


def reserve(db: Session, kind: Row, user: UUID, quantity: int | None = 1) -> int:
    return db.run(RESERVE, kind["tenant_id"], kind["event_id"], kind["id"], user, quantity)


def reached(make: Make, tenant: UUID, status: str, **given: Any) -> UUID:
    """Returns a reservation that was brought to a status along the allowed way."""
    if status == "expired":
        given |= overdue()
    made = make.id("reservations", tenant, order_id=make.id("orders", tenant), **given)
    if status != "pending":
        make.advance("reservations", made, status)
    return made


# --- a new reservation ---


def test_a_pending_reservation_on_sale_is_accepted(
    db: Session, make: Make, tenant: UUID, buyer: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 10)
    with as_tenant(tenant):
        assert reserve(db, kind, buyer) == 1


@pytest.mark.parametrize("status", ["confirmed", "expired", "cancelled", "sold", ""])
def test_a_reservation_cannot_begin_in_another_status(
    db: Session, make: Make, tenant: UUID, *, buyer: UUID, as_tenant: Acting, status: str
) -> None:
    kind = make.ticket_type(tenant, 10)
    with as_tenant(tenant), db.refused("TK201"):
        db.run(
            """
            INSERT INTO ticketing.reservations (
                tenant_id, event_id, ticket_type_id, user_id, quantity, status
            ) VALUES (%s, %s, %s, %s, 1, %s)
            """,
            *(tenant, kind["event_id"], kind["id"], buyer, status),
        )


@pytest.mark.parametrize("column", ["quantity", "status"])
def test_a_missing_value_is_refused(db: Session, make: Make, tenant: UUID, column: str) -> None:
    with db.refused("23502"):
        make.row("reservations", tenant, **{column: None})


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"is_active": False}, id="withdrawn"),
        pytest.param({"sale_start": ago(days=-1), "sale_end": ago(days=-2)}, id="not yet on sale"),
        pytest.param({"sale_start": ago(days=2), "sale_end": ago(seconds=1)}, id="no longer"),
    ],
)
def test_a_type_that_is_not_on_sale_is_refused(
    db: Session, make: Make, tenant: UUID, *, buyer: UUID, as_tenant: Acting, given: Row
) -> None:
    kind = make.ticket_type(tenant, 10, **given)
    with as_tenant(tenant), db.refused("TK102"):
        reserve(db, kind, buyer)


def test_a_sale_that_closes_while_the_transaction_runs_is_closed(
    db: Session, make: Make, tenant: UUID, buyer: UUID, as_tenant: Acting
) -> None:
    closed = db.value("SELECT clock_timestamp()")
    assert closed > db.value("SELECT now()")
    kind = make.ticket_type(tenant, 10, sale_end=closed)
    with as_tenant(tenant), db.refused("TK102"):
        reserve(db, kind, buyer)


def test_a_sale_that_opens_while_the_transaction_runs_is_open(
    db: Session, make: Make, tenant: UUID, buyer: UUID, as_tenant: Acting
) -> None:
    opened = db.value("SELECT clock_timestamp()")
    assert opened > db.value("SELECT now()")
    kind = make.ticket_type(tenant, 10, sale_start=opened)
    with as_tenant(tenant):
        assert reserve(db, kind, buyer) == 1


@pytest.mark.parametrize("quantity", [-1, 0, 1, 5, 2_147_483_647])
def test_a_quantity_outside_the_limits_of_a_purchase_is_refused(
    db: Session, make: Make, tenant: UUID, *, buyer: UUID, as_tenant: Acting, quantity: int
) -> None:
    kind = make.ticket_type(tenant, 10, min_purchase=2, max_purchase=4)
    with as_tenant(tenant), db.refused("TK103"):
        reserve(db, kind, buyer, quantity)


@pytest.mark.parametrize("quantity", [2, 4])
def test_a_quantity_at_the_limits_of_a_purchase_is_accepted(
    db: Session, make: Make, tenant: UUID, *, buyer: UUID, as_tenant: Acting, quantity: int
) -> None:
    kind = make.ticket_type(tenant, 10, min_purchase=2, max_purchase=4)
    with as_tenant(tenant):
        assert reserve(db, kind, buyer, quantity) == 1


@pytest.mark.parametrize(("left", "wanted"), [(10, 11), (1, 2), (0, 1)])
def test_more_than_is_left_is_refused_before_anything_is_written(
    db: Session, make: Make, tenant: UUID, *, buyer: UUID, as_tenant: Acting, left: int, wanted: int
) -> None:
    kind = make.ticket_type(tenant, left, max_purchase=20)
    with as_tenant(tenant), db.refused("TK101") as by:
        reserve(db, kind, buyer, wanted)
    assert "guard_reservation" in str(by.error.diag.context)


def test_all_that_is_left_is_accepted(
    db: Session, make: Make, tenant: UUID, buyer: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 10)
    with as_tenant(tenant):
        assert reserve(db, kind, buyer, 10) == 1


def test_a_type_of_another_tenant_is_as_absent_as_an_unknown_one(
    db: Session, make: Make, tenant: UUID, *, other_tenant: UUID, buyer: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(other_tenant, 10)
    with as_tenant(tenant):
        for absent in (kind["id"], uuid4()):
            with db.refused("23503", "fk_reservations_ticket_type_id"):
                reserve(db, {**kind, "tenant_id": tenant, "id": absent}, buyer)


def test_a_reservation_for_another_tenant_is_refused(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(other_tenant, 10)
    with as_tenant(tenant), db.refused("42501"):
        reserve(db, kind, make.id("users", other_tenant))


# --- the limit of a person ---


@pytest.mark.parametrize(
    ("before", "wanted"), [([], 3), ([1], 2), ([1, 1], 1)], ids=["at once", "in two", "in three"]
)
def test_a_person_may_have_as_many_as_the_limit_says(
    db: Session,
    make: Make,
    tenant: UUID,
    *,
    buyer: UUID,
    as_tenant: Acting,
    before: list[int],
    wanted: int,
) -> None:
    kind = make.ticket_type(tenant, 100, max_per_user=3)
    with as_tenant(tenant):
        for quantity in before:
            reserve(db, kind, buyer, quantity)
        assert reserve(db, kind, buyer, wanted) == 1
        with db.refused("TK104"):
            reserve(db, kind, buyer)


def test_one_over_the_limit_of_a_person_is_refused(
    db: Session, make: Make, tenant: UUID, buyer: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 100, max_per_user=3)
    with as_tenant(tenant), db.refused("TK104"):
        reserve(db, kind, buyer, 4)


def test_confirmed_ones_count_towards_the_limit_whatever_their_expiry(
    db: Session, make: Make, tenant: UUID, buyer: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 100, max_per_user=1)
    made = make.id("reservations", tenant, ticket_type_id=kind["id"], user_id=buyer)
    db.run(PLACE, "confirmed", make.id("orders", tenant), made)
    db.run(
        "UPDATE ticketing.reservations SET expires_at = %s WHERE id = %s",
        *(db.value("SELECT clock_timestamp()"), made),
    )
    with as_tenant(tenant), db.refused("TK104"):
        reserve(db, kind, buyer)


@pytest.mark.parametrize("status", ["expired", "cancelled"])
def test_released_ones_do_not_count_towards_the_limit(
    db: Session, make: Make, tenant: UUID, *, buyer: UUID, as_tenant: Acting, status: str
) -> None:
    kind = make.ticket_type(tenant, 100, max_per_user=1)
    reached(make, tenant, status, ticket_type_id=kind["id"], user_id=buyer)
    with as_tenant(tenant):
        assert reserve(db, kind, buyer) == 1


def test_overdue_ones_do_not_count_towards_the_limit(
    db: Session, make: Make, tenant: UUID, buyer: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 100, max_per_user=1)
    make.row("reservations", tenant, ticket_type_id=kind["id"], user_id=buyer, **overdue())
    with as_tenant(tenant):
        assert reserve(db, kind, buyer) == 1


def test_the_limit_is_one_of_each_person_and_each_type(
    db: Session, make: Make, tenant: UUID, buyer: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 100, max_per_user=1)
    neighbour = make.ticket_type(tenant, 100, max_per_user=1)
    somebody = make.id("users", tenant)
    with as_tenant(tenant):
        reserve(db, kind, buyer)
        assert reserve(db, kind, somebody) == 1
        assert reserve(db, neighbour, buyer) == 1


def test_without_a_limit_a_person_may_have_any_number(
    db: Session, make: Make, tenant: UUID, buyer: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 100, max_purchase=100)
    with as_tenant(tenant):
        assert reserve(db, kind, buyer, 60) == 1
        assert reserve(db, kind, buyer, 40) == 1


def test_guests_have_no_limit_of_a_person(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 100, max_per_user=1)
    with as_tenant(tenant):
        for _ in range(2):
            assert db.run(
                """
                INSERT INTO ticketing.reservations (
                    tenant_id, event_id, ticket_type_id, guest_session, quantity
                ) VALUES (%s, %s, %s, 'guest', 2)
                """,
                *(tenant, kind["event_id"], kind["id"]),
            )


def test_the_rows_of_one_statement_count_together_towards_the_limit(
    db: Session, make: Make, tenant: UUID, buyer: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 100, max_per_user=3)
    row = (tenant, kind["event_id"], kind["id"], buyer, 2)
    with as_tenant(tenant), db.refused("TK104"):
        db.run(f"{RESERVE}, (%s, %s, %s, %s, %s)", *row, *row)


@pytest.mark.parametrize(("quantity", "carts"), [(1, 5), (2, 2), (5, 1), (6, 0)])
def test_concurrent_carts_of_one_person_stay_within_the_limit(
    clone: Database, quantity: int, carts: int
) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        kind = make.ticket_type(tenant, 1000, max_per_user=5)
        user = make.id("users", tenant)

    def buy(connection: psycopg.Connection, number: int) -> str:
        connection.execute(RESERVE, [tenant, kind["event_id"], kind["id"], user, quantity])
        return "bought"

    results = race(clone, "ts_test_app", 24, buy, tenant=tenant)
    got = Counter(r.sqlstate if isinstance(r, psycopg.Error) else r for r in results)
    assert (got["bought"], got["TK104"]) == (carts, 24 - carts)
    with psycopg.connect(clone.superuser_url) as connection:
        query = "SELECT coalesce(sum(quantity), 0) FROM ticketing.reservations"
        assert Session(connection).value(query) == carts * quantity


def test_concurrent_carts_of_one_person_over_several_limited_types_do_not_deadlock(
    clone: Database,
) -> None:
    with psycopg.connect(clone.superuser_url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {clone.name} SET deadlock_timeout = '50ms'")
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        kinds = [make.ticket_type(tenant, 1000, max_per_user=500) for _ in range(12)]
        user = make.id("users", tenant)

    def buy(connection: psycopg.Connection, number: int) -> int:
        cart = kinds if number % 2 else kinds[::-1]
        values = ", ".join(["(%s, %s, %s, %s, 1)"] * len(cart))
        rows = [value for kind in cart for value in (tenant, kind["event_id"], kind["id"], user)]
        return connection.execute(
            f"""
            INSERT INTO ticketing.reservations (
                tenant_id, event_id, ticket_type_id, user_id, quantity
            ) VALUES {values}
            """.encode(),
            rows,
        ).rowcount

    for _ in range(3):
        assert race(clone, "ts_test_app", 24, buy, tenant=tenant) == [12] * 24


# --- a changed reservation ---


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("tenant_id", uuid4()),
        ("id", uuid4()),
        ("event_id", uuid4()),
        ("ticket_type_id", uuid4()),
        ("user_id", uuid4()),
        ("user_id", None),
        ("guest_session", "guest"),
        ("quantity", 2),
        ("created_at", ago(days=1)),
    ],
)
def test_what_a_reservation_claims_and_for_whom_cannot_change(
    db: Session, make: Make, tenant: UUID, column: str, value: object
) -> None:
    made = make.id("reservations", tenant)
    with db.refused("TK002"):
        db.run(f"UPDATE ticketing.reservations SET {column} = %s WHERE id = %s", value, made)


def test_details_of_a_live_reservation_may_change(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    made = make.id("reservations", tenant)
    order = make.id("orders", tenant)
    with as_tenant(tenant):
        assert db.run(
            """
            UPDATE ticketing.reservations
            SET order_id = %s, type_name = 'Standing', expires_at = expires_at + interval '1 min'
            WHERE id = %s
            """,
            *(order, made),
        )


@pytest.mark.parametrize("status", STATUSES)
def test_the_same_status_again_is_accepted_and_changes_no_moment(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting, status: str
) -> None:
    made = reached(make, tenant, status)
    before = db.one(READ, made)
    with as_tenant(tenant):
        db.run("UPDATE ticketing.reservations SET status = %s WHERE id = %s", status, made)
    changed = {"version", "updated_at"}
    after = db.one(READ, made)
    assert {name for name in after if after[name] != before[name]} == changed


def test_an_overdue_reservation_is_not_confirmed_though_no_sweeper_came(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    made = make.row("reservations", tenant, **overdue())["id"]
    order = make.id("orders", tenant)
    with as_tenant(tenant), db.refused("TK105"):
        db.run(PLACE, "confirmed", order, made)
    assert db.one(READ, made)["status"] == "pending"


def test_a_reservation_that_runs_out_while_the_transaction_runs_is_not_confirmed(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    made = make.row("reservations", tenant, expires_at=db.value("SELECT clock_timestamp()"))
    assert made["expires_at"] > db.value("SELECT now()")
    order = make.id("orders", tenant)
    with as_tenant(tenant), db.refused("TK105"):
        db.run(PLACE, "confirmed", order, made["id"])


def test_a_payment_that_waits_past_the_expiry_is_late(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        end = ago(seconds=-0.5)
        made = make.id("reservations", tenant, created_at=ago(minutes=15), expires_at=end)
        order = make.id("orders", tenant)

    def confirm() -> str | None:
        with clone.connect("ts_test_app") as connection, connection.transaction():
            connection.execute(
                "SELECT set_config('app.current_tenant_id', %s, TRUE)", [str(tenant)]
            )
            try:
                connection.execute(PLACE, ["confirmed", order, made])
            except psycopg.Error as error:
                return error.sqlstate
        return "confirmed"

    waits = "SELECT FROM pg_locks WHERE NOT granted AND locktype IN ('transactionid', 'tuple')"
    with ThreadPoolExecutor(1) as pool, clone.connect() as holder:
        with holder.transaction():
            holder.execute("SELECT FROM ticketing.reservations WHERE id = %s FOR UPDATE", [made])
            late = pool.submit(confirm)
            while not late.done() and holder.execute(waits).fetchone() is None:
                pass
            time.sleep(max(0.0, (end - datetime.now(UTC)).total_seconds()))
        assert late.result(timeout=10) == "TK105"


def test_a_reservation_that_is_about_to_run_out_is_confirmed(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    made = make.id("reservations", tenant, created_at=ago(minutes=20), expires_at=ago(minutes=-1))
    order = make.id("orders", tenant)
    with as_tenant(tenant):
        assert db.run(PLACE, "confirmed", order, made) == 1


def test_confirming_late_with_a_new_expiry_in_one_statement_is_refused(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    made = make.row("reservations", tenant, **overdue())["id"]
    order = make.id("orders", tenant)
    with as_tenant(tenant), db.refused("TK105"):
        db.run(
            """
            UPDATE ticketing.reservations
            SET status = 'confirmed', order_id = %s, expires_at = now() + interval '1 hour'
            WHERE id = %s
            """,
            *(order, made),
        )


def test_a_reservation_that_ran_out_cannot_be_prolonged(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    made = make.row("reservations", tenant, **overdue())["id"]
    with as_tenant(tenant), db.refused("TK105"):
        db.run(
            """
            UPDATE ticketing.reservations SET expires_at = now() + interval '1 hour' WHERE id = %s
            """,
            made,
        )


@pytest.mark.parametrize("status", ["expired", "cancelled"])
def test_an_overdue_reservation_can_still_be_released(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting, status: str
) -> None:
    made = make.row("reservations", tenant, **overdue())["id"]
    with as_tenant(tenant, reason="too late"):
        assert db.run(PLACE, status, None, made) == 1


def test_confirming_without_an_order_is_refused(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    made = make.id("reservations", tenant)
    with as_tenant(tenant), db.refused("23514", "chk_reservations_confirmed"):
        db.run(PLACE, "confirmed", None, made)


def test_confirming_stamps_the_moment(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    made = reached(make, tenant, "confirmed")
    after = db.one(READ, made)
    assert after["confirmed_at"] > db.value("SELECT now()")
    assert (after["released_at"], after["release_reason"]) == (None, None)


@pytest.mark.parametrize(
    ("status", "session_reason", "given", "expected"),
    [
        pytest.param("expired", None, None, "timeout", id="expired"),
        pytest.param("expired", "sweep", None, "timeout", id="expired says timeout anyway"),
        pytest.param("cancelled", "user", None, "user", id="cancelled for the session's reason"),
        pytest.param("cancelled", "user", "admin", "admin", id="a stated reason stays"),
        pytest.param("expired", None, "admin", "admin", id="also when it expires"),
    ],
)
def test_a_release_stamps_the_moment_and_the_reason(
    db: Session,
    make: Make,
    tenant: UUID,
    *,
    status: str,
    session_reason: str | None,
    given: str | None,
    expected: str,
) -> None:
    made = make.id("reservations", tenant, **(overdue() if status == "expired" else {}))
    with db.acting("ticketing_app", tenant=tenant, reason=session_reason):
        db.run(
            """
            UPDATE ticketing.reservations SET status = %s, release_reason = %s WHERE id = %s
            """,
            *(status, given, made),
        )
    after = db.one(READ, made)
    assert after["released_at"] > db.value("SELECT now()")
    assert (after["release_reason"], after["confirmed_at"]) == (expected, None)


def test_a_given_moment_is_kept(db: Session, make: Make, tenant: UUID, as_tenant: Acting) -> None:
    made = make.id("reservations", tenant)
    order, paid = make.id("orders", tenant), ago(minutes=3)
    with as_tenant(tenant):
        db.run(
            """
            UPDATE ticketing.reservations
            SET status = 'confirmed', order_id = %s, confirmed_at = %s WHERE id = %s
            """,
            *(order, paid, made),
        )
        assert db.one(READ, made)["confirmed_at"] == paid


def test_a_confirmed_reservation_keeps_its_order(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    made = make.id("reservations", tenant)
    first, second = make.id("orders", tenant), make.id("orders", tenant)
    confirm = """
        UPDATE ticketing.reservations SET status = 'confirmed', order_id = %s WHERE id = %s
    """
    with as_tenant(tenant):
        assert db.run(confirm, first, made) == 1
        assert db.run(confirm, first, made) == 1
        with db.refused("TK002"):
            db.run(confirm, second, made)
    assert db.value("SELECT order_id FROM ticketing.reservations WHERE id = %s", made) == first


def test_a_repeated_request_finds_its_row_although_all_is_sold(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 2)
    request = """
        INSERT INTO ticketing.reservations (
            tenant_id, event_id, ticket_type_id, guest_session, quantity, idempotency_key
        )
        VALUES (%s, %s, %s, 'guest', 2, 'request-1')
        ON CONFLICT (tenant_id, ticket_type_id, idempotency_key)
            WHERE idempotency_key IS NOT NULL DO NOTHING
    """
    values = (tenant, kind["event_id"], kind["id"])
    with as_tenant(tenant):
        assert db.run(request, *values) == 1
        assert db.run(request, *values) == 0
        with db.refused("23505", "uq_reservations_idempotency"):
            db.run(request[: request.index("ON CONFLICT")], *values)
    assert db.value("SELECT reserved_quantity FROM ticketing.ticket_inventory") == 2


@pytest.mark.parametrize("column", ["total_cents = 5, currency = 'USD'", "currency = 'EUR'"])
def test_the_price_stays(db: Session, make: Make, tenant: UUID, column: str) -> None:
    made = make.id("reservations", tenant, total_cents=4, currency="USD")
    with db.refused("TK002"):
        db.run(f"UPDATE ticketing.reservations SET {column} WHERE id = %s", made)


@pytest.mark.parametrize(
    ("way", "steps", "refused"),
    [
        ((), (1,), True),
        (("confirmed",), (1, 1, 2), False),
        (("confirmed",), (1, 0), True),
        (("confirmed", "cancelled"), (1,), True),
    ],
)
def test_places_come_back_of_a_sale_and_never_return(
    db: Session,
    make: Make,
    tenant: UUID,
    *,
    way: tuple[str, ...],
    steps: tuple[int, ...],
    refused: bool,
) -> None:
    made = make.id("reservations", tenant, quantity=2, order_id=make.id("orders", tenant))
    make.advance("reservations", made, *way)
    give_back = "UPDATE ticketing.reservations SET returned_quantity = %s WHERE id = %s"
    with db.acting("ticketing_app", tenant=tenant):
        for step in steps[:-1]:
            db.run(give_back, step, made)
        if refused:
            with db.refused("TK002"):
                db.run(give_back, steps[-1], made)
        else:
            assert db.run(give_back, steps[-1], made) == 1


def test_what_a_person_gave_back_counts_no_more(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 10, max_per_user=2)
    user = make.id("users", tenant)
    given = {"ticket_type_id": kind["id"], "user_id": user}
    made = make.id("reservations", tenant, quantity=2, order_id=make.id("orders", tenant), **given)
    make.advance("reservations", made, "confirmed")
    with db.refused("TK104"):
        make.id("reservations", tenant, **given)
    with as_tenant(tenant):
        db.run("UPDATE ticketing.reservations SET returned_quantity = 1 WHERE id = %s", made)
    make.id("reservations", tenant, **given)
    with db.refused("TK104"):
        make.id("reservations", tenant, **given)
