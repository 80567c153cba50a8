"""guard_multisig_vote: a vote that is written directly is tested like one that is called."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

READ = "SELECT * FROM ticketing.multisig_approval_requests WHERE id = %s"
# Either side of the ballot: its table, and the column that names the voter.
SIDES = {"approval": "approver", "rejection": "rejecter"}
BOTH = pytest.mark.parametrize("side", SIDES)


def vote(db: Session, side: str, asked: Row, voter: UUID | None, **given: Any) -> Row:
    """Writes a vote past the functions, and returns it."""
    who = SIDES[side]
    said = {"operation_hash": asked["operation_hash"]} if side == "approval" else {"reason": "no"}
    values: Row = {
        "tenant_id": asked["tenant_id"],
        "request_id": asked["id"],
        f"{who}_id": voter,
        **said,
        **given,
    }
    places = ", ".join(["%s"] * len(values))
    query = f"INSERT INTO ticketing.multisig_{side}s ({', '.join(values)}) VALUES ({places})"
    return db.one(f"{query} RETURNING *", *values.values())


@pytest.fixture
def asked(make: Make, tenant: UUID) -> Row:
    return make.row(
        "multisig_approval_requests", tenant, required_approvals=3, required_rejections=3
    )


@pytest.fixture
def voter(make: Make, tenant: UUID) -> UUID:
    return make.id("users", tenant, role="staff")


@BOTH
def test_the_voters_role_is_read_whatever_the_writer_says(
    db: Session, tenant: UUID, *, asked: Row, voter: UUID, as_tenant: Acting, side: str
) -> None:
    role = f"{SIDES[side]}_role"
    with as_tenant(tenant):
        assert vote(db, side, asked, voter, **{role: "superadmin"})[role] == "staff"


@BOTH
@pytest.mark.parametrize("first", SIDES)
def test_a_person_votes_once_on_either_side(
    db: Session, tenant: UUID, *, asked: Row, voter: UUID, as_tenant: Acting, first: str, side: str
) -> None:
    with as_tenant(tenant):
        vote(db, first, asked, voter)
        with db.refused("TK736"):
            vote(db, side, asked, voter)


def test_on_another_request_the_person_votes_again(
    db: Session, make: Make, tenant: UUID, *, asked: Row, voter: UUID, as_tenant: Acting
) -> None:
    other = make.row("multisig_approval_requests", tenant)
    with as_tenant(tenant):
        vote(db, "approval", asked, voter)
        vote(db, "rejection", other, voter)


def test_nobody_approves_their_own_request_but_may_withdraw_it(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    admin = make.id("users", tenant, role="superadmin")
    asked = make.row("multisig_approval_requests", tenant, requested_by=admin)
    with as_tenant(tenant):
        with db.refused("TK734"):
            vote(db, "approval", asked, admin)
        vote(db, "rejection", asked, admin)
        assert db.one(READ, asked["id"])["status"] == "rejected"


@BOTH
@pytest.mark.parametrize(
    "given",
    [{"role": "user"}, {"role": "scanner"}, {"role": "admin", "status": "blocked"}],
)
def test_who_may_not_vote_is_refused(
    db: Session, make: Make, tenant: UUID, *, asked: Row, as_tenant: Acting, side: str, given: Row
) -> None:
    person = make.id("users", tenant, **given)
    with as_tenant(tenant), db.refused("TK735"):
        vote(db, side, asked, person)


@BOTH
def test_the_roles_of_the_request_rule(
    db: Session, make: Make, tenant: UUID, *, voter: UUID, as_tenant: Acting, side: str
) -> None:
    asked = make.row("multisig_approval_requests", tenant, approver_roles="{admin,user}")
    customer = make.id("users", tenant, role="user")
    with as_tenant(tenant):
        with db.refused("TK735"):
            vote(db, side, asked, voter)
        assert vote(db, side, asked, customer)[f"{SIDES[side]}_role"] == "user"


@BOTH
def test_nobody_votes_in_anothers_name(
    db: Session, make: Make, tenant: UUID, *, asked: Row, voter: UUID, as_user: Acting, side: str
) -> None:
    other = make.id("users", tenant, role="admin")
    with as_user(tenant, voter, "staff"):
        with db.refused("TK738"):
            vote(db, side, asked, other)
        vote(db, side, asked, voter)


@pytest.mark.parametrize("digest", ["0" * 64, ""])
def test_an_approval_is_of_the_operation(
    db: Session, tenant: UUID, *, asked: Row, voter: UUID, as_tenant: Acting, digest: str
) -> None:
    with as_tenant(tenant):
        for other in (digest, None):
            with db.refused("TK737"):
                vote(db, "approval", asked, voter, operation_hash=other)


@BOTH
@pytest.mark.parametrize("status", ["approved", "rejected", "expired", "executed"])
def test_what_is_decided_takes_no_vote_but_a_veto(
    db: Session, make: Make, tenant: UUID, *, voter: UUID, as_tenant: Acting, side: str, status: str
) -> None:
    asked = make.row("multisig_approval_requests", tenant, status=status)
    with as_tenant(tenant, actor="admin"):
        if (side, status) == ("rejection", "approved"):
            vote(db, side, asked, voter)
        else:
            with db.refused("TK732"):
                vote(db, side, asked, voter)


@BOTH
@pytest.mark.parametrize("status", ["pending", "approved"])
def test_past_its_time_it_takes_none(
    db: Session, make: Make, tenant: UUID, *, voter: UUID, as_tenant: Acting, side: str, status: str
) -> None:
    now = datetime.now(UTC)
    past = {"requested_at": now - timedelta(hours=2), "expires_at": now - timedelta(seconds=1)}
    asked = make.row("multisig_approval_requests", tenant, status=status, **past)
    with as_tenant(tenant, actor="admin"), db.refused("TK733"):
        vote(db, side, asked, voter)


@BOTH
def test_what_the_tenant_does_not_have_is_left_to_the_foreign_keys(
    db: Session,
    make: Make,
    tenant: UUID,
    *,
    other_tenant: UUID,
    asked: Row,
    voter: UUID,
    as_tenant: Acting,
    side: str,
) -> None:
    theirs = make.row("multisig_approval_requests", other_tenant)
    stranger = make.id("users", other_tenant, role="admin")
    role = {f"{SIDES[side]}_role": "admin"}
    with as_tenant(tenant):
        for unknown in (theirs["id"], uuid4()):
            with db.refused("23503", f"fk_multisig_{side}s_request_id"):
                vote(db, side, {**asked, "id": unknown}, voter, **role)
        for nobody in (stranger, uuid4()):
            with db.refused("23503", f"fk_multisig_{side}s_{SIDES[side]}_id"):
                vote(db, side, asked, nobody)
        with db.refused("23502"):
            vote(db, side, asked, None)


@BOTH
def test_it_locks_the_request(clone: Database, side: str) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        asked = make.row("multisig_approval_requests", tenant)
        voters = [make.id("users", tenant, role="admin") for _ in range(2)]
    enter = "SELECT set_config('app.current_tenant_id', %s, TRUE)"
    with (
        psycopg.connect(clone.url("ts_test_app")) as one,
        psycopg.connect(clone.url("ts_test_app")) as other,
    ):
        for connection in (one, other):
            connection.execute(enter, [str(tenant)])
        vote(Session(one), "approval", asked, voters[0])
        db = Session(other)
        db.run("SET LOCAL lock_timeout = '50ms'")
        with db.refused("55P03"):
            vote(db, side, asked, voters[1])
