"""search_tickets: finds tickets by words, only those that the session may see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

ROLES = ["ticketing_app", "ticketing_worker", "ticketing_readonly"]
COLUMNS = [
    "id",
    "event_id",
    "ticket_type_id",
    "venue_id",
    "order_id",
    "user_id",
    "ticket_number",
    "external_id",
    "section",
    "row",
    "seat",
    "status",
]


def search(db: Session, query: str | None, **given: Any) -> list[dict[str, Any]]:
    """Returns what a search finds, whole rows."""
    arguments = "".join(f", {name} => %s" for name in given)
    call = f"SELECT * FROM ticketing.search_tickets(%s{arguments})"
    return db.all(call, query, *given.values())


def found(db: Session, query: str | None, **given: Any) -> list[str]:
    """Returns the numbers of the tickets that a search finds."""
    return [row["ticket_number"] for row in search(db, query, **given)]


@pytest.fixture
def golden(make: Make, tenant: UUID) -> dict[str, Any]:
    """A ticket with words in every searched column."""
    return make.row(
        "tickets",
        tenant,
        ticket_number="TKT-0042",
        section="Golden Circle",
        row="AA",
        seat="117",
        external_source="box",
        external_id="ext/9981",
    )


# What is found -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        "TKT-0042", "tkt-0042", "0042", "golden", "GOLDEN CIRCLE", "aa", "117", "ext/9981",
        "golden 117", "circle aa tkt", "gol", "ext/99", "golden 11 117", "golden circ",
    ],
)  # fmt: skip
@pytest.mark.usefixtures("golden")
def test_a_ticket_is_found_by_its_words(tenant: UUID, as_tenant: Acting, query: str) -> None:
    expected = [] if query == "golden 11 117" else ["TKT-0042"]
    with as_tenant(tenant) as service:
        assert found(service, query) == expected


@pytest.mark.parametrize("query", ["square", "golden square", "olden", "11", "gol aa", "0043"])
@pytest.mark.usefixtures("golden")
def test_a_ticket_without_one_of_the_words_is_not(
    tenant: UUID, as_tenant: Acting, query: str
) -> None:
    with as_tenant(tenant) as service:
        assert found(service, query) == []


def test_a_row_says_what_the_table_says(
    golden: dict[str, Any], tenant: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant) as service:
        (row,) = search(service, "golden")
    assert list(row) == COLUMNS
    assert row == {name: golden[name] for name in COLUMNS}


def test_columns_that_are_not_searched_give_nothing(
    make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    make.row(
        "tickets",
        tenant,
        status="sold",
        purchaser_email="golden@example.org",
        qr_code="goldenqr",
        barcode="goldenbar",
        payment_id="goldenpay",
    )
    with as_tenant(tenant) as service:
        for query in ("golden@example.org", "golden", "goldenqr", "goldenbar", "goldenpay"):
            assert found(service, query) == []


def test_a_change_of_a_ticket_changes_what_finds_it(
    golden: dict[str, Any], tenant: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant) as service:
        service.run("UPDATE ticketing.tickets SET seat = '7' WHERE id = %s", golden["id"])
        assert found(service, "117") == []
        assert found(service, "golden 7") == ["TKT-0042"]


def test_a_hidden_ticket_is_not_found(make: Make, tenant: UUID, as_tenant: Acting) -> None:
    make.row(
        "tickets", tenant, section="golden", status="cancelled", status_reason="no show",
        deleted_at="2026-01-01T00:00:00Z",
    )  # fmt: skip
    with as_tenant(tenant) as service:
        assert found(service, "golden") == []


def test_event_and_status_narrow(make: Make, tenant: UUID, as_tenant: Acting) -> None:
    kind = make.row("ticket_types", tenant)
    make.row("tickets", tenant, ticket_number="A-1", section="golden")
    here = {"ticket_type_id": kind["id"], "section": "golden"}
    make.row("tickets", tenant, ticket_number="A-2", **here)
    make.row("tickets", tenant, ticket_number="A-3", **here, status="reserved")
    with as_tenant(tenant) as service:
        assert found(service, "golden") == ["A-1", "A-2", "A-3"]
        assert found(service, "golden", p_event_id=kind["event_id"]) == ["A-2", "A-3"]
        assert found(service, "golden", p_status="available") == ["A-1", "A-2"]
        both = {"p_event_id": kind["event_id"], "p_status": "available"}
        assert found(service, "golden", **both) == ["A-2"]
        assert found(service, "golden", p_status="nonsense") == []
        assert found(service, "golden", p_event_id=uuid4()) == []


# Pages -------------------------------------------------------------------------------------------


def test_pages_follow_one_another_by_number(make: Make, tenant: UUID, as_tenant: Acting) -> None:
    kind = make.row("ticket_types", tenant)["id"]
    numbers = ["B-3", "A-1", "C-9", "B-1", "A-2", "B-2", "C-1"]
    for number in numbers:
        make.row("tickets", tenant, ticket_number=number, section="golden", ticket_type_id=kind)
    with as_tenant(tenant) as service:
        ordered = [
            row["ticket_number"]
            for row in service.all("SELECT ticket_number FROM ticketing.tickets ORDER BY 1")
        ]
        pages: list[list[str]] = []
        while not pages or pages[-1]:
            after = pages[-1][-1] if pages else None
            pages.append(found(service, "golden", p_limit=3, p_after=after))
    assert [len(page) for page in pages] == [3, 3, 1, 0]
    assert [number for page in pages for number in page] == ordered


def test_a_page_starts_after_a_number_that_no_longer_exists(
    make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    make.row("tickets", tenant, ticket_number="A-1", section="golden")
    make.row("tickets", tenant, ticket_number="A-3", section="golden")
    with as_tenant(tenant) as service:
        assert found(service, "golden", p_after="A-2") == ["A-3"]
        assert found(service, "golden", p_after="") == ["A-1", "A-3"]


def test_pages_of_a_venue_owner_mix_both_kinds_in_order(
    make: Make, tenant: UUID, as_user: Acting
) -> None:
    user = make.id("users", tenant)
    venue = make.id("venues", tenant, created_by=user)
    for number in (1, 3, 5):
        make.row("tickets", tenant, ticket_number=f"A-{number}", section="golden", venue_id=venue)
    for number in (2, 4):
        make.row(
            "tickets", tenant, ticket_number=f"A-{number}", section="golden", user_id=user,
            status="active",
        )  # fmt: skip
    # Both holder and owner of the venue: once, not twice.
    make.row(
        "tickets", tenant, ticket_number="A-6", section="golden", user_id=user, venue_id=venue,
        status="active",
    )  # fmt: skip
    with as_user(tenant, user, "venue_owner") as owner:
        assert found(owner, "golden", p_limit=2) == ["A-1", "A-2"]
        assert found(owner, "golden", p_limit=2, p_after="A-2") == ["A-3", "A-4"]
        assert found(owner, "golden", p_limit=2, p_after="A-4") == ["A-5", "A-6"]
        assert found(owner, "golden", p_limit=2, p_after="A-6") == []


@pytest.mark.parametrize("limit", [1, 50, 200])
@pytest.mark.usefixtures("golden")
def test_limits_within_the_range(tenant: UUID, as_tenant: Acting, limit: int) -> None:
    with as_tenant(tenant) as service:
        assert found(service, "golden", p_limit=limit) == ["TKT-0042"]


# Refusals ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [None, 0, -1, 201, 2147483647, -2147483648])
def test_a_limit_outside_the_range_is_refused(
    tenant: UUID, as_tenant: Acting, limit: int | None
) -> None:
    with as_tenant(tenant) as service, service.refused("TK001"):
        search(service, "golden", p_limit=limit)


@pytest.mark.parametrize("query", [None, "", " ", "\t\n", "'", "&|!", ":*", "()", "\\", "<->", "-"])
def test_a_query_without_a_word_is_refused(
    tenant: UUID, as_tenant: Acting, query: str | None
) -> None:
    with as_tenant(tenant) as service, service.refused("TK001"):
        search(service, query)


def test_a_query_has_at_most_200_characters(tenant: UUID, as_tenant: Acting) -> None:
    with as_tenant(tenant) as service:
        assert found(service, "é" * 200) == []
        with service.refused("TK001"):
            search(service, "é" * 201)


@pytest.mark.parametrize("text", ["golden", "secret & (", "secret'", "\\secret"])
def test_no_refusal_repeats_what_was_typed(tenant: UUID, as_tenant: Acting, text: str) -> None:
    with as_tenant(tenant) as service:
        with service.refused("TK001") as by:
            search(service, text, p_limit=0)
        assert text not in str(by.error)
        with service.refused("TK001") as by:
            search(service, text * 100)
        assert text not in str(by.error)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("context", [None, "", "no uuid", "{{{}}}"])
def test_without_a_tenant_it_is_refused(
    db: Session, golden: dict[str, Any], role: str, context: str | None
) -> None:
    tenant = context.format(golden["tenant_id"]) if context else context
    for user, user_role in ((None, None), (uuid4(), "admin"), (uuid4(), "user")):
        acting = db.acting(role, tenant=tenant, user=user, user_role=user_role)
        with acting as session, session.refused("TK701"):
            search(session, "golden")


def test_nobody_else_may_call_it(tenant: UUID, db: Session) -> None:
    with db.acting("ts_test_nobody", tenant=tenant), db.refused("42501"):
        search(db, "golden")


# Other tenants -----------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "query",
    [
        "golden",
        "gol",
        "TKT-0042",
        "0042",
        "ext/9981",
        "golden | silver",
        "silver | golden",
        "!silver",
        "!bronze & !silver",
        "golden:*",
        "{here}:golden",
        "{here}:gol",
        "'{here}:golden'",
        "silver' | '{here}:golden",
        "silver\\' | '{here}:gol:*",
        "silver'':* | {here}:golden",
        "{here}",
        "{start}",
        "*",
        "%",
        "golden'; SELECT 1 --",
    ],
)
@pytest.mark.usefixtures("golden")
def test_no_query_finds_a_ticket_of_another_tenant(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, role: str, query: str
) -> None:
    make.row("tickets", other_tenant, ticket_number="S-1", section="silver")
    text = query.format(here=tenant, start=str(tenant)[:8])
    for user, user_role in ((None, None), (uuid4(), "admin"), (uuid4(), "superadmin")):
        with db.acting(role, tenant=other_tenant, user=user, user_role=user_role) as session:
            if text in ("*", "%"):
                with session.refused("TK001"):
                    search(session, text)
            else:
                assert found(session, text) in ([], ["S-1"])
                assert "TKT-0042" not in found(session, text)


def test_the_same_words_find_each_tenants_own(
    make: Make, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    ids = {}
    for one in (tenant, other_tenant):
        ids[one] = make.id("tickets", one, ticket_number="TKT-1", section="golden")
    for one, its in ids.items():
        with as_tenant(one) as service:
            assert [row["id"] for row in search(service, "golden")] == [its]


def test_the_id_of_an_event_of_another_tenant_finds_nothing(
    golden: dict[str, Any], make: Make, other_tenant: UUID, as_tenant: Acting
) -> None:
    make.row("tickets", other_tenant, section="golden")
    with as_tenant(other_tenant) as service:
        assert found(service, "golden", p_event_id=golden["event_id"]) == []


def test_tickets_with_one_id_in_two_tenants_stay_apart(
    make: Make, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    one = make.id("tickets", tenant, ticket_number="HERE", section="golden")
    make.row("tickets", other_tenant, id=one, ticket_number="THERE", section="silver")
    with as_tenant(other_tenant) as service:
        assert found(service, "golden") == []
        assert found(service, "silver") == ["THERE"]


def test_a_word_that_looks_like_the_index_of_another_tenant_is_harmless(
    make: Make, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    make.row("tickets", tenant, ticket_number="HERE", section=f"{other_tenant}:golden")
    with as_tenant(other_tenant) as service:
        assert found(service, "golden") == []
        assert found(service, f"{other_tenant}:golden") == []
    with as_tenant(tenant) as service:
        assert found(service, f"{other_tenant}:golden") == ["HERE"]


@pytest.mark.parametrize("user_role", [None, "admin", "user"])
def test_a_query_for_the_words_of_another_tenant_would_still_show_nothing(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, user_role: str | None
) -> None:
    make.row("tickets", tenant, ticket_number="HERE", section="golden")
    db.run(
        "CREATE OR REPLACE FUNCTION ticketing.tenant_query(p_tenant_id uuid, p_words text) "
        f"RETURNS tsquery LANGUAGE sql IMMUTABLE AS $$ SELECT $q$'{tenant}:golden'$q$::tsquery $$"
    )
    user = uuid4() if user_role else None
    find = "SELECT ticketing.find_ticket_ids('golden', NULL, NULL, 50, NULL)"
    with db.acting("ticketing_app", tenant=tenant) as service:
        assert len(service.value(find)) == 1
    acting = db.acting("ticketing_app", tenant=other_tenant, user=user, user_role=user_role)
    with acting as session:
        assert session.value(find) == []
        assert found(session, "golden") == []


def test_a_change_of_tenant_in_a_session_changes_what_is_found(
    make: Make, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    make.row("tickets", tenant, ticket_number="HERE", section="golden")
    make.row("tickets", other_tenant, ticket_number="THERE", section="golden")
    # Often enough for plans of the bodies to be kept.
    for _ in range(7):
        with as_tenant(tenant) as service:
            assert found(service, "golden") == ["HERE"]
        with as_tenant(other_tenant) as service:
            assert found(service, "golden") == ["THERE"]


# One tenant: what the policies show, and nothing else ---------------------------------------------


@pytest.fixture
def crowd(make: Make, tenant: UUID, other_tenant: UUID) -> UUID:
    """Tickets with one word of a user, of their venue, of others and of another tenant."""
    user = make.id("users", tenant)
    venue = make.id("venues", tenant, created_by=user)
    theirs = {"user_id": user, "status": "active"}
    others = {"user_id": make.id("users", tenant), "status": "active"}
    kind = make.row("ticket_types", tenant)["id"]
    tickets: dict[str, dict[str, Any]] = {
        "own": theirs,
        "own-at-venue": {**theirs, "venue_id": venue},
        "others-at-venue": {**others, "venue_id": venue},
        "unsold-at-venue": {"venue_id": venue},
        "others": others,
        "others-at-others-venue": {**others, "venue_id": make.id("venues", tenant)},
        "unsold": {},
    }
    for number, given in tickets.items():
        make.row(
            "tickets", tenant, ticket_number=number, section="golden", ticket_type_id=kind, **given
        )
    make.row("tickets", tenant, ticket_number="other-word", section="silver", **theirs)
    make.id("users", other_tenant, id=user)
    there = make.id("venues", other_tenant, id=venue, created_by=user)
    tickets = {"foreign": theirs, "foreign-at-venue": {"venue_id": there}}
    for number, given in tickets.items():
        make.row("tickets", other_tenant, ticket_number=number, section="golden", **given)
    return user


EXPECTED = {
    "all": {
        "own", "own-at-venue", "others-at-venue", "unsold-at-venue", "others",
        "others-at-others-venue", "unsold",
    },
    "own": {"own", "own-at-venue"},
    "venue": {"own", "own-at-venue", "others-at-venue", "unsold-at-venue"},
    "none": set(),
}  # fmt: skip
WHO = [
    (None, None, "all"),
    ("user", "staff", "all"),
    ("user", "scanner", "all"),
    ("user", "admin", "all"),
    ("user", "superadmin", "all"),
    ("user", "user", "venue"),
    ("user", "venue_owner", "venue"),
    ("user", "Admin", "venue"),
    ("user", None, "venue"),
    ("stranger", "user", "none"),
    ("stranger", "venue_owner", "none"),
    ("no uuid", "user", "none"),
    (" ", None, "none"),
]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("who", "user_role", "sees"), WHO)
def test_it_finds_exactly_what_the_policies_show(
    db: Session,
    crowd: UUID,
    tenant: UUID,
    role: str,
    who: str | None,
    user_role: str | None,
    sees: str,
) -> None:
    user = {"user": str(crowd), "stranger": str(uuid4())}.get(who or "", who)
    if role == "ticketing_worker" and sees == "venue":
        sees = "own"
    with db.acting(role, tenant=tenant, user=user, user_role=user_role) as session:
        numbers = found(session, "golden")
        plain = session.all(
            "SELECT ticket_number FROM ticketing.tickets "
            "WHERE search_vector @@ to_tsquery('simple', 'golden')"
        )
        page = found(session, "golden", p_limit=1)
    assert set(numbers) == EXPECTED[sees]
    assert len(numbers) == len(EXPECTED[sees])
    assert set(numbers) == {row["ticket_number"] for row in plain}
    assert page == numbers[:1]


def test_a_user_id_of_another_tenant_finds_nothing_here(
    make: Make, crowd: UUID, as_user: Acting
) -> None:
    third = make.tenant()
    make.row("tickets", third, section="golden")
    with as_user(third, crowd, "venue_owner") as user:
        assert found(user, "golden") == []


# Cost --------------------------------------------------------------------------------------------

READ = """
    SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)::bigint
    FROM pg_stat_xact_user_tables
    WHERE schemaname = 'ticketing' AND relname = 'tickets'
"""
FILL = """
    INSERT INTO ticketing.tickets (
        tenant_id, event_id, ticket_type_id, ticket_number, section, venue_id, user_id, status
    )
    SELECT %s, t.event_id, t.ticket_type_id, %s || n, %s, t.venue_id, t.user_id, t.status
    FROM ticketing.tickets AS t, generate_series(1, %s::integer) AS n
    WHERE t.id = %s
"""


def fill(db: Session, like: dict[str, Any], prefix: str, section: str, count: int) -> None:
    """Adds so many tickets like one, past the triggers."""
    db.run("SET LOCAL session_replication_role = replica")
    db.run(FILL, like["tenant_id"], prefix, section, count, like["id"])
    db.run("SET LOCAL session_replication_role = origin")


def rows_read(db: Session, session: Session, call: str) -> tuple[int, int]:
    """Returns how many rows of tickets a query read, and how many it gave."""
    before = db.value(READ)
    rows = len(session.all(call))
    return db.value(READ) - before, rows


SEARCH = "SELECT * FROM ticketing.search_tickets('golden circ')"
# Materialized, because the planner would call the function as well, to guess the length of it.
FIND = """
    WITH found AS MATERIALIZED (
        SELECT ticketing.find_ticket_ids('golden circ', NULL, NULL, 50, NULL) AS ids
    )
    SELECT unnest(ids) FROM found
"""


# Each match by its words, and for the whole search again under the policies. Without statistics a
# read by the key may take another index, as any statement may; a read by the words never does.
@pytest.mark.parametrize(
    ("call", "analyzed", "reads"), [(FIND, False, 5), (FIND, True, 5), (SEARCH, True, 10)]
)
def test_what_it_reads_follows_the_matches_and_not_the_tickets_of_the_tenant(
    db: Session,
    make: Make,
    tenant: UUID,
    other_tenant: UUID,
    as_tenant: Acting,
    call: str,
    analyzed: bool,
    reads: int,
) -> None:
    for one, count in ((tenant, 10), (other_tenant, 3000)):
        like = make.row("tickets", one, ticket_number="X", section="golden circle")
        fill(db, like, "M-", "golden circle", 4)
        fill(db, like, "N-", "golden square", count)
    if analyzed:
        db.run("ANALYZE ticketing.tickets")
    read: dict[UUID, set[int]] = {tenant: set(), other_tenant: set()}
    # More than five times: the first plans are made for the values, later ones are kept.
    for _ in range(8):
        for one, seen in read.items():
            with as_tenant(one) as service:
                got = rows_read(db, service, call)
            assert got[1] == 5
            seen.add(got[0])
    assert read == {tenant: {reads}, other_tenant: {reads}}

    # The same words without the function: every ticket of the tenant.
    plain = (
        "SELECT id FROM ticketing.tickets WHERE deleted_at IS NULL "
        "AND search_vector @@ to_tsquery('simple', 'golden & circ:*')"
    )
    with as_tenant(other_tenant) as service:
        got = rows_read(db, service, plain)
    assert got[1] == 5
    assert got[0] >= 3000


def test_what_a_customer_reads_follows_his_own_tickets(
    db: Session, make: Make, tenant: UUID, as_user: Acting
) -> None:
    user = make.id("users", tenant)
    make.row("tickets", tenant, section="golden circle", user_id=user, status="active")
    fill(db, make.row("tickets", tenant), "N-", "golden circle", 3000)
    db.run("ANALYZE ticketing.tickets")
    with as_user(tenant, user) as customer:
        read = rows_read(db, customer, SEARCH)
    assert read[1] == 1
    assert read[0] <= 4


# The limit of find_ticket_ids, as callers meet it -------------------------------------------------


def test_too_many_matches_are_refused_and_counted_in_what_the_session_sees(
    db: Session,
    make: Make,
    tenant: UUID,
    other_tenant: UUID,
    as_tenant: Acting,
    as_user: Acting,
) -> None:
    like = make.row("tickets", tenant, ticket_number="X", section="golden circle")
    fill(db, like, "M-", "golden circle", 9999)
    make.row("tickets", other_tenant, ticket_number="S-1", section="golden")
    with as_tenant(tenant) as service:
        assert len(found(service, "golden", p_limit=200)) == 200

    user = make.id("users", tenant)
    venue = make.id("venues", tenant, created_by=user)
    make.row("tickets", tenant, ticket_number="VENUE", section="golden", venue_id=venue)
    make.row(
        "tickets", tenant, ticket_number="OWN", section="golden", user_id=user, status="reserved"
    )
    with as_tenant(tenant) as service:
        before = db.value(READ)
        with service.refused("TK005") as by:
            search(service, "golden")
        assert "10000" in str(by.error)
        with service.refused("TK005"):
            search(service, "golden", p_status="available", p_limit=1, p_after="M-1")
        # A further word, an event or a status is the way out.
        assert len(found(service, "golden circle")) == 50
        assert found(service, "golden", p_status="reserved") == ["OWN"]
    assert db.value(READ) > before

    with as_user(tenant, user, "venue_owner") as owner:
        assert found(owner, "golden") == ["OWN", "VENUE"]
    with as_user(tenant, make.id("users", tenant)) as customer:
        assert found(customer, "golden") == []
    with as_tenant(other_tenant) as service:
        assert found(service, "golden") == ["S-1"]
