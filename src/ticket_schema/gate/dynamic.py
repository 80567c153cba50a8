"""The dynamic stage: runs the revisions on a scratch server, and says what was seen."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from ticket_schema.gate.finding import Finding, Report, Stage
from ticket_schema.gate.project import Project
from ticket_schema.gate.rehearsal import Options, rehearse
from ticket_schema.gate.rules import flaws, outcomes, traces
from ticket_schema.gate.scratch import PLAIN, scratch
from ticket_schema.gate.settings import Settings

_SEEN = "Seen when it ran: "
# One defect under two rows of the catalogue.
_PAIRS = {("required-column", "fails-on-rows")}


def check(
    project: Project,
    report: Report,
    *,
    url: str | None = None,
    image: str | None = None,
    options: Options | None = None,
    progress: Callable[[str, float | None], None] = lambda _stage, _seconds: None,
) -> list[Finding]:
    """Rehearses a project and returns what was found.

    Args:
        project: whose revisions; rendered, findings name the stamped file of a statement.
        report: gets the locks, and the seconds of the stages `server` and `rehearsal`.
        url: connection string of a superuser of a scratch server.
        image: of a container that is one, when there is no `url`; without either it is embedded.
        options: how to rehearse.
        progress: called with what begins, a stage or a revision, and with each of the two stages
            and its seconds when it ends.

    Raises:
        TicketSchemaError: the server cannot be had, or the project cannot be run at all.
    """
    started = time.monotonic()
    progress("server", None)
    with scratch(url, image) as server:
        report.stages["server"] = time.monotonic() - started
        report.role = f"{server.login}, {PLAIN}"
        progress("server", report.stages["server"])
        seen = rehearse(
            project, server, options, lambda revision: progress(f"rehearsal of {revision}", None)
        )
    report.stages["rehearsal"] = seen.seconds
    progress("rehearsal", seen.seconds)
    found: list[Finding] = []
    for one in seen.revisions:
        found += traces.check(one)
        if lines := traces.locks(one):
            report.locks[one.revision.id] = lines
    if project.since and seen.revisions:
        found += traces.budget(seen.revisions)
    found += outcomes.check(seen)
    found += flaws.check(seen, ours=project.ours)
    return found


def confirmed(read: Sequence[Finding], seen: Sequence[Finding]) -> list[Finding]:
    """Returns the findings of both stages, each defect once.

    Where the rehearsal saw what reading had found, the finding of the reading stays, so that an
    override of it holds whether or not anything is run, and says what was seen.

    Args:
        read: findings of the stages that run nothing.
        seen: findings of the rehearsal.
    """
    found = list(read)
    for one in seen:
        same = next((place for place, other in enumerate(found) if _is_same(other, one)), None)
        if same is None or same >= len(read):
            found.append(one)
        elif _SEEN not in found[same].happens:
            happens = f"{found[same].happens} {_SEEN}{one.happens}"
            found[same] = replace(found[same], happens=happens)
    return found


def _is_same(read: Finding, seen: Finding) -> bool:
    if seen.rule.stage is Stage.CATALOG:
        # Several rules of one row may look at one statement.
        same = flaws.READ_AS.get(seen.rule.id)
        return (read.revision, read.rule.id, read.downgrade) == (seen.revision, same, False)
    if (read.revision, read.downgrade) != (seen.revision, seen.downgrade):
        return False
    if read.rule.catalogue != seen.rule.catalogue and (read.rule.id, seen.rule.id) not in _PAIRS:
        return False
    if not seen.statement:
        return True
    return read.statement == seen.statement or (read.file, read.line) == (seen.file, seen.line)


def options(settings: Settings) -> Options:
    """Returns how a project wants to be rehearsed.

    Args:
        settings: of its pyproject.toml, which paths there are relative to.
    """
    seed = settings.seed
    if seed is not None and ":" not in seed and settings.file is not None:
        seed = str(settings.file.parent / seed)
    return Options(rows=settings.rows, seed=seed, prepare=settings.prepare)
