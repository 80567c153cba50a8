"""Nonces that two copies of a webhook may both use."""

from __future__ import annotations

from support.session import Session

from .defect import attempt, prove, undone

TAKE = "INSERT INTO ticketing.webhook_nonces (endpoint, nonce) VALUES ('stripe', 'once')"


def test_23_a_nonce_that_is_taken_twice(db: Session) -> None:
    def look() -> list[str]:
        with db.acting("ticketing_worker"):
            return [attempt(db, TAKE) for _ in range(2)]

    prove(
        db,
        look,
        "ALTER TABLE ticketing.webhook_nonces DROP CONSTRAINT pk_webhook_nonces",
        promised=["done", "23505"],
        broken=["done", "done"],
    )


def test_23_a_handler_that_fails_frees_its_nonce(db: Session) -> None:
    with db.acting("ticketing_worker"):
        with undone(db):
            assert attempt(db, TAKE) == "done"
        assert attempt(db, TAKE) == "done"
