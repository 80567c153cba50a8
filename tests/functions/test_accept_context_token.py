"""accept_context_token: believes what was signed with a key, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from support import signed
from support.session import Session

ACCEPT = "SELECT ticketing.accept_context_token(%s)"
STORED = "SELECT coalesce(current_setting('app.signed_context', TRUE), '')"
T = UUID("6f9619ff-8b86-4d01-b42d-00cf4fc964ff")
U = UUID("0b5f1a62-55a8-4b5b-9a3c-0d6f1b1f6a11")


@pytest.fixture
def app(db: Session) -> Iterator[Session]:
    signed.add_key(db)
    with db.logged_in("ts_test_app"):
        yield db


@pytest.mark.parametrize(
    ("user", "role"), [(None, None), (U, None), (U, "user"), (U, "venue_owner"), (U, "superadmin")]
)
def test_it_returns_and_seals_what_was_signed(
    app: Session, user: UUID | None, role: str | None
) -> None:
    expected = [str(T), str(user or ""), role or ""]
    assert app.value(ACCEPT, signed.sign(T, user, role)) == expected
    assert app.value("SELECT ticketing.signed_context()") == expected


@pytest.mark.parametrize("login", ["ts_test_worker", "ts_test_readonly"])
def test_the_other_logins_may_as_well(db: Session, login: str) -> None:
    signed.add_key(db)
    with db.logged_in(login):
        assert db.value(ACCEPT, signed.sign(T)) == [str(T), "", ""]


def test_a_login_without_grants_cannot_call_it(db: Session) -> None:
    signed.add_key(db)
    with db.acting("ts_test_nobody"), db.refused("42501"):
        db.value(ACCEPT, signed.sign(T))


def test_upper_case_is_the_same_tenant(app: Session) -> None:
    assert app.value(ACCEPT, signed.sign(str(T).upper(), str(U).upper())) == [str(T), str(U), ""]


GOOD = signed.sign(T, U, "user", expires=4102444800)
MALFORMED = {
    "null": None,
    "empty": "",
    "one field short": ".".join(GOOD.split(".")[1:]),
    "one field more": f"{GOOD}.",
    "another version": signed.sign(T, version="v2"),
    "no key": signed.sign(T, key=""),
    "a key that is no name": signed.sign(T, key="k 1"),
    "a long key": signed.sign(T, key="k" * 64),
    "no tenant": signed.sign(""),
    "a tenant that is no uuid": signed.sign("tenant"),
    "a tenant in braces": signed.sign(f"{{{T}}}"),
    "a user that is no uuid": signed.sign(T, "somebody"),
    "a role without a user": signed.sign(T, None, "admin"),
    "an unknown role": signed.sign(T, U, "root"),
    "a role in capitals": signed.sign(T, U, "Admin"),
    "no end": signed.sign(T, expires=""),
    "a negative end": signed.sign(T, expires=-1),
    "a fraction": signed.sign(T, expires="4102444800.5"),
    "a far end": signed.sign(T, expires="9" * 13),
    "no code": GOOD.rpartition(".")[0],
    "an empty code": GOOD.rpartition(".")[0] + ".",
    "half a code": GOOD[:-32],
    "one digit less": GOOD[:-1],
    "one digit more": f"{GOOD}0",
    "a code in capitals": GOOD[:-64] + GOOD[-64:].upper(),
    "no hex": f"{GOOD[:-1]}g",
    "white space": f" {GOOD}",
    "a line break": f"{GOOD}\n",
    "another language": f"{GOOD[:-1]}٣",
    "much": "v1." * 100_000,
}


@pytest.mark.parametrize("token", MALFORMED.values(), ids=MALFORMED)
def test_what_has_not_the_form_is_refused(app: Session, token: str | None) -> None:
    with app.refused("TK712"):
        app.value(ACCEPT, token)
    assert app.value(STORED) == ""


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("key", "k-2"),
        ("tenant", uuid4()),
        ("user", uuid4()),
        ("user", ""),
        ("role", "admin"),
        ("role", ""),
        ("expires", 4102444801),
    ],
)
def test_a_changed_field_is_not_genuine(app: Session, field: str, value: object) -> None:
    parts = signed.sign(T, U, "user").split(".")
    parts[signed.FIELDS.index(field)] = str(value)
    if (field, value) == ("user", ""):
        parts[signed.FIELDS.index("role")] = ""
    with app.refused("TK713"):
        app.value(ACCEPT, ".".join(parts))
    assert app.value(STORED) == ""


def test_every_digit_of_the_code_counts(app: Session) -> None:
    token = signed.sign(T)
    for at in range(len(token) - 64, len(token)):
        other = "0" if token[at] != "0" else "1"
        with app.refused("TK713"):
            app.value(ACCEPT, token[:at] + other + token[at + 1 :])


@pytest.mark.parametrize("secret", [bytes(32), signed.SECRET + b"\1", signed.SECRET[:-1], b""])
def test_another_secret_is_not_genuine(app: Session, secret: bytes) -> None:
    with app.refused("TK713"):
        app.value(ACCEPT, signed.sign(T, secret=secret))


def test_a_forger_is_not_told_which_part_is_wrong(app: Session) -> None:
    said = set()
    for token in (signed.sign(T, key="unknown"), signed.sign(T, secret=bytes(32))):
        with app.refused("TK713") as by:
            app.value(ACCEPT, token)
        diagnostics = by.error.diag
        said.add((diagnostics.message_primary, diagnostics.message_hint, diagnostics.context))
    assert len(said) == 1


def test_no_error_repeats_the_token(app: Session) -> None:
    expired = signed.sign(T, expires=int(time.time()) - 1)
    for token in (expired, f"{expired}.", signed.sign(T, secret=bytes(32))):
        with app.refused("TK7" + {expired: "14", f"{expired}.": "12"}.get(token, "13")) as by:
            app.value(ACCEPT, token)
        diagnostics = by.error.diag
        texts = (diagnostics.message_primary, diagnostics.message_hint, diagnostics.context)
        for text in map(str, texts):
            assert str(T) not in text
            assert token[-64:] not in text


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(-1, "TK714"), (0, "TK714"), (3600, None), (86390, None), (86700, "TK715")],
)
def test_a_token_has_its_time(app: Session, seconds: int, code: str | None) -> None:
    token = signed.sign(T, expires=int(time.time()) + seconds)
    if code is None:
        app.value(ACCEPT, token)
        return
    with app.refused(code):
        app.value(ACCEPT, token)
    assert app.value(STORED) == ""


def test_only_what_is_genuine_is_told_its_time(app: Session) -> None:
    with app.refused("TK713"):
        app.value(ACCEPT, signed.sign(T, secret=bytes(32), expires=1))


@pytest.mark.parametrize(
    ("begin", "end", "good"), [(-1, 1, True), (1, None, False), (-2, -1, False), (-1, None, True)]
)
def test_a_key_has_its_time(db: Session, begin: int, end: int | None, good: bool) -> None:
    now = datetime.now(UTC)
    db.all(
        "SELECT ticketing.add_context_key('k', %s, %s, %s)",
        signed.SECRET,
        now + timedelta(hours=begin),
        None if end is None else now + timedelta(hours=end),
    )
    with db.logged_in("ts_test_app"):
        if good:
            db.value(ACCEPT, signed.sign(T, key="k"))
            return
        with db.refused("TK713"):
            db.value(ACCEPT, signed.sign(T, key="k"))


OTHERS = [(uuid4(),), (T,), (T, U), (T, U, "admin"), (T, uuid4(), "user")]


@pytest.mark.parametrize("other", OTHERS, ids=["tenant", "no user", "no role", "role", "user"])
def test_a_transaction_has_one_context(app: Session, other: tuple[UUID, ...]) -> None:
    first = signed.sign(T, U, "user")
    app.value(ACCEPT, first)
    app.value(ACCEPT, first)
    before = app.value(STORED)
    with app.refused("TK703"):
        app.value(ACCEPT, signed.sign(*other))
    assert app.value(STORED) == before
    app.all("SELECT ticketing.clear_tenant_context()")
    assert app.value(ACCEPT, signed.sign(*other))[0] == str(other[0])
