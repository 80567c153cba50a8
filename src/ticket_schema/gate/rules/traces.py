"""The rules of the dynamic stage on what was seen while a revision ran up over rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from ticket_schema.gate.finding import Finding, Lock, Rule, Severity, Stage, declare
from ticket_schema.gate.project import Place, Revision
from ticket_schema.gate.rehearsal import Rehearsed
from ticket_schema.gate.trace import MODES, STRONG, Table, Trace

_rule = partial(declare, stage=Stage.DYNAMIC)


REWRITE = _rule(
    "rewrites-table",
    "A7",
    "table written anew",
    "Nobody reads or writes the table until each row and each index entry was written again.",
)
REWRITE_BY_COLUMN = _rule(
    "rewrites-table-for-column",
    "A8",
    "table written anew for a new column",
    "Nobody reads or writes the table until each row and each index entry was written again.",
)
INDEX_REWRITE = _rule(
    "rewrites-index",
    "A7",
    "index built anew under a lock",
    "Writers, and often readers, wait for as long as the build takes.",
)
SCAN = _rule(
    "scans-under-lock",
    "A4",
    "all rows read under a lock that stops writers",
    "The lock lasts as long as the scan, and the scan as long as the table is large.",
)
NOT_NULL_SCAN = _rule(
    "scans-for-not-null",
    "A6",
    "all rows read for NOT NULL under a lock that stops everybody",
    "The lock lasts as long as the scan, and the scan as long as the table is large.",
)
INDEX_BUILD = _rule(
    "builds-index-under-lock",
    "A1",
    "index built under a lock that stops writers",
    "The lock lasts as long as the build, and the build as long as the table is large.",
)
UNIQUE_BUILD = _rule(
    "builds-constraint-under-lock",
    "A9",
    "unique or primary key built under a lock that stops everybody",
    "The lock lasts as long as the build, and the build as long as the table is large.",
)
VALIDATION = _rule(
    "validates-under-lock",
    "A5",
    "constraint validated while its table is locked",
    "NOT VALID gains nothing when the lock of ADD CONSTRAINT is still there during the scan.",
)
NO_TIMEOUT = _rule(
    "no-lock-timeout",
    "A11",
    "strong lock without a lock_timeout",
    "Behind one long query the lock waits, and behind the waiting lock everybody else does.",
    severity=Severity.WARNING,
)
WORK_AFTER = _rule(
    "work-after-exclusive-lock",
    "A12",
    "work that grows with the rows, after an exclusive lock in the same transaction",
    "The table stays closed for as long as the rest of the transaction takes.",
)
SEVERAL = _rule(
    "locks-several-tables",
    "A13",
    "strong locks on several tables in one transaction",
    "A service that takes them in another order meets a deadlock, and all of them stay locked until"
    " the last is done.",
    severity=Severity.WARNING,
)
BACKFILL = _rule(
    "backfills-with-ddl",
    "A14",
    "schema change and row writes in one transaction",
    "The lock of the schema change is held for as long as the rows are written.",
)
REFRESH = _rule(
    "refreshes-under-lock",
    "A17",
    "materialized view filled under a lock that stops readers",
    "Every reader waits until its query is done.",
    severity=Severity.WARNING,
)
ATTACH = _rule(
    "attaches-by-scan",
    "A18",
    "table read under a lock to become a partition",
    "The lock lasts as long as the scan, and the scan as long as the table is large.",
    severity=Severity.WARNING,
)
BUDGET = _rule(
    "locks-table-often",
    "A19",
    "one table locked again and again in one release",
    "Each lock waits behind whatever runs, and everybody behind the lock; short stalls add up.",
    severity=Severity.WARNING,
)
UNBOUNDED = _rule(
    "writes-unbounded",
    "A15",
    "all rows written by one statement",
    "Each row stays locked until the last is written, and the dead ones cannot be cleaned up"
    " meanwhile.",
    severity=Severity.WARNING,
)
HIDDEN_ROWS = _rule(
    "row-writes-hidden",
    "F12",
    "row security hides the rows that a migration means to write",
    "The statement succeeds and does nothing, for every tenant.",
)
HIDDEN_KEY = _rule(
    "foreign-key-hidden",
    "F13",
    "foreign key validated while row security hides rows",
    "Orphans that the role does not see are passed over, and the key is marked valid.",
)

_COMMENTS = r"(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/)*"
_ROW_STATEMENT = re.compile(
    rf"{_COMMENTS}(?:(?:SELECT|INSERT|UPDATE|DELETE|MERGE|WITH|TABLE|VALUES|COPY|REFRESH)\b"
    r"|CREATE\b[^;(]*\b(?:TABLE|MATERIALIZED\s+VIEW)\b.*?\bAS\s+(?:SELECT|WITH|TABLE|VALUES)\b)",
    re.IGNORECASE | re.DOTALL,
)
_WRITES = re.compile(
    r"\b(?:UPDATE(?:\s+ONLY)?|DELETE\s+FROM(?:\s+ONLY)?|INSERT\s+INTO|MERGE\s+INTO)\s+"
    r"(?P<table>[\w.\"]+)",
    re.IGNORECASE,
)
_VALUE = r"=?\s*(?:\d+|%\(|%s|:\w|\$\d)"
_BOUNDED = re.compile(
    r"\b(?:LIMIT|BETWEEN|FETCH\s+(?:FIRST|NEXT)|ctid)\b"
    rf"|(?<!<)>{_VALUE}.*\bAND\b.*<{_VALUE}|<{_VALUE}.*\bAND\b.*(?<!<)>{_VALUE}",
    re.IGNORECASE | re.DOTALL,
)
_ADD_COLUMN = re.compile(
    r"\bADD\s+(?:COLUMN\b|(?!CONSTRAINT|CHECK|FOREIGN|PRIMARY|UNIQUE)\w+\s)", re.I
)
_NOT_NULL = re.compile(r"\bSET\s+NOT\s+NULL\b", re.IGNORECASE)
_VALIDATE = re.compile(r"\bVALIDATE\s+CONSTRAINT\b", re.IGNORECASE)
_CONSTRAINT_INDEX = re.compile(r"\b(?:UNIQUE\s*(?:NULLS|\()|PRIMARY\s+KEY|EXCLUDE)", re.I)
_CREATE_INDEX = re.compile(r"\bCREATE\s+(?:UNIQUE\s+)?INDEX\b", re.IGNORECASE)
_REFRESH = re.compile(r"\bREFRESH\s+MATERIALIZED\s+VIEW\b", re.IGNORECASE)
_ATTACH = re.compile(r"\bATTACH\s+PARTITION\b", re.IGNORECASE)
_KEY = re.compile(r"\b(?:FOREIGN\s+KEY|REFERENCES)\b", re.IGNORECASE)
_ALTERED = re.compile(
    rf"{_COMMENTS}ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?(?:ONLY\s+)?(?P<table>[\w.]+)", re.IGNORECASE
)
_LOCK_TABLE = re.compile(rf"{_COMMENTS}LOCK\b", re.IGNORECASE)
_CREATE_TABLE = re.compile(rf"{_COMMENTS}CREATE\s+(?:UNLOGGED\s+)?TABLE\b", re.IGNORECASE)
_LEADING = re.compile(_COMMENTS, re.DOTALL)

# Of the rows of a table: from here on a statement grows with it.
_MOST = 0.9
_HALF = 0.5
_FEW = 0.1
_LEAST_ROWS = 5
_MOST_NESTED = 4
_LONG_SECONDS = 0.5
# Strong locks that a table may meet in one release without a word.
_BUDGET = 3


def check(found: Rehearsed) -> Iterator[Finding]:
    """Yields what the trace of a revision says.

    Args:
        found: the revision, rehearsed.
    """
    shown = _Shown(found)
    told_timeout = False
    for number, one in enumerate(found.up.traces):
        earlier = [
            other for other in found.up.traces[:number] if other.transaction == one.transaction
        ]
        yield from _rewrites(shown, one)
        scanned = {finding.relation: finding for finding in _scans(shown, one)}
        yield from (finding.finding for finding in scanned.values())
        # A refresh writes nobody's rows but those of its view.
        backfill = [] if _refreshes(one) else list(_backfill(shown, one, earlier))
        yield from backfill
        if not backfill:
            if not _refreshes(one):
                yield from _unbounded(shown, one)
            yield from _work_after(shown, one, earlier, set(scanned))
        yield from _hidden(shown, one)
        if not told_timeout and one.settings.lock_timeout == 0:
            finding = _no_timeout(shown, one)
            told_timeout = finding is not None
            if finding is not None:
                yield finding
    yield from _several(shown)


def budget(revisions: Sequence[Rehearsed]) -> Iterator[Finding]:
    """Yields the tables that one release locks again and again.

    Args:
        revisions: those of the release, rehearsed, in order.
    """
    taken: dict[str, list[tuple[Rehearsed, Trace]]] = {}
    for found in revisions:
        seen: set[tuple[str, int]] = set()
        for one in found.up.traces:
            for table, mode in one.locks.items():
                # What the release makes itself is in nobody's way.
                if mode not in STRONG or table not in revisions[0].tables:
                    continue
                if _CREATE_TABLE.match(one.statement):
                    continue
                if (table, one.transaction) not in seen:
                    taken.setdefault(table, []).append((found, one))
                    seen.add((table, one.transaction))
    for table, times in taken.items():
        if len(times) <= _BUDGET:
            continue
        by = Counter(found.revision.id for found, _ in times)
        listed = ", ".join(f"{name} ({count})" for name, count in by.items())
        found, last = times[-1]
        limit = max(one.settings.lock_timeout for _, one in times) / 1000
        stall = f", in the worst case {len(times) * limit:g} s in all" if limit else ""
        yield _Shown(found).finding(
            BUDGET,
            last,
            f"This release takes a strong lock on {table} {len(times)} times, in {listed}: each"
            f" time everybody waits behind whatever runs there{stall}.",
            f"# put what {table} needs into one ALTER TABLE, or into several releases",
        )


def locks(found: Rehearsed) -> list[Lock]:
    """Returns what a revision does to each table that was there before, the strongest lock first.

    Args:
        found: the revision, rehearsed.
    """
    shown = _Shown(found)
    lines = []
    for table in found.tables:
        touching = [
            one
            for one in found.up.traces
            if table in one.locks or table in one.scanned or table in one.written
        ]
        taking = [one for one in touching if table in one.locks]
        if not taking:
            continue
        worst = max(taking, key=lambda one: MODES.index(one.locks[table]))
        place = shown.place(worst)
        lines.append(
            Lock(
                relation=table,
                mode=f"{worst.locks[table]}Lock",
                statement=_bare(worst.statement),
                file=place.file if place else None,
                line=place.line if place else None,
                rewritten=any(table in one.rewritten for one in found.up.traces),
                rows_scanned=sum(one.scanned.get(table, 0) for one in touching),
                rows_written=sum(
                    one.written[table].rows for one in touching if table in one.written
                ),
                seconds=sum(one.seconds for one in touching),
            )
        )
    # Locks of mere reading and writing stop nobody.
    telling = [
        one for one in lines if one.mode.removesuffix("Lock") in _TELLING or one.rows_written
    ]
    return sorted(
        telling, key=lambda one: (-MODES.index(one.mode.removesuffix("Lock")), one.relation)
    )


_TELLING = frozenset(MODES[3:])


class _Relation:
    """A finding with the table that it is about."""

    def __init__(self, relation: str, finding: Finding) -> None:
        self.relation = relation
        self.finding = finding


class _Shown:
    """Makes findings about one revision."""

    def __init__(self, found: Rehearsed) -> None:
        self.found = found
        self.tables: Mapping[str, Table] = found.tables
        self._places = {one.text: one.place for one in found.revision.up}

    def rows(self, table: str) -> int:
        known = self.tables.get(table)
        return known.rows if known else 0

    def filled(self, names: Iterable[str]) -> list[str]:
        return [one for one in names if self.rows(one) > 0]

    def place(self, one: Trace) -> Place | None:
        return place_of(self.found.revision, one, self._places)

    def finding(self, rule: Rule, one: Trace, happens: str, mend: str = "") -> Finding:
        place = self.place(one)
        if one.nested:
            inside = "; ".join(one.nested[:_MOST_NESTED])
            more = "; …" if len(one.nested) > _MOST_NESTED else ""
            happens = f"{happens} Inside it ran: {inside}{more}."
        return Finding(
            rule=rule,
            happens=happens,
            mend=mend,
            revision=self.found.revision.id,
            file=place.file if place else self.found.revision.path,
            line=place.line if place else None,
            statement=_bare(one.statement),
        )


def place_of(
    revision: Revision, one: Trace, rendered: Mapping[str, Place | None] | None = None
) -> Place | None:
    """Returns where a statement stands: its stamped file, else the line of the module.

    Args:
        revision: that it belongs to.
        one: what was seen of it.
        rendered: places of the statements as they were rendered offline.
    """
    places = rendered if rendered is not None else {s.text: s.place for s in revision.up}
    known = places.get(_bare(one.statement))
    if known is not None:
        return known
    return Place(revision.path, one.line, one.line) if one.line else None


def _bare(statement: str) -> str:
    return _LEADING.sub("", statement, count=1).strip().removesuffix(";").rstrip()


def _rewrites(shown: _Shown, one: Trace) -> Iterator[Finding]:
    tables = [name for name in one.rewritten if name in shown.tables]
    if _refreshes(one):
        yield from _refreshed(shown, one)
        return
    for table in shown.filled(tables):
        column = _ADD_COLUMN.search(one.statement)
        yield shown.finding(
            REWRITE_BY_COLUMN if column else REWRITE,
            one,
            f"{table} and its indexes are written anew, row by row, under AccessExclusiveLock:"
            " nobody reads or writes it until that is over.",
            _MEND_COLUMN.format(table=table) if column else _MEND_TYPE.format(table=table),
        )
    indexes = [name for name in one.rewritten if name not in shown.tables]
    if indexes and not tables and any(mode in STRONG for mode in one.locks.values()):
        yield shown.finding(
            INDEX_REWRITE,
            one,
            f"{', '.join(indexes)} is built anew under"
            f" {max(one.locks.values(), key=MODES.index)}Lock.",
            "\n".join(f"REINDEX INDEX CONCURRENTLY {name};" for name in indexes),
        )


def _refreshes(one: Trace) -> bool:
    return any(_REFRESH.search(text) for text in (one.statement, *one.nested))


def _refreshed(shown: _Shown, one: Trace) -> Iterator[Finding]:
    for view in shown.filled((*one.rewritten, *one.emptied)):
        if one.strongest(view) == MODES[-1]:
            yield shown.finding(
                REFRESH,
                one,
                f"{view} is filled under {MODES[-1]}Lock: nobody reads it until its query is done.",
                f"REFRESH MATERIALIZED VIEW CONCURRENTLY {view};",
            )


def _scans(shown: _Shown, one: Trace) -> Iterator[_Relation]:
    if _ROW_STATEMENT.match(one.statement) or one.written:
        return
    for table in _read_whole(shown, one):
        mode = one.strongest(table)
        if mode not in STRONG or table in one.rewritten:
            continue
        schema = table.partition(".")[0]
        built = [name for name in one.built if name.partition(".")[0] == schema]
        held = one.held.get(table) in STRONG
        if one.validated and table not in {key.table for key in one.validated}:
            # Of a foreign key one finding is enough, at the table that refers.
            continue
        rows = f"all rows of {table} are read under {mode}Lock"
        if built and _CREATE_INDEX.search(one.statement):
            finding = shown.finding(
                INDEX_BUILD,
                one,
                f"{', '.join(built)} is built under {mode}Lock: every write to {table} waits until"
                " the build is over.",
                _MEND_INDEX.format(
                    index=_bare(one.statement).replace("INDEX", "INDEX CONCURRENTLY", 1)
                ),
            )
        elif built and _CONSTRAINT_INDEX.search(one.statement):
            finding = shown.finding(
                UNIQUE_BUILD,
                one,
                f"{', '.join(built)} is built under {mode}Lock: nobody reads or writes {table}"
                " until the build is over.",
                _MEND_UNIQUE.format(table=table, index=built[0].partition(".")[2]),
            )
        elif _VALIDATE.search(one.statement) and held:
            finding = shown.finding(
                VALIDATION,
                one,
                f"{rows}: the transaction has had that lock since an earlier statement, so"
                " NOT VALID gained nothing.",
                _MEND_VALIDATE.format(statement=_bare(one.statement)),
            )
        elif _ATTACH.search(one.statement):
            finding = shown.finding(
                ATTACH,
                one,
                f"{rows} to test them against the bounds of the partition.",
                _MEND_ATTACH.format(table=table),
            )
        elif _NOT_NULL.search(one.statement):
            finding = shown.finding(
                NOT_NULL_SCAN,
                one,
                f"{rows} to find a NULL: nobody reads or writes it meanwhile.",
                _MEND_NOT_NULL.format(table=table),
            )
        else:
            finding = shown.finding(
                SCAN,
                one,
                f"{rows}: {'nobody reads or writes it' if mode == MODES[-1] else 'writers wait'}"
                " until the scan is over.",
                _MEND_CONSTRAINT.format(table=table),
            )
        yield _Relation(table, finding)


def _read_whole(shown: _Shown, one: Trace) -> list[str]:
    # What tests a foreign key passes over rows that refer to nothing.
    tested = {key.table for key in one.validated}
    return [
        table
        for table, count in one.scanned.items()
        if shown.rows(table) and (count >= _MOST * shown.rows(table) or table in tested)
    ]


def _grows(shown: _Shown, one: Trace) -> str | None:
    """Returns the table whose size a write grows with, None for a write of a few known rows."""
    if not one.written:
        return None
    for table, count in one.written.items():
        changed = count.updated + count.deleted
        if shown.rows(table) >= _LEAST_ROWS and changed >= max(2, _FEW * shown.rows(table)):
            return table
    whole = [table for table in _read_whole(shown, one) if shown.rows(table) >= _LEAST_ROWS]
    if whole and not one.rewritten and (_WRITES.search(one.statement) or not one.built):
        return whole[0]
    return None


def _backfill(shown: _Shown, one: Trace, earlier: Sequence[Trace]) -> Iterator[Finding]:
    table = _grows(shown, one)
    if table is None and _is_row_write(one) and _read_whole(shown, one):
        # It found no row to change here, and had to look at each.
        table = _read_whole(shown, one)[0]
    if table is None or (one.alone and not _own_strong(shown, one)):
        return
    locked = {
        name: mode
        for name in shown.tables
        if (mode := one.strongest(name)) in STRONG and name in shown.tables
    }
    if not locked:
        return
    first = next(
        (other for other in earlier if any(mode in STRONG for mode in other.locks.values())), one
    )
    names = ", ".join(f"{name} ({mode}Lock)" for name, mode in sorted(locked.items()))
    yield shown.finding(
        BACKFILL,
        one,
        f"Rows of {table} are written while the transaction holds {names}, taken by"
        f" {_short(first.statement)}: the lock lasts as long as the backfill.",
        _MEND_BACKFILL.format(table=table),
    )


def _own_strong(shown: _Shown, one: Trace) -> bool:
    return any(mode in STRONG and name in shown.tables for name, mode in one.locks.items())


def _is_row_write(one: Trace) -> bool:
    return _ROW_STATEMENT.match(one.statement) is not None and (
        _WRITES.search(one.statement) is not None
    )


def _unbounded(shown: _Shown, one: Trace) -> Iterator[Finding]:
    if _BOUNDED.search(one.statement) or _is_batch(shown.found.up.traces, one):
        return
    for table, count in one.written.items():
        rows = shown.rows(table)
        if rows >= _LEAST_ROWS and count.updated + count.deleted >= _HALF * rows:
            yield shown.finding(
                UNBOUNDED,
                one,
                f"{count.updated + count.deleted} of {rows} rows of {table} are written by one"
                " statement: on a large table that is one long transaction, whose row locks make"
                " writers wait and whose dead rows stay.",
                _MEND_BATCHES.format(table=table),
            )


def _is_batch(traces: Sequence[Trace], one: Trace) -> bool:
    """Whether the statement is sent again and again, each time in a transaction of its own."""
    same = {
        (other.transaction, other.alone)
        for other in traces
        if other.line == one.line and other.statement == one.statement
    }
    return len(same) > 1


def _work_after(
    shown: _Shown, one: Trace, earlier: Sequence[Trace], told: set[str]
) -> Iterator[Finding]:
    closed = [
        name
        for name in shown.filled(shown.tables)
        if one.held.get(name) == "AccessExclusive" and name not in told
    ]
    again = shown.found.again
    if closed and again and min(one.seconds, again.seconds) >= _LONG_SECONDS:
        # The second time as well, so that it is no hiccup of the server.
        finding = shown.finding(
            WORK_AFTER,
            one,
            f"It takes {one.seconds:.1f} s on {shown.rows(closed[0])} rows, and"
            f" {', '.join(closed)} is closed to everybody meanwhile.",
            _MEND_WORK,
        )
        yield replace(finding, severity=Severity.WARNING)
        return
    work = _read_whole(shown, one)
    rewritten = shown.filled(name for name in one.rewritten if name in shown.tables)
    if not closed or not (work or rewritten):
        return
    what = f"rewrites {rewritten[0]}" if rewritten else f"reads all rows of {work[0]}"
    first = next(
        (o for o in earlier if o.locks.get(closed[0]) == "AccessExclusive"),
        one,
    )
    yield shown.finding(
        WORK_AFTER,
        one,
        f"It {what} while {', '.join(closed)} is closed to everybody since"
        f" {_short(first.statement)}.",
        _MEND_WORK,
    )


def _several(shown: _Shown) -> Iterator[Finding]:
    transactions: dict[int, dict[str, Trace]] = {}
    for one in shown.found.up.traces:
        if _CREATE_TABLE.match(one.statement):
            continue  # a reference from a new table is over in a moment, and cannot be had apart
        if _LOCK_TABLE.match(one.statement):
            continue  # who names the tables takes them in order
        # A foreign key locks its other end as well, and cannot be had without.
        altered = _ALTERED.match(one.statement) if _KEY.search(one.statement) else None
        for name, mode in one.locks.items():
            if altered and altered["table"].rpartition(".")[2] != name.rpartition(".")[2]:
                continue
            if mode in STRONG and name in shown.tables:
                transactions.setdefault(one.transaction, {}).setdefault(name, one)
    for taken in transactions.values():
        statements = list({id(one): one for one in taken.values()}.values())
        if len(statements) > 1:
            yield shown.finding(
                SEVERAL,
                statements[1],
                f"One transaction locks {', '.join(taken)}, one after the other, and lets none of"
                " them go before its end.",
                "# Give each table a revision, or a transaction, of its own.",
            )


def _no_timeout(shown: _Shown, one: Trace) -> Finding | None:
    for name, mode in one.locks.items():
        if mode in STRONG and name in shown.tables and not _CREATE_TABLE.match(one.statement):
            return shown.finding(
                NO_TIMEOUT,
                one,
                f"It waits for {mode}Lock on {name} without a limit; behind one long query it"
                " waits, and everybody who comes later waits behind it.",
                "# in env.py, before the migrations run, or at the start of the revision\n"
                "op.execute(\"SET lock_timeout = '3s'\")",
            )
    return None


def _hidden(shown: _Shown, one: Trace) -> Iterator[Finding]:
    hidden = {name: name.partition(".")[2] for name in one.filtered if shown.rows(name)}
    if one.failure is not None:
        yield from _refused(shown, one)
        return
    if not hidden or not one.settings.row_security:
        return
    for key in one.validated:
        if key.table in hidden or key.parent in hidden:
            yield shown.finding(
                HIDDEN_KEY,
                one,
                f"{key.name} was marked valid, but row security hid rows of"
                f" {key.table if key.table in hidden else key.parent} from"
                f" {one.settings.role}: orphans may stand there.",
                _MEND_HIDDEN_KEY.format(table=key.table, name=key.name),
            )
    if not _WRITES.search(one.statement):
        return
    targets = {
        match["table"].replace('"', "").rpartition(".")[2]
        for match in _WRITES.finditer(one.statement)
    }
    for name, short in hidden.items():
        nothing = one.affected == 0 or (
            name not in one.written and not _ROW_STATEMENT.match(one.statement)
        )
        mentioned = re.search(rf"\b{re.escape(short)}\b", one.statement) is not None
        if nothing and mentioned and (short in targets or one.affected == 0):
            yield shown.finding(
                HIDDEN_ROWS,
                one,
                f"{name} holds {shown.rows(name)} rows and none was touched: its row security is"
                f" forced and hides them from {one.settings.role}. The statement reports success.",
                _MEND_HIDDEN.format(table=name),
            )


def _refused(shown: _Shown, one: Trace) -> Iterator[Finding]:
    failure = one.failure
    if failure is None or failure.sqlstate != "42501" or "row-level" not in failure.message:
        return
    key = re.search(r"FOREIGN\s+KEY|REFERENCES|VALIDATE", one.statement, re.IGNORECASE)
    yield shown.finding(
        HIDDEN_KEY if key else HIDDEN_ROWS,
        one,
        f"It fails for a role that row security binds: {failure.message}.",
        (_MEND_HIDDEN_KEY if key else _MEND_HIDDEN).format(
            table=failure.table or "the_table", name="the_key"
        ),
    )


def _short(statement: str) -> str:
    line = " ".join(_bare(statement).split())
    return f"“{line if len(line) <= 60 else line[:59] + '…'}”"  # noqa: PLR2004 - fits a line


_MEND_COLUMN = """-- an empty column costs nothing; fill it in batches, then make it NOT NULL
ALTER TABLE {table} ADD COLUMN …;
ALTER TABLE {table} ALTER COLUMN … SET DEFAULT …;  -- for new rows
-- in a later revision, outside a transaction, until no row is left
UPDATE {table} SET … WHERE ctid IN (SELECT ctid FROM {table} WHERE … IS NULL LIMIT 1000);"""

_MEND_TYPE = """-- add a second column, keep both alike by a trigger, fill it in batches, then swap
ALTER TABLE {table} ADD COLUMN … ;
UPDATE {table} SET … WHERE ctid IN (SELECT ctid FROM {table} WHERE … IS NULL LIMIT 1000);"""

_MEND_INDEX = """with op.get_context().autocommit_block():
    op.execute("{index}")"""

_MEND_UNIQUE = """with op.get_context().autocommit_block():
    op.execute("CREATE UNIQUE INDEX CONCURRENTLY {index} ON {table} (…)")
op.execute("ALTER TABLE {table} ADD CONSTRAINT {index} UNIQUE USING INDEX {index}")"""

_MEND_VALIDATE = """# in a transaction of its own: a revision that does nothing else
op.execute("{statement}")"""

_MEND_NOT_NULL = """ALTER TABLE {table} ADD CONSTRAINT … CHECK (… IS NOT NULL) NOT VALID;
-- in the next revision
ALTER TABLE {table} VALIDATE CONSTRAINT …;
-- in the one after that: the valid CHECK spares the scan
ALTER TABLE {table} ALTER COLUMN … SET NOT NULL;
ALTER TABLE {table} DROP CONSTRAINT …;"""

_MEND_CONSTRAINT = """ALTER TABLE {table} ADD CONSTRAINT … NOT VALID;
-- in the next revision
ALTER TABLE {table} VALIDATE CONSTRAINT …;"""

_MEND_ATTACH = """-- in a revision before, and validated in the next one: it spares the scan
ALTER TABLE {table} ADD CONSTRAINT … CHECK (…) NOT VALID;"""

_MEND_WORK = """# Commit before the long part: give it a revision of its own, or
with op.get_context().autocommit_block():
    ..."""

_MEND_BACKFILL = """# one revision for the schema, one for the rows, in batches that are committed
with op.get_context().autocommit_block():
    while op.get_bind().execute(sa.text(
        "UPDATE {table} SET … WHERE ctid IN"
        " (SELECT ctid FROM {table} WHERE … LIMIT 1000)"
    )).rowcount:
        pass"""

_MEND_BATCHES = """with op.get_context().autocommit_block():
    while op.get_bind().execute(sa.text(
        "UPDATE {table} SET … WHERE ctid IN"
        " (SELECT ctid FROM {table} WHERE … LIMIT 1000)"
    )).rowcount:
        pass"""

_MEND_HIDDEN = """-- let it fail instead of doing nothing, and name each tenant, or lift the force
SET LOCAL row_security = off;
ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;
…
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"""

_MEND_HIDDEN_KEY = """-- without the right to read, the server tests row by row, past row security
REVOKE SELECT ON {table} FROM CURRENT_ROLE;
SET LOCAL row_security = off;
ALTER TABLE {table} VALIDATE CONSTRAINT {name};
GRANT SELECT ON {table} TO CURRENT_ROLE;"""
