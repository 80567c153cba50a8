"""ticket_schema.sign_context: what it signs is what the database accepts."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from support import signed
from support.databases import Database, database
from support.factories import Make
from support.psql import executable
from support.servers import Server
from support.session import Session
from ticket_schema import sign_context

DOCS = Path(__file__).parents[2] / "docs"
TENANT = UUID("6f9619ff-8b86-4d01-b42d-00cf4fc964ff")
USER = UUID("0b5f1a62-55a8-4b5b-9a3c-0d6f1b1f6a11")
KEY = "2026-11"


@pytest.mark.parametrize(
    ("user", "role"), [(None, None), (USER, None), (str(USER).upper(), "venue_owner")]
)
def test_it_is_the_format_of_the_docs(user: UUID | str | None, role: str | None) -> None:
    before = int(time.time())
    token = sign_context(signed.SECRET, KEY, TENANT, user_id=user, user_role=role)
    expires = int(token.split(".")[5])
    assert before + 60 <= expires < time.time() + 61
    expected = USER if user else None
    assert token == signed.sign(TENANT, expected, role, key=KEY, expires=expires)


def test_it_can_be_used(db: Session, tenant: UUID, make: Make) -> None:
    user = make.id("users", tenant)
    db.all("SELECT ticketing.add_context_key(%s, %s)", KEY, signed.SECRET)
    given: list[dict[str, Any]] = [
        {},
        {"lifetime": timedelta(days=1)},
        {"lifetime": timedelta(seconds=2)},
        {"user_id": str(user)},
        {"user_id": user, "user_role": "staff"},
    ]
    for more in given:
        with db.logged_in("ts_test_app"), db.connection.transaction(force_rollback=True):
            db.all(signed.SET, sign_context(signed.SECRET, KEY, str(tenant), **more))
            expected = [str(tenant), str(more.get("user_id", "")), more.get("user_role", "")]
            assert db.value("SELECT ticketing.signed_context()") == expected


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": bytes(31)},
        {"key_id": ""},
        {"key_id": "a.b"},
        {"key_id": "k" * 64},
        {"tenant_id": "tenant"},
        {"tenant_id": ""},
        {"user_id": "somebody"},
        {"user_id": ""},
        {"user_role": "admin"},
        {"user_id": USER, "user_role": ""},
        {"user_id": USER, "user_role": "a.b"},
        {"lifetime": timedelta(0)},
        {"lifetime": timedelta(seconds=-1)},
        {"lifetime": timedelta(days=1, seconds=1)},
    ],
    ids=str,
)
def test_what_the_database_would_refuse_is_refused_here(wrong: dict[str, Any]) -> None:
    given: dict[str, Any] = {"secret": signed.SECRET, "key_id": KEY, "tenant_id": TENANT, **wrong}
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the secret is looked for below
        sign_context(**given)
    assert signed.SECRET.hex() not in str(refused.value)


@pytest.fixture(scope="module")
def served(server: Server, template: Database) -> Iterator[tuple[Database, UUID, UUID]]:
    """A hardened database with a tenant that has an event and a user."""
    with database(server, template.name) as made:
        signed.harden(made, KEY)
        with psycopg.connect(made.superuser_url) as connection:
            make = Make(Session(connection))
            tenant = make.tenant()
            make.row("events", tenant, name="Concert")
            make.row("events", make.tenant(), name="Elsewhere")
            user = make.id("users", tenant)
        yield made, tenant, user


def block(page: str, language: str, *, about: str) -> str:
    """Returns the only block of a language on a page that holds some text."""
    blocks = (DOCS / page).read_text("utf-8").split(f"\n```{language}\n")[1:]
    (text,) = [b.partition("\n```")[0] for b in blocks if about in b.partition("\n```")[0]]
    return text


def shell(text: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs a block as bash, with the psql of the tests in front of the path."""
    programs = f"{Path(executable()).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        env={"PATH": programs, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_python_of_the_docs(served: tuple[Database, UUID, UUID]) -> None:
    target, tenant, user = served
    with target.connect("ts_test_app") as connection:
        names: dict[str, Any] = {
            "secret": signed.SECRET,
            "tenant_id": tenant,
            "user_id": user,
            "connection": connection,
        }
        exec(block("dependents.md", "python", about="sign_context"), names)
    assert names["rows"] == [("Concert",)]


def test_the_shell_of_the_docs(served: tuple[Database, UUID, UUID]) -> None:
    target, tenant, _ = served
    text = block("dependents.md", "bash", about="openssl dgst")
    given = {
        "KEY_ID": KEY,
        "TENANT_ID": str(tenant),
        "SECRET": signed.SECRET.hex(),
        "DATABASE_URL": target.url("ts_test_app"),
    }
    done = shell(text, **given)
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, ["1"], "")
    done = shell(text, **{**given, "SECRET": bytes(32).hex()})
    assert "the token is not genuine" in done.stderr


def test_the_way_there_of_the_docs(clone: Database) -> None:
    text = block("operations.md", "bash", about="add_context_key")
    *prepared, switch = text.splitlines()
    assert switch == "ticket-schema harden signed-context"
    with clone.connect() as superuser:
        level = "SELECT ticketing.context_is_signed(), count(*) FROM ticketing.context_keys"
        assert superuser.execute(level).fetchone() == (False, 0)
        done = shell("\n".join([*prepared, "echo $SECRET"]), DATABASE_URL=clone.migrator_url)
        assert done.returncode == 0, done.stderr
        secret = bytes.fromhex(done.stdout.split()[-1])
        assert len(secret) == 32
        assert superuser.execute(level).fetchone() == (False, 1)
        with clone.connect("ts_test_app") as service, service.transaction():
            accept = "SELECT ticketing.accept_context_token(%s)"
            service.execute(accept, [sign_context(secret, KEY, TENANT)])
