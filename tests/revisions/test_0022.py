"""0022: a hardened database stays hardened, whatever is migrated."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from alembic import command

from support import signed
from support.command import HEAD, state
from support.databases import Database, migrate
from support.projects import Project
from support.psql import psql
from support.session import Session
from ticket_schema import TicketSchemaError, alembic_config, hardening, steps

LATER = "9001"
STEPS = '("functions/current_tenant_id", "functions/require_tenant")'
READ = steps.read


def downgrade(target: Database, revision: str, **options: bool) -> None:
    config = alembic_config(target.migrator_url, progress=lambda _: None, **options)
    command.downgrade(config, revision)


def switch(target: Database, wanted: hardening.Level) -> None:
    with psycopg.connect(target.migrator_url, autocommit=True) as connection:
        assert hardening.switch(connection, wanted)


def changed(step: str, revision: str) -> str:
    """Returns what a later revision would make of the functions."""
    if revision != LATER:
        return READ(step, revision)
    return READ(step, "0000").replace("\nBEGIN\n", "\nBEGIN\n    -- Changed later.\n")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The package, and a revision after it that replaces functions of the hardening."""
    monkeypatch.setattr(steps, "read", changed)
    made = Project(tmp_path)
    made.revision(LATER, f'steps.apply("{LATER}", {STEPS})', f'steps.revert("{LATER}", {STEPS})')
    return made


def online(project: Project, target: Database, to: str) -> None:
    config = project.config(target.migrator_url)
    (command.upgrade if to > HEAD else command.downgrade)(config, to)


def offline(project: Project, target: Database, to: str) -> None:
    config = project.config(target.migrator_url)
    buffer = config.output_buffer = io.StringIO()
    if to > HEAD:
        command.upgrade(config, f"{HEAD}:{to}", sql=True)
    else:
        command.downgrade(config, f"{LATER}:{to}", sql=True)
    done = psql(target.migrator_url, buffer.getvalue())
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("go", [online, offline])
def test_a_later_revision_changes_a_plain_database(
    clone: Database, project: Project, go: Callable[[Project, Database, str], None]
) -> None:
    before, _ = state(clone)
    go(project, clone, LATER)
    assert state(clone)[0].count("Changed later.") == 2
    go(project, clone, HEAD)
    assert state(clone)[0] == before


@pytest.mark.parametrize("go", [online, offline])
def test_a_later_revision_does_not_soften_a_hardened_one(
    clone: Database, project: Project, go: Callable[[Project, Database, str], None]
) -> None:
    signed.harden(clone)
    before, _ = state(clone)
    for to in (LATER, HEAD, LATER):
        go(project, clone, to)
        found, reached = state(clone)
        assert reached == [to]
        # The body of require_tenant is the later one, which the hardening only restricts.
        lines = set(found.splitlines()) ^ set(before.splitlines())
        assert "PARALLEL SAFE" not in "".join(lines)
        assert "current_tenant_id" not in "".join(line.split("definition")[0] for line in lines)
        with clone.connect() as connection:
            session = Session(connection)
            body = session.value(
                "SELECT prosrc FROM pg_proc WHERE oid = 'ticketing.current_tenant_id'::regproc"
            )
            assert "signed_context()" in body
            restricted = session.value(
                "SELECT proparallel FROM pg_proc WHERE oid = 'ticketing.require_tenant'::regproc"
            )
            assert restricted == "r"


def test_it_is_never_soft_for_a_moment(clone: Database, project: Project) -> None:
    """The plain form is never committed: form and revision are one transaction."""
    signed.harden(clone)
    with clone.connect() as superuser:
        superuser.execute(
            "CREATE TABLE public.seen (txid bigint, soft boolean);"
            " GRANT INSERT ON public.seen TO PUBLIC;"
            " CREATE FUNCTION public.look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " INSERT INTO public.seen SELECT txid_current(), p.prosrc NOT LIKE '%signed_context%'"
            " FROM pg_proc AS p WHERE p.oid = 'ticketing.current_tenant_id'::regproc;"
            " RETURN NULL; END $$;"
            " CREATE TRIGGER look AFTER UPDATE ON ticketing.alembic_version"
            " FOR EACH STATEMENT EXECUTE FUNCTION public.look()"
        )
        online(project, clone, LATER)
        assert superuser.execute("SELECT soft FROM public.seen").fetchall() == [(False,)]


def test_going_below_it_is_refused_while_it_is_on(clone: Database) -> None:
    signed.harden(clone)
    before = state(clone)
    for options in ({}, {"allow_data_loss": True}):
        with pytest.raises(TicketSchemaError, match="switched on") as refused:
            downgrade(clone, "0021", **options)
        assert "TK904" in refused.value.what
        assert "--off" in refused.value.hint
        assert state(clone) == before


def test_going_below_it_is_refused_while_there_are_keys(clone: Database) -> None:
    signed.harden(clone)
    switch(clone, "plain")
    with pytest.raises(TicketSchemaError, match="TK901"):
        downgrade(clone, "0021")
    downgrade(clone, "0021", allow_data_loss=True)
    migrate(clone)
    with clone.connect() as superuser:
        row = superuser.execute("SELECT count(*) FROM ticketing.context_keys").fetchone()
    assert row == (0,)
