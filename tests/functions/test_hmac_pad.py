"""hmac_pad: with its two pads, two hashes make the HMAC-SHA-256 of RFC 2104."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from support.session import Session

HMAC = """
    SELECT encode(
        sha256(
            ticketing.hmac_pad(%(key)s::bytea, 92)
            || sha256(ticketing.hmac_pad(%(key)s::bytea, 54) || %(message)s::bytea)
        ),
        'hex'
    )
"""
# RFC 4231, part 4: key, message, HMAC-SHA-256; case 5 is cut to 128 bits there.
VECTORS = {
    "1": (b"\x0b" * 20, b"Hi There",
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    "2": (b"Jefe", b"what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
    "3": (b"\xaa" * 20, b"\xdd" * 50,
        "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
    "4": (bytes(range(1, 26)), b"\xcd" * 50,
        "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
    "5": (b"\x0c" * 20, b"Test With Truncation", "a3b6167473100ee06e0c796c2955552b"),
    "6": (b"\xaa" * 131, b"Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
    "7": (b"\xaa" * 131, b"This is a test using a larger than block-size key and a larger than "
        b"block-size data. The key needs to be hashed before being used by the HMAC algorithm.",
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"),
}  # fmt: skip


def code(db: Session, key: bytes, message: bytes) -> str:
    found: str = db.connection.execute(HMAC, {"key": key, "message": message}).fetchone()[0]  # type: ignore[index]
    return found


@pytest.mark.parametrize(("key", "message", "expected"), VECTORS.values(), ids=VECTORS)
def test_the_vectors_of_the_rfc(db: Session, key: bytes, message: bytes, expected: str) -> None:
    assert code(db, key, message)[: len(expected)] == expected


@pytest.mark.parametrize("length", [0, 1, 31, 32, 63, 64, 65, 66, 128, 1000])
def test_keys_around_the_length_of_a_block(db: Session, length: int) -> None:
    key = bytes(n * 37 % 256 for n in range(length))
    for message in (b"", b"\x00\xff", b"m" * 1000):
        assert code(db, key, message) == hmac.new(key, message, hashlib.sha256).hexdigest()


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
def test_nobody_may_call_it(db: Session, role: str) -> None:
    with db.acting(role), db.refused("42501"):
        db.value("SELECT ticketing.hmac_pad('', 54)")
