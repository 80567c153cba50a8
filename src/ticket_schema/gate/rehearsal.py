"""Every revision up, down and up again, on rows, in a database that nobody needs.

The role that migrates is neither superuser nor BYPASSRLS. Before each revision the empty tables are
filled, so that what is checked against rows meets some. What a revision commits in several steps is
also cut off after each of them and run anew, in a copy of the database.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import logging
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import psycopg
from alembic import command
from psycopg import sql

from ticket_schema import lint
from ticket_schema.catalog import Catalog, read_database
from ticket_schema.errors import Exit, TicketSchemaError
from ticket_schema.gate.flaws import Flaw, look
from ticket_schema.gate.functions import Broken, broken_functions, can_check_bodies
from ticket_schema.gate.project import Project, Revision
from ticket_schema.gate.scratch import Scratch
from ticket_schema.gate.seeding import ROWS, clear, mend, rules_of, seed
from ticket_schema.gate.trace import (
    MODES,
    NESTED_SCHEMA,
    Failure,
    Table,
    Trace,
    inventory,
    tell_nested,
)
from ticket_schema.gate.watch import Watch, failure_of
from ticket_schema.lint import Offence

Direction = Literal["upgrade", "downgrade"]
Database = dict[str, Catalog]

# Each costs a copy of the database and two runs.
_MOST_KILLS = 4
_VERSION_COLUMN = "version_num"


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to rehearse.

    Args:
        rows: how many rows a table gets.
        seed: the project's own rows: an SQL file, a folder with a file `<revision>.sql` for each
            revision at which there is something to add, or `module:function`, called with a
            superuser's connection and the revision that the database stands at.
        prepare: an SQL file that a superuser runs first, for extensions and roles that the
            migrating role may not make.
        kills: whether what is committed in several steps is cut off and run anew.
    """

    rows: int = ROWS
    seed: str | None = None
    prepare: Path | None = None
    kills: bool = True


@dataclass(frozen=True)
class Run:
    """One way of one revision.

    Args:
        direction: which way.
        traces: what its statements did.
        seconds: how long it took.
        failure: how it failed.
        line: the line of its module at which it failed; 0 when it came from elsewhere.
        declared: whether the module itself refused, by raising NotImplementedError.
    """

    direction: Direction
    traces: Sequence[Trace] = ()
    seconds: float = 0.0
    failure: Failure | None = None
    line: int = 0
    declared: bool = False


@dataclass(frozen=True)
class Kill:
    """A run that was cut off, and what came of running it anew.

    Args:
        after: the last statement that was run.
        again: the second run.
        differences: what the schema lacks or has too much after it, a line an object.
    """

    after: Trace
    again: Run
    differences: Sequence[str]


@dataclass
class Rehearsed:
    """What was seen of one revision.

    Args:
        revision: which one.
        tables: the tables that were there before it, with their numbers of rows.
        before: the schema before it.
        up: the first run up.
        after: the schema after it; None when it could not be brought up.
        on_rows: whether `up` ran over the rows; if not, they were taken out after a failure.
        failed_on_rows: the run that failed over them.
        own_rows: whether rows came from the project's own seed.
        down: the run down; None when it was not tried.
        left: what a run down leaves or takes too much, a line an object.
        again: the second run up.
        differs: what differs after the second run up.
        kills: what came of cutting it off.
        broken: functions that refer to something that is not there, since this revision.
        flaws: what the catalog queries find after it.
        missing: tables that could not be filled before it, with the reason.
    """

    revision: Revision
    tables: Mapping[str, Table]
    before: Database
    up: Run
    after: Database | None = None
    on_rows: bool = True
    failed_on_rows: Run | None = None
    own_rows: bool = False
    down: Run | None = None
    left: Sequence[str] = ()
    again: Run | None = None
    differs: Sequence[str] = ()
    kills: list[Kill] = field(default_factory=list)
    broken: Sequence[Broken] = ()
    flaws: Sequence[Flaw] = ()
    missing: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Rehearsal:
    """What was seen of a project.

    Args:
        revisions: those that were looked at, in order.
        left_invalid: indexes that are not valid and constraints that are not validated at the end,
            each with the revision since when.
        flaws_before: what the catalog queries found before the first of them.
        offences: what our own lint finds at the end and did not before, when it is our project.
        stopped: the revision at which no way led on, with the reason.
        bodies_checked: whether the server could look into plpgsql bodies.
        seconds: how long it took.
    """

    revisions: list[Rehearsed] = field(default_factory=list)
    left_invalid: Sequence[tuple[str, str]] = ()
    flaws_before: Sequence[Flaw] = ()
    offences: Sequence[Offence] = ()
    stopped: tuple[str, str] | None = None
    bodies_checked: bool = True
    seconds: float = 0.0


def rehearse(
    project: Project,
    scratch: Scratch,
    options: Options | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Rehearsal:
    """Runs the checked revisions of a project up, down and up again.

    Args:
        project: whose revisions; those that are not checked are run up once.
        scratch: where.
        options: how.
        progress: called with the id of each revision, before it is rehearsed.

    Raises:
        TicketSchemaError: the project cannot be run at all.
    """
    started = time.monotonic()
    stage = _Stage(project, scratch, options or Options(), progress)
    with _environment(project.folder):
        found = stage.play()
    found.seconds = time.monotonic() - started
    return found


class _Stage:
    """One rehearsal from begin to end."""

    def __init__(
        self,
        project: Project,
        scratch: Scratch,
        options: Options,
        progress: Callable[[str], None],
    ) -> None:
        self.project = project
        self.scratch = scratch
        self.options = options
        self.progress = progress
        self.modules = frozenset(str(one.path) for one in project.revisions)
        self.driver = _driver(project)
        self.database = ""
        self.seeded: set[str] = set()
        self.seed_is_done = False
        # The schema as it was read last, while nothing has changed it.
        self.now: Database | None = None
        self.broken: set[tuple[str, str]] = set()
        self.offences_before: Sequence[Offence] = ()

    def play(self) -> Rehearsal:
        found = Rehearsal()
        with contextlib.ExitStack() as stack:
            self._new_database(stack)
            for number, revision in enumerate(self.project.revisions):
                if not revision.checked:
                    self._must(self._run(self.database, "upgrade", revision), revision)
                    self.now = None
                    continue
                self.progress(revision.id)
                if not found.revisions and number > 0:
                    with self.scratch.connect(self.database) as admin:
                        found.flaws_before = look(admin)
                        if self.project.ours:
                            self.offences_before = _offences(admin)
                rehearsed = self._rehearse(revision, number, stack)
                self.now = rehearsed.after
                found.revisions.append(rehearsed)
                if rehearsed.after is None:
                    failure = rehearsed.up.failure
                    if any(one.checked for one in self.project.revisions[number + 1 :]):
                        found.stopped = (revision.id, failure.message if failure else "")
                    break
            with self.scratch.connect(self.database) as admin:
                found.bodies_checked = can_check_bodies(admin)
                found.left_invalid = self._left_invalid(admin, found)
                if self.project.ours:
                    found.offences = [
                        one for one in _offences(admin) if one not in self.offences_before
                    ]
        return found

    def _new_database(self, stack: contextlib.ExitStack, upto: int = 0) -> None:
        """Begins in a new database, brought to where a number of revisions have run."""
        self.database = stack.enter_context(self.scratch.database())
        self.seeded = set()
        self.seed_is_done = False
        if self.options.prepare is not None:
            text = self.options.prepare.read_text(encoding="utf-8")
            with self.scratch.connect(self.database) as admin:
                admin.execute(text.encode())
        with self.scratch.connect(self.database) as admin:
            tell_nested(admin)
        for revision in self.project.revisions[:upto]:
            self._must(self._run(self.database, "upgrade", revision), revision)

    def _must(self, run: Run, revision: Revision) -> None:
        if run.failure is not None:
            raise TicketSchemaError(
                f"Revision {revision.id} does not run on an empty server: {run.failure.message}.",
                hint="Everything before the revisions to check must run; roles and extensions that"
                " it needs can be made by the SQL file of the setting `prepare`.",
            )

    def _rehearse(self, revision: Revision, number: int, stack: contextlib.ExitStack) -> Rehearsed:
        missing, own_rows = self._fill(number)
        with self.scratch.connect(self.database) as admin:
            before = self.now or _schemas(admin)
            tables = _in_use(admin)
        up = self._run(self.database, "upgrade", revision, tables)
        found = Rehearsed(
            revision,
            {one.name: one for one in tables.values()},
            before,
            up,
            own_rows=own_rows,
            missing=missing,
        )
        if up.failure is not None and not self._without_hindrance(found, number, stack):
            return found
        with self.scratch.connect(self.database) as admin:
            found.after = _schemas(admin)
            found.broken = self._broken(admin, before, found.after)
            found.flaws = look(admin)
        self._down_and_up(found, number, stack)
        return found

    def _without_hindrance(
        self, found: Rehearsed, number: int, stack: contextlib.ExitStack
    ) -> bool:
        """Runs a revision that failed over rows that do not stand in its way, or over none.

        Returns:
            Whether it came up.
        """
        with self.scratch.connect(self.database) as admin:
            untouched = _schemas(admin) == found.before
        if not untouched:
            self._new_database(stack, number)
            self._fill(number)
        self.scratch.disconnect(self.database)
        with self.scratch.database(self.database) as copy:
            with self.scratch.connect(copy) as admin:
                clear(admin, self.seeded)
                tables = _in_use(admin)
            empty = self._run(copy, "upgrade", found.revision, tables)
            if empty.failure is not None:
                return False
            with self.scratch.connect(copy) as admin:
                rules = rules_of(admin)
        with self.scratch.connect(self.database) as admin:
            mend(admin, rules)
            seed(admin, rows=self.options.rows, rules=rules)
            tables = _in_use(admin)
        found.failed_on_rows = found.up
        found.up = self._run(self.database, "upgrade", found.revision, tables)
        found.tables = {one.name: one for one in tables.values()}
        if found.up.failure is not None:
            self._new_database(stack, number)
            tables = self._tables()
            found.tables = {one.name: one for one in tables.values()}
            found.up = self._run(self.database, "upgrade", found.revision, tables)
            found.on_rows = False
        return found.up.failure is None

    def _down_and_up(self, found: Rehearsed, number: int, stack: contextlib.ExitStack) -> None:
        revision = found.revision
        found.down = self._run(self.database, "downgrade", revision)
        with self.scratch.connect(self.database) as admin:
            back = _schemas(admin)
        if found.down.failure is None:
            expected = _as_validated(found.before, found.after or {})
            found.left = differences(expected, _without_version_table(back, found.before))
        if found.down.failure is not None and back == found.after:
            return
        if found.down.failure is None:
            if self.options.kills and not found.left:
                self._cut_off(found)
            found.again = self._run(self.database, "upgrade", revision)
            if found.again.failure is None:
                with self.scratch.connect(self.database) as admin:
                    found.differs = differences(found.after or {}, _schemas(admin))
                if not found.differs:
                    return
        self._new_database(stack, number + 1)

    def _tables(self) -> dict[int, Table]:
        with self.scratch.connect(self.database) as admin:
            return _in_use(admin)

    def _fill(self, number: int) -> tuple[Mapping[str, str], bool]:
        """Fills the empty tables; returns those that stay empty, and whether rows are its own."""
        if number == 0:
            return {}, False
        at = self.project.revisions[number - 1].id
        with self.scratch.connect(self.database) as admin:
            if self.options.seed is not None:
                empty = {one.name for one in _in_use(admin).values() if not one.rows}
            own_rows = self._own_rows(admin, at)
            if own_rows:
                self.seeded |= {
                    one.name for one in _in_use(admin).values() if one.rows and one.name in empty
                }
            made = seed(admin, rows=self.options.rows)
            self.seeded |= made.rows.keys()
            if made.rows:
                _refresh_views(admin)
            return made.missing, own_rows

    def _own_rows(self, admin: psycopg.Connection, at: str) -> bool:
        given = self.options.seed
        if given is None:
            return False
        path = self.project.folder / given
        if path.is_dir():
            file = path / f"{at}.sql"
            if file.is_file():
                _run_file(admin, file)
                self.seed_is_done = True
        elif path.is_file():
            if not self.seed_is_done:
                # One file for all: it is meant for the first schema that it fits.
                with contextlib.suppress(psycopg.Error):
                    _run_file(admin, path)
                    self.seed_is_done = True
        elif ":" in given:
            module, _, function = given.partition(":")
            try:
                getattr(importlib.import_module(module), function)(admin, at)
            except (ImportError, AttributeError) as error:
                raise _no_seed(given) from error
            self.seed_is_done = True
        else:
            raise _no_seed(given)
        return self.seed_is_done

    def _run(
        self,
        database: str,
        direction: Direction,
        revision: Revision,
        tables: Mapping[int, Table] | None = None,
        kill_after: int | None = None,
    ) -> Run:
        watch = Watch(
            self.scratch.url(database, self.driver),
            lambda: self.scratch.connect(database),
            self.modules if tables is not None else frozenset(),
            tables or {},
            _split,
            kill_after,
        )
        config = self.project.config
        config.set_main_option("sqlalchemy.url", _percent(watch.url.render_as_string(False)))
        config.attributes["progress"] = lambda _: None
        target = revision.id if direction == "upgrade" else _below(self.project, revision)
        started = time.monotonic()
        failure = None
        line = 0
        declared = False
        with _redirected(watch.url), watch.listening(), _silence():
            try:
                if direction == "upgrade":
                    command.upgrade(config, target)
                else:
                    command.downgrade(config, target)
            except NotImplementedError as error:
                declared = True
                failure = Failure("", str(error) or "it raises NotImplementedError")
                line = _line_of(error, revision)
            except TicketSchemaError as error:
                failure = _of_the_statement(watch) or Failure("", error.what.rstrip("."))
                line = _line_of(error, revision)
            except (Exception, SystemExit) as error:  # code of somebody else
                failure = _of_the_statement(watch) or failure_of(error)
                line = _line_of(error, revision)
        seconds = time.monotonic() - started
        return Run(direction, tuple(watch.traces), seconds, failure, line, declared)

    def _cut_off(self, found: Rehearsed) -> None:
        """Ends the session after each step that is committed, and runs the revision anew."""
        for point in _kill_points(found.up.traces):
            self.scratch.disconnect(self.database)
            with self.scratch.database(self.database) as copy:
                tables = self._tables()
                self._run(copy, "upgrade", found.revision, tables, kill_after=point)
                last = found.up.traces[point]
                with self.scratch.connect(copy) as admin:
                    _break_indexes(admin, last.built)
                again = self._run(copy, "upgrade", found.revision)
                with self.scratch.connect(copy) as admin:
                    lines = differences(found.after or {}, _schemas(admin))
                found.kills.append(Kill(last, again, lines))

    def _broken(
        self, admin: psycopg.Connection, before: Database, after: Database
    ) -> Sequence[Broken]:
        """Returns the functions that are broken since the last revision."""
        if not _touches_functions(before, after):
            return ()
        found = [one for one in broken_functions(admin) if one.key not in self.broken]
        self.broken |= {one.key for one in found}
        return found

    def _left_invalid(
        self, admin: psycopg.Connection, found: Rehearsal
    ) -> Sequence[tuple[str, str]]:
        lines = []
        for schema, kind, name in admin.execute(_INVALID):
            since = ""
            for rehearsed in found.revisions:
                names = (rehearsed.after or {}).get(schema, {}).get(kind, {})
                if name in names and name not in rehearsed.before.get(schema, {}).get(kind, {}):
                    since = rehearsed.revision.id
            if since:
                lines.append((f"{kind} {name}", since))
        return lines


def differences(expected: Database, found: Database) -> list[str]:
    """Returns what differs between two readings of a database, a line an object.

    The order of columns is passed over: a column that comes back comes last.

    Args:
        expected: what should be there.
        found: what is there.
    """
    lines = []
    for schema in sorted(expected.keys() | found.keys()):
        if (schema in expected) != (schema in found):
            word = "is missing" if schema in expected else "is left"
            lines.append(f"schema {schema} {word}")
        old, new = _flat(expected.get(schema, {})), _flat(found.get(schema, {}))
        for kind, name in sorted(old.keys() | new.keys()):
            if (kind, name) not in new:
                lines.append(f"{kind} {name} is missing")
            elif (kind, name) not in old:
                lines.append(f"{kind} {name} is left")
            elif old[kind, name] != new[kind, name]:
                changed = [
                    part
                    for part in sorted(old[kind, name].keys() | new[kind, name].keys())
                    if old[kind, name].get(part) != new[kind, name].get(part)
                ]
                lines.append(f"{kind} {name} was changed ({', '.join(changed)})")
    return lines


def strongest(traces: Iterable[Trace], table: str) -> str | None:
    """Returns the strongest lock that any of the statements took on a table.

    Args:
        traces: of one run.
        table: with its schema.
    """
    taken = [one.locks[table] for one in traces if table in one.locks]
    return max(taken, key=MODES.index, default=None)


def _flat(catalog: Catalog) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (kind, name): {part: value for part, value in definition.items() if part != "position"}
        for kind, names in catalog.items()
        if kind != "role"
        for name, definition in names.items()
    }


def _as_validated(before: Database, after: Database) -> Database:
    """Returns the old schema with the constraints valid that are by now.

    A validation cannot be taken back, and does nobody harm that stays.
    """
    expected = {}
    for schema, catalog in before.items():
        now = after.get(schema, {}).get("constraint", {})
        constraints = {
            name: now[name]
            if name in now
            and not old.get("validated")
            and now[name]
            == {**old, "validated": True, "definition": _valid(str(old.get("definition")))}
            else old
            for name, old in catalog.get("constraint", {}).items()
        }
        expected[schema] = {**catalog, "constraint": constraints} if constraints else catalog
    return expected


def _valid(definition: str) -> str:
    return definition.removesuffix(" NOT VALID")


def _without_version_table(found: Database, before: Database) -> Database:
    """Leaves out what Alembic needs to the end: its table, and the schema made for that alone."""
    kept = {}
    for schema, catalog in found.items():
        version_tables = {
            name
            for name in catalog.get("table", {})
            if f"{name}.{_VERSION_COLUMN}" in catalog.get("column", {})
            and name not in before.get(schema, {}).get("table", {})
        }
        if not version_tables:
            kept[schema] = catalog
            continue
        rest = {
            kind: {
                name: definition
                for name, definition in names.items()
                if name not in version_tables
                and name.partition(".")[0] not in version_tables
                and definition.get("table") not in version_tables
            }
            for kind, names in catalog.items()
            if schema in before or kind not in ("schema", "role", "default privileges")
        }
        if schema in before or any(rest.values()):
            kept[schema] = {kind: names for kind, names in rest.items() if names}
    return {**kept, **{schema: one for schema, one in before.items() if schema not in found}}


def _schemas(admin: psycopg.Connection) -> Database:
    """Returns what the project made, without what the rehearsal itself put there."""
    return read_database(admin, leave={NESTED_SCHEMA})


def _in_use(admin: psycopg.Connection) -> dict[int, Table]:
    """Returns the tables of the project, Alembic's own left out."""
    own = {
        oid
        for (oid,) in admin.execute(
            "SELECT attrelid::bigint FROM pg_catalog.pg_attribute"
            " WHERE attnum > 0 AND NOT attisdropped"
            " GROUP BY 1 HAVING array_agg(attname) = ARRAY[%s]::name[]",
            [_VERSION_COLUMN],
        )
    }
    return {oid: one for oid, one in inventory(admin).items() if oid not in own}


def _refresh_views(admin: psycopg.Connection) -> None:
    """Fills the materialized views from the rows that have been made."""
    found = admin.execute(
        "SELECT oid::regclass::text FROM pg_catalog.pg_class"
        " WHERE relkind = 'm' AND relispopulated ORDER BY oid"
    ).fetchall()
    for (name,) in found:
        with contextlib.suppress(psycopg.Error):  # made-up rows may be more than its query bears
            admin.execute(f"REFRESH MATERIALIZED VIEW {name}".encode())


def _kill_points(traces: Sequence[Trace]) -> list[int]:
    """Returns the statements after which something is committed and the revision is not done."""
    points = []
    for number, one in enumerate(traces):
        begins = number > 0 and one.transaction != traces[number - 1].transaction
        if (one.alone and one.did_something) or (begins and not one.alone):
            points.append(number)
    if not any(one.alone for one in traces) and len({one.transaction for one in traces}) < 2:  # noqa: PLR2004
        return []
    if len(points) > _MOST_KILLS:
        # The first ones and the last one.
        points = [*points[: _MOST_KILLS - 1], points[-1]]
    return points


def _break_indexes(admin: psycopg.Connection, names: Sequence[str]) -> None:
    """Makes indexes what a build leaves that is killed before its end."""
    for name in names:
        schema, _, index = name.partition(".")
        admin.execute(
            "UPDATE pg_catalog.pg_index SET indisvalid = FALSE WHERE indexrelid = to_regclass(%s)",
            [sql.Identifier(schema, index).as_string(admin)],
        )


def _touches_functions(before: Database, after: Database) -> bool:
    """Whether functions are new or anything that they may refer to was changed or is gone."""
    for schema in before.keys() | after.keys():
        old, new = before.get(schema, {}), after.get(schema, {})
        if old.get("function") != new.get("function"):
            return True
        for kind in ("table", "column", "view", "type", "sequence", "materialized view"):
            known = new.get(kind, {})
            for name, definition in old.get(kind, {}).items():
                now = known.get(name)
                if now is None or now.get("type") != definition.get("type"):
                    return True
    return False


def _offences(admin: psycopg.Connection) -> Sequence[Offence]:
    # Rows are made past triggers and foreign keys here.
    return lint.offences(admin, lint.rules(reading_rows=False))


def _run_file(admin: psycopg.Connection, file: Path) -> None:
    with admin.transaction():
        admin.execute("SET LOCAL session_replication_role = replica")
        admin.execute(file.read_text(encoding="utf-8").encode())


def _no_seed(given: str) -> TicketSchemaError:
    return TicketSchemaError(
        f"The seed {given} is neither a file, nor a folder, nor a function.",
        hint="Name an SQL file, a folder with <revision>.sql files, or module:function.",
        exit_code=Exit.USAGE,
    )


def _below(project: Project, revision: Revision) -> str:
    """Returns the target that takes one revision back and nothing else."""
    if revision.parents:
        # Of a merge any will do: it is what the target is below of that goes.
        parent = revision.parents[0]
        siblings = [one for one in project.revisions if parent in one.parents]
        if len(siblings) == 1:
            return parent
    if not revision.parents and len(project.script.get_bases()) == 1:
        return "base"
    return f"{revision.id}@-1"


def _driver(project: Project) -> str:
    """Returns the driver that the project names, else one that is installed."""
    given = project.config.get_main_option("sqlalchemy.url") or os.environ.get("DATABASE_URL", "")
    scheme = given.partition("://")[0]
    if scheme.startswith("postgresql+"):
        return scheme
    for name in ("psycopg2", "psycopg", "asyncpg", "pg8000"):
        if importlib.util.find_spec(name) is not None:
            return f"postgresql+{name}"
    return "postgresql"


def _split(text: str) -> list[str]:
    from ticket_schema.gate.project import split  # noqa: PLC0415 - needs the extra

    try:
        return split(text)
    except ImportError:
        return [text]


def _of_the_statement(watch: Watch) -> Failure | None:
    last = watch.traces[-1] if watch.traces else None
    return last.failure if last else None


def _line_of(error: BaseException, revision: Revision) -> int:
    found = 0
    seen: BaseException | None = error
    while seen is not None:
        trace = seen.__traceback__
        while trace is not None:
            if Path(trace.tb_frame.f_code.co_filename).resolve() == revision.path:
                found = trace.tb_lineno
            trace = trace.tb_next
        seen = seen.__cause__ or seen.__context__
    return found


def _percent(text: str) -> str:
    return text.replace("%", "%%")


@contextmanager
def _redirected(url: Any) -> Iterator[None]:
    """Names the scratch database in every variable that an `env.py` may read."""
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    query = dict(url.query)
    named = {
        "DATABASE_URL": url.render_as_string(hide_password=False),
        "SQLALCHEMY_DATABASE_URI": url.render_as_string(hide_password=False),
        "TICKET_SCHEMA_URL": plain,
        "TICKET_SCHEMA_ALLOW_DATA_LOSS": "on",
        "PGHOST": query.get("host") or url.host or "",
        "PGPORT": str(query.get("port") or url.port or ""),
        "PGUSER": url.username or "",
        "PGPASSWORD": url.password or "",
        "PGDATABASE": url.database or "",
    }
    before = {name: os.environ.get(name) for name in (*named, "PGSERVICE")}
    os.environ.pop("PGSERVICE", None)
    os.environ.update({name: str(value) for name, value in named.items() if value})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _silence() -> Iterator[None]:
    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with (
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)


@contextmanager
def _environment(folder: Path) -> Iterator[None]:
    """Works in the folder of an ini, as its owner does, and leaves the import path as it was."""
    before = list(sys.path)
    with contextlib.chdir(folder):
        try:
            yield
        finally:
            sys.path[:] = before


_INVALID = """
SELECT n.nspname::text, 'index', i.relname::text
FROM pg_catalog.pg_index AS x
INNER JOIN pg_catalog.pg_class AS i ON x.indexrelid = i.oid
INNER JOIN pg_catalog.pg_namespace AS n ON i.relnamespace = n.oid
WHERE NOT (x.indisvalid AND x.indisready AND x.indislive)
UNION ALL
SELECT n.nspname, 'constraint', pg_catalog.format('%s.%s', c.relname, k.conname)
FROM pg_catalog.pg_constraint AS k
INNER JOIN pg_catalog.pg_class AS c ON k.conrelid = c.oid
INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
WHERE NOT k.convalidated
ORDER BY 1, 2, 3
"""
