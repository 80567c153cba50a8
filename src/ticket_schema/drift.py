"""Whether a live schema is what the revisions made, object by object.

The package carries a fingerprint of every object at every revision (`fingerprints.json`), so a
database can be checked at the revision it stands at, without a second one to compare with. What the
signed context replaces has a second one (`fingerprints.signed.json`). After a change of `sql/` or
`versions/`, `python -m ticket_schema.drift` writes the files anew.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
from importlib.resources import files
from pathlib import Path
from typing import Any

import psycopg
from alembic import command
from alembic.script import ScriptDirectory

from ticket_schema import embedded, hardening, steps
from ticket_schema.api import alembic_config
from ticket_schema.catalog import Catalog, read_catalog

# {"table": {"tickets": {"0001": "5f0c…"}}}: the fingerprint since that revision; null when the
# object is gone from there on.
Fingerprints = dict[str, dict[str, dict[str, str | None]]]

FILES: dict[hardening.Level, str] = {
    "plain": "fingerprints.json",
    "signed": "fingerprints.signed.json",
}

IN_PLAIN_FORM = "is in its plain form, others believe the signed context"

# Logins and memberships differ from one deployment to the next; preflight looks at the roles.
_NOT_COMPARED = ("role",)


def differences(catalog: Catalog, revision: str) -> list[str]:
    """Returns what differs from the schema that the revisions make, a line an object.

    Args:
        catalog: what `read_catalog` returned.
        revision: the revision the database stands at; the package must know it.
    """
    plain = _expected(revision, "plain")
    expected = {**plain, **(_expected(revision, "signed") if is_signed(catalog, revision) else {})}
    found = _digests(catalog)
    lines = []
    for kind, name in sorted(expected.keys() | found.keys()):
        if (kind, name) not in found:
            lines.append(f"{kind} {name} is missing")
        elif (kind, name) not in expected:
            lines.append(f"{kind} {name} is not part of the schema")
        elif found[kind, name] == expected[kind, name]:
            continue
        elif found[kind, name] == plain[kind, name]:
            lines.append(f"{kind} {name} {IN_PLAIN_FORM}")
        else:
            lines.append(f"{kind} {name} was changed")
    return lines


def is_signed(catalog: Catalog, revision: str) -> bool:
    """Returns whether a schema has anything in the form of the signed context.

    One object is enough: a schema that is hardened in part is a hardened one with defects.

    Args:
        catalog: what `read_catalog` returned.
        revision: the revision the database stands at; the package must know it.
    """
    return not _expected(revision, "signed").items().isdisjoint(_digests(catalog).items())


def fingerprints(level: hardening.Level = "plain") -> Fingerprints:
    """Returns the fingerprints that the package carries.

    Args:
        level: plain for every object, signed for those that the signed context replaces.
    """
    text = files("ticket_schema").joinpath(FILES[level]).read_text(encoding="utf-8")
    loaded: Fingerprints = json.loads(text)
    return loaded


def take(url: str) -> dict[hardening.Level, Fingerprints]:
    """Returns the fingerprints of all revisions, applying them one by one.

    Args:
        url: connection string of an empty database and a role that may migrate it.
    """
    config = alembic_config(url, progress=lambda _: None)
    revisions = [r.revision for r in ScriptDirectory.from_config(config).walk_revisions()]
    taken: dict[hardening.Level, Fingerprints] = {"plain": {}, "signed": {}}
    previous: dict[hardening.Level, dict[tuple[str, str], str]] = {"plain": {}, "signed": {}}
    for revision in reversed(revisions):
        command.upgrade(config, revision)
        with psycopg.connect(url, autocommit=True) as connection:
            plain = _digests(read_catalog(connection))
            signed = dict(_signed(connection, revision).items() - plain.items())
        current: dict[hardening.Level, dict[tuple[str, str], str]]
        current = {"plain": plain, "signed": signed}
        for level, digests in current.items():
            for kind, name in previous[level].keys() | digests.keys():
                digest = digests.get((kind, name))
                if digest != previous[level].get((kind, name)):
                    taken[level].setdefault(kind, {}).setdefault(name, {})[revision] = digest
        previous = current
    return taken


def _signed(connection: psycopg.Connection, revision: str) -> dict[tuple[str, str], str]:
    """Returns the digests of a database with the signed context on, and leaves it off."""
    if not steps.signed_forms(revision):
        return {}
    with connection.transaction(force_rollback=True):
        connection.execute("SET LOCAL ROLE ticketing_owner")
        connection.execute("SELECT ticketing.add_context_key('k', decode(repeat('00', 32), 'hex'))")
        connection.execute(hardening.script(revision, "signed").encode())
        return _digests(read_catalog(connection))


def render(taken: Fingerprints) -> str:
    """Returns fingerprints as the text of the file.

    Args:
        taken: of one level, as `take` returned them.
    """
    return json.dumps(taken, indent=1, sort_keys=True) + "\n"


def _expected(revision: str, level: hardening.Level) -> dict[tuple[str, str], str]:
    expected = {}
    for kind, names in fingerprints(level).items():
        for name, history in names.items():
            reached = [stamp for stamp in sorted(history) if stamp <= revision]
            digest = history[reached[-1]] if reached else None
            if digest is not None:
                expected[kind, name] = digest
    return expected


def _digests(catalog: Catalog) -> dict[tuple[str, str], str]:
    return {
        (kind, name): _digest(definition)
        for kind, names in catalog.items()
        if kind not in _NOT_COMPARED
        for name, definition in names.items()
    }


def _digest(definition: dict[str, Any]) -> str:
    text = json.dumps(definition, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def main() -> None:
    """Writes the files of fingerprints from an embedded server."""
    with tempfile.TemporaryDirectory(prefix="ticket-schema-") as folder:
        server = embedded.start(Path(folder) / "pg")
        try:
            with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
                connection.execute("CREATE DATABASE fingerprints")
            taken = take(server.url("fingerprints"))
        finally:
            embedded.stop(server.folder)
    for level, name in FILES.items():
        text = render(taken[level])
        Path(str(files("ticket_schema").joinpath(name))).write_text(text, encoding="utf-8")
        sys.stdout.write(f"{name}: {len(text)} bytes\n")


if __name__ == "__main__":
    main()
