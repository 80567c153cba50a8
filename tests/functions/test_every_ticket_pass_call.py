"""Every call on passes: needs a tenant, keeps to it, and is not for everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

WORK = [
    "lock_claimed_ticket_pass({id}, 1)",
    "mark_ticket_pass_produced({id}, 1, 1)",
    "mark_ticket_pass_sent({id}, 1, 1)",
    "fail_ticket_pass({id}, 1, 1, 'why')",
    "extend_ticket_pass_claim({id}, 1)",
    "release_ticket_pass_claim({id}, 1)",
    "retry_ticket_pass({id})",
]
JOBS = ["claim_ticket_passes('w1')", "import_external_ticket('tt', 'it_1', NULL, NULL, 'a@b.c')"]
READS = ["authenticate_ticket_pass('', '', '')", "list_changed_passes('', '')"]
DEVICES = [
    "register_pass_device('', '', '', '', '')",
    "unregister_pass_device('', '', '', '')",
    "create_ticket_passes({id})",
]


def of(call: str, row: UUID) -> str:
    """Returns the query of a call about a pass."""
    return "SELECT * FROM ticketing." + call.format(id=f"'{row}'")


@pytest.mark.parametrize("call", [*WORK, *JOBS, *READS, *DEVICES])
def test_without_a_tenant_it_is_refused(
    db: Session, make: Make, tenant: UUID, *, as_worker: Acting, call: str
) -> None:
    row = make.id("ticket_passes", tenant)
    with as_worker(), db.refused("TK701"):
        db.all(of(call, row))


@pytest.mark.parametrize("call", WORK)
def test_a_pass_of_another_tenant_is_unknown_even_where_no_policy_binds_the_caller(
    db: Session, make: Make, tenant: UUID, *, other_tenant: UUID, as_worker: Acting, call: str
) -> None:
    theirs = make.id("ticket_passes", other_tenant)
    query = of(call, theirs)
    with as_worker(tenant=tenant), db.refused("TK740"):
        db.all(query)
    db.all("SELECT set_config('app.current_tenant_id', %s, TRUE)", str(tenant))
    with db.refused("TK740"):
        db.all(query)
    assert db.all("SELECT * FROM ticketing.claim_ticket_passes('w1')") == []


@pytest.mark.parametrize("call", [*WORK, *JOBS])
def test_a_customer_does_not_work_on_passes(
    db: Session, make: Make, tenant: UUID, *, as_user: Acting, call: str
) -> None:
    user = make.id("users", tenant)
    row = make.id("ticket_passes", tenant, ticket_id=make.held_ticket(tenant, user))
    with as_user(tenant, user), db.refused("TK745"):
        db.all(of(call, row))


@pytest.mark.parametrize(
    ("role", "call"),
    [
        *(("ticketing_readonly", call) for call in (*WORK, *JOBS, *DEVICES)),
        *(("ts_test_nobody", call) for call in (*WORK, *JOBS, *DEVICES, *READS)),
    ],
)
def test_readers_and_strangers_call_nothing_of_it(
    db: Session, make: Make, tenant: UUID, *, role: str, call: str
) -> None:
    row = make.id("ticket_passes", tenant)
    with db.acting(role, tenant=tenant), db.refused("42501"):
        db.all(of(call, row))
