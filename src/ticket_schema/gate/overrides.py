"""Findings that somebody has looked at and allows, for a reason and until a day.

An override is a comment on the line of the statement, or in the comment right above it:

    -- gate: allow index-not-concurrent until 2027-01-31: the table has 40 rows
    # gate: allow object-dropped until 2027-01-31: release 2.3 does not read it any more
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path

from ticket_schema.gate.finding import RULES, Finding, Stage, declare
from ticket_schema.gate.project import Project

_rule = partial(declare, stage=Stage.STATIC)


MALFORMED = _rule(
    "override-malformed",
    "override",
    "override without rule, date or reason",
    "Nobody can tell later what it allowed, why, and whether that still holds.",
)
EXPIRED = _rule(
    "override-expired",
    "override",
    "override whose day is over",
    "What was to be mended by then still stands.",
)
UNUSED = _rule(
    "override-unused",
    "override",
    "override that allows nothing",
    "It would allow, unseen, what is written there next.",
)

LONGEST = timedelta(days=366)

_COMMENT = re.compile(r"(?:--|#)\s*gate:(?P<rest>.*)$")
_ALLOW = re.compile(
    r"^\s*allow\s+(?P<rule>[\w-]+)\s+until\s+(?P<day>\d{4}-\d{2}-\d{2})\s*:\s*(?P<reason>\S.*)$"
)
_FORM = "-- gate: allow RULE until YYYY-MM-DD: reason"
_IS_COMMENT = re.compile(r"^\s*(?:--|#)")


@dataclass(frozen=True)
class Override:
    """One comment that allows one rule.

    Args:
        file: where it stands.
        line: counted from 1.
        covers: the line of code below it, when it stands in a comment of its own.
        rule: identifier of the rule.
        until: its last day.
        reason: why.
        revision: whose file it is.
    """

    file: Path
    line: int
    covers: int
    rule: str
    until: date
    reason: str
    revision: str

    def allows(self, finding: Finding) -> bool:
        """Returns whether it stands beside a finding and names its rule.

        Args:
            finding: any finding.
        """
        if finding.rule.id != self.rule or finding.file != self.file or finding.line is None:
            return False
        last = max(finding.line, finding.last_line or finding.line)
        return self.covers == finding.line or finding.line <= self.line <= last


def find(project: Project, today: date) -> tuple[list[Override], list[Finding]]:
    """Returns the overrides of the revisions that are looked at, and what is wrong with others.

    Args:
        project: rendered.
        today: expiry is counted from here.
    """
    found: list[Override] = []
    wrong: list[Finding] = []
    seen: set[Path] = set()
    for revision in project.checked:
        files = {revision.path}
        files |= {one.place.file for one in (*revision.up, *revision.down) if one.place is not None}
        for file in sorted(files - seen):
            for one in _read(file, revision.id, today):
                if isinstance(one, Override):
                    found.append(one)
                else:
                    wrong.append(one)
        seen |= files
    return found, wrong


def apply(
    findings: Iterable[Finding], overrides: Collection[Override], stages: Collection[Stage]
) -> tuple[list[Finding], list[tuple[Finding, str]]]:
    """Returns what is not allowed, with the overrides that allow nothing, and what is allowed.

    Args:
        findings: what was found.
        overrides: what `find` returned.
        stages: where was looked; an override of a rule of another stage may yet be used.
    """
    left: list[Finding] = []
    allowed: list[tuple[Finding, str]] = []
    used: set[Override] = set()
    for finding in findings:
        by = [one for one in overrides if one.allows(finding)]
        used.update(by)
        if by:
            allowed.append((finding, f"{by[0].reason} (until {by[0].until})"))
        else:
            left.append(finding)
    for one in overrides:
        if one not in used and RULES[one.rule].stage in stages:
            left.append(
                Finding(
                    rule=UNUSED,
                    happens=f"Nothing beside it breaks {one.rule}; whatever does one day would pass"
                    " unseen.",
                    mend="-- take it away, or put it right above the statement",
                    revision=one.revision,
                    file=one.file,
                    line=one.line,
                )
            )
    return left, allowed


def _read(file: Path, revision: str, today: date) -> Iterator[Override | Finding]:
    lines = file.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, start=1):
        comment = _COMMENT.search(line)
        if comment is None:
            continue
        problem, said = _parsed(comment["rest"], today)
        if said is not None:
            rule, until, reason = said
            covers = number
            while covers <= len(lines) and _IS_COMMENT.match(lines[covers - 1]):
                covers += 1
            yield Override(file, number, covers, rule, until, reason, revision)
        else:
            yield Finding(
                rule=EXPIRED if problem.startswith("It ended") else MALFORMED,
                happens=problem,
                mend=_FORM,
                revision=revision,
                file=file,
                line=number,
                statement=line.strip(),
            )


def _parsed(text: str, today: date) -> tuple[str, tuple[str, date, str] | None]:
    """Returns what is wrong with an override, or its rule, last day and reason."""
    said = _ALLOW.match(text)
    if said is None:
        return "It lacks the rule, the date or the reason, so it allows nothing.", None
    problem, until = "", None
    try:
        until = date.fromisoformat(said["day"])
    except ValueError:
        problem = f"{said['day']} is no day, so it allows nothing."
    if said["rule"] not in RULES:
        problem = f"There is no rule {said['rule']}, so it allows nothing."
    elif until and until < today:
        problem = f"It ended on {until}, so it allows nothing any more."
    elif until and until - today > LONGEST:
        problem = f"{until} is more than a year away, which nobody will look at again."
    if problem or until is None:
        return problem, None
    return "", (said["rule"], until, said["reason"].strip())
