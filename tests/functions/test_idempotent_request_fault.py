"""idempotent_request_fault: what is wrong with the name of a request."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
import pytest

from support.factories import Make
from support.requests import HASH
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

CALL = "SELECT ticketing.idempotent_request_fault(%s, %s, %s)"
KEYS = [None, "", "k", "\u00fc" * 255, "k" * 256]
HASHES = [
    None,
    "",
    HASH,
    "0123456789abcdef" * 4,
    HASH[:-1],
    HASH + "a",
    HASH.upper(),
    HASH[:-1] + "g",
    HASH[:-1] + "\n",
    HASH[:-1] + " ",
    "\u0661" * 64,
]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("operation", KEYS)
@pytest.mark.parametrize("request_hash", HASHES)
def test_it_finds_what_the_checks_of_the_table_would_refuse(
    db: Session,
    make: Make,
    tenant: UUID,
    *,
    as_tenant: Acting,
    key: str | None,
    operation: str | None,
    request_hash: str | None,
) -> None:
    with as_tenant(tenant):
        fault = db.value(CALL, key, operation, request_hash)
    try:
        with db.connection.transaction(force_rollback=True):
            make.row(
                "idempotency_keys",
                tenant,
                idempotency_key=key,
                operation=operation,
                request_hash=request_hash,
            )
        refused = None
    except psycopg.IntegrityError as error:
        refused = error.sqlstate
    assert (fault is None) == (refused is None), (fault, refused)


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        (("", "", ""), "p_key is not 1 to 255 characters long"),
        (("k", "", ""), "p_operation is not 1 to 255 characters long"),
        (("k", "o", ""), "p_request_hash is not a SHA-256 in lower-case hexadecimal"),
        (("k", "o", HASH), None),
    ],
)
def test_it_says_which_argument_is_wrong(
    db: Session, values: tuple[str, str, str], fault: str | None
) -> None:
    assert db.value(CALL, *values) == fault


def test_workers_may_and_readers_and_strangers_may_not_call_it(
    db: Session, tenant: UUID, *, as_worker: Acting, as_readonly: Acting, as_nobody: Acting
) -> None:
    with as_worker():
        assert db.value(CALL, "k", "o", HASH) is None
    for acting in (as_readonly(tenant), as_nobody()):
        with acting, db.refused("42501"):
            db.value(CALL, "k", "o", HASH)
