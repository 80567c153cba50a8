"""signed_context: what was sealed for this transaction and process, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest

from support import signed
from support.databases import Database
from support.session import Session

READ = "SELECT ticketing.signed_context()"
STORED = "SELECT current_setting('app.signed_context', TRUE)"
PUT = "SELECT set_config('app.signed_context', %s, TRUE)"
T = UUID("6f9619ff-8b86-4d01-b42d-00cf4fc964ff")
U = UUID("0b5f1a62-55a8-4b5b-9a3c-0d6f1b1f6a11")


def accept(session: Session, *given: UUID | str) -> str:
    """Opens a context, and returns what is stored of it."""
    session.all("SELECT ticketing.accept_context_token(%s)", signed.sign(*given))
    stored: str = session.value(STORED)
    return stored


@pytest.fixture
def app(db: Session) -> Iterator[Session]:
    signed.add_key(db)
    with db.logged_in("ts_test_app"):
        yield db


def test_without_a_context_it_is_null(app: Session) -> None:
    assert app.value(READ) is None
    app.all(PUT, "")
    assert app.value(READ) is None


def test_it_is_what_was_signed(app: Session) -> None:
    accept(app, T, U, "scanner")
    assert app.value(READ) == [str(T), str(U), "scanner"]


GARBAGE = [
    "x",
    ".",
    "." * 70,
    "a" * 200,
    "ä",
    "\\",
    "'",
    "%s",
    "{}",
    str(T),
    "٣" * 80,
    "\x01",
    "k-1",
]


@pytest.mark.parametrize("text", [*GARBAGE, "k-1." + "0" * 64, "x" * 1_000_000], ids=ascii)
def test_garbage_is_no_context_and_no_error(app: Session, text: str) -> None:
    app.all(PUT, text)
    assert app.value(READ) is None


def test_each_part_of_the_seal_counts(app: Session) -> None:
    stored = accept(app, T, U, "user")
    key, tenant, user, role, code = stored.split(".")
    changed = [
        f"{key}.{uuid4()}.{user}.{role}.{code}",
        f"{key}.{tenant}.{uuid4()}.{role}.{code}",
        f"{key}.{tenant}...{code}",
        f"{key}.{tenant}.{user}.admin.{code}",
        f"{key}.{tenant}.{user}..{code}",
        f"other.{tenant}.{user}.{role}.{code}",
        f"{key}.{tenant}.{user}.{role}.{'0' * 64}",
        f"{key}.{tenant}.{user}.{role}.{code.upper()}",
        f"{key}.{tenant}.{user}.{role}.",
        f"{key}.{tenant}.{user}.{role}",
        f"{key}.{tenant}.{user}.{role}.{code}.",
        f"{key}.{tenant}.{user}.{role}.x.{code}",
        f" {stored}",
        f"{stored}\n",
        stored[:-1],
        stored[1:],
        signed.sign(T),
    ]
    for text in changed:
        app.all(PUT, text)
        assert app.value(READ) is None, text
    app.all(PUT, stored)
    assert app.value(READ) == [str(T), str(U), "user"]


def test_no_setting_of_the_session_changes_the_answer(app: Session) -> None:
    accept(app, T, U, "user")
    for setting in (
        "row_security = off",
        "search_path = pg_temp, public",
        "DateStyle = 'SQL, DMY'",
        "IntervalStyle = 'sql_standard'",
        "TimeZone = 'Asia/Kathmandu'",
        "extra_float_digits = -15",
        "bytea_output = 'escape'",
        "client_encoding = 'LATIN1'",
        "standard_conforming_strings = off",
        "transform_null_equals = on",
        "plan_cache_mode = force_generic_plan",
        "enable_indexscan = off",
        "enable_seqscan = off",
    ):
        app.run(f"SET LOCAL {setting}")
        assert app.value(READ) == [str(T), str(U), "user"], setting


def test_it_holds_for_one_transaction_of_one_process(clone: Database) -> None:
    with clone.connect() as superuser:
        signed.add_key(Session(superuser))
    with clone.connect("ts_test_app") as one, clone.connect("ts_test_app") as two:
        first, second = Session(one), Session(two)
        with one.transaction():
            stored = accept(first, T)
            assert first.value(READ) == [str(T), "", ""]
            with two.transaction():
                second.all(PUT, stored)
                assert second.value(READ) is None
        with one.transaction():
            first.all(PUT, stored)
            assert first.value(READ) is None
            accept(first, T)
            assert first.value(STORED) != stored


@pytest.mark.parametrize(
    ("part", "another"),
    [
        ("current_database()", "'another'"),
        ("pg_backend_pid()", "1"),
        ("transaction_timestamp()", "clock_timestamp()"),
    ],
)
def test_it_is_bound_to_each_part(db: Session, part: str, another: str) -> None:
    """Two processes never begin in one microsecond, so the other one is put into the check."""
    signed.add_key(db)
    accept(db, T)
    assert db.value(READ) == [str(T), "", ""]
    definition = db.value("SELECT pg_get_functiondef('ticketing.signed_context'::regproc)")
    assert definition.count(part) == 1
    db.run(definition.replace(part, another))
    assert db.value(READ) is None


@pytest.mark.parametrize("role", ["ticketing_worker", "ticketing_readonly"])
def test_the_other_roles_may_ask(db: Session, role: str) -> None:
    signed.add_key(db)
    with db.acting(role):
        accept(db, T)
        assert db.value(READ) == [str(T), "", ""]


def test_a_login_without_grants_cannot_call_it(db: Session) -> None:
    with db.acting("ts_test_nobody"), db.refused("42501"):
        db.value(READ)
