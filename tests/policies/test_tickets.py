"""Policies of tickets: who sees and changes which tickets inside one tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from support.databases import Database
from support.factories import Make, Row
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

READERS = ["ticketing_app", "ticketing_worker", "ticketing_readonly"]
PEOPLE = ["staff", "scanner", "admin", "superadmin"]
RESALE = "UPDATE ticketing.tickets SET resale_price_cents = 100"


@pytest.fixture
def holder(make: Make, tenant: UUID) -> UUID:
    return make.id("users", tenant)


@pytest.fixture
def own(make: Make, tenant: UUID, holder: UUID) -> UUID:
    """A ticket of the holder."""
    return make.id("tickets", tenant, status="active", user_id=holder)


@pytest.fixture
def other(make: Make, tenant: UUID) -> UUID:
    """A ticket of somebody else in the tenant."""
    return make.id("tickets", tenant, status="active", user_id=make.id("users", tenant))


@pytest.fixture
def foreign(make: Make, other_tenant: UUID, holder: UUID) -> UUID:
    """A ticket of another tenant, whose holder and owner of the venue bear the holder's id."""
    make.id("users", other_tenant, id=holder)
    venue = make.id("venues", other_tenant, created_by=holder)
    return make.id("tickets", other_tenant, status="active", user_id=holder, venue_id=venue)


def seen(db: Session) -> set[UUID]:
    return {row["id"] for row in db.all("SELECT id FROM ticketing.tickets")}


def draft(make: Make, tenant: UUID, user: UUID) -> tuple[str, list[object]]:
    """Returns a statement that adds a ticket for a user."""
    kind = make.row("ticket_types", tenant)
    values = [tenant, kind["event_id"], kind["id"], f"T-{uuid4()}", user, "active"]
    return (
        "INSERT INTO ticketing.tickets "
        "(tenant_id, event_id, ticket_type_id, ticket_number, user_id, status) "
        "VALUES (%s, %s, %s, %s, %s, %s)",
        values,
    )


# tickets_view_own --------------------------------------------------------------------------------


@pytest.mark.parametrize("role", READERS)
@pytest.mark.parametrize("user_role", ["user", "venue_owner", "", "Admin"])
@pytest.mark.usefixtures("other", "foreign")
def test_a_customer_sees_his_own_tickets(db: Session, own: UUID, role: str, user_role: str) -> None:
    row = db.one("SELECT * FROM ticketing.tickets WHERE id = %s", own)
    with db.acting(role, tenant=row["tenant_id"], user=row["user_id"], user_role=user_role):
        assert seen(db) == {own}


@pytest.mark.usefixtures("own", "other")
def test_a_customer_without_tickets_sees_none(make: Make, tenant: UUID, as_user: Acting) -> None:
    with as_user(tenant, make.id("users", tenant)) as customer:
        assert seen(customer) == set()


def test_a_ticket_of_nobody_is_not_everybodys(
    make: Make, tenant: UUID, holder: UUID, as_user: Acting
) -> None:
    make.id("tickets", tenant, status="available")
    with as_user(tenant, holder) as customer:
        assert seen(customer) == set()


@pytest.mark.usefixtures("own")
def test_a_customer_sees_nothing_in_a_tenant_that_is_not_his(
    other_tenant: UUID, holder: UUID, as_user: Acting
) -> None:
    with as_user(other_tenant, holder) as customer:
        assert seen(customer) == set()


@pytest.mark.parametrize("role", READERS)
@pytest.mark.parametrize("user", ["somebody", " ", "{{{holder}}}", "{holder} ", "{holder}0"])
@pytest.mark.usefixtures("own", "other")
def test_a_malformed_user_sees_nothing(
    db: Session, tenant: UUID, holder: UUID, role: str, user: str
) -> None:
    with db.acting(role, tenant=tenant, user=user.format(holder=holder), user_role="user"):
        assert seen(db) == set()


# tickets_update_own ------------------------------------------------------------------------------


@pytest.mark.usefixtures("other", "foreign")
def test_a_customer_updates_his_own_tickets(
    db: Session, tenant: UUID, holder: UUID, own: UUID, as_user: Acting
) -> None:
    with as_user(tenant, holder) as customer:
        assert customer.run(RESALE) == 1

    changed = db.all("SELECT id FROM ticketing.tickets WHERE resale_price_cents = 100")
    assert changed == [{"id": own}]


def test_a_customer_cannot_update_the_ticket_of_another(
    tenant: UUID, holder: UUID, other: UUID, as_user: Acting
) -> None:
    with as_user(tenant, holder) as customer:
        assert customer.run(f"{RESALE} WHERE id = %s", other) == 0


@pytest.mark.parametrize("receiver", ["somebody", "nobody"])
@pytest.mark.parametrize("condition", ["", "WHERE id = id"], ids=["blindly", "reading-it"])
def test_a_customer_cannot_give_his_ticket_away(
    make: Make, tenant: UUID, own: UUID, receiver: str, condition: str
) -> None:
    db = make.session
    holder = db.value("SELECT user_id FROM ticketing.tickets WHERE id = %s", own)
    user = make.id("users", tenant) if receiver == "somebody" else None
    with db.acting("ticketing_app", tenant=tenant, user=holder, user_role="user"):
        with db.refused("42501"):
            db.run(f"UPDATE ticketing.tickets SET user_id = %s {condition}", user)
        assert seen(db) == {own}


def test_a_customer_cannot_take_the_ticket_of_another(
    tenant: UUID, holder: UUID, other: UUID, as_user: Acting
) -> None:
    with as_user(tenant, holder) as customer:
        take = "UPDATE ticketing.tickets SET user_id = %s WHERE id = %s"
        assert customer.run(take, holder, other) == 0


@pytest.mark.parametrize("user", ["somebody", " "])
def test_a_malformed_user_updates_nothing(tenant: UUID, own: UUID, db: Session, user: str) -> None:
    with db.acting("ticketing_app", tenant=tenant, user=user):
        assert db.run(RESALE) == 0


def test_a_worker_that_names_a_customer_updates_nothing(
    db: Session, tenant: UUID, holder: UUID, own: UUID
) -> None:
    with db.acting("ticketing_worker", tenant=tenant, user=holder, user_role="user"):
        assert seen(db) == {own}
        assert db.run(RESALE) == 0


@pytest.mark.parametrize("whose", ["own", "other"])
def test_a_customer_cannot_add_a_ticket(
    make: Make, tenant: UUID, holder: UUID, as_user: Acting, whose: str
) -> None:
    user = holder if whose == "own" else make.id("users", tenant)
    query, values = draft(make, tenant, user)
    with as_user(tenant, holder) as customer, customer.refused("42501"):
        customer.run(query, *values)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
def test_nobody_deletes_a_ticket(db: Session, tenant: UUID, own: UUID, role: str) -> None:
    with db.acting(role, tenant=tenant), db.refused("42501"):
        db.run("DELETE FROM ticketing.tickets WHERE id = %s", own)


# tickets_venue_owner_view ------------------------------------------------------------------------


@pytest.fixture
def at_venue(make: Make, tenant: UUID, holder: UUID) -> UUID:
    """A ticket of somebody else at the venue that the holder runs."""
    venue = make.id("venues", tenant, created_by=holder)
    user = make.id("users", tenant)
    return make.id("tickets", tenant, status="active", user_id=user, venue_id=venue)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_readonly"])
@pytest.mark.usefixtures("other", "foreign")
def test_an_owner_of_a_venue_sees_its_tickets_and_his_own(
    db: Session, tenant: UUID, own: UUID, at_venue: UUID, role: str
) -> None:
    user = db.value("SELECT user_id FROM ticketing.tickets WHERE id = %s", own)
    with db.acting(role, tenant=tenant, user=user, user_role="venue_owner"):
        assert seen(db) == {own, at_venue}


def test_an_owner_of_a_venue_cannot_change_its_tickets(
    tenant: UUID, holder: UUID, at_venue: UUID, as_user: Acting
) -> None:
    with as_user(tenant, holder, "venue_owner") as owner:
        assert seen(owner) == {at_venue}
        assert owner.run(f"{RESALE} WHERE id = %s", at_venue) == 0
        assert owner.all("SELECT id FROM ticketing.tickets FOR UPDATE") == []


@pytest.mark.usefixtures("at_venue")
def test_the_word_venue_owner_alone_shows_nothing(
    make: Make, tenant: UUID, as_user: Acting
) -> None:
    with as_user(tenant, make.id("users", tenant), "venue_owner") as customer:
        assert seen(customer) == set()


@pytest.mark.usefixtures("at_venue")
def test_a_worker_that_names_the_owner_of_a_venue_sees_nothing(
    db: Session, tenant: UUID, holder: UUID
) -> None:
    with db.acting("ticketing_worker", tenant=tenant, user=holder, user_role="venue_owner"):
        assert seen(db) == set()


def test_the_same_venue_id_in_another_tenant_is_another_venue(
    make: Make, tenant: UUID, other_tenant: UUID, holder: UUID, as_user: Acting
) -> None:
    venue = make.id("venues", other_tenant, created_by=make.id("users", other_tenant, id=holder))
    make.id("venues", tenant, id=venue)
    here = make.id("tickets", tenant, venue_id=venue)
    there = make.id("tickets", other_tenant, venue_id=venue)

    with as_user(tenant, holder, "venue_owner") as customer:
        assert seen(customer) == set()
    with as_user(other_tenant, holder, "venue_owner") as owner:
        assert seen(owner) == {there}
    make.session.run(
        "UPDATE ticketing.venues SET created_by = %s WHERE tenant_id = %s", holder, tenant
    )
    with as_user(tenant, holder, "venue_owner") as owner:
        assert seen(owner) == {here}


def test_a_venue_without_an_owner_is_not_everybodys(
    make: Make, tenant: UUID, as_user: Acting
) -> None:
    make.id("tickets", tenant, venue_id=make.id("venues", tenant))
    with as_user(tenant, "no uuid", "venue_owner") as customer:
        assert seen(customer) == set()


# tickets_admin_all -------------------------------------------------------------------------------


@pytest.mark.parametrize("role", READERS)
@pytest.mark.parametrize("user_role", PEOPLE)
@pytest.mark.usefixtures("foreign")
def test_the_people_of_the_tenant_see_all_its_tickets_and_no_others(
    db: Session, own: UUID, other: UUID, role: str, user_role: str
) -> None:
    tenant = db.value("SELECT tenant_id FROM ticketing.tickets WHERE id = %s", own)
    with db.acting(role, tenant=tenant, user=uuid4(), user_role=user_role):
        assert seen(db) == {own, other}


@pytest.mark.parametrize("role", READERS)
@pytest.mark.usefixtures("foreign")
def test_a_service_sees_all_tickets_of_the_tenant_and_no_others(
    db: Session, tenant: UUID, own: UUID, other: UUID, role: str
) -> None:
    with db.acting(role, tenant=tenant):
        assert seen(db) == {own, other}


@pytest.mark.parametrize("user_role", [None, *PEOPLE])
@pytest.mark.usefixtures("own", "other", "foreign")
def test_without_a_tenant_nobody_sees_a_ticket(db: Session, user_role: str | None) -> None:
    user = uuid4() if user_role else None
    with db.acting("ticketing_app", user=user, user_role=user_role):
        assert seen(db) == set()
        assert db.run(RESALE) == 0


@pytest.mark.parametrize("user_role", PEOPLE)
@pytest.mark.usefixtures("own", "other")
def test_the_people_of_the_tenant_change_all_its_tickets_and_no_others(
    tenant: UUID, foreign: UUID, as_user: Acting, user_role: str
) -> None:
    with as_user(tenant, uuid4(), user_role) as person:
        assert person.run(RESALE) == 2
        assert person.run(f"{RESALE} WHERE id = %s", foreign) == 0


@pytest.mark.parametrize("user_role", PEOPLE)
def test_the_people_of_the_tenant_add_tickets(
    make: Make, tenant: UUID, holder: UUID, as_user: Acting, user_role: str
) -> None:
    query, values = draft(make, tenant, holder)
    with as_user(tenant, uuid4(), user_role) as person:
        assert person.run(query, *values) == 1


@pytest.mark.parametrize("user_role", PEOPLE)
def test_they_add_none_to_another_tenant(
    make: Make, tenant: UUID, other_tenant: UUID, as_user: Acting, user_role: str
) -> None:
    query, values = draft(make, other_tenant, make.id("users", other_tenant))
    with as_user(tenant, uuid4(), user_role) as person, person.refused("42501"):
        person.run(query, *values)


def test_they_hand_a_ticket_to_another_person_of_the_tenant(
    tenant: UUID, own: UUID, other: UUID, as_user: Acting
) -> None:
    with as_user(tenant, uuid4(), "admin") as admin:
        hand = """
            UPDATE ticketing.tickets SET user_id = (
                SELECT user_id FROM ticketing.tickets WHERE id = %s
            ) WHERE id = %s
        """
        assert admin.run(hand, other, own) == 1


def test_a_reader_who_is_admin_still_only_reads(db: Session, tenant: UUID, own: UUID) -> None:
    with db.acting("ticketing_readonly", tenant=tenant, user=uuid4(), user_role="admin"):
        assert seen(db) == {own}
        with db.refused("42501"):
            db.run(RESALE)


# tickets_owner_select ----------------------------------------------------------------------------


@pytest.mark.usefixtures("own", "foreign")
def test_the_owner_reads_and_changes_every_ticket_and_deletes_none(db: Session) -> None:
    with db.acting("ticketing_owner"):
        assert db.value("SELECT count(*) FROM ticketing.tickets") == 2
        assert db.run("UPDATE ticketing.tickets SET scan_count = scan_count") == 2
        assert db.run("DELETE FROM ticketing.tickets") == 0


@pytest.mark.parametrize("login", ["ts_test_app", "ts_test_worker", "ts_test_readonly"])
def test_a_login_cannot_become_the_owner(shared: Database, login: str) -> None:
    with shared.connect(login) as connection:
        session = Session(connection)
        with session.refused("42501"):
            session.run("SET ROLE ticketing_owner")
        assert session.one(MEMBERSHIP, login) == {"member": False, "superuser": False}


MEMBERSHIP = """
    SELECT
        pg_has_role(rolname, 'ticketing_owner', 'MEMBER') AS member,
        rolsuper OR rolbypassrls OR rolcreaterole AS superuser
    FROM pg_roles WHERE rolname = %s
"""


def test_the_named_policies_are_all_there(db: Session) -> None:
    policies = db.all(
        "SELECT policyname, permissive, roles::text[] FROM pg_policies "
        "WHERE schemaname = 'ticketing' AND tablename = 'tickets'"
    )
    found: dict[str, Row] = {row.pop("policyname"): row for row in policies}

    assert found.keys() == {
        "tickets_tenant_isolation",
        "tickets_view_own",
        "tickets_update_own",
        "tickets_venue_owner_view",
        "tickets_admin_all",
        "tickets_owner_select",
        "tickets_owner_update",
    }
    assert found["tickets_tenant_isolation"]["permissive"] == "RESTRICTIVE"
    assert found["tickets_owner_select"]["roles"] == ["ticketing_owner"]
