"""Runs the stamped SQL files that a revision lists.

A stamped file `sql/<kind>/<object>.<revision>.sql` is the step that brings one object to one
revision. A revision module lists its steps as `<kind>/<object>`; going up, each is run in order;
going down, in reverse order, each object goes back to the next lower stamp, or away.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

import sqlalchemy as sa
from alembic import op

from ticket_schema import constraints
from ticket_schema.errors import TicketSchemaError

SCHEMA = "ticketing"

# What a file of the kind is: `whole` files replace the object, `set` files hold all policies of a
# table, `added` files hold the triggers that a table gets at that revision, `rows` files hold all
# rules of one state machine, `born` files make the object and later stamps alter it, `kept` things
# outlive a downgrade, `online` files run outside a transaction, `late` files take several.
KINDS = {
    "roles": "kept",
    "schemas": "kept",
    "functions": "whole",
    "views": "whole",
    "tables": "born",
    "policies": "set",
    "triggers": "added",
    "transitions": "rows",
    "indexes": "online",
    "constraints": "late",
}

_IN_USE = ("online", "late")
_TIMEOUTS = ("lock_timeout", "statement_timeout")
_CREATED = re.compile(
    r"^CREATE (?:CONSTRAINT )?(?P<what>POLICY|TRIGGER) (?P<name>\w+)[^;]*?\bON (?P<table>[\w.]+)",
    re.MULTILINE,
)


@cache
def stamps() -> dict[str, tuple[str, ...]]:
    """Returns the revisions at which each object has a stamped file, lowest first.

    Returns:
        `{"tables/tickets": ("0001",), ...}`, without the optional `.down.sql` files.
    """
    found: dict[str, list[str]] = {}
    for kind in KINDS:
        folder = _sql() / kind
        if not folder.is_dir():
            continue
        for file in folder.iterdir():
            parts = file.name.split(".")
            if len(parts) == 3 and parts[2] == "sql":  # noqa: PLR2004 - object, revision, ending
                found.setdefault(f"{kind}/{parts[0]}", []).append(parts[1])
    return {name: tuple(sorted(revisions)) for name, revisions in sorted(found.items())}


def read(step: str, revision: str) -> str:
    """Returns the text of a stamped file.

    Args:
        step: `<kind>/<object>`.
        revision: the stamp.

    Raises:
        TicketSchemaError: the package has no such file.
    """
    file = _sql() / f"{step}.{revision}.sql"
    if not file.is_file():
        raise TicketSchemaError(
            f"The stamped file sql/{step}.{revision}.sql is missing.",
            hint="Reinstall the package, or correct the step in the revision that lists it.",
        )
    return file.read_text(encoding="utf-8")


def apply(revision: str, steps: Sequence[str]) -> None:
    """Runs the steps of a revision, in order.

    Args:
        revision: the revision that lists them; each must have a file with this stamp.
        steps: `<kind>/<object>` each.
    """
    _refuse_mixture(revision, steps)
    script = op.get_context().opts["script"]
    _guard_offline_start(script.get_revision(revision).down_revision)
    if _behaviours(steps) == {"late"}:
        add_constraints([read(step, revision) for step in steps])
        return
    for step in steps:
        text = read(step, revision)
        previous = _previous(step, revision)
        behaviour = KINDS[step.split("/")[0]]
        if behaviour in ("set", "rows") and previous is not None:
            _clear(step, previous)
        if behaviour == "online":
            build_online(step.split("/")[1], text)
        else:
            execute(text)
    _keep_signed(steps, revision)


def revert(revision: str, steps: Sequence[str]) -> None:
    """Takes the steps of a revision back, last one first.

    Args:
        revision: the revision that lists them.
        steps: `<kind>/<object>` each.

    Raises:
        TicketSchemaError: a step cannot be reverted for want of a `.down.sql` file.
    """
    _refuse_mixture(revision, steps)
    _guard_offline_start(revision)
    if _behaviours(steps) == {"late"}:
        drop_constraints([read(step, revision) for step in steps])
        return
    for step in reversed(steps):
        _revert_step(step, revision)
    script = op.get_context().opts["script"]
    before = script.get_revision(revision).down_revision
    if before is not None:
        _keep_signed(steps, before)


@cache
def signed_stamps() -> dict[str, tuple[str, ...]]:
    """Returns the revisions at which each function got a form of the signed context."""
    found: dict[str, list[str]] = {}
    for file in (_sql() / "hardening").iterdir():
        name, stamp, _ = file.name.split(".")
        found.setdefault(name, []).append(stamp)
    return {name: tuple(sorted(stamped)) for name, stamped in sorted(found.items())}


def signed_forms(revision: str) -> dict[str, str]:
    """Returns the SQL that gives functions the form of the signed context, by name.

    Args:
        revision: where the database stands.
    """
    return {
        name: _form(name, max(reached))
        for name, stamped in signed_stamps().items()
        if (reached := [stamp for stamp in stamped if stamp <= revision])
    }


def read_at(step: str, revision: str) -> str:
    """Returns the stamped file that is in force at a revision.

    Args:
        step: `<kind>/<object>`.
        revision: the revision; the object must be there.
    """
    return read(step, max(stamp for stamp in stamps()[step] if stamp <= revision))


def clear_start() -> str:
    """Returns SQL that lets an offline script begin at base, or refuses to.

    A downgrade leaves an empty version table, which Alembic's script would meet with an error.
    """
    return f"""DO $start$
BEGIN
    IF to_regclass('{SCHEMA}.alembic_version') IS NOT NULL THEN
        IF EXISTS (SELECT FROM {SCHEMA}.alembic_version) THEN
            RAISE EXCEPTION 'this script starts at revision base'
                USING
                    ERRCODE = 'TK902',
                    HINT = 'Render the script anew for the revision that the database stands at.';
        END IF;
        DROP TABLE {SCHEMA}.alembic_version;
    END IF;
END;
$start$"""


def build_online(index: str, text: str) -> None:
    """Builds an index while the table stays writable, outside a transaction.

    A build that was killed leaves an invalid index, and one killed after the build but before the
    version row a good one; both go first, so that the revision can simply be run again.

    Args:
        index: name of the index in schema `ticketing`.
        text: its CREATE INDEX CONCURRENTLY and COMMENT statements, each ending a line with `;`.
    """
    done = _done()
    if index in done:
        return
    with op.get_context().autocommit_block():
        execute(_dropping_index(index))
        # It blocks nobody, takes long, and waits for every transaction that is older than it.
        for name in _TIMEOUTS:
            execute(f"SELECT set_config('ticket_schema.{name}', current_setting('{name}'), FALSE);")
            execute(f"SET {name} = 0;")
        statements = text.strip().removesuffix(";").split(";\n")
        query = constraints.duplicates(text)
        if query:
            note = f"-- It fails on rows that break it. {constraints.advice(query)}"
            statements[0] = f"{note}\n{statements[0]}"
        for statement in statements:
            execute(f"{statement.strip()};")
        for name in _TIMEOUTS:
            execute(f"SELECT set_config('{name}', current_setting('ticket_schema.{name}'), FALSE);")
    done.add(index)


def add_constraints(texts: Sequence[str]) -> None:
    """Adds constraints to tables that stay in use, each in transactions of its own.

    Args:
        texts: their stamped files; see `constraints.parse` for the form.
    """
    done = _done()
    for group in constraints.groups(map(constraints.parse, texts)):
        phases = {"added": constraints.adding(group), "valid": [constraints.validating(group)]}
        for phase, transactions in phases.items():
            if f"{phase} {group[0].name}" not in done:
                _commit_each(transactions)
                done.add(f"{phase} {group[0].name}")


def drop_constraints(texts: Sequence[str]) -> None:
    """Drops constraints that `add_constraints` added, last one first.

    Args:
        texts: their stamped files.
    """
    for group in reversed(constraints.groups(map(constraints.parse, texts))):
        _commit_each(constraints.dropping(group))


def committed_early(revision: str, steps: Sequence[str]) -> dict[tuple[str, ...], list[str]]:
    """Returns what a revision commits before its end, and how to take it away.

    Args:
        revision: the revision that lists the steps.
        steps: `<kind>/<object>` each.

    Returns:
        From names of constraints or of an index to SQL, a text a transaction; last one first.
    """
    if _behaviours(steps) == {"late"}:
        texts = [read(step, revision) for step in steps]
        found = reversed(constraints.groups(map(constraints.parse, texts)))
        return {tuple(one.name for one in group): constraints.dropping(group) for group in found}
    names = [step.split("/")[1] for step in reversed(steps) if _behaviours([step]) == {"online"}]
    return {(name,): [_dropping_index(name)] for name in names}


def remedy(revision: str, steps: Sequence[str], index: str) -> str | None:
    """Returns how to find the rows that a unique index of a revision could not be built over.

    Args:
        revision: the revision that lists the steps.
        steps: `<kind>/<object>` each.
        index: name of the index that the server named.
    """
    query = None
    if f"indexes/{index}" in steps:
        query = constraints.duplicates(read(f"indexes/{index}", revision))
    return constraints.advice(query) if query else None


def execute(text: str) -> None:
    """Runs SQL as it is written, online or into the offline script.

    Args:
        text: one or more statements; colons and percent signs are taken literally.
    """
    op.execute(literal(text))


def literal(text: str) -> sa.TextClause:
    """Returns SQL as a clause that SQLAlchemy passes on unchanged.

    Args:
        text: one or more statements.
    """
    return sa.text(text.strip().removesuffix(";").replace(":", r"\:"))


def _sql() -> Traversable:
    return files("ticket_schema.sql")


def _refuse_mixture(revision: str, steps: Sequence[str]) -> None:
    # What stands beside an index build or a late constraint is committed with it, without the
    # version row, and could not be run again.
    found = _behaviours(steps)
    if len(found) > 1 and not found.isdisjoint(_IN_USE):
        raise TicketSchemaError(
            f"Revision {revision} changes tables in use and does other things as well.",
            hint="Give indexes, and constraints, a revision of their own.",
        )


def _behaviours(steps: Sequence[str]) -> set[str]:
    return {KINDS[step.split("/")[0]] for step in steps}


def _done() -> set[str]:
    # Kept by the runner from one try of a revision to the next.
    done: set[str] = op.get_context().opts.setdefault("done", set())
    return done


def _commit_each(transactions: Sequence[str]) -> None:
    for text in transactions:
        execute(text)
        # Commits what came before, and begins anew.
        with op.get_context().autocommit_block():
            pass


def _dropping_index(name: str) -> str:
    return f"DROP INDEX CONCURRENTLY IF EXISTS {SCHEMA}.{name};"


def _previous(step: str, revision: str) -> str | None:
    lower = [stamp for stamp in stamps().get(step, ()) if stamp < revision]
    return lower[-1] if lower else None


def _revert_step(step: str, revision: str) -> None:
    kind, name = step.split("/")
    behaviour = KINDS[kind]
    previous = _previous(step, revision)
    down = _sql() / f"{step}.{revision}.down.sql"

    if behaviour == "kept" or step == "tables/alembic_version":
        return  # Alembic's own is needed to the end
    if down.is_file():
        execute(down.read_text(encoding="utf-8"))
    elif behaviour == "added":
        # New triggers only: to take one back that an earlier stamp made needs a .down.sql.
        _drop_all(read(step, revision))
    elif behaviour in ("set", "rows"):
        _clear(step, revision)
        if previous is not None:
            execute(read(step, previous))
    elif behaviour == "whole":
        gone = f"DROP {kind[:-1].upper()} {SCHEMA}.{name};"
        execute(gone if previous is None else read(step, previous))
    elif behaviour == "online" and previous is None:
        with op.get_context().autocommit_block():
            execute(_dropping_index(name))
    elif behaviour == "born" and previous is None:
        _drop_table(name)
    else:
        raise TicketSchemaError(
            f"Revision {revision} cannot be reverted: {step} was altered there.",
            hint=f"Add sql/{step}.{revision}.down.sql, which undoes the alteration.",
        )


def _clear(step: str, revision: str) -> None:
    """Takes away what the file of a revision holds, all policies of a table or all of its rules."""
    kind, name = step.split("/")
    if KINDS[kind] == "rows":
        execute(f"DELETE FROM {SCHEMA}.state_transitions WHERE entity = '{name}';")
    else:
        _drop_all(read(step, revision))


def _drop_all(text: str) -> None:
    for created in _CREATED.finditer(text):
        execute("DROP {what} IF EXISTS {name} ON {table};".format(**created.groupdict()))


def _drop_table(name: str) -> None:
    # Under forced row level security the owner sees no rows, so the question whether there are
    # any is asked with FORCE lifted; the table goes, or the transaction rolls back.
    execute(
        f"""DO $drop$
BEGIN
    ALTER TABLE {SCHEMA}.{name} NO FORCE ROW LEVEL SECURITY;
    IF EXISTS (SELECT FROM {SCHEMA}.{name})
        AND coalesce(current_setting('ticket_schema.allow_data_loss', TRUE), '') <> 'on'
    THEN
        RAISE EXCEPTION 'table {SCHEMA}.{name} holds rows that a downgrade would delete'
            USING
                ERRCODE = 'TK901',
                HINT = 'Save the rows, then allow the loss: --allow-data-loss of ticket-schema, '
                    'or -x allow_data_loss=on of alembic.';
    END IF;
END;
$drop$;"""
    )
    execute(f"DROP TABLE {SCHEMA}.{name};")


def _guard_offline_start(expected: str | Sequence[str] | None) -> None:
    """Makes a part of the offline script fail when the one before it did not go through.

    Args:
        expected: what the version table holds when this part is due; None before the first one.
    """
    if op.get_context().as_sql:
        start = expected if isinstance(expected, str) else ",".join(expected or ())
        execute(guard_start(start))


def guard_start(start: str) -> str:
    """Returns SQL that fails on a database at another revision.

    Args:
        start: what the version table must hold, empty for base.
    """
    return f"""DO $guard$
BEGIN
    IF (SELECT coalesce(string_agg(v.version_num, ','), '') FROM {SCHEMA}.alembic_version AS v)
        <> '{start}'
    THEN
        RAISE EXCEPTION 'this part of the script starts at revision {start or "base"}'
            USING
                ERRCODE = 'TK902',
                HINT = 'Render the script anew for the revision that the database stands at.';
    END IF;
END;
$guard$;"""


def _form(name: str, stamp: str) -> str:
    return (_sql() / "hardening" / f"{name}.{stamp}.sql").read_text(encoding="utf-8")


def _keep_signed(steps: Sequence[str], revision: str) -> None:
    """Gives functions that a revision replaced their signed form again, where that was switched on.

    Args:
        steps: what the revision lists.
        revision: where the database stands after it.
    """
    forms = signed_forms(revision)
    replaced = [step.split("/")[1] for step in steps if step.startswith("functions/")]
    texts = [forms[name] for name in replaced if name in forms]
    # The switch itself is born plain, and its end refuses while it is on.
    if not texts or "context_is_signed" in replaced:
        return
    execute(
        f"""DO $keep$
BEGIN
    IF ticketing.context_is_signed() THEN
        EXECUTE $signed$
{"".join(texts)}$signed$;
    END IF;
END;
$keep$;"""
    )
