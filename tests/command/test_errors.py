"""What the command says when it cannot do its work: two lines, an exit code, no password."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from support.command import Outcome, run, state
from support.databases import MIGRATOR, Database
from support.servers import Server

SECRET = "Gr33nFish"
COMMANDS = {
    "upgrade": ("upgrade",),
    "downgrade": ("downgrade", "0000"),
    "stamp": ("stamp", "0000"),
    "current": ("current",),
    "status": ("status",),
    "demo": ("demo",),
    "maintain": ("maintain",),
}
MALFORMED = {
    "no colon after the scheme": f"postgresql//someone:{SECRET}@localhost/tickets",
    "another scheme": f"mysql://someone:{SECRET}@localhost/tickets",
    "a raw percent sign": f"postgresql://someone:50%{SECRET}@localhost/tickets",
    "a raw space": f"postgresql://someone:my {SECRET}@localhost/tickets",
    "an open bracket": f"postgresql://someone:{SECRET}@[::1/tickets",
    "an unknown parameter": f"postgresql://someone:{SECRET}@localhost/tickets?colour=red",
    "a raw percent sign in a parameter": f"postgresql://localhost/tickets?password={SECRET}%",
    "a key without a value": f"host=localhost password={SECRET} dbname",
    "an unknown key": f"host=localhost password={SECRET} colour=red",
    "a mistyped key": f"host=localhost pasword={SECRET} port",
    "a raw space after a key": f"host=localhost password=my {SECRET}",
    "an open quote": f"host=localhost password='my {SECRET}",
    "nothing but the password": SECRET,
}
# libpq reads these otherwise than meant: part of the password is the host, or the port
MISREAD = {
    "a raw at sign": f"postgresql://someone:p@{SECRET}@localhost:1/tickets",
    "two raw at signs": f"postgresql://someone:p@q@{SECRET}@localhost:1/tickets",
    "a raw slash": f"postgresql://someone:1/{SECRET}@localhost:1/tickets",
    "a port in letters": f"postgresql://someone:{SECRET}@localhost:five/tickets",
}


def as_url(parameters: dict[str, str]) -> str:
    """Returns connection parameters as a URL."""
    where = f"host={parameters['host']}&port={parameters.get('port', '5432')}"
    who = f"{parameters['user']}:{parameters['password']}"
    return f"postgresql://{who}@/{parameters['dbname']}?{where}"


def as_pairs(parameters: dict[str, str]) -> str:
    """Returns connection parameters as key=value pairs."""
    return " ".join(f"{name}={value}" for name, value in parameters.items())


def as_query(parameters: dict[str, str]) -> str:
    """Returns connection parameters as a URL that gives all of them after the question mark."""
    return "postgresql:///?" + "&".join(f"{name}={value}" for name, value in parameters.items())


@pytest.fixture
def refused(server: Server, template: Database) -> dict[str, str]:
    """A login that the server refuses: a wrong password where it asks for one."""
    known = conninfo_to_dict(server.url).items()
    where = {name: str(value) for name, value in known if name in {"host", "port"}}
    login = {**where, "dbname": template.name, "user": MIGRATOR, "password": SECRET}
    try:
        psycopg.connect(as_pairs(login)).close()
    except psycopg.OperationalError:
        return login
    return {**login, "user": "ts_test_missing"}


def silent(done: Outcome) -> Outcome:
    """Returns an outcome after it was searched for the password."""
    assert not done.says(SECRET), done
    return done


@pytest.mark.parametrize("arguments", COMMANDS.values(), ids=COMMANDS)
def test_a_refused_login_never_shows_its_password(
    refused: dict[str, str], arguments: tuple[str, ...]
) -> None:
    said = silent(run(*arguments, url=as_url(refused))).refusal(3)
    assert refused["user"] in said
    debugged = silent(run("--debug", *arguments, "--json", url=as_url(refused)))
    assert (debugged.code, debugged.document["exit_code"]) == (3, 3)
    assert "Traceback" in debugged.stderr


@pytest.mark.parametrize("form", [as_url, as_pairs, as_query])
@pytest.mark.parametrize("place", ["--url", "TICKET_SCHEMA_URL", "DATABASE_URL"])
def test_no_form_and_no_place_shows_the_password(
    refused: dict[str, str], form: Callable[[dict[str, str]], str], place: str
) -> None:
    text = form(refused)
    if place == "--url":
        done = run("current", "--url", text)
    else:
        done = run("current", variables={place: text})
    silent(done).refusal(3)


@pytest.mark.parametrize("text", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_string_never_shows_its_password(text: str) -> None:
    said = silent(run("current", "--json", url=text)).refusal(2)
    assert "malformed" in said
    assert "postgresql://user:password@host" in said


@pytest.mark.parametrize("text", MISREAD.values(), ids=MISREAD)
def test_a_misread_string_never_shows_its_password(text: str) -> None:
    done = silent(run("current", url=text))
    assert done.code in {2, 3}
    done.refusal(done.code)


@pytest.mark.parametrize(
    "text", [*MALFORMED.values(), *MISREAD.values()], ids=[*MALFORMED, *MISREAD]
)
def test_a_traceback_shows_no_password_either(text: str) -> None:
    done = silent(run("--debug", "upgrade", "--json", url=text))
    assert done.document["exit_code"] == done.code
    assert "Traceback" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("current",),
        ("upgrade",),
        ("downgrade",),
        ("stamp",),
        ("sql",),
        ("history",),
        ("upgrade", "--lock-tries"),
        ("upgrade", "--lock-timeout"),
        ("upgrade", "--ulr"),
        ("--url",),
        (),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("form", [as_url, as_pairs])
def test_a_string_in_the_wrong_place_never_shows_its_password(
    empty: Database, arguments: tuple[str, ...], form: Callable[[dict[str, str]], str]
) -> None:
    text = form({"host": "h", "user": "u", "password": SECRET, "dbname": "d"})
    silent(run(*arguments, text, "--json", url=empty.migrator_url)).refusal(2)
    assert state(empty)[1] == []


@pytest.mark.parametrize("text", MISREAD.values(), ids=MISREAD)
def test_a_misread_string_in_the_wrong_place_never_shows_its_password(text: str) -> None:
    silent(run("current", text, "--json")).refusal(2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("postgresql://u@nowhere.invalid/d", "nowhere.invalid"),
        ("postgresql://u@localhost:1/d", "port 1 failed"),
        ("postgresql://u@/d?host=/nowhere", "/nowhere"),
        ("postgresql://u@localhost:1,localhost:2/d", "port 2 failed"),
    ],
    ids=["host", "port", "socket", "two hosts"],
)
@pytest.mark.parametrize("arguments", [("current",), ("upgrade",)], ids=" ".join)
def test_a_server_that_is_not_there_is_named(
    text: str, said: str, arguments: tuple[str, ...]
) -> None:
    done = run(*arguments, url=text)
    assert said in done.refusal(3)
    assert len(done.progress) == 2
    assert done.stdout == ""


@pytest.mark.parametrize("arguments", COMMANDS.values(), ids=COMMANDS)
def test_an_unknown_database_is_named(server: Server, arguments: tuple[str, ...]) -> None:
    url = server.conninfo(dbname="ts_test_nowhere")
    done = run(*arguments, "--json", url=url)
    assert '"ts_test_nowhere" does not exist' in done.refusal(3)
    assert done.document.keys() == {"error", "hint", "exit_code"}


@pytest.mark.parametrize("arguments", COMMANDS.values(), ids=COMMANDS)
def test_a_database_must_be_named(arguments: tuple[str, ...]) -> None:
    said = run(*arguments).refusal(2)
    assert "No database is named." in said
    assert "TICKET_SCHEMA_URL" in said


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("current", "--nonsense"),
        ("current", "nonsense"),
        ("downgrade",),
        ("stamp",),
        ("upgrade", "--lock-tries", "0"),
        ("upgrade", "--lock-tries", "many"),
        ("upgrade", "--runner-wait", "-1"),
        ("upgrade", "head:base"),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_said_in_two_lines(empty: Database, arguments: tuple[str, ...]) -> None:
    done = run(*arguments, url=empty.migrator_url)
    done.refusal(2)
    assert (len(done.progress), done.stdout) == (2, "")


def test_wrong_usage_is_said_as_json_too() -> None:
    assert run("nonsense", "--json").document == {
        "error": "No such command 'nonsense'.",
        "hint": "See: python -m ticket_schema --help.",
        "exit_code": 2,
    }


def test_without_a_command_help_is_shown() -> None:
    done = run()
    assert done.code == 2
    assert "Usage:" in done.stdout


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_is_good(flag: str) -> None:
    done = run("upgrade", flag)
    assert (done.code, done.stderr) == (0, "")
    assert "--lock-timeout" in done.stdout


def test_the_version_is_shown_without_a_command() -> None:
    done = run("--version")
    assert (done.code, done.stderr) == (0, "")
    assert done.stdout.startswith("ticket-schema 0.")


def test_the_nearest_naming_of_a_database_counts(clone: Database) -> None:
    nowhere = "postgresql://u@localhost:1/d"
    both = {"TICKET_SCHEMA_URL": clone.migrator_url, "DATABASE_URL": nowhere}
    assert run("current", variables=both).code == 0
    all_three = {"TICKET_SCHEMA_URL": nowhere, "DATABASE_URL": nowhere}
    assert run("current", "--url", clone.migrator_url, variables=all_three).code == 0
    assert run("current", variables={"DATABASE_URL": clone.migrator_url}).code == 0


def test_a_driver_in_the_scheme_is_passed_over(server: Server, clone: Database) -> None:
    known = conninfo_to_dict(clone.superuser_url)
    login = {name: str(value) for name, value in known.items()}
    url = as_url({"password": "", **login}).replace("postgresql://", "postgresql+psycopg://")
    assert run("current", url=url).code == 0


def test_what_the_database_refuses_is_said_with_its_code(clone: Database) -> None:
    with clone.connect() as connection:
        connection.execute("ALTER TABLE ticketing.alembic_version RENAME version_num TO gone")
    done = run("current", "--json", url=clone.url("ts_test_readonly"))
    assert "[42703]" in done.refusal(1)
    assert len(done.progress) == 2


def test_a_traceback_comes_only_when_asked_for(clone: Database) -> None:
    url = clone.url("ts_test_nobody")
    assert "Traceback" not in run("current", url=url).stderr
    assert "Traceback" in run("--debug", "current", url=url).stderr
