"""The rules of the dynamic stage on how a rehearsal went: what failed, and what stayed behind."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial

from ticket_schema.gate.finding import Finding, Rule, Severity, Stage, declare
from ticket_schema.gate.rehearsal import Database, Kill, Rehearsal, Rehearsed, Run
from ticket_schema.gate.rules.traces import place_of
from ticket_schema.gate.trace import Failure, Trace

_rule = partial(declare, stage=Stage.DYNAMIC)


FAILS = _rule(
    "upgrade-fails",
    "C4",
    "the revision does not run",
    "It fails on every database, or on every one of this version.",
)
FAILS_ON_ROWS = _rule(
    "fails-on-rows",
    "C4",
    "the revision fails on a table with rows",
    "It passes on an empty database, so every test is green and the deploy is not.",
)
FAILS_ON_VIOLATIONS = _rule(
    "fails-on-violations",
    "C2",
    "the revision fails on rows that break its rule",
    "One such row in production ends the upgrade there, and nowhere else.",
    severity=Severity.WARNING,
)
FAILS_ON_DUPLICATES = _rule(
    "fails-on-duplicates",
    "C1",
    "the revision fails on duplicates",
    "One duplicate in production ends the upgrade there, and nowhere else.",
    severity=Severity.WARNING,
)
NEEDS_NO_TRANSACTION = _rule(
    "fails-in-transaction",
    "A3",
    "a statement that cannot run in a transaction",
    "Alembic runs revisions in transactions, so it fails on every database.",
)
NOT_PLAIN = _rule(
    "needs-superuser",
    "F16",
    "the revision does not run as a plain role",
    "It was tried as superuser alone, and who migrates in production must be one too.",
)
HIDDEN = _rule(
    "fails-under-row-security",
    "F12",
    "the revision fails for a role that row security binds",
    "It runs as superuser in a pipeline, and fails as the owner in production.",
)
DOWN_FAILS = _rule(
    "downgrade-fails",
    "H4",
    "the revision cannot be taken back",
    "The way back is needed on the worst day, and is not there.",
)
DOWN_REFUSED = _rule(
    "downgrade-refused",
    "H4",
    "the revision says that it cannot be taken back",
    "Who deploys it must know that only forward leads out.",
    severity=Severity.NOTE,
)
DOWN_LEAVES = _rule(
    "downgrade-leaves-trace",
    "H4",
    "down and up do not meet",
    "After a rollback the schema is none that any test ever saw, and the next upgrade may fail.",
)
SECOND_UP = _rule(
    "second-upgrade-differs",
    "H4",
    "the revision does not come out the same the second time",
    "After a rollback and a new try the schema is not the one that was tested.",
)
KILLED = _rule(
    "breaks-when-killed",
    "D2",
    "the revision cannot be run again after it was cut off",
    "What it had committed stands in its own way, and somebody must mend the database by hand.",
)
INVALID = _rule(
    "left-invalid",
    "D3",
    "index or constraint that does not hold at the end",
    "Everybody believes in a guarantee that nobody gives.",
)
BROKEN = _rule(
    "function-broken",
    "F17",
    "function that refers to what is not there",
    "It fails when it is called, not when it is made or when the column is dropped.",
)
MODELS = _rule(
    "models-differ",
    "H1",
    "the models are not what the revisions come to",
    "The service reads or writes what is not there, and the next autogenerate mixes it in.",
    severity=Severity.WARNING,
)
NOT_SEEDED = _rule(
    "rehearsed-without-rows",
    "C4",
    "tables that were empty during the rehearsal",
    "What was seen on empty tables says nothing about full ones.",
    severity=Severity.NOTE,
)
BODIES_UNSEEN = _rule(
    "bodies-not-checked",
    "F17",
    "PL/pgSQL bodies were not looked into",
    "A function may refer to what is gone, and nothing here would say so.",
    severity=Severity.NOTE,
)
STOPPED = _rule(
    "rehearsal-stopped",
    "C4",
    "later revisions could not be rehearsed",
    "Nothing is known of them.",
)

_DATA = {"23505", "23P01"}
_NULLS = re.compile(r'column "(?P<column>[^"]+)" of relation "(?P<table>[^"]+)" contains null')
_NO_RIGHT = "42501"
_NO_EXTENSION = re.compile(r'extension "[^"]+" is not available')
_MOST_LINES = 5


def check(found: Rehearsal) -> Iterator[Finding]:
    """Yields what the outcome of a rehearsal says.

    Args:
        found: the rehearsal.
    """
    for one in found.revisions:
        yield from _up(one)
        yield from _down(one)
        yield from _kills(one)
        for broken in one.broken:
            where = f", line {broken.line}" if broken.line else ""
            yield _finding(
                BROKEN,
                one,
                f"Function {broken.function}{where} fails when it is called: {broken.message}.",
                "-- change the function in the same revision, before what it needs goes",
            )
    yield from _missing(found)
    for name, revision in found.left_invalid:
        one = next(r for r in found.revisions if r.revision.id == revision)
        index = name.startswith("index ")
        short = name.rpartition(" ")[2]
        yield _finding(
            INVALID,
            one,
            f"{name} does not hold at the end: "
            + ("the build failed or was cut off." if index else "old rows were never tested."),
            f"REINDEX INDEX CONCURRENTLY {short};"
            if index
            else f"ALTER TABLE {short.partition('.')[0]}"
            f" VALIDATE CONSTRAINT {short.partition('.')[2]};  -- in a revision of its own",
        )
    if found.models:
        yield _finding(
            MODELS,
            found.revisions[-1],
            f"At the head {_listed(found.models)}.",
            'alembic revision --autogenerate --message "…"  # and read what it writes',
        )
    if not found.bodies_checked and _has_plpgsql(found):
        yield Finding(
            rule=BODIES_UNSEEN,
            happens="The server has no plpgsql_check, so only functions in SQL were checked.",
            mend="ticket-schema gate --image …  # or --url, of a server that has it",
        )
    if found.stopped is not None:
        revision, why = found.stopped
        yield _finding(
            STOPPED,
            found.revisions[-1],
            f"Nothing after revision {revision} was rehearsed: {why}.",
            "# mend that revision first",
        )


def _up(one: Rehearsed) -> Iterator[Finding]:
    if one.failed_on_rows is not None and one.failed_on_rows.failure is not None:
        yield _of_rows(one, one.failed_on_rows, one.failed_on_rows.failure)
    if one.up.failure is None:
        return
    failure = one.up.failure
    trace = _failed(one.up)
    statement = trace.statement if trace else ""
    if failure.sqlstate == "25001":
        yield _finding(
            NEEDS_NO_TRANSACTION,
            one,
            f"It fails on every database: {failure.message}.",
            f'with op.get_context().autocommit_block():\n    op.execute("{statement}")',
            one.up,
        )
    elif _under_row_security(failure):
        yield _finding(HIDDEN, one, f"{_said(failure)}.", _UNDER_ROW_SECURITY, one.up)
    elif failure.sqlstate == _NO_RIGHT:
        yield _finding(
            NOT_PLAIN,
            one,
            "It fails for a role that owns the database and may make roles, and is neither"
            f" superuser nor BYPASSRLS: {_said(failure)}.",
            '[tool.ticket-schema.gate]\nprepare = "roles.sql"  # what a superuser makes first',
            one.up,
        )
    else:
        elsewhere = "ticket-schema gate --image …  # or --url, of a server that has the extension"
        mend = elsewhere if _NO_EXTENSION.search(failure.message) else ""
        yield _finding(FAILS, one, f"It fails: {_said(failure)}.", mend, one.up)


def _of_rows(one: Rehearsed, run: Run, failure: Failure) -> Finding:
    severity = Severity.ERROR if one.own_rows else None
    table = failure.table or "a table"
    if _under_row_security(failure):
        return _finding(HIDDEN, one, f"{_said(failure)}.", _UNDER_ROW_SECURITY, run)
    missing = _NULLS.search(failure.message)
    if missing and not _has_column(one.before, missing["table"], missing["column"]):
        return _finding(
            FAILS_ON_ROWS,
            one,
            f"It fails on every database where {table} holds a row: {failure.message}.",
            f"-- with a default, or empty at first and filled before it is required\n"
            f"ALTER TABLE {table} ADD COLUMN {missing['column']} … NOT NULL DEFAULT …;",
            run,
        )
    if failure.sqlstate in _DATA:
        return _finding(
            FAILS_ON_DUPLICATES,
            one,
            f"It fails where {table} holds duplicates: {_said(failure)}.",
            "-- find and mend them in an earlier revision, or before this one\n"
            f"SELECT …, count(*) FROM {table} GROUP BY … HAVING count(*) > 1;",
            run,
            severity,
        )
    if failure.sqlstate.startswith("23") or failure.constraint:
        return _finding(
            FAILS_ON_VIOLATIONS,
            one,
            f"It fails where a row of {table} breaks the new rule: {_said(failure)}.",
            "-- find and mend them in an earlier revision, or before this one\n"
            f"SELECT * FROM {table} WHERE NOT (…);",
            run,
            severity,
        )
    return _finding(
        FAILS_ON_ROWS,
        one,
        f"It runs on empty tables and fails on filled ones: {_said(failure)}.",
        "",
        run,
        severity,
    )


def _down(one: Rehearsed) -> Iterator[Finding]:
    run = one.down
    if run is None:
        return
    if run.declared and run.failure is not None:
        yield _finding(
            DOWN_REFUSED, one, f"It has no way down: {run.failure.message}.", "", run, down=True
        )
    elif run.failure is not None:
        yield _finding(
            DOWN_FAILS, one, f"The downgrade fails: {_said(run.failure)}.", "", run, down=True
        )
    stuck = one.again.failure if one.again is not None else None
    if one.left:
        then = f", and it cannot be applied again: {_said(stuck)}" if stuck else ""
        yield _finding(
            DOWN_LEAVES,
            one,
            f"After the downgrade {_listed(one.left)}{then}.",
            "\n".join(f"-- in downgrade(): {_undoing(line)}" for line in one.left[:_MOST_LINES]),
            severity=_weight_of_left(one),
            down=True,
        )
    elif stuck is not None:
        yield _finding(
            SECOND_UP,
            one,
            f"After the downgrade it cannot be applied again: {_said(stuck)}.",
            "",
            one.again,
        )
    elif one.differs:
        yield _finding(SECOND_UP, one, f"After down and up {_listed(one.differs)}.", "", one.again)


def _weight_of_left(one: Rehearsed) -> Severity | None:
    # Values of an enum type cannot be taken away; where the next try passes over them, they harm
    # nobody.
    if not all(_is_enum(line) for line in one.left):
        return None
    good = one.again is not None and one.again.failure is None and not one.differs
    return Severity.NOTE if good else Severity.WARNING


def _kills(one: Rehearsed) -> Iterator[Finding]:
    for kill in one.kills:
        if kill.again.failure is not None:
            happens = f"the next run fails: {_said(kill.again.failure)}"
        elif kill.differences:
            happens = f"the next run succeeds, and {_listed(kill.differences)}"
        else:
            continue
        place = place_of(one.revision, kill.after)
        yield Finding(
            rule=KILLED,
            happens=f"Cut off after this statement, {happens}.",
            mend=_again(kill),
            revision=one.revision.id,
            file=place.file if place else one.revision.path,
            line=place.line if place else None,
            statement=kill.after.statement,
        )
        return  # the others say the same


def _again(kill: Kill) -> str:
    if not kill.after.built:
        return (
            "-- begin with what takes away whatever an earlier try has left\nALTER TABLE … "
            "DROP CONSTRAINT IF EXISTS …;"
        )
    index = kill.after.built[0]
    return (
        "with op.get_context().autocommit_block():\n"
        f'    op.execute("DROP INDEX CONCURRENTLY IF EXISTS {index}")\n'
        f'    op.execute("{_without_if(kill.after.statement)}")'
    )


def _without_if(statement: str) -> str:
    return re.sub(r"\s+IF\s+NOT\s+EXISTS", "", statement, flags=re.IGNORECASE)


def _missing(found: Rehearsal) -> Iterator[Finding]:
    told: set[str] = set()
    for one in found.revisions:
        new = {table: why for table, why in one.missing.items() if table not in told}
        told |= new.keys()
        if new:
            yield _finding(
                NOT_SEEDED,
                one,
                "Before it no rows were found for "
                + "; ".join(f"{table} ({why})" for table, why in sorted(new.items()))
                + ".",
                '[tool.ticket-schema.gate]\nseed = "seed.sql"  # or a folder, or module:function',
            )
        if not one.on_rows:
            yield _finding(
                NOT_SEEDED,
                one,
                "It failed on the rows, so its locks and scans were seen on empty tables.",
                "",
            )


def _finding(  # noqa: PLR0917 - the parts of a finding, in its order
    rule: Rule,
    one: Rehearsed,
    happens: str,
    mend: str,
    run: Run | None = None,
    severity: Severity | None = None,
    *,
    down: bool = False,
) -> Finding:
    trace = _failed(run) if run else None
    place = place_of(one.revision, trace) if trace else None
    line = place.line if place else (run.line if run else 0)
    if not line:
        line = one.revision.line_of("downgrade" if down else "upgrade")
    return Finding(
        rule=rule,
        happens=happens[:1].upper() + happens[1:],
        mend=mend,
        revision=one.revision.id,
        file=place.file if place else one.revision.path,
        line=line,
        statement=trace.statement if trace else "",
        downgrade=down,
        severity=severity,
    )


def _failed(run: Run) -> Trace | None:
    return next((one for one in run.traces if one.failure is not None), None)


def _under_row_security(failure: Failure) -> bool:
    return failure.sqlstate == _NO_RIGHT and "row-level" in failure.message


def _said(failure: Failure) -> str:
    return f"{failure.message} [{failure.sqlstate}]" if failure.sqlstate else failure.message


def _listed(lines: Sequence[str]) -> str:
    more = len(lines) - _MOST_LINES
    return ", ".join(lines[:_MOST_LINES]) + (f" and {more} more" if more > 0 else "")


def _is_enum(line: str) -> bool:
    return line.startswith("type ") and line.endswith(" was changed (labels)")


def _undoing(line: str) -> str:
    if line.endswith(" is left"):
        return f"drop {line.removesuffix(' is left')}"
    if line.endswith(" is missing"):
        return f"make {line.removesuffix(' is missing')} again, as it was"
    return f"give {line.partition(' was changed')[0]} back its old definition"


def _has_column(before: Database, table: str, column: str) -> bool:
    return any(f"{table}.{column}" in catalog.get("column", {}) for catalog in before.values())


def _has_plpgsql(found: Rehearsal) -> bool:
    last = next((one.after for one in reversed(found.revisions) if one.after), None) or {}
    return any(
        "LANGUAGE plpgsql" in str(function.get("definition"))
        for catalog in last.values()
        for function in catalog.get("function", {}).values()
    )


_UNDER_ROW_SECURITY = """-- forced row security binds the owner too; lift it inside the transaction
ALTER TABLE … NO FORCE ROW LEVEL SECURITY;
…
ALTER TABLE … FORCE ROW LEVEL SECURITY;"""
