"""multisig_approvals: rules of the table."""

from __future__ import annotations

from uuid import UUID

import pytest

from support.factories import Make, Row
from support.session import Session


@pytest.mark.parametrize(
    "given",
    [
        {"signature": "c2ln", "signature_algorithm": None},
        {"signature": None, "signature_algorithm": "ed25519"},
    ],
)
def test_a_signature_comes_with_its_algorithm(
    db: Session, make: Make, tenant: UUID, given: Row
) -> None:
    with db.refused("23514", "chk_multisig_approvals_signature"):
        make.row("multisig_approvals", tenant, **given)


def test_a_signature_is_kept(make: Make, tenant: UUID) -> None:
    given = {"signature": "c2ln", "signature_algorithm": "ed25519"}
    assert given.items() <= make.row("multisig_approvals", tenant, **given).items()
