"""list_request_tickets: one page, and how many there are on all of them."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row
from support.names import shown
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

ALL = "SELECT * FROM ticketing.list_request_tickets()"


def listed(db: Session, **given: Any) -> Row:
    arguments = ", ".join(f"p_{name} => %s" for name in given)
    return db.one(f"SELECT * FROM ticketing.list_request_tickets({arguments})", *given.values())


def paths(db: Session, **given: Any) -> list[str]:
    """Returns the destinations on a page, having seen that the total is theirs."""
    page = listed(db, **given)
    assert page["total"] == len(page["tickets"])
    return [ticket["dest_path"] for ticket in page["tickets"]]


@pytest.fixture
def user(make: Make, tenant: UUID) -> UUID:
    return make.id("users", tenant)


@pytest.fixture
def queue(
    db: Session, make: Make, tenant: UUID, *, other_tenant: UUID, user: UUID
) -> dict[str, UUID]:
    """Five requests of two users by destination, and one of another tenant."""
    other = make.id("users", tenant)
    wishes: dict[str, Row] = {
        "/low": {"created_by": user, "priority": 1, "description": "Abbey Road"},
        "/high": {"created_by": user, "priority": 9, "description": "Let it be"},
        "/later": {"created_by": other, "priority": 9, "description": "ABBEY road 100%"},
        "/done": {"created_by": user, "priority": 5},
        "/gone": {"created_by": other, "priority": 5},
    }
    made = {
        path: make.id("request_tickets", tenant, dest_path=path, **wish)
        for path, wish in wishes.items()
    }
    for path, tags in (("/low", ["music"]), ("/high", ["music", "flac"]), ("/done", ["flac"])):
        db.run("UPDATE ticketing.request_tickets SET tags = %s WHERE id = %s", tags, made[path])
    db.run("UPDATE ticketing.request_tickets SET state = 'completed' WHERE id = %s", made["/done"])
    db.run(
        "UPDATE ticketing.request_tickets SET state = 'cancelled', cancelled_by = id WHERE id = %s",
        made["/gone"],
    )
    make.row("request_tickets", other_tenant, dest_path="/theirs", description="Abbey Road")
    return made


@pytest.mark.usefixtures("queue")
@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
def test_without_filters_all_of_the_tenant_the_most_urgent_and_then_the_oldest_first(
    db: Session, tenant: UUID, role: str
) -> None:
    with db.acting(role, tenant=tenant):
        page = db.one(ALL)
    assert [t["dest_path"] for t in page["tickets"]] == [
        "/high",
        "/later",
        "/done",
        "/gone",
        "/low",
    ]
    assert (page["total"], page["page_limit"], page["page_offset"]) == (5, 100, 0)


def test_ties_are_broken_by_the_id(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    when = datetime(2026, 1, 1, tzinfo=UTC)
    made = sorted(str(make.id("request_tickets", tenant, created_at=when)) for _ in range(8))
    with as_tenant(tenant):
        assert [t["id"] for t in db.one(ALL)["tickets"]] == made
        pages = [listed(db, limit=1, offset=n)["tickets"][0]["id"] for n in range(8)]
    assert pages == made


def test_a_ticket_has_every_column_but_the_tenant(
    db: Session, tenant: UUID, queue: dict[str, UUID], as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        (found,) = listed(db, state="completed")["tickets"]
        row = db.one("SELECT * FROM ticketing.get_request_ticket(%s)", queue["/done"])
    assert found.keys() == row.keys() - {"tenant_id"}
    assert found["id"] == str(row["id"])
    assert found["tags"] == ["flac"]
    assert datetime.fromisoformat(found["created_at"]) == row["created_at"]


@pytest.mark.usefixtures("queue")
@pytest.mark.parametrize(
    ("state", "found"),
    [
        ("pending", ["/high", "/later", "/low"]),
        ("completed", ["/done"]),
        ("cancelled", ["/gone"]),
        ("failed", []),
        (None, ["/high", "/later", "/done", "/gone", "/low"]),
    ],
)
def test_by_state(
    db: Session, tenant: UUID, *, as_tenant: Acting, state: str | None, found: list[str]
) -> None:
    with as_tenant(tenant):
        assert paths(db, state=state) == found


@pytest.mark.usefixtures("queue")
def test_by_creator(db: Session, tenant: UUID, user: UUID, as_tenant: Acting) -> None:
    with as_tenant(tenant):
        assert paths(db, created_by=user) == ["/high", "/done", "/low"]
        assert paths(db, created_by=uuid4()) == []


@pytest.mark.usefixtures("queue")
@pytest.mark.parametrize(
    ("tags", "found"),
    [
        (["music"], ["/high", "/low"]),
        (["flac", "music"], ["/high"]),
        (["flac"], ["/high", "/done"]),
        (["MUSIC"], []),
        ([], ["/high", "/later", "/done", "/gone", "/low"]),
    ],
)
def test_by_tags_all_of_them(
    db: Session, tenant: UUID, *, as_tenant: Acting, tags: list[str], found: list[str]
) -> None:
    with as_tenant(tenant):
        assert paths(db, tags=tags) == found


@pytest.mark.usefixtures("queue")
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("abbey road", ["/later", "/low"]),
        ("BBEY R", ["/later", "/low"]),
        ("100%", ["/later"]),
        ("a%y", []),
        ("_", []),
        ("", ["/high", "/later", "/done", "/gone", "/low"]),
    ],
)
def test_by_words_of_the_description_taken_literally(
    db: Session, tenant: UUID, *, as_tenant: Acting, text: str, found: list[str]
) -> None:
    with as_tenant(tenant):
        assert paths(db, text=text) == found


@pytest.mark.usefixtures("queue")
def test_filters_add_up(db: Session, tenant: UUID, user: UUID, as_tenant: Acting) -> None:
    with as_tenant(tenant):
        assert paths(db, state="pending", created_by=user, tags=["music"]) == ["/high", "/low"]
        assert paths(db, state="pending", created_by=user, text="abbey") == ["/low"]


@pytest.mark.usefixtures("queue")
@pytest.mark.parametrize(
    ("limit", "offset", "found"),
    [
        (2, 0, ["/high", "/later"]),
        (2, 2, ["/low"]),
        (1, 1, ["/later"]),
        (1000, 0, ["/high", "/later", "/low"]),
        (50, 3, []),
        (50, 2147483647, []),
    ],
)
def test_a_page_knows_the_total_of_all_pages(
    db: Session, tenant: UUID, *, as_tenant: Acting, limit: int, offset: int, found: list[str]
) -> None:
    with as_tenant(tenant):
        page = listed(db, state="pending", limit=limit, offset=offset)
    assert [ticket["dest_path"] for ticket in page["tickets"]] == found
    assert (page["total"], page["page_limit"], page["page_offset"]) == (3, limit, offset)


def test_the_default_limit_is_a_hundred(
    db: Session, make: Make, tenant: UUID, *, user: UUID, as_tenant: Acting
) -> None:
    db.run(
        """
        INSERT INTO ticketing.request_tickets (tenant_id, created_by, dest_path)
        SELECT %s, %s, '/' FROM generate_series(1, 101)
        """,
        *(tenant, user),
    )
    with as_tenant(tenant):
        page = db.one(ALL)
    assert (len(page["tickets"]), page["total"]) == (100, 101)


@pytest.mark.parametrize(
    "given",
    [
        *({"limit": limit} for limit in (None, 0, -1, 1001)),
        *({"offset": offset} for offset in (None, -1)),
        *({"state": state} for state in ("", "open", "PENDING", "*new*")),
    ],
    ids=shown,
)
def test_an_argument_out_of_range_is_refused(
    db: Session, tenant: UUID, *, as_tenant: Acting, given: Row
) -> None:
    with as_tenant(tenant), db.refused("TK001"):
        listed(db, **given)


def test_a_tenant_without_requests_has_an_empty_page(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        assert db.one(ALL) == {"tickets": [], "total": 0, "page_limit": 100, "page_offset": 0}


@pytest.mark.usefixtures("queue")
def test_without_a_tenant_it_is_refused(db: Session) -> None:
    for role in ("ticketing_app", "ticketing_worker", "ticketing_readonly"):
        with db.acting(role), db.refused("TK701"):
            db.one(ALL)


def test_a_login_without_a_role_may_not_ask(db: Session, as_nobody: Acting) -> None:
    with as_nobody(), db.refused("42501"):
        db.one(ALL)


def test_total_and_page_are_of_one_moment(clone: Database) -> None:
    """A request that is committed between the count and the page would show in one of them."""
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        user = make.id("users", tenant)
        make.id("request_tickets", tenant, created_by=user)
    with clone.connect() as superuser:
        # Stands in for a slow count: it waits inside the first statement of the function.
        superuser.execute(
            """
            CREATE FUNCTION public.slow(uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
            BEGIN
                PERFORM pg_advisory_lock_shared(1);
                PERFORM pg_advisory_unlock_shared(1);
                RETURN TRUE;
            END $$
            """
        )
        superuser.execute(
            "ALTER POLICY request_tickets_tenant_select ON ticketing.request_tickets USING"
            " (tenant_id = (SELECT ticketing.current_tenant_id()) AND public.slow(id))"
        )
        superuser.execute("SELECT pg_advisory_lock(1)")
        with clone.connect("ts_test_app") as reader, clone.connect() as writer:
            reader.execute("SELECT set_config('app.current_tenant_id', %s, FALSE)", [str(tenant)])
            pid = reader.info.backend_pid
            found: list[Any] = []
            thread = threading.Thread(
                target=lambda: found.append(reader.execute(ALL.encode()).fetchone())
            )
            thread.start()
            while not superuser.execute(
                "SELECT 1 FROM pg_locks WHERE pid = %s AND NOT granted", [pid]
            ).fetchone():
                pass
            writer.execute(
                "INSERT INTO ticketing.request_tickets (tenant_id, created_by, dest_path)"
                " VALUES (%s, %s, '/late')",
                [tenant, user],
            )
            superuser.execute("SELECT pg_advisory_unlock(1)")
            thread.join()
    tickets, total, *_ = found[0]
    assert (len(tickets), total) == (1, 1)
