"""status_change_source: where the changes of the transaction come from."""

from __future__ import annotations

import pytest

from support.session import Session

CALL = "SELECT ticketing.status_change_source()"


@pytest.mark.parametrize(
    ("setting", "expected"),
    [(None, None), ("", None), ("  ", None), ("api", "api"), (" scanner ", "scanner")],
)
def test_it_is_the_setting_without_blanks_or_nothing(
    db: Session, setting: str | None, expected: str | None
) -> None:
    with db.acting("ticketing_app", source=setting):
        assert db.value(CALL) == expected


def test_a_login_without_a_role_may_not_ask(db: Session) -> None:
    with db.acting("ts_test_nobody"), db.refused("42501"):
        db.value(CALL)
