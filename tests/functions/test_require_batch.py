"""require_batch: the size of a batch, or a refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

ASK = "SELECT ticketing.require_batch(%s::integer)"


@pytest.mark.parametrize("size", [1, 2, 10_000])
def test_a_size_in_range_comes_back(db: Session, as_worker: Acting, size: int) -> None:
    with as_worker():
        assert db.value(ASK, size) == size


@pytest.mark.parametrize("size", [None, -1, 0, 10_001])
def test_any_other_is_refused(db: Session, as_worker: Acting, size: int | None) -> None:
    with as_worker(), db.refused("TK001") as by:
        db.value(ASK, size)
    assert str("NULL" if size is None else size) in str(by.error)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_readonly", "ts_test_nobody"])
def test_nobody_else_needs_it(db: Session, role: str) -> None:
    with db.acting(role), db.refused("42501"):
        db.value(ASK, 1)
