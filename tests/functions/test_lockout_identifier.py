"""lockout_identifier: one spelling for each thing that can be locked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.session import Session

if TYPE_CHECKING:
    pass

NORMAL = "SELECT ticketing.lockout_identifier(%s, %s)"


@pytest.mark.parametrize("kind", ["user_id", "email_hash", "device", "ticket_code"])
@pytest.mark.parametrize(
    ("given", "kept"),
    [("abc", "abc"), ("  ABC ", "abc"), ("a b", "a b"), ("i" * 255, "i" * 255), ("ÄÖ", "äö")],
)
def test_spelling_makes_no_difference(db: Session, kind: str, given: str, kept: str) -> None:
    assert db.value(NORMAL, given, kind) == kept


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("192.0.2.7", "192.0.2.7"),
        (" 192.0.2.7 ", "192.0.2.7"),
        ("192.0.2.7/24", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::FFFF:C000:0207", "192.0.2.7"),
        ("2001:DB8::1", "2001:db8::/64"),
        ("2001:db8:0:0:ffff:ffff:ffff:ffff", "2001:db8::/64"),
        ("2001:db8::/32", "2001:db8::/64"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("::1", "::/64"),
    ],
)
def test_an_address_stands_for_its_customer(db: Session, given: str, kept: str) -> None:
    assert db.value(NORMAL, given, "ip") == kept
    assert db.value(NORMAL, kept, "ip") == kept


@pytest.mark.parametrize("given", ["localhost", "192.0.2", "192.0.2.7:443", "[::1]", "256.0.0.1"])
def test_what_is_no_address_is_refused(db: Session, given: str) -> None:
    with db.refused("TK001"):
        db.value(NORMAL, given, "ip")


@pytest.mark.parametrize("given", [None, "", "   ", "i" * 256])
@pytest.mark.parametrize("kind", ["device", "ip"])
def test_a_missing_or_too_long_identifier_is_refused(
    db: Session, given: str | None, kind: str
) -> None:
    with db.refused("TK001"):
        db.value(NORMAL, given, kind)


@pytest.mark.parametrize("kind", [None, "", "email", "IP"])
def test_a_missing_or_unknown_type_is_refused(db: Session, kind: str | None) -> None:
    with db.refused("TK001"):
        db.value(NORMAL, "somebody", kind)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
def test_only_the_lockout_functions_call_it(db: Session, role: str) -> None:
    with db.acting(role), db.refused("42501"):
        db.value(NORMAL, "somebody", "device")
