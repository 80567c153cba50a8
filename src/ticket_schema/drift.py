"""Whether a live schema is what the revisions made, object by object.

The package carries a fingerprint of every object at every revision (`fingerprints.json`), so a
database can be checked at the revision it stands at, without a second one to compare with. After a
change of `sql/` or `versions/`, `python -m ticket_schema.drift` writes the file anew.
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

from ticket_schema import embedded
from ticket_schema.api import alembic_config
from ticket_schema.catalog import Catalog, read_catalog

# {"table": {"tickets": {"0001": "5f0c…"}}}: the fingerprint since that revision; null when the
# object is gone from there on.
Fingerprints = dict[str, dict[str, dict[str, str | None]]]

FILE = "fingerprints.json"

# Logins and memberships differ from one deployment to the next; preflight looks at the roles.
_NOT_COMPARED = ("role",)


def differences(catalog: Catalog, revision: str) -> list[str]:
    """Returns what differs from the schema that the revisions make, a line an object.

    Args:
        catalog: what `read_catalog` returned.
        revision: the revision the database stands at; the package must know it.
    """
    expected = _expected(revision)
    found = _digests(catalog)
    lines = []
    for kind, name in sorted(expected.keys() | found.keys()):
        if (kind, name) not in found:
            lines.append(f"{kind} {name} is missing")
        elif (kind, name) not in expected:
            lines.append(f"{kind} {name} is not part of the schema")
        elif found[kind, name] != expected[kind, name]:
            lines.append(f"{kind} {name} was changed")
    return lines


def fingerprints() -> Fingerprints:
    """Returns the fingerprints that the package carries."""
    text = files("ticket_schema").joinpath(FILE).read_text(encoding="utf-8")
    loaded: Fingerprints = json.loads(text)
    return loaded


def take(url: str) -> Fingerprints:
    """Returns the fingerprints of all revisions, applying them one by one.

    Args:
        url: connection string of an empty database and a role that may migrate it.
    """
    config = alembic_config(url, progress=lambda _: None)
    revisions = [r.revision for r in ScriptDirectory.from_config(config).walk_revisions()]
    taken: Fingerprints = {}
    previous: dict[tuple[str, str], str] = {}
    for revision in reversed(revisions):
        command.upgrade(config, revision)
        with psycopg.connect(url, autocommit=True) as connection:
            current = _digests(read_catalog(connection))
        for kind, name in previous.keys() | current.keys():
            digest = current.get((kind, name))
            if digest != previous.get((kind, name)):
                taken.setdefault(kind, {}).setdefault(name, {})[revision] = digest
        previous = current
    return taken


def render(taken: Fingerprints) -> str:
    """Returns fingerprints as the text of the file.

    Args:
        taken: what `take` returned.
    """
    return json.dumps(taken, indent=1, sort_keys=True) + "\n"


def _expected(revision: str) -> dict[tuple[str, str], str]:
    expected = {}
    for kind, names in fingerprints().items():
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
    """Writes the file of fingerprints from an embedded server."""
    with tempfile.TemporaryDirectory(prefix="ticket-schema-") as folder:
        server = embedded.start(Path(folder) / "pg")
        try:
            with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
                connection.execute("CREATE DATABASE fingerprints")
            text = render(take(server.url("fingerprints")))
        finally:
            embedded.stop(server.folder)
    target = Path(str(files("ticket_schema").joinpath(FILE)))
    target.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{target.name}: {len(text)} bytes\n")


if __name__ == "__main__":
    main()
