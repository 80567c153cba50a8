"""require_resale_price: the ceiling and the currency of what a transfer costs."""

from __future__ import annotations

import pytest

from support.session import Session

CALL = "SELECT ticketing.require_resale_price(%s, %s::bigint, %s, %s::bigint, %s)"


@pytest.mark.parametrize(
    "values",
    [
        ("resale", 100, "EUR", 100, "EUR"),
        ("resale", 10**15, "EUR", None, "EUR"),
        ("resale", 0, "USD", 0, "EUR"),
        ("admin", 101, "EUR", 100, "EUR"),
        ("correction", 101, "EUR", 100, "EUR"),
        ("gift", 0, "USD", 100, "EUR"),
        (None, None, None, None, None),
    ],
)
def test_a_price_that_fits_is_no_fault(db: Session, values: tuple[object, ...]) -> None:
    for role in ("ticketing_app", "ticketing_worker"):
        with db.acting(role):
            assert db.value(CALL, *values) == ""


@pytest.mark.parametrize(
    ("code", "values"),
    [
        ("TK225", ("resale", 101, "EUR", 100, "EUR")),
        ("TK225", ("resale", 1, "EUR", 0, "EUR")),
        ("TK226", ("resale", 100, "USD", 100, "EUR")),
        ("TK226", ("admin", 1, "USD", None, "EUR")),
    ],
)
def test_a_price_that_does_not_is_refused(
    db: Session, code: str, values: tuple[object, ...]
) -> None:
    with db.acting("ticketing_app"), db.refused(code):
        db.value(CALL, *values)


def test_readers_do_not_ask(db: Session) -> None:
    with db.acting("ticketing_readonly"), db.refused("42501"):
        db.value(CALL, "gift", 0, "EUR", None, "EUR")
