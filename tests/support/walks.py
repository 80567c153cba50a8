"""Random walks over the schema beside a plain Python model of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import psycopg
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from .factories import Make
from .session import Session

ACT = """
    SELECT
        set_config('role', %s, TRUE),
        set_config('app.current_tenant_id', %s, TRUE),
        set_config('app.actor_type', %s, TRUE),
        set_config('app.status_change_reason', %s, TRUE)
"""


class Walk(RuleBasedStateMachine):
    """A walk in one tenant whose rows are gone when it ends; subclasses add the rules."""

    db: Session
    tenant: UUID

    def start(self) -> Make:
        """Begins with a new tenant and returns what makes its rows."""
        self.db.run("SAVEPOINT walk")
        make = Make(self.db)
        self.tenant = make.tenant()
        return make

    def teardown(self) -> None:
        """Takes everything back."""
        self.db.run("ROLLBACK TO SAVEPOINT walk")

    def outcome(self, query: str, *values: Any, actor: str = "", reason: str = "") -> str | None:
        """Returns the error code of a service's statement, which is undone then, or None."""
        try:
            with self.db.connection.transaction():
                self.db.all(ACT, "ticketing_app", str(self.tenant), actor, reason)
                assert self.db.run(query, *values) == 1
                self.db.all(ACT, "none", "", "", "")
        except psycopg.Error as error:
            return error.sqlstate
        return None


def walk(machine: type[Walk], db: Session, *, examples: int, steps: int) -> None:
    """Runs random walks; the same ones each time.

    Args:
        machine: the rules.
        db: the superuser's session in which they run.
        examples: how many walks.
        steps: how long each may get.
    """
    machine.db = db
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            derandomize=True,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],  # a failing walk is short enough to read as it is
        ),
    )
