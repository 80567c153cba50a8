"""find_ticket_ids: the half of the search that runs as the owner, called directly, and its plan."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

ROLES = ["ticketing_app", "ticketing_worker", "ticketing_readonly"]
CALL = "SELECT ticketing.find_ticket_ids(%s, %s::uuid, %s, %s::integer, %s)"


def found(
    db: Session,
    query: str | None,
    event: UUID | None = None,
    status: str | None = None,
    limit: int | None = 50,
    after: str | None = None,
) -> list[UUID]:
    """Returns the ids that the function gives."""
    got: list[UUID] = db.value(CALL, query, event, status, limit, after)
    return got


# A direct call gets no more than a search ---------------------------------------------------------


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("user_role", [None, "staff", "scanner", "admin", "superadmin"])
def test_who_acts_for_a_tenant_gets_the_ids_of_that_tenant(
    db: Session,
    make: Make,
    tenant: UUID,
    other_tenant: UUID,
    role: str,
    user_role: str | None,
) -> None:
    here = make.id("tickets", tenant, section="golden")
    make.id("tickets", other_tenant, section="golden")
    user = uuid4() if user_role else None
    with db.acting(role, tenant=tenant, user=user, user_role=user_role) as session:
        assert found(session, "golden") == [here]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("user_role", ["user", "venue_owner", "Admin", None])
def test_a_customer_gets_none_not_even_his_own(
    db: Session, make: Make, tenant: UUID, role: str, user_role: str | None
) -> None:
    user = make.id("users", tenant)
    make.id("tickets", tenant, section="golden", user_id=user, status="active")
    with db.acting(role, tenant=tenant, user=user, user_role=user_role) as session:
        assert found(session, "golden") == []


@pytest.mark.parametrize("user", ["no uuid", " ", "{}"])
def test_a_malformed_user_gets_none(db: Session, make: Make, tenant: UUID, user: str) -> None:
    make.id("tickets", tenant, section="golden", venue_id=make.id("venues", tenant))
    with db.acting("ticketing_app", tenant=tenant, user=user) as session:
        assert found(session, "golden") == []


def test_an_owner_of_a_venue_gets_its_ids_and_no_others(
    make: Make, tenant: UUID, other_tenant: UUID, as_user: Acting
) -> None:
    user = make.id("users", tenant)
    venue = make.id("venues", tenant, created_by=user)
    here = make.id("tickets", tenant, section="golden", venue_id=venue)
    make.id("tickets", tenant, section="golden", venue_id=make.id("venues", tenant))
    make.id("tickets", tenant, section="golden")
    # The ids are alike in another tenant, and there the venue is somebody else's or the user's.
    make.id("users", other_tenant, id=user)
    make.id("venues", other_tenant, id=venue, created_by=user)
    make.id("tickets", other_tenant, section="golden", venue_id=venue)
    with as_user(tenant, user, "venue_owner") as owner:
        assert found(owner, "golden") == [here]


def test_a_venue_of_the_same_id_in_another_tenant_opens_nothing(
    make: Make, tenant: UUID, other_tenant: UUID, as_user: Acting
) -> None:
    user = make.id("users", other_tenant)
    venue = make.id("venues", other_tenant, created_by=user)
    make.id("venues", tenant, id=venue)
    make.id("tickets", tenant, section="golden", venue_id=venue)
    with as_user(tenant, user, "venue_owner") as stranger:
        assert found(stranger, "golden") == []


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("context", [None, "", "no uuid"])
def test_without_a_tenant_it_is_refused(
    db: Session, make: Make, tenant: UUID, role: str, context: str | None
) -> None:
    make.id("tickets", tenant, section="golden")
    with db.acting(role, tenant=context) as session, session.refused("TK701"):
        found(session, "golden")


def test_nobody_else_may_call_it(db: Session, tenant: UUID) -> None:
    with db.acting("ts_test_nobody", tenant=tenant), db.refused("42501"):
        found(db, "golden")


@pytest.mark.parametrize("query", [None, "", "&", "''"])
def test_a_query_without_a_word_finds_nothing(
    make: Make, tenant: UUID, as_tenant: Acting, query: str | None
) -> None:
    make.id("tickets", tenant, section="golden")
    with as_tenant(tenant) as service:
        assert found(service, query) == []


def test_ids_come_by_number_within_the_limit(make: Make, tenant: UUID, as_tenant: Acting) -> None:
    kind = make.row("ticket_types", tenant)["id"]
    ids = {
        number: make.id(
            "tickets", tenant, ticket_number=number, section="golden", ticket_type_id=kind
        )
        for number in ("C", "A", "D", "B")
    }
    with as_tenant(tenant) as service:
        assert found(service, "golden", limit=2) == [ids["A"], ids["B"]]
        assert found(service, "golden", limit=2, after="B") == [ids["C"], ids["D"]]
        assert found(service, "golden", limit=2, after="D") == []
        assert found(service, "golden", limit=0) == []
        assert found(service, "golden", limit=None) == []


def test_a_hidden_ticket_is_not_among_them(make: Make, tenant: UUID, as_tenant: Acting) -> None:
    make.row(
        "tickets", tenant, section="golden", status="cancelled", status_reason="no show",
        deleted_at="2026-01-01T00:00:00Z",
    )  # fmt: skip
    with as_tenant(tenant) as service:
        assert found(service, "golden") == []


def test_objects_of_the_caller_take_the_place_of_none_of_its_own(
    make: Make, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    make.id("tickets", tenant, section="golden")
    with as_tenant(other_tenant) as service:
        service.run("CREATE TEMPORARY TABLE tickets (id uuid)")
        service.run(
            "CREATE FUNCTION pg_temp.current_tenant_id() RETURNS uuid LANGUAGE sql "
            f"AS 'SELECT ''{tenant}''::uuid'"
        )
        service.run("SET LOCAL search_path = pg_temp, ticketing, pg_catalog")
        assert found(service, "golden") == []


# The plan ----------------------------------------------------------------------------------------


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yields a node of a plan and all below it."""
    yield plan
    for below in plan.get("Plans", []):
        yield from nodes(below)


@pytest.fixture
def statement(db: Session) -> str:
    """The statement of the body, with a place for each value."""
    body = db.value("SELECT prosrc FROM pg_proc WHERE proname = 'find_ticket_ids'")
    found = re.search(r"SELECT\s+count\(\*\).*?\) AS m;", body, re.DOTALL)
    assert found
    text = re.sub(r"INTO v_matches, v_found", "", found[0])
    return text.replace("c_most_matches", "10000")


@pytest.mark.parametrize("words", ["golden", "gol", "golden 117 tkt", "TKT-0042"])
@pytest.mark.parametrize("venues", ["NULL::uuid[]", "ARRAY[gen_random_uuid()]"])
@pytest.mark.parametrize("analyzed", [False, True])
def test_the_owner_reads_the_tickets_by_their_words_alone(
    db: Session, make: Make, tenant: UUID, statement: str, words: str, venues: str, analyzed: bool
) -> None:
    kind = make.row("ticket_types", tenant)["id"]
    for seat in range(30):
        make.row("tickets", tenant, section="golden", seat=str(seat), ticket_type_id=kind)
    if analyzed:
        db.run("ANALYZE ticketing.tickets")
    for name, value in {
        "v_lookup": f"ticketing.tenant_query('{tenant}', '{words}')",
        "v_tenant": f"'{tenant}'::uuid",
        "v_venues": venues,
        "p_event_id": f"'{uuid4()}'::uuid",
        "p_status": "'available'::text",
        "p_limit": "50",
        "p_after": "'A'::text",
    }.items():
        statement = re.sub(rf"\b{name}\b", value, statement)
    for setting in db.value("SELECT proconfig FROM pg_proc WHERE proname = 'find_ticket_ids'"):
        name, _, value = setting.partition("=")
        db.run(f"SET LOCAL {name} = {value}")
    with db.acting("ticketing_owner"):
        got = db.value(f"EXPLAIN (FORMAT JSON, VERBOSE) {statement}")
    plan = (got if isinstance(got, list) else json.loads(got))[0]["Plan"]

    scans = [node for node in nodes(plan) if "Relation Name" in node or "Index Name" in node]
    assert [node["Node Type"] for node in scans] == ["Bitmap Heap Scan", "Bitmap Index Scan"]
    heap, index = scans
    assert index["Index Name"] == "idx_tickets_search_vector"
    assert "tenant_lexemes" in index["Index Cond"]
    # Nothing but the words decides which rows are read; no policy stands in front of them.
    assert "Filter" not in heap


def test_the_same_words_under_row_level_security_have_no_index(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    make.row("tickets", tenant, section="golden")
    db.run("SET LOCAL enable_seqscan = off")
    with as_tenant(tenant) as service:
        plan = "\n".join(
            row["QUERY PLAN"]
            for row in service.all(
                "EXPLAIN SELECT id FROM ticketing.tickets WHERE "
                "ticketing.tenant_lexemes(tenant_id, search_vector) @@ "
                "ticketing.tenant_query(%s, 'golden')",
                tenant,
            )
        )
    assert "idx_tickets_search_vector" not in plan
