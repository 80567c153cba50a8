"""state_transitions: rules of the table of rules."""

from __future__ import annotations

from typing import Any

import pytest

from support.session import Session

INSERT = """
    INSERT INTO ticketing.state_transitions (
        entity, from_status, to_status, requires_reason, actor_types, description
    ) VALUES ('lamp', %s, %s, FALSE, %s, %s)
"""


def add(
    db: Session,
    before: str = "off",
    after: str = "on",
    actors: list[Any] | None = None,
    description: str = "for a test",
) -> int:
    return db.run(INSERT, before, after, ["user"] if actors is None else actors, description)


@pytest.mark.parametrize(
    "actors", [[], ["robot"], ["user", "robot"], [None], ["user", None], ["User"]]
)
def test_somebody_known_must_be_able_to_make_the_change(db: Session, actors: list[Any]) -> None:
    with db.refused("23514", "chk_state_transitions_actors"):
        add(db, actors=actors)


def test_all_four_kinds_of_actor_are_known(db: Session) -> None:
    assert add(db, actors=["user", "system", "admin", "service"]) == 1


def test_staying_is_no_rule(db: Session) -> None:
    with db.refused("23514", "chk_state_transitions_move"):
        add(db, "on", "on")


@pytest.mark.parametrize("description", ["", "  "])
def test_a_rule_says_what_it_stands_for(db: Session, description: str) -> None:
    with db.refused("23514", "chk_state_transitions_description"):
        add(db, description=description)


def test_a_rule_stands_once(db: Session) -> None:
    add(db)
    with db.refused("23505", "pk_state_transitions"):
        add(db)
    assert add(db, "on", "off") == 1


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
def test_everybody_reads_and_nobody_writes(db: Session, role: str) -> None:
    with db.acting(role):
        assert db.value("SELECT count(*) FROM ticketing.state_transitions") > 50
        for change in (
            "DELETE FROM ticketing.state_transitions",
            "UPDATE ticketing.state_transitions SET requires_reason = FALSE",
            "TRUNCATE ticketing.state_transitions",
        ):
            with db.refused("42501"):
                db.run(change)
        with db.refused("42501"):
            add(db)


def test_a_login_without_a_role_does_not_read(db: Session) -> None:
    with db.acting("ts_test_nobody"), db.refused("42501"):
        db.all("SELECT entity FROM ticketing.state_transitions")
