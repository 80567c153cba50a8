"""The static stage: every statement of every revision is read, in order, and nothing is run."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace

from pglast import ast
from pglast.enums import ObjectType

from ticket_schema.gate import compatibility, contract
from ticket_schema.gate.finding import Finding, Severity
from ticket_schema.gate.parsing import Outcome, Parsed, parse, relation
from ticket_schema.gate.project import Project, Revision, Statement
from ticket_schema.gate.rules import CHECKS, locks, script, security
from ticket_schema.gate.rules.step import History, Step
from ticket_schema.gate.schema import Schema


def check(project: Project) -> list[Finding]:
    """Returns what the rules find in the statements of a project.

    Args:
        project: rendered.
    """
    schema = Schema()
    earlier = History()
    findings: list[Finding] = []
    policies: dict[str, set[str]] = {}
    not_landed = frozenset(one.id for one in project.checked) if project.since else frozenset()
    for revision in project.revisions:
        outcomes = [(one, parse(one.text)) for one in revision.up]
        steps: list[Step] = []
        for statement, outcome in outcomes:
            for command in outcome.commands:
                step = Step(project, revision, statement, command, schema, earlier, steps)
                step.position, step.not_landed = len(steps), not_landed
                steps.append(step)
        if revision.checked:
            findings += script.revision(project, revision, steps)
            for statement, outcome in outcomes:
                findings += script.readable(revision, statement, outcome)
        for step in steps:
            if revision.checked:
                for check_step in (*CHECKS, compatibility.check):
                    findings += check_step(step)
            schema.apply(step.parsed, revision.id)
            _note_policies(step.parsed, policies)
            earlier.add(step)
        if revision.checked:
            findings += _way_down(project, revision, schema)
    looked_at = [step for one in project.checked for step in earlier.by_revision.get(one.id, ())]
    findings += compatibility.in_one_release(project, looked_at)
    everything = [step for steps in earlier.by_revision.values() for step in steps]
    findings += contract.check(project, schema, everything)
    findings += script.left_over(project, schema)
    if project.ours:
        findings += security.at_head(project, schema, policies)
    return findings


def at_head(project: Project) -> Schema:
    """Returns what stands after the last revision.

    Args:
        project: rendered.
    """
    schema = Schema()
    for revision in project.revisions:
        for statement in revision.up:
            for command in parse(statement.text).commands:
                schema.apply(command, revision.id)
    return schema


def _way_down(project: Project, revision: Revision, schema: Schema) -> Iterator[Finding]:
    outcomes: list[tuple[Statement, Outcome]] = [(one, parse(one.text)) for one in revision.down]
    schema, earlier = copy.deepcopy(schema), History()
    steps: list[Step] = []
    for statement, outcome in outcomes:
        for command in outcome.commands:
            steps.append(
                Step(
                    project,
                    revision,
                    statement,
                    command,
                    schema,
                    earlier,
                    steps,
                    len(steps),
                    down=True,
                )
            )
    yield from script.downgrade(revision, steps)
    for step in steps:
        for finding in locks.check(step):
            if finding.weight is Severity.NOTE:
                continue
            # A rollback is rare, and whoever does it looks on.
            yield replace(
                finding,
                happens=f"On the way down: {finding.happens}",
                severity=_one_lower(finding.weight),
            )
        schema.apply(step.parsed, revision.id)
        earlier.add(step)


def _one_lower(weight: Severity) -> Severity:
    return list(Severity)[min(weight.rank + 1, len(Severity) - 1)]


def _note_policies(parsed: Parsed, policies: dict[str, set[str]]) -> None:
    node = parsed.node
    if isinstance(node, ast.CreatePolicyStmt) and not node.permissive:
        policies.setdefault(relation(node.table), set()).add(node.policy_name)
    elif isinstance(node, ast.DropStmt) and node.removeType == ObjectType.OBJECT_POLICY:
        for one in node.objects:
            table, _, name = relation(one).rpartition(".")
            policies.get(table, set()).discard(name)
