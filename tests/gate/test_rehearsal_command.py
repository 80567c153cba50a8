"""`ticket-schema gate` with the rehearsal: what it reports, allows, and refuses as usage."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from gate.projects import Plain
from support.command import Outcome, run
from support.databases import MIGRATOR, database
from support.servers import Server

TABLE = "CREATE TABLE a (id bigint CONSTRAINT a_pk PRIMARY KEY, n int, note text)"
BLOCK = "DO $$ BEGIN EXECUTE 'ALTER TABLE a ADD x int'; UPDATE a SET x = n; END $$"
UNTIL = date.today() + timedelta(days=30)


@pytest.fixture
def project(tmp_path: Path) -> Plain:
    made = Plain(tmp_path).sql("0001", TABLE, downgrade="DROP TABLE a")
    return made.revision("0002", f'op.execute("{BLOCK}")', "op.drop_column('a', 'x')")


def gate(project: Plain, server: Server, *arguments: str) -> Outcome:
    return run("gate", "--url", server.url, *arguments, folder=project.folder)


def rules(outcome: Outcome) -> set[str]:
    return {one["rule"] for one in outcome.document["findings"]}


def test_it_runs_the_revisions_unless_told_not_to(project: Plain, server: Server) -> None:
    refused = gate(project, server, "--json")
    assert refused.code == 1
    assert "backfills-with-ddl" in rules(refused)
    assert "rehearsal" in refused.stderr

    read = run("gate", "--static", "--json", folder=project.folder)
    assert "backfills-with-ddl" not in rules(read)
    assert "rehearsal" not in read.stderr


def test_the_summary_has_the_locks(project: Plain, server: Server) -> None:
    refused = gate(project, server, "--format", "markdown")
    assert "public.a" in refused.stdout
    assert "AccessExclusiveLock" in refused.stdout


def test_an_override_allows_what_was_seen(project: Plain, server: Server) -> None:
    module = project.folder / "migrations" / "versions" / "0002.py"
    text = module.read_text()
    module.write_text(
        text.replace(
            "    op.execute(",
            f"    # gate: allow backfills-with-ddl until {UNTIL}: the table has forty rows\n"
            "    op.execute(",
            1,
        )
    )
    allowed = gate(project, server, "--json")
    assert "backfills-with-ddl" not in rules(allowed)
    assert "override-unused" not in rules(allowed)
    # Who only reads cannot know whether it is used.
    assert "override-unused" not in rules(run("gate", "--static", "--json", folder=project.folder))


def test_what_was_read_and_seen_is_told_once(tmp_path: Path, server: Server) -> None:
    made = Plain(tmp_path).sql("0001", TABLE, downgrade="DROP TABLE a")
    made.sql(
        "0002",
        "CREATE INDEX a_n ON a (n)",
        "ALTER TABLE a ADD COLUMN g int GENERATED ALWAYS AS (n) STORED",
        downgrade="ALTER TABLE a DROP COLUMN g; DROP INDEX a_n",
    )
    found = gate(made, server, "--json").document["findings"]
    about = [one for one in found if one["catalogue"] == "A1"]
    assert [one["rule"] for one in about] == ["index-not-concurrent"]
    assert "Seen when it ran: public.a_n is built under ShareLock" in about[0]["happens"]
    about = [one for one in found if one["catalogue"] == "A8"]
    assert [one["rule"] for one in about] == ["column-default-rewrites"]

    # One override is enough, and holds for who only reads as well.
    module = tmp_path / "migrations" / "versions" / "0002.py"
    comment = f"    # gate: allow index-not-concurrent until {UNTIL}: the table has forty rows\n"
    text = module.read_text().replace("    op.execute('CREATE", f"{comment}    op.execute('CREATE")
    module.write_text(text)
    for way in (("--url", server.url), ("--static",)):
        found = run("gate", *way, "--json", folder=tmp_path).document["findings"]
        assert not [one for one in found if one["catalogue"] == "A1"]
        assert not [one for one in found if one["rule"].startswith("override")]


def test_settings_of_the_rehearsal(project: Plain, server: Server) -> None:
    settings = project.folder / "pyproject.toml"
    settings.write_text('[tool.ticket-schema.gate]\nseed = "rows.sql"\nrows = 12\n')
    (project.folder / "rows.sql").write_text("INSERT INTO a VALUES (1, 1, 'one')")
    found = gate(project, server, "--json")
    # One row of the project's own, and none is made beside it.
    assert "backfills-with-ddl" not in rules(found)
    settings.write_text('[tool.ticket-schema.gate]\nseed = "nowhere.sql"\n')
    gate(project, server).refusal(2)
    settings.write_text('[tool.ticket-schema.gate]\nprepare = "nowhere.sql"\n')
    gate(project, server).refusal(2)
    settings.write_text("[tool.ticket-schema.gate]\nrows = 0\n")
    gate(project, server).refusal(2)


def test_wrong_usage_is_two_lines(project: Plain, server: Server) -> None:
    assert "--static" in gate(project, server, "--static").refusal(2)
    with database(server) as made:
        said = run("gate", "--url", made.url(MIGRATOR), folder=project.folder).refusal(1)
        assert "superuser" in said
