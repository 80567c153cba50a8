"""What the gate says: rules, findings, and the report that holds them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from ticket_schema.errors import Exit


class Severity(StrEnum):
    """How much a finding weighs; only an error fails the gate, unless settings say otherwise."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """0 for the gravest."""
        return list(Severity).index(self)


class Stage(StrEnum):
    """Where a rule looks."""

    HISTORY = "history"
    STATIC = "static"
    DYNAMIC = "dynamic"
    CATALOG = "catalog"
    COMPATIBILITY = "compatibility"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One thing that the gate looks for.

    Args:
        id: in kebab case, as overrides and settings name it.
        title: what is wrong, in a few words.
        catalogue: its row in the catalogue of checks, such as `A1`.
        severity: what a finding weighs when no setting says otherwise.
        stage: where it looks.
        why: one sentence of what the harm is.
        convention: what a project must follow for the rule to make sense; empty when it holds for
            any project.
    """

    id: str
    title: str
    catalogue: str
    severity: Severity
    stage: Stage
    why: str
    convention: str = ""


RULES: dict[str, Rule] = {}


def declare(
    id: str,  # noqa: A002 - the field's name
    catalogue: str,
    title: str,
    why: str,
    *,
    stage: Stage,
    severity: Severity = Severity.ERROR,
    convention: str = "",
) -> Rule:
    """Makes a rule, adds it to the registry and returns it; see `Rule` for the arguments.

    Raises:
        ValueError: two rules have one id.
    """
    rule = Rule(
        id=id,
        title=title,
        catalogue=catalogue,
        severity=severity,
        stage=stage,
        why=why,
        convention=convention,
    )
    if RULES.setdefault(id, rule) != rule:
        raise ValueError(f"two rules are called {id}")
    return rule


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was found.

    Args:
        rule: what was broken.
        happens: what would happen in production, a sentence.
        mend: the corrected SQL or Alembic code; empty when `happens` says all there is to say.
        revision: the revision that it is about; None for the project as a whole.
        file: where it is.
        line: counted from 1.
        last_line: where the statement ends; its line when it is None.
        statement: the SQL, as it was rendered.
        downgrade: whether it is about the way down.
        severity: what it weighs; the rule's own when it is None.
    """

    rule: Rule
    happens: str
    mend: str = ""
    revision: str | None = None
    file: Path | None = None
    line: int | None = None
    last_line: int | None = None
    statement: str = ""
    downgrade: bool = False
    severity: Severity | None = None

    @property
    def weight(self) -> Severity:
        """What it weighs."""
        return self.severity or self.rule.severity


@dataclass(frozen=True, kw_only=True)
class Lock:
    """What one statement of a revision did to one relation that was there before.

    Args:
        relation: with its schema.
        mode: the strongest lock, as `pg_locks` names it, such as `AccessExclusiveLock`.
        statement: the SQL.
        file: where it is.
        line: counted from 1.
        rewritten: whether the relation got a new file.
        rows_scanned: how many of its rows were read.
        rows_written: how many were inserted, updated or deleted.
        seconds: how long the statements took that touched it, on the few rows of the rehearsal.
    """

    relation: str
    mode: str
    statement: str
    file: Path | None = None
    line: int | None = None
    rewritten: bool = False
    rows_scanned: int = 0
    rows_written: int = 0
    seconds: float = 0.0


@dataclass(kw_only=True)
class Report:
    """What a run of the gate found.

    Args:
        project: what was looked at, for the title.
        revisions: how many revisions were looked at.
        findings: what counts.
        allowed: findings that an override allows, with its reason.
        stages: seconds that each stage took.
        locks: what each revision does to existing relations.
        role: who migrated in the rehearsal, and what it may do; empty when nothing was run.
        switched_off: rules that did not look, with the reason.
        fails_at: the least severity that fails the gate.
    """

    project: str = ""
    revisions: int = 0
    findings: list[Finding] = field(default_factory=list)
    allowed: list[tuple[Finding, str]] = field(default_factory=list)
    stages: dict[str, float] = field(default_factory=dict)
    locks: dict[str, list[Lock]] = field(default_factory=dict)
    role: str = ""
    switched_off: dict[str, str] = field(default_factory=dict)
    fails_at: Severity = Severity.ERROR

    @property
    def failing(self) -> list[Finding]:
        """The findings that fail the gate."""
        return [one for one in self.findings if one.weight.rank <= self.fails_at.rank]

    @property
    def exit_code(self) -> Exit:
        """What the command returns."""
        return Exit.FAILED if self.failing else Exit.GOOD
