"""Writes docs/gate-rules.md: every row of the catalogue of checks, and every rule that answers one.

PYTHONPATH=tests python tests/gate/rules_page.py
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from support.corpus import CASES
from ticket_schema import gate
from ticket_schema.gate.finding import RULES, Rule

PAGE = Path(__file__).parents[2] / "docs" / "gate-rules.md"

GROUPS = {
    "A": "Locks, scans, rewrites",
    "B": "Services on the old version, and data",
    "C": "Real rows",
    "D": "Transactions, re-runs, script",
    "E": "Design of the schema",
    "F": "Row level security, roles, functions",
    "G": "History",
    "H": "State and drift",
    "I": "When it runs",
}

ROWS = {
    "A1": "index built without CONCURRENTLY on an existing table",
    "A2": "index dropped / reindexed without CONCURRENTLY",
    "A3": "CONCURRENTLY inside a transaction",
    "A4": "CHECK / FK added already validated",
    "A5": "NOT VALID and VALIDATE in the same transaction",
    "A6": "SET NOT NULL without a validated CHECK on that very column",
    "A7": "type change that rewrites (not widening)",
    "A8": "volatile default, serial, identity, stored generated column",
    "A9": "UNIQUE / PK not USING INDEX; PK on nullable columns",
    "A10": "exclusion constraint on existing table",
    "A11": "no lock_timeout / statement_timeout in force",
    "A12": "further statements after AccessExclusive in the same transaction",
    "A13": "strong locks on several tables in one transaction",
    "A14": "DDL and row writes in one transaction",
    "A15": "unbounded UPDATE/DELETE",
    "A16": "VACUUM FULL, CLUSTER, LOCK TABLE, SET TABLESPACE, SET LOGGED",
    "A17": "matview refresh or creation with data",
    "A18": "partition attach/detach without CHECK / CONCURRENTLY",
    "A19": "lock budget per table summed over a release",
    "A20": "trigger or policy created on a hot table",
    "B1": "drop table/column/schema/type/view/function/sequence",
    "B2": "rename table/column/enum value/schema/object",
    "B3": "NOT NULL column without server default",
    "B4": "new write restriction (CHECK, UNIQUE, NOT NULL, FK, policy) even NOT VALID",
    "B5": "drop NOT NULL / default / constraint / FK",
    "B6": "CASCADE in drop or truncate",
    "B7": "narrowing type",
    "B8": "signature or result of a function or view that services use is changed",
    "B9": "expand step and contract step of one change in one release",
    "B10": "emptiness assertion before a drop",
    "B11": "rollback grade: exact / with care / lost",
    "C1": "unique index / constraint on existing column",
    "C2": "NOT NULL, CHECK, FK over existing rows",
    "C3": "cleanup must precede the constraint in the same chain position",
    "C4": "upgrade of every revision over a database with rows",
    "D1": "nested/uncommitted BEGIN, COMMIT inside a script",
    "D2": "non-transactional step is re-runnable (drop invalid, then create)",
    "D3": "invalid indexes / NOT VALID constraints left at head",
    "D4": "enum ADD VALUE used in the same transaction",
    "D5": "offline SQL works for every revision",
    "D6": "only revision-local imports; no application models",
    "D7": "raw SQL in op.execute must be parsed, not skipped; DO-block DDL visible",
    "D8": "identifiers over 63 bytes, revision ids over 32 characters",
    "D9": "IF [NOT] EXISTS hides drift",
    "D10": "duplicate column assignment, missing WHERE",
    "E1": "table without primary key",
    "E2": "FK without covering index",
    "E3": "duplicate / redundant index; unique index wider than needed",
    "E4": "timestamp without time zone, char(n), json, money, int key",
    "E5": "serial instead of identity; varchar(n)",
    "E6": "naming convention for every object",
    "E7": "explicit ON DELETE",
    "E8": "volatile or time-dependent function in CHECK",
    "E9": "missing comment on table/column/function",
    "E10": "extension version pinned; extension schema",
    "F1": "tenant table without RLS enabled",
    "F2": "policy exists but RLS disabled",
    "F3": "RLS enabled, no policy / not every command covered",
    "F4": "RLS not FORCEd while the service role owns the table",
    "F5": "policy always true / WITH CHECK missing",
    "F6": "several permissive policies for one role and command, which are joined by OR",
    "F7": "setting read per row, not once",
    "F8": "setting whose name is not the one that others read",
    "F9": "cast of a setting that is ''",
    "F10": "SECURITY DEFINER without fixed search_path; executable by PUBLIC",
    "F11": "view not security_invoker over RLS tables; matview over RLS tables",
    "F12": "row writes in a migration on FORCE RLS tables",
    "F13": "FK validated by a role that RLS hides rows from",
    "F14": "grants widened, GRANT to PUBLIC, grants mixed with DDL",
    "F15": "unique key that lacks the tenant column leaks existence across tenants",
    "F16": "migrations tested only as superuser",
    "F17": "function body refers to something that no longer exists",
    "G1": "one head per branch label; no orphan base",
    "G2": "head recorded in a tracked line so branches conflict in git",
    "G3": "landed revisions immutable (hash lock file)",
    "G4": "hash chain (each entry covers its predecessor)",
    "G5": "deleted/renamed landed revision",
    "G6": "comparison with the last release, not only with an empty database",
    "G7": "rendered SQL of a landed revision unchanged under newer Alembic/SQLAlchemy",
    "G8": "random-looking revision ids (no placeholder ids)",
    "G9": "packaged wheel contains every revision and the template",
    "H1": "models match migrated database",
    "H2": "schema dump checked in and equal in CI",
    "H3": "squashed baseline equals replayed chain",
    "H4": "up, down and up leave an identical catalog",
    "H5": "live database equals the expected state at its own revision",
    "H6": "per-revision verify script",
    "I1": "one runner at a time",
    "I2": "lock timeout + retry with jitter, resume at the failed revision",
    "I3": "refuse a transaction-pooled connection",
    "I4": "after upgrade, assert current == heads",
    "I5": "service checks its minimum revision by ancestry",
    "I6": "connected role and role attributes are the expected ones",
    "I7": "verdict machine-readable (JSON/SARIF/JUnit), stable exit codes",
}

# What answers a row, or more of it, outside the rules; else why nothing does.
ELSEWHERE = {
    "B10": "the packaged runner refuses a step back that would delete rows; elsewhere"
    " `object-dropped` asks for a phase or an override, and the revision itself for the rows",
    "D9": "not answered, because a step that is run again needs it (D2); the rehearsal compares"
    " what is there with what was there",
    "F14": "a right that another role gets is no finding: who gets what is a project's own affair",
    "G2": "the last line of CHECKSUMS",
    "G6": "`--since REF` asks G3 and G5 of the ref, with or without CHECKSUMS, and B8 compares with"
    " the contract of the last release",
    "G8": "not answered, because any identifier that is unique and fits is as good",
    "G9": "[the test of the wheel](../tests/package/test_wheel.py), for this package; nothing for"
    " others, whose wheel the gate does not know",
    "H1": "not answered, because the gate does not load models; `alembic check` does",
    "H2": "[fingerprints](../tests/revisions/test_fingerprints.py) of every object, in one file",
    "H3": "not answered, because nothing was squashed yet; the fingerprints would show it",
    "H5": "`ticket-schema status`, object by object ([drift](../tests/revisions/test_drift.py))",
    "H6": "`ticket-schema status` verifies each revision by its fingerprints",
    "I1": "[the runner](../tests/runner/test_one_at_a_time.py): an advisory lock",
    "I2": "[the runner](../tests/runner/test_locks_and_timeouts.py): lock_timeout, tries with"
    " jitter, from the revision that failed",
    "I3": "[the runner](../tests/runner/test_pooler.py) refuses it",
    "I4": "[the runner](../tests/runner/test_refusals.py), after each run",
    "I5": "`ticket-schema status` finds the revision among the known ones, in their order",
    "I6": "[the runner](../tests/runner/test_refusals.py) before, `ticket-schema status` after",
    "I7": "`--format json`, `sarif`, `junit`, `github`, `markdown`, and the exit codes",
}

_HEAD = """\
# Every rule of the gate

Each row of the catalogue of checks that [the gate](gate.md) was made by, with the rules that answer
it; `make gate-rules` writes this page. Below it each rule. What a finding says on top is the line,
what happens there, and the corrected code. The last column names labelled revisions of
[the corpus](gate-score.md) that break it.

Rules of the stages history, static and compatibility read; those of dynamic and catalog look at
[a rehearsal](rehearsal.md). A rule that begins with `lint-` is one of the lint of this package, and
looks at schema `ticketing` alone; where its lint asks the same as a rule of the catalog stage, it
answers there in its place."""


def render() -> str:
    """Returns the page."""
    gate.load_rules()
    by_row: dict[str, list[Rule]] = defaultdict(list)
    for rule in RULES.values():
        by_row[rule.catalogue].append(rule)
    lines = [_HEAD, "", "## The catalogue", "", "| row | check | answered by |", "|---|---|---|"]
    for row, check in ROWS.items():
        if row.endswith("1") and len(row) == 2:
            lines.append(f"| **{row[0]}** | **{GROUPS[row[0]]}** | |")
        answers = [f"`{rule.id}`" for rule in sorted(by_row[row], key=_order)]
        # Where rules answer, the rest only adds to them.
        if row in ELSEWHERE and not (answers and ELSEWHERE[row].startswith("not answered")):
            answers.append(ELSEWHERE[row])
        lines.append(f"| {row} | {check} | {', '.join(answers[:-1])}{_last(answers)} |")
    lines += [
        "",
        "## The rules",
        "",
        "| rule | row | weighs | stage | what | why | shown by |",
        "|---|---|---|---|---|---|---|",
    ]
    for rule in sorted(RULES.values(), key=_order):
        lines.append(
            f"| `{rule.id}` | {rule.catalogue} | {rule.severity} | {rule.stage} | {rule.title}"
            f" | {_cell(rule.why)} | {_shown_by(rule)} |"
        )
    return "\n".join(lines) + "\n"


def _last(answers: list[str]) -> str:
    if not answers:
        return ""
    return f"{', ' if answers[1:] else ''}{answers[-1]}"


def _order(rule: Rule) -> tuple[str, int, bool, str]:
    row = re.fullmatch(r"([A-I])(\d+)", rule.catalogue)
    letter, number = (row[1], int(row[2])) if row else (f"z{rule.catalogue}", 0)
    return letter, number, rule.id.startswith("lint-"), rule.id


def _shown_by(rule: Rule) -> str:
    cases = [case.name for case in CASES if rule.id in {*case.whole, *case.notes}]
    return ", ".join(f"[{name}](../tests/gate/corpus/{name}.py)" for name in cases[:2])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> None:
    """Writes the page."""
    PAGE.write_text(render(), encoding="utf-8")


if __name__ == "__main__":
    main()
