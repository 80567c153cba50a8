"""The migration gate: refuses a dangerous schema change, and says how to mend it."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

from ticket_schema.errors import TicketSchemaError
from ticket_schema.gate import project as projects
from ticket_schema.gate.finding import RULES, Finding, Report, Stage
from ticket_schema.gate.project import Project
from ticket_schema.gate.settings import Settings
from ticket_schema.gate.settings import read as read_settings

# Whatever registers rules, so that settings and overrides can name each of them in every run.
_WITH_RULES = ("compatibility", "contract", "history", "overrides", "rules", "sqlfluff", "squawk")
_REHEARSED = ("rules.flaws", "rules.outcomes", "rules.traces")

_STAGES = (Stage.HISTORY, Stage.STATIC, Stage.COMPATIBILITY)
_STAGES_OF_REHEARSAL = (Stage.DYNAMIC, Stage.CATALOG)

# Of the environment of this package, which does something about it when it runs.
_LEFT_TO_OUR_RUNNER = {
    "may-fail-on-duplicates": "takes the revision back and shows the query for the rows",
    "may-fail-on-violations": "takes the revision back and shows the query for the rows",
    "fails-on-duplicates": "takes the revision back and shows the query for the rows",
    "fails-on-violations": "takes the revision back and shows the query for the rows",
    "trigger-or-policy-locks": "waits for a lock no longer than its lock_timeout, and tries again",
    "downgrade-loses-rows": "refuses a downgrade that would delete rows, unless it is told to",
}


def check(
    config: Path | None = None,
    *,
    since: str | None = None,
    rehearsed: bool = False,
    url: str | None = None,
    image: str | None = None,
    today: date | None = None,
    progress: Callable[[str, float | None], None] = lambda _stage, _seconds: None,
) -> Report:
    """Returns what the gate finds in a project.

    Args:
        config: an ini file, or a pyproject.toml with a table `tool.alembic`; without it the
            revisions of this package.
        since: a git ref; only revisions that are newer are looked at, and older ones must be as
            they were.
        rehearsed: whether the revisions are run as well, on a scratch server; else nothing is.
        url: connection string of a superuser of that server.
        image: of a container that is that server, when there is no `url`; without either, and
            without the setting, an embedded one.
        today: expiry of overrides is counted from here; the day it is by default.
        progress: called with the name of each stage, and of each revision that is rehearsed, when
            it begins, and with the seconds that the stage took when it ends.

    Raises:
        TicketSchemaError: the project cannot be read, a tool of the extra `gate` is missing, or
            the scratch server cannot be had.
    """
    load_rules()
    from ticket_schema.gate import (  # noqa: PLC0415 - they need the extra
        dynamic,
        history,
        overrides,
        sqlfluff,
        squawk,
        static,
    )

    report = Report()

    @contextmanager
    def stage(name: str) -> Iterator[None]:
        progress(name, None)
        started = time.monotonic()
        yield
        report.stages[name] = time.monotonic() - started
        progress(name, report.stages[name])

    with stage("render"):
        folder = config.resolve().parent if config else Path.cwd()
        settings = read_settings(folder)
        project = projects.load(config, since=since or settings.since)
        project.render()
    report.project = project.shown(config.resolve()) if config else "ticket-schema"
    report.revisions = len(project.checked)
    report.fails_at = settings.fails_at
    with stage("history"):
        found, off = history.check(project)
        report.switched_off |= off
    with stage("static"):
        found += static.check(project)
    with stage("squawk"):
        found += squawk.check(project)
    if project.ours and project.since:
        with stage("sqlfluff"):
            found += sqlfluff.check(project)
    if rehearsed:
        seen = dynamic.check(
            project,
            report,
            url=url,
            image=image or settings.image,
            options=dynamic.options(settings),
            progress=progress,
        )
        found = dynamic.confirmed(found, seen)
    _switch_off(report, project)
    known, wrong = overrides.find(project, today or date.today())
    weighed = _weighed(found, report, settings)
    left, allowed = overrides.apply(
        weighed, known, (*_STAGES, *(_STAGES_OF_REHEARSAL if rehearsed else ()))
    )
    report.findings = sorted(left + wrong, key=lambda one: _order(project, one))
    report.allowed = allowed
    return report


def load_rules() -> None:
    """Fills the registry of rules.

    Raises:
        TicketSchemaError: a library of the extra `gate` is missing.
    """
    for name in (*_WITH_RULES, *_REHEARSED):
        try:
            importlib.import_module(f"ticket_schema.gate.{name}")
        except ModuleNotFoundError as error:
            if (error.name or "").startswith("ticket_schema"):
                raise
            raise TicketSchemaError(
                f"The gate needs {error.name}.",
                hint="Install it with: pip install 'ticket-schema[gate]'.",
            ) from error


def _switch_off(report: Report, project: Project) -> None:
    for rule in RULES.values():
        if rule.convention and not project.ours:
            report.switched_off[rule.id] = f"it is a convention of ticket-schema: {rule.convention}"
    if not project.since:
        reason = "no --since names the last release"
        report.switched_off["expand-and-contract-together"] = reason
        report.switched_off["locks-table-often"] = reason
        if project.ours:
            report.switched_off["sql-style"] = f"{reason}; make lint looks at all files"
    if project.ours:
        for name, does in _LEFT_TO_OUR_RUNNER.items():
            report.switched_off[name] = f"the packaged runner {does}"


def _weighed(found: list[Finding], report: Report, settings: Settings) -> list[Finding]:
    for rule, severity in settings.severity.items():
        if severity is None and settings.file is not None:
            report.switched_off[rule] = f"{settings.file.name} says off"
    return [
        replace(one, severity=settings.severity.get(one.rule.id, one.severity))
        for one in found
        if one.rule.id not in report.switched_off
    ]


def _order(project: Project, finding: Finding) -> tuple[int, int, str, int, str]:
    order = {one.id: number for number, one in enumerate(project.revisions)}
    return (
        finding.weight.rank,
        order.get(finding.revision or "", -1),
        str(finding.file or ""),
        finding.line or 0,
        finding.rule.id,
    )
