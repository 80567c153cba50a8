"""The live report, as several logins see it, and of databases that are not what it expects."""

from __future__ import annotations

import html.parser
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from support.command import run
from support.databases import Database
from ticket_schema import demo
from ticket_schema.docs import live
from ticket_schema.errors import Exit, TicketSchemaError

HOSTILE = 'a|b`<script>alert("x")</script>\n# c'


@pytest.fixture(scope="module")
def of_demo(server: object, template: Database) -> Iterator[Database]:
    """A database at head with the demo tenants."""
    from support import databases  # noqa: PLC0415 - of this fixture alone

    with databases.database(template.server, template.name) as made:
        with made.connect() as connection:
            demo.load(connection)
        yield made


@contextmanager
def plain_login(target: Database, *groups: str) -> Iterator[str]:
    """Yields the URL of a new login that is a member of the groups and of nothing else."""
    name, password = "ts_live_reader", "ts-live-secret"
    with target.connect() as connection:
        connection.execute(
            sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(
                sql.Identifier(name), sql.Literal(password)
            )
        )
        for group in groups:
            connection.execute(
                sql.SQL("GRANT {} TO {}").format(sql.Identifier(group), sql.Identifier(name))
            )
        try:
            yield target.server.conninfo(dbname=target.name, user=name, password=password)
        finally:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = %s",
                [name],
            )
            connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


def sections(url: str, schema: str = "ticketing") -> dict[str, live.Section]:
    with psycopg.connect(url, autocommit=True) as connection:
        return {one.title: one for one in live.read(connection, schema).sections}


def test_it_sees_the_demo(of_demo: Database) -> None:
    found = sections(of_demo.superuser_url)
    assert [one for one in found.values() if one.unseen] == []
    assert len(found) == len(live.SECTIONS)
    tables = {row[0]: row for row in found["Tables"].rows}
    assert set(tables) > {"tickets", "holds"}
    assert int(tables["tickets"][1]) > 0
    assert [row[0] for row in found["Outbox"].rows] == ["pending"]
    assert int(found["Outbox"].rows[0][1]) > 0
    assert {row[0] for row in found["What waits for maintenance"].rows} >= {"prune_outbox"}
    numbers = {row[0]: row for row in found["Room in sequences"].rows}
    assert int(numbers["outbox_seq_seq"][2]) > 0
    assert numbers["outbox_seq_seq"][4] == "0.0"
    assert found["Left half done"].rows == []
    assert {row[1] for row in found["Wraparound"].rows} == {
        "database", "database, row locks of several", "table",
    }  # fmt: skip
    unused = {row[0] for row in found["Indexes that nothing used"].rows}
    assert "idx_audit_events_type" in unused
    assert not [name for name in unused if name.startswith(("pk_", "uq_"))]


def test_it_sees_what_is_wrong(clone: Database) -> None:
    with clone.connect() as connection, clone.connect() as other:
        connection.execute("INSERT INTO ticketing.outbox_cursors (consumer, seq) VALUES ('x', 0)")
        connection.execute(
            "UPDATE pg_index SET indisvalid = FALSE"
            " WHERE indexrelid = 'ticketing.idx_orders_user_id'::regclass"
        )
        connection.execute(
            "ALTER TABLE ticketing.orders ADD CONSTRAINT late CHECK (version > 0) NOT VALID"
        )
        with other.transaction():
            other.execute("SET LOCAL application_name = 'forgotten'")
            other.execute("SELECT count(*) FROM ticketing.orders")
            found = sections(clone.superuser_url)
    assert {row[0] for row in found["Left half done"].rows} == {"idx_orders_user_id", "late"}
    (oldest,) = [row for row in found["Oldest transactions"].rows if row[2] == "forgotten"]
    assert oldest[3] == "idle in transaction"
    assert [row[0] for row in found["Readers of the outbox"].rows] == ["x"]


def test_a_login_without_any_right_sees_the_catalog_and_is_told_of_the_rest(
    of_demo: Database,
) -> None:
    with plain_login(of_demo) as url:
        found = sections(url)
    for title in ("What waits for maintenance", "Outbox", "Readers of the outbox"):
        assert (
            found[title].unseen == "Not seen: this login may not read it: GRANT ticketing_worker."
        )
        assert not found[title].rows
    assert "GRANT pg_monitor" in found["Oldest transactions"].unseen
    assert len(found["Tables"].rows) == len(sections(of_demo.superuser_url)["Tables"].rows)
    assert {row[2] for row in found["Room in sequences"].rows} == {"may not be read"}


def test_a_worker_that_monitors_sees_every_tenant(of_demo: Database) -> None:
    # Row level security binds who is in ticketing_app as well, unless it acts as the other.
    with plain_login(of_demo, "ticketing_app", "ticketing_worker", "pg_monitor") as url:
        found = sections(url)
        expected = sections(of_demo.superuser_url)["Outbox"].rows
    assert found["Outbox"].rows == expected
    assert {one.title for one in found.values() if one.unseen} == set()


def test_nothing_is_written_and_nothing_stays_set(of_demo: Database) -> None:
    with of_demo.connect() as connection:
        before = connection.execute("SELECT pg_current_xact_id_if_assigned()").fetchone()
        live.read(connection)
        after = connection.execute(
            "SELECT current_setting('transaction_read_only'), current_setting('statement_timeout'),"
            " current_user::text = session_user::text, pg_current_xact_id_if_assigned()"
        ).fetchone()
    assert before == (None,)
    assert after == ("off", "0", True, None)


def test_a_table_under_a_lock_costs_a_second_and_its_section(clone: Database) -> None:
    with clone.connect() as blocker, blocker.transaction():
        blocker.execute("LOCK TABLE ticketing.outbox IN ACCESS EXCLUSIVE MODE")
        found = sections(clone.superuser_url)
    assert found["Outbox"].unseen == "Not seen: somebody holds a table under a lock."
    assert found["Server"].rows


def test_the_time_for_the_whole_is_bounded(
    of_demo: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "_OF_ALL", -1.0)
    found = sections(of_demo.superuser_url)
    assert {one.unseen for one in found.values()} == {
        "Not looked at: the time for this report was over."
    }


def test_a_schema_without_tables_is_a_report_of_nothing(empty: Database) -> None:
    with empty.connect() as connection:
        connection.execute("CREATE SCHEMA ticketing")
        report = live.read(connection)
    assert report.revision == "without a revision"
    assert all(not one.unseen for one in report.sections)
    assert "None." in live.as_markdown(report)


def test_a_database_without_the_schema_is_refused(empty: Database) -> None:
    said = run("docs", "live", "--url", empty.superuser_url).refusal(Exit.FAILED)
    assert "The database has no schema ticketing." in said
    with empty.connect() as connection, pytest.raises(TicketSchemaError, match="no schema"):
        live.read(connection, 'x"; DROP')


def test_a_database_at_an_earlier_revision_has_fewer_sections(empty: Database) -> None:
    assert run("upgrade", "0011", url=empty.migrator_url).code == Exit.GOOD
    found = sections(empty.superuser_url)
    assert "Outbox" in found
    assert "What waits for maintenance" not in found
    assert "Readers of the outbox" not in found


class _Tags(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_names_that_somebody_chose_stay_text(clone: Database) -> None:
    with clone.connect() as connection:
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(HOSTILE)))
        connection.execute(
            sql.SQL("CREATE TABLE {} (id serial PRIMARY KEY)").format(
                sql.Identifier(HOSTILE, HOSTILE)
            )
        )
        report = live.read(connection, HOSTILE)
    page = live.as_markdown(report)
    shown = '``a\\|b`<script>alert("x")</script> # c``'
    assert f"| {shown} | 0 | 8192 bytes |" in page
    # Wherever the name stands, it stands between fences of code, or escaped.
    assert page.count("<script") == page.count(shown) + page.count("_id_seq``") + page.count(
        "_pkey``"
    ) + page.count("\\<script")
    assert "\n# c" not in page
    read = _Tags()
    read.feed(live.as_html(report))
    assert "script" not in read.tags
    assert HOSTILE in read.text


def test_the_html_needs_no_other_file(of_demo: Database) -> None:
    with of_demo.connect() as connection:
        page = live.as_html(live.read(connection))
    assert page.startswith("<!DOCTYPE html>")
    assert "http" not in page.replace("http-equiv", "")
    assert "<code>tickets</code>" in page


def test_the_page_names_the_database_and_nothing_else_of_the_way_there(
    of_demo: Database, tmp_path: Path
) -> None:
    with plain_login(of_demo, "pg_monitor") as url:
        for spelling in (
            ("docs", "live", "--url", url, "--output", str(tmp_path / "a.md")),
            ("docs", "build", "--live", url, "--output", str(tmp_path / "b.html")),
        ):
            done = run(*spelling)
            assert done.code == Exit.GOOD, done
            assert not done.says("ts-live-secret")
        host = psycopg.conninfo.conninfo_to_dict(url)["host"]
    for name in ("a.md", "b.html"):
        page = (tmp_path / name).read_text(encoding="utf-8")
        assert of_demo.name in page
        assert "ts-live-secret" not in page
        assert str(host) not in page
    assert f"{datetime.now(UTC):%Y-%m-}" in page


@pytest.mark.parametrize("place", ["docs/schema/live.md", "docs/schema/tables/live.md"])
def test_it_does_not_write_among_the_committed_pages(
    of_demo: Database, tmp_path: Path, place: str
) -> None:
    (tmp_path / "docs" / "schema" / "tables").mkdir(parents=True)
    done = run("docs", "live", "--url", of_demo.superuser_url, "--output", place, folder=tmp_path)
    assert "among the committed pages" in done.refusal(Exit.USAGE)
    assert not (tmp_path / place).exists()


def test_without_a_place_it_is_a_file_that_git_ignores(of_demo: Database, tmp_path: Path) -> None:
    done = run("docs", "live", folder=tmp_path, url=of_demo.superuser_url)
    assert done.code == Exit.GOOD, done
    assert (tmp_path / "schema-live.md").is_file()
    ignored = (Path(__file__).parents[2] / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert "/schema-live.*" in ignored


def test_a_server_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    done = run("docs", "live", "--url", f"postgresql://u:hidden-secret@/x?host={tmp_path}")
    done.refusal(Exit.UNREACHABLE)
    assert not done.says("hidden-secret")
