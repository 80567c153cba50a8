"""apply_tenant: the tenants that the auth service tells of, the newest message alone."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from support.factories import Make
from support.replicas import Messages, apply, messages
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting


class TestMessages(Messages):
    """What holds for every copy."""

    table = "tenants"


def test_a_slug_in_use_waits_for_the_message_that_frees_it(
    make: Make, tenant: UUID, as_worker: Acting
) -> None:
    first, second = messages(make, tenant, "tenants")
    other, _ = messages(make, tenant, "tenants")
    taking = {**other, "slug": first["slug"]}
    with as_worker() as worker:
        apply(worker, "tenants", first, 1)
        with worker.refused("23505", "uq_tenants_slug"):
            apply(worker, "tenants", taking, 1)
        apply(worker, "tenants", second, 2)
        assert apply(worker, "tenants", taking, 1) == "applied"


def test_what_is_left_out_is_the_default(db: Session, as_worker: Acting) -> None:
    row = uuid4()
    with as_worker() as worker:
        worker.value("SELECT ticketing.apply_tenant(%s, 1, 'handle', 'Name')", row)
    found = db.one("SELECT status, settings FROM ticketing.tenants WHERE id = %s", row)
    assert found == {"status": "active", "settings": {}}
