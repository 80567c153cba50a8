"""check_state_transition: may this become that, by whom, and why?"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

CALL = "SELECT ticketing.check_state_transition(%s, %s, %s, %s)"


@pytest.fixture
def rule(db: Session) -> Callable[..., None]:
    """Adds a rule to a machine of the test's own."""

    def add(before: str, after: str, actors: str = "{user}", *, reason: bool = False) -> None:
        db.run(
            """
            INSERT INTO ticketing.state_transitions (
                entity, from_status, to_status, requires_reason, actor_types, description
            ) VALUES ('lamp', %s, %s, %s, %s, 'for a test')
            """,
            *(before, after, reason, actors),
        )

    return add


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_a_listed_change_passes(db: Session, rule: Acting, role: str) -> None:
    rule("off", "on")
    with db.acting(role, actor="user"):
        assert db.run(CALL, "lamp", "off", "on", None) == 1


@pytest.mark.parametrize(
    ("entity", "before", "after"),
    [
        pytest.param("lamp", "on", "off", id="the other way"),
        pytest.param("lamp", "off", "off", id="staying"),
        pytest.param("lamp", "off", "broken", id="unknown status"),
        pytest.param("lamp", "*new*", "on", id="as a start"),
        pytest.param("lamps", "off", "on", id="another machine"),
        pytest.param(None, "off", "on", id="no machine"),
        pytest.param("lamp", None, "on", id="no status before"),
        pytest.param("lamp", "off", None, id="no status after"),
    ],
)
def test_any_other_is_refused(
    db: Session, rule: Acting, *, entity: str | None, before: str | None, after: str | None
) -> None:
    rule("off", "on")
    rule("*new*", "off")
    with db.acting("ticketing_app", actor="user"), db.refused("TK201"):
        db.run(CALL, entity, before, after, "why")


@pytest.mark.parametrize(
    ("before", "after", "hint"),
    [
        ("off", "broken", "From off it may become dim, on."),
        ("on", "off", "on is final."),
        ("*new*", "on", "It may start as off."),
    ],
)
def test_the_hint_says_what_is_possible(
    db: Session, rule: Acting, *, before: str, after: str, hint: str
) -> None:
    rule("off", "on")
    rule("off", "dim")
    rule("*new*", "off")
    with db.acting("ticketing_app", actor="user"), db.refused("TK201") as refused:
        db.run(CALL, "lamp", before, after, "why")
    assert refused.error.diag.message_hint == hint


def test_only_the_actors_of_the_rule_pass(db: Session, rule: Acting) -> None:
    rule("off", "on", "{system,admin}")
    for actor in ("system", "admin"):
        with db.acting("ticketing_app", actor=actor):
            db.run(CALL, "lamp", "off", "on", None)
    for actor in ("user", "service"):
        with db.acting("ticketing_app", actor=actor), db.refused("TK202") as refused:
            db.run(CALL, "lamp", "off", "on", None)
        assert "system, admin" in (refused.error.diag.message_hint or "")


def test_a_rule_that_needs_a_reason_gets_one(db: Session, rule: Acting) -> None:
    rule("off", "on", reason=True)
    with db.acting("ticketing_app", actor="user"):
        for empty in (None, "", "  "):
            with db.refused("TK203"):
                db.run(CALL, "lamp", "off", "on", empty)
        assert db.run(CALL, "lamp", "off", "on", "dark outside") == 1


def test_who_may_not_do_it_at_all_is_not_asked_for_a_reason(db: Session, rule: Acting) -> None:
    rule("off", "on", "{admin}", reason=True)
    with db.acting("ticketing_app", actor="user"), db.refused("TK202"):
        db.run(CALL, "lamp", "off", "on", None)


@pytest.mark.parametrize("role", ["ticketing_readonly", "ts_test_nobody"])
def test_who_changes_nothing_need_not_ask(db: Session, role: str) -> None:
    with db.acting(role), db.refused("42501"):
        db.run(CALL, "ticket", "active", "checked_in", None)
