"""`docs build` and `docs check` as their users run them."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from support.command import Outcome, run
from ticket_schema.docs import markdown


@pytest.fixture
def shop(database: psycopg.Connection) -> str:
    """The connection string of a database with a schema of somebody else."""
    database.execute("CREATE SCHEMA shop")
    database.execute("CREATE TABLE shop.lines (id int PRIMARY KEY)")
    return database.info.dsn


def _docs(command: str, url: str, output: Path, *more: str) -> Outcome:
    return run("docs", command, "--url", url, "--schema", "shop", "--output", str(output), *more)


def test_a_service_documents_its_own_tables(
    database: psycopg.Connection, shop: str, tmp_path: Path
) -> None:
    output = tmp_path / "pages"

    built = _docs("build", shop, output)
    again = _docs("build", shop, output)
    fresh = _docs("check", shop, output)
    database.execute("ALTER TABLE shop.lines ADD COLUMN note text, ENABLE ROW LEVEL SECURITY")
    stale = _docs("check", shop, output)
    told = _docs("check", shop, output, "--json")

    assert built.code == 0, built
    page = output / "tables" / "lines.md"
    assert f"wrote {page}" in built.stdout
    assert markdown.GENERATED in page.read_text(encoding="utf-8")
    assert again.stdout == f"{output} is up to date.\n"
    assert (fresh.code, fresh.stdout) == (0, f"{output} tells what the schema is.\n")
    assert stale.code == 1
    assert f"ticket-schema docs build --url … --schema shop --output {output}\n" in stale.stdout
    assert "column lines.note is new" in stale.stdout
    assert "table lines: row_security: false → true" in stale.stdout
    assert f"  {page}\n" in stale.stdout
    assert "+| `note` | `text` | yes |  |  |  |" in stale.stdout
    assert told.code == 1
    assert told.document["up_to_date"] is False
    assert "tables/lines.md" in told.document["files"]
    assert {"kind": "column", "name": "lines.note"}.items() <= told.document["changes"][0].items()


def test_what_is_dropped_loses_its_page(
    database: psycopg.Connection, shop: str, tmp_path: Path
) -> None:
    database.execute("CREATE TABLE shop.gone (id int)")
    assert _docs("build", shop, tmp_path).code == 0
    (tmp_path / "by-hand.md").write_text("Ours.\n", encoding="utf-8")
    database.execute("DROP TABLE shop.gone")

    built = _docs("build", shop, tmp_path)

    assert f"removed {tmp_path / 'tables' / 'gone.md'}" in built.stdout
    assert not (tmp_path / "tables" / "gone.md").exists()
    assert (tmp_path / "by-hand.md").exists()


def test_a_folder_without_documentation_is_said(shop: str, tmp_path: Path) -> None:
    checked = _docs("check", shop, tmp_path / "none")

    assert checked.code == 1
    assert "There is no documentation in" in checked.stderr
    assert "docs build" in checked.stderr


@pytest.mark.parametrize("command", ["build", "export", "live", "site"])
def test_a_place_that_cannot_be_written_is_said(shop: str, tmp_path: Path, command: str) -> None:
    pages, place = tmp_path / "docs", tmp_path / "file" / "below"
    assert _docs("build", shop, pages / "schema").code == 0
    place.parent.touch()
    options = ["--format", "dbml"] if command == "export" else []

    if command == "site":
        told = run("docs", "site", "--source", str(pages), "--output", str(place))
    else:
        told = _docs(command, shop, place, *options)

    assert told.code == 1
    assert f"{place} cannot be written: " in told.stderr
    assert "hint:  Name another place with --output." in told.stderr


def test_a_file_by_hand_may_have_any_encoding(shop: str, tmp_path: Path) -> None:
    (tmp_path / "by-hand.md").write_bytes(b"caf\xe9\n")

    assert _docs("build", shop, tmp_path).code == 0
    assert _docs("check", shop, tmp_path).code == 0
    assert (tmp_path / "by-hand.md").read_bytes() == b"caf\xe9\n"


def test_data_that_were_spoilt_are_said(shop: str, tmp_path: Path) -> None:
    (tmp_path / "schema.json").write_text("{", encoding="utf-8")

    checked = _docs("check", shop, tmp_path)

    assert checked.code == 1
    assert "is not JSON" in checked.stderr


def test_a_schema_that_is_not_there_is_said(shop: str, tmp_path: Path) -> None:
    built = run("docs", "build", "--url", shop, "--schema", "nowhere", "--output", str(tmp_path))

    assert built.code == 1
    assert "no schema nowhere" in built.stderr


def test_another_schema_needs_its_database(tmp_path: Path) -> None:
    built = run("docs", "build", "--schema", "shop", "--output", str(tmp_path))

    assert built.code == 2
    assert "--url" in built.stderr


def test_a_database_that_is_not_there_is_said(tmp_path: Path) -> None:
    checked = _docs("check", f"postgresql://u:secret@/{tmp_path.name}?host={tmp_path}", tmp_path)

    assert checked.code == 3
    assert not checked.says("secret")
