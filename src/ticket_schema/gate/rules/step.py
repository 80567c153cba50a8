"""What a rule sees: one command, and what came before and comes after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pglast import ast

from ticket_schema.gate.finding import Finding, Rule, Severity
from ticket_schema.gate.parsing import UNKNOWN, Parsed
from ticket_schema.gate.project import Project, Revision, Statement
from ticket_schema.gate.schema import Schema


@dataclass
class History:
    """The commands before one, of all revisions that are looked at with it.

    Args:
        by_transaction: what each transaction held so far.
        by_revision: what each revision held so far.
        enum_values: the commands that added a value to an enum type.
        required: what old rows were required to obey: the table, its columns, and the command.
    """

    by_transaction: dict[int, list[Step]] = field(default_factory=dict)
    by_revision: dict[str, list[Step]] = field(default_factory=dict)
    enum_values: list[Step] = field(default_factory=list)
    required: list[tuple[str, frozenset[str], Step]] = field(default_factory=list)

    def add(self, step: Step) -> None:
        """Takes a command down.

        Args:
            step: the command.
        """
        self.by_revision.setdefault(step.revision.id, []).append(step)
        if step.statement.transaction is not None:
            self.by_transaction.setdefault(step.statement.transaction, []).append(step)
        if isinstance(step.node, ast.AlterEnumStmt) and not step.node.oldVal:
            self.enum_values.append(step)


@dataclass
class Step:
    """One command of a revision.

    Args:
        project: what it is part of.
        revision: which it belongs to.
        statement: the statement that it is, or stands in.
        parsed: the command.
        schema: what stands before it.
        earlier: the commands before it.
        revision_steps: all commands of its revision.
        position: its own place among those.
        not_landed: revisions that no database has yet.
        down: whether it is on the way down, where all but the tables of its revision is in use.
    """

    project: Project
    revision: Revision
    statement: Statement
    parsed: Parsed
    schema: Schema
    earlier: History = field(repr=False)
    revision_steps: Sequence[Step] = field(repr=False)
    position: int = 0
    not_landed: frozenset[str] = frozenset()
    down: bool = False

    @property
    def node(self) -> Any:
        """The tree of the command."""
        return self.parsed.node

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open around it."""
        return self.statement.transaction is not None

    @cached_property
    def phase(self) -> str:
        """What the revision says of itself: `expand`, `contract`, or nothing."""
        return str(self.revision.constant("phase") or "")

    def is_new(self, made_in: str | None) -> bool:
        """Returns whether something has no rows and no users yet.

        Args:
            made_in: the revision that made it; None when no revision did.
        """
        return not self.down and self._is_young(made_in)

    def _is_young(self, made_in: str | None) -> bool:
        return made_in is not None and (made_in == self.revision.id or made_in in self.not_landed)

    def is_in_use(self, table: str) -> bool:
        """Returns whether a table may hold rows and be read and written at this moment.

        Args:
            table: its name.
        """
        if UNKNOWN in table:
            return True
        known = self.schema.tables.get(table)
        return not (known and self._is_young(known.made_in))

    def before_in_transaction(self) -> Sequence[Step]:
        """Returns the earlier commands of its transaction, of its own and other revisions."""
        number = self.statement.transaction
        return () if number is None else self.earlier.by_transaction.get(number, ())

    def before_in_revision(self) -> Sequence[Step]:
        """Returns the earlier commands of its revision."""
        return self.earlier.by_revision.get(self.revision.id, ())

    def after_in_revision(self) -> Sequence[Step]:
        """Returns the later commands of its revision."""
        return self.revision_steps[self.position + 1 :]

    def finding(
        self, rule: Rule, happens: str, mend: str = "", *, severity: Severity | None = None
    ) -> Finding:
        """Returns a finding about this command.

        Args:
            rule: what was broken.
            happens: what would happen in production.
            mend: the corrected code.
            severity: when it is not the rule's own.
        """
        place = self.statement.place
        return Finding(
            rule=rule,
            happens=happens,
            mend=mend,
            revision=self.revision.id,
            file=place.file if place else self.revision.path,
            line=place.line if place else 1,
            last_line=place.last_line if place else 1,
            statement=self.parsed.text.strip(),
            downgrade=self.down,
            severity=severity,
        )


def autocommit(*statements: str) -> str:
    """Returns Alembic code that runs statements outside a transaction.

    Args:
        statements: SQL, without the closing semicolon.
    """
    lines = [f"    {executed(one)}" for one in statements]
    return "\n".join(["with op.get_context().autocommit_block():", *lines])


def apart(first: Sequence[str], second: Sequence[str]) -> str:
    """Returns Alembic code for two revisions, one after the other.

    Args:
        first: SQL of this revision.
        second: SQL of the next one.
    """
    return "\n".join(
        [
            "# this revision",
            *map(executed, first),
            "# the next revision, a transaction of its own",
            *map(executed, second),
        ]
    )


def executed(sql: str) -> str:
    """Returns the call of Alembic that runs a statement.

    Args:
        sql: without the closing semicolon.
    """
    text = sql.strip().replace("\\", "\\\\")
    if "\n" in text:
        return f'op.execute("""\n{text}\n""")'
    return f'op.execute("{text}")' if '"' not in text else f"op.execute('''{text}''')"
