"""multisig_rejections: rules of the table."""

from __future__ import annotations

from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_rejection_says_why(db: Session, make: Make, tenant: UUID, reason: str) -> None:
    with db.refused("23514", "chk_multisig_rejections_reason"):
        make.row("multisig_rejections", tenant, reason=reason)
