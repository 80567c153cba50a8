"""Any Alembic project: its revisions in order, what is new, and the SQL that each renders.

Nothing is connected to. The project's own `env.py` runs in offline mode, with the dialect forced to
PostgreSQL, so that neither a driver nor a password is needed.
"""

from __future__ import annotations

import ast
import contextlib
import io
import logging
import re
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from types import FrameType
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, MigrationStep, RevisionStep
from alembic.script import Script, ScriptDirectory

from ticket_schema.api import alembic_config
from ticket_schema.errors import Exit, TicketSchemaError, redact

_GIT_SECONDS = 60
_PER_MIGRATION = re.compile(r"transaction_per_migration\s*=\s*True")
_LEADING_COMMENTS = re.compile(r"(?:\s+|--[^\n]*(?:\n|$)|/\*.*?\*/)*", re.DOTALL)


@dataclass(frozen=True)
class Place:
    """Where something stands.

    Args:
        file: the file.
        line: its first line, counted from 1.
        last_line: its last line.
    """

    file: Path
    line: int
    last_line: int


@dataclass(frozen=True)
class Statement:
    """One SQL statement of a revision.

    Args:
        text: the SQL as it was rendered, without leading comments and the closing semicolon.
        transaction: number of the transaction that it runs in, counted over the whole run; None
            outside of any, as in an autocommit block.
        place: where it comes from: the stamped file, or else the call in the module; None when
            that cannot be told.
    """

    text: str
    transaction: int | None
    place: Place | None


@dataclass(frozen=True)
class Failure:
    """A direction of a revision that could not be rendered.

    Args:
        message: what Python or Alembic said, on one line.
        place: the line of the module that it happened on.
        downgrade: which direction.
    """

    message: str
    place: Place
    downgrade: bool


@dataclass(frozen=True, kw_only=True)
class Revision:
    """One revision of a project.

    Args:
        id: its identifier.
        parents: the revisions before it, `depends_on` left out.
        path: its module.
        source: the text of the module.
        title: first line of its docstring.
        checked: whether the gate looks at it; one that landed before the ref, or that another
            package brought, only tells what was there before.
        up: its statements on the way up; empty until the project is rendered.
        down: its statements on the way down.
        failures: the directions that could not be rendered.
    """

    id: str
    parents: tuple[str, ...]
    path: Path
    source: str
    title: str
    checked: bool
    up: tuple[Statement, ...] = ()
    down: tuple[Statement, ...] = ()
    failures: tuple[Failure, ...] = ()

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed module."""
        return ast.parse(self.source)

    @property
    def place(self) -> Place:
        """Its first line."""
        return Place(self.path, 1, 1)

    def line_of(self, name: str) -> int:
        """Returns the line on which the module defines a function, 1 when it does not.

        Args:
            name: of a function at the module's top level.
        """
        defined = (one for one in self.tree.body if isinstance(one, ast.FunctionDef))
        return next((one.lineno for one in defined if one.name == name), 1)

    def constant(self, name: str) -> Any:
        """Returns what the module assigns to a name, None when that is no literal.

        Args:
            name: of a variable at the module's top level.
        """
        for node in self.tree.body:
            targets = node.targets if isinstance(node, ast.Assign) else []
            if isinstance(node, ast.AnnAssign) and node.value is not None:
                targets = [node.target]
            if any(isinstance(one, ast.Name) and one.id == name for one in targets):
                with contextlib.suppress(ValueError):
                    return ast.literal_eval(node.value)  # type: ignore[attr-defined]
        return None


@dataclass(frozen=True)
class LandedRevision:
    """A revision as it stands at a git ref.

    Args:
        id: its identifier.
        path: its module, where the working copy would have it.
        source: the text of the module.
    """

    id: str
    path: Path
    source: str


@dataclass
class Project:
    """An Alembic project.

    Args:
        config: what Alembic needs to run it.
        script: its revisions, as Alembic reads them.
        folder: where its ini stands; relative paths begin there.
        ours: whether it runs in the environment of this package, so that its conventions hold.
        revisions: parents before children.
        since: the git ref that `checked` was decided by, if any.
        per_migration: whether each revision has a transaction of its own.
        landed: what stands at `since`, by revision.
        notices: what Alembic warned of when it read the revisions.
        paths: where its revisions may import from.
    """

    config: Config
    script: ScriptDirectory
    folder: Path
    ours: bool
    revisions: tuple[Revision, ...]
    since: str | None = None
    per_migration: bool = True
    landed: Mapping[str, LandedRevision] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()

    @property
    def checked(self) -> tuple[Revision, ...]:
        """The revisions that the gate looks at."""
        return tuple(one for one in self.revisions if one.checked)

    def render(self) -> None:
        """Renders every revision up and down, and puts the statements into `revisions`.

        What cannot be rendered becomes a `Failure` of its revision.

        Raises:
            TicketSchemaError: `env.py` itself fails.
        """
        up = _Recorder(self)
        down = _Recorder(self)
        with _in_folder(self.folder):
            sys.path[:0] = self.paths
            _run(self, up, downgrade=False)
            _run(self, down, downgrade=True)
        self.revisions = tuple(
            replace(
                one,
                up=tuple(up.statements(one)),
                down=tuple(down.statements(one)),
                failures=(*up.failures.get(one.id, ()), *down.failures.get(one.id, ())),
            )
            for one in self.revisions
        )

    def shown(self, file: Path) -> str:
        """Returns a path as a reader wants to see it, relative to the working folder or the ini's.

        Args:
            file: any path.
        """
        for base in (Path.cwd(), self.folder):
            if file.is_relative_to(base):
                return file.relative_to(base).as_posix()
        return file.as_posix()


def load(config: Path | None = None, *, since: str | None = None) -> Project:
    """Returns a project, not yet rendered.

    Args:
        config: an ini file, or a pyproject.toml with a table `tool.alembic`; without it the
            revisions of this package.
        since: a git ref; revisions that stand there are not looked at again.

    Raises:
        TicketSchemaError: there is no such file, it names no revisions, a module cannot be read,
            or git does not know the ref.
    """
    folder = config.resolve().parent if config else _package_folder()
    with _in_folder(folder), warnings.catch_warnings(record=True) as noticed:
        warnings.simplefilter("always")
        before = list(sys.path)
        made = _config(config)
        # What Alembic says there would stand in the midst of a report.
        made.stdout = io.StringIO()
        try:
            script = ScriptDirectory.from_config(made)
            ordered = list(script.walk_revisions())[::-1]
        except Exception as error:  # the modules are code of somebody else
            raise TicketSchemaError(
                f"The revisions cannot be read: {type(error).__name__}: {_first_line(error)}.",
                hint="See what alembic history says of the same project.",
            ) from error
        paths = tuple(one for one in sys.path if one not in before)
    if not ordered:
        raise TicketSchemaError(
            "The project has no revisions.",
            hint="Look at script_location and version_locations of its configuration.",
            exit_code=Exit.USAGE,
        )
    landed = landed_at(since, [Path(one) for one in _locations(script)]) if since else {}
    outside = _brought(ordered)
    revisions = tuple(
        Revision(
            id=one.revision,
            parents=_tuple(one.down_revision),
            path=Path(one.path).resolve(),
            source=Path(one.path).read_text(encoding="utf-8"),
            title=(one.doc or "").strip(),
            checked=one.revision not in landed and one.revision not in outside,
        )
        for one in ordered
    )
    return Project(
        config=made,
        script=script,
        folder=folder,
        ours=Path(script.dir).resolve() == Path(str(files("ticket_schema.migrations"))).resolve(),
        revisions=revisions,
        since=since,
        landed=landed,
        notices=tuple(str(one.message) for one in noticed),
        paths=paths,
    )


def landed_at(ref: str, locations: Iterable[Path]) -> dict[str, LandedRevision]:
    """Returns the revisions that stand at a git ref, by their id.

    Args:
        ref: a commit, tag or branch.
        locations: the folders with the modules, inside a git repository.

    Raises:
        TicketSchemaError: a folder is in no repository, or git does not know the ref.
    """
    found: dict[str, LandedRevision] = {}
    for folder in locations:
        if not folder.is_dir() or "site-packages" in folder.parts:
            continue
        top = top_folder(folder)
        git(folder, "rev-parse", "--verify", f"{ref}^{{commit}}", wrong=f"git knows no {ref}.")
        below = folder.resolve().relative_to(top).as_posix()
        listed = git(top, "ls-tree", "-r", "-z", "--name-only", ref, "--", below).split("\0")
        names = [name for name in listed if name.endswith(".py")]
        for name, source in contents(top, ref, names).items():
            if revision := revision_id(source):
                found[revision] = LandedRevision(revision, top / name, source)
    return found


def top_folder(folder: Path) -> Path:
    """Returns the top of the git repository that a folder is in.

    Args:
        folder: any folder.

    Raises:
        TicketSchemaError: it is in none.
    """
    return Path(git(folder, "rev-parse", "--show-toplevel").strip()).resolve()


def revision_id(source: str) -> str | None:
    """Returns the revision that a module declares, None when it is no revision.

    Args:
        source: the text of the module.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return None
    revision = Revision(id="", parents=(), path=Path(), source=source, title="", checked=False)
    revision.__dict__["tree"] = tree
    found = revision.constant("revision")
    return found if isinstance(found, str) else None


class _Recorder:
    """Takes down what each revision renders, and where in the module that happened."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.texts: dict[str, list[tuple[str, int | None, int]]] = {}
        self.failures: dict[str, list[Failure]] = {}
        self._paths = {one.id: one.path for one in project.revisions}
        self._current: str | None = None
        self._transaction = 0
        self._inside = True

    def attach(self, context: MigrationContext) -> None:
        """Begins to listen to what a context writes."""
        context.impl.static_output = self._write  # type: ignore[method-assign]
        context.impl.emit_begin = self._begin  # type: ignore[method-assign]
        context.impl.emit_commit = self._commit  # type: ignore[method-assign]

    def guarded(self, revision: str, run: Callable[..., None], *, downgrade: bool) -> Any:
        """Returns a function that renders a revision and survives its failure."""

        def render(**arguments: Any) -> None:
            self._current = revision
            # An environment of several databases renders a revision once for each.
            self.texts.setdefault(revision, [])
            try:
                run(**arguments)
            except Exception as error:  # whatever a module of somebody else may raise
                line = self._line_of(error)
                place = Place(self._paths[revision], line, line)
                self.failures.setdefault(revision, []).append(
                    Failure(_first_line(error), place, downgrade)
                )
            finally:
                self._current = None

        return render

    def statements(self, revision: Revision) -> Iterator[Statement]:
        """Yields the statements of a revision, each with its place."""
        stamped = _stamped(revision)
        for text, transaction, line in self.texts.get(revision.id, ()):
            for one in split(text):
                yield Statement(one, transaction, _place(one, line, revision, stamped))

    def _write(self, text: str) -> None:
        if self._current is not None:
            transaction = self._transaction if self._inside else None
            line = self._line_of(None)
            self.texts[self._current].append((text, transaction, line))

    def _begin(self) -> None:
        self._transaction += 1
        self._inside = True

    def _commit(self) -> None:
        self._inside = False

    def _line_of(self, error: BaseException | None) -> int:
        """Returns the innermost line of the module that is being rendered."""
        wanted = self._paths[self._current or ""]
        lines = []
        if error is None:
            frame: FrameType | None = sys._getframe()
            while frame is not None:
                if _resolved(frame.f_code.co_filename) == wanted:
                    return frame.f_lineno
                frame = frame.f_back
        trace = error.__traceback__ if error else None
        while trace is not None:
            if _resolved(trace.tb_frame.f_code.co_filename) == wanted:
                lines.append(trace.tb_lineno)
            trace = trace.tb_next
        return lines[-1] if lines else 1


def _forced(context: EnvironmentContext, *, per_migration: bool) -> Callable[..., None]:
    """Returns a `configure` that renders for PostgreSQL whatever `env.py` asks for."""

    def configure(*_positional: Any, **given: Any) -> None:
        for name in ("connection", "url", "output_buffer", "starting_rev"):
            given.pop(name, None)
        given["dialect_name"] = "postgresql"
        # Otherwise every percent sign in the SQL would be doubled.
        given["dialect_opts"] = {"paramstyle": "named"}
        given["literal_binds"] = True
        if per_migration:
            given["transaction_per_migration"] = True
        EnvironmentContext.configure(context, **given)

    return configure


def split(text: str) -> list[str]:
    """Returns the statements of an SQL text, without leading comments and closing semicolons.

    Args:
        text: any SQL; what the parser refuses is cut by the scanner alone.
    """
    import pglast  # noqa: PLC0415 - comes with the extra

    try:
        slices = pglast.split(text, only_slices=True)
    except pglast.parser.ParseError:
        try:
            slices = pglast.split(text, with_parser=False, only_slices=True)
        except pglast.parser.ParseError:
            slices = (slice(0, len(text)),)
    cut = (text[one] for one in slices)
    bare = (_LEADING_COMMENTS.sub("", one, count=1).strip().removesuffix(";") for one in cut)
    return [one.rstrip() for one in bare if one.strip()]


def _run(project: Project, recorder: _Recorder, *, downgrade: bool) -> None:
    script = project.script
    walked = [script.get_revision(one.id) for one in project.revisions]

    def plan(_heads: object, context: MigrationContext) -> list[RevisionStep]:
        recorder.attach(context)
        make = (
            MigrationStep.downgrade_from_script if downgrade else MigrationStep.upgrade_from_script
        )
        planned = []
        for revision in reversed(walked) if downgrade else walked:
            step = make(script.revision_map, revision)
            step.migration_fn = recorder.guarded(
                revision.revision, step.migration_fn, downgrade=downgrade
            )
            planned.append(step)
        return planned

    environment = Path(script.env_py_location)
    per_migration = bool(_PER_MIGRATION.search(environment.read_text(encoding="utf-8")))
    buffer = io.StringIO()
    project.config.output_buffer = buffer
    heads = script.get_heads()
    context = EnvironmentContext(
        project.config,
        script,
        fn=plan,
        as_sql=True,
        starting_rev=heads if downgrade else None,
        destination_rev="base" if downgrade else "heads",
    )
    context.configure = _forced(context, per_migration=per_migration)  # type: ignore[method-assign]
    start = heads[0] if downgrade else None
    context.get_starting_revision_argument = lambda: start  # type: ignore[method-assign]
    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with context, contextlib.redirect_stdout(io.StringIO()):
            script.run_env()
    except (Exception, SystemExit) as error:  # env.py is code of somebody else
        raise TicketSchemaError(
            f"{project.shown(environment)} fails in offline mode:"
            f" {type(error).__name__}: {_first_line(error)}.",
            hint="Let it render without a database, whatever variables it reads set to anything:"
            " alembic upgrade base:head --sql must work.",
        ) from error
    finally:
        logging.disable(disabled)
    project.per_migration = bool(context.context_opts.get("transaction_per_migration"))


def _config(config: Path | None) -> Config:
    if config is None:
        return alembic_config()
    path = config.resolve()
    if not path.is_file():
        raise TicketSchemaError(
            f"There is no file {config}.",
            hint="Give --config the path of alembic.ini, or of a pyproject.toml with"
            " [tool.alembic].",
            exit_code=Exit.USAGE,
        )
    if path.suffix == ".toml":
        return Config(toml_file=str(path))
    beside = path.with_name("pyproject.toml")
    return Config(str(path), toml_file=str(beside)) if beside.is_file() else Config(str(path))


def _package_folder() -> Path:
    return Path(str(files("ticket_schema.migrations.versions"))).resolve().parent


def _locations(script: ScriptDirectory) -> list[str]:
    return [str(one) for one in script._version_locations]


def _brought(ordered: list[Script]) -> set[str]:
    """Returns the revisions that come with an installed package beside the project's own."""
    ours = Path(str(files("ticket_schema.migrations.versions"))).resolve()
    brought = {
        one.revision
        for one in ordered
        if Path(one.path).resolve().is_relative_to(ours) or "site-packages" in Path(one.path).parts
    }
    return brought if len(brought) < len(ordered) else set()


def _sql_folder() -> Path:
    return Path(str(files("ticket_schema.sql")))


def _stamped(revision: Revision) -> dict[Path, str]:
    """Returns the stamped files that a revision lists, with their text."""
    listed = revision.constant("STEPS")
    if not isinstance(listed, tuple | list):
        return {}
    root = _sql_folder()
    names = [str(one) for one in (*(revision.constant("BOOTSTRAP") or ()), *listed)]
    paths = [
        root / f"{name}.{revision.id}{ending}" for name in names for ending in (".sql", ".down.sql")
    ]
    return {one: one.read_text(encoding="utf-8") for one in paths if one.is_file()}


def _place(text: str, line: int, revision: Revision, stamped: Mapping[Path, str]) -> Place | None:
    height = text.count("\n")
    # A statement of its own there, not a word of a comment or of a body.
    whole = re.compile(rf"^[ \t]*{re.escape(text)}\s*(?:;|\Z)", re.MULTILINE)
    for file, content in stamped.items():
        found = whole.search(content) if text in content else None
        if found is not None:
            first = content.count("\n", 0, found.start()) + 1
            return Place(file, first, first + height)
    call = _smallest(revision.tree, line)
    if call is None:
        return Place(revision.path, line, line)
    for node in ast.walk(call):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            at = node.value.find(text)
            if at >= 0 and node.value.count("\n") == (node.end_lineno or 0) - node.lineno:
                first = node.lineno + node.value.count("\n", 0, at)
                return Place(revision.path, first, first + height)
    return Place(revision.path, call.lineno, call.end_lineno or call.lineno)


def _smallest(tree: ast.Module, line: int) -> ast.stmt | None:
    covering = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    return min(covering, key=lambda one: (one.end_lineno or one.lineno) - one.lineno, default=None)


@contextlib.contextmanager
def _in_folder(folder: Path) -> Iterator[None]:
    """Works in the folder of an ini, as its owner does, and leaves the import path as it was."""
    before = list(sys.path)
    with contextlib.chdir(folder):
        try:
            _forget_relative_paths()
            yield
        finally:
            sys.path[:] = before
            _forget_relative_paths()


def _forget_relative_paths() -> None:
    # What Python once found for "." it would go on finding after a change of the folder.
    for path in [one for one in sys.path_importer_cache if not Path(one).is_absolute()]:
        del sys.path_importer_cache[path]


def contents(top: Path, ref: str, names: Sequence[str]) -> dict[str, str]:
    """Returns the text of files as they stand at a git ref.

    Args:
        top: the top of the repository.
        ref: a commit, tag or branch.
        names: paths below the top, which stand there.
    """
    # One process for all of them; the answer is "<id> blob <bytes>", the content, a line end.
    said = git(top, "cat-file", "--batch", asked="".join(f"{ref}:{name}\n" for name in names))
    raw, found = said.encode("utf-8", "surrogateescape"), {}
    for name in names:
        head, _, raw = raw.partition(b"\n")
        size = int(head.split()[-1])
        found[name] = raw[:size].decode("utf-8")
        raw = raw[size + 1 :]
    return found


def git(folder: Path, *arguments: str, asked: str = "", wrong: str = "") -> str:
    """Returns what git says.

    Args:
        folder: where it is asked.
        arguments: of git.
        asked: what it reads.
        wrong: a sentence that says what its refusal means; without it its own words.

    Raises:
        TicketSchemaError: it is not there, or refuses.
    """
    try:
        done = subprocess.run(  # noqa: S603
            ["git", "-C", str(folder), *arguments],  # noqa: S607
            capture_output=True,
            input=asked,
            encoding="utf-8",
            errors="surrogateescape",
            timeout=_GIT_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", "") or ""
        own = f": {said.strip().splitlines()[0].rstrip('.')}" if said.strip() else ""
        raise TicketSchemaError(
            wrong or f"git could not answer{own}.",
            hint="Give --since a commit, tag or branch that this checkout has; a CI checkout may"
            " need its full history.",
            exit_code=Exit.USAGE,
        ) from error
    return done.stdout


@cache
def _resolved(file: str) -> Path:
    return Path(file).resolve()


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return redact(lines[0] if lines else type(error).__name__).rstrip(".")


def _tuple(value: str | Iterable[str] | None) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)
