"""Failure 8: a request runs twice, or is answered with what another caller was told."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from itertools import count
from typing import Any
from uuid import UUID

from defects.defect import Act, Race, Rewrite, value
from support.races import race as callers

OPERATION = "POST /orders"
ACQUIRE = """
    SELECT outcome
    FROM ticketing.acquire_idempotency_key(%s, %s, %s, %s, %s, p_user_id => %s)
"""
ACQUIRE_TOKEN = """
    SELECT lock_token
    FROM ticketing.acquire_idempotency_key(%s, %s, %s, %s, %s, p_user_id => %s)
"""
COMPLETE = """
    SELECT ticketing.complete_idempotency_key(
        (
            SELECT id FROM ticketing.idempotency_keys
            WHERE tenant_id = %s AND idempotency_key = %s
        ),
        'completed', 201, %s::jsonb, p_lock_token => %s
    )
"""
STORED = (
    "SELECT response_body ->> 'order' FROM ticketing.idempotency_keys WHERE idempotency_key = %s"
)
RUN_OUT = """
    UPDATE ticketing.idempotency_keys
    SET locked_at = now() - interval '2 hours', lock_expires_at = now() - interval '1 hour'
    WHERE idempotency_key = %s
"""
KEYS = count()


def new_key() -> str:
    return f"key-{next(KEYS)}"


def asks(race: Race, key: str, *, user: UUID | None, query: str = ACQUIRE) -> Act:
    """Returns a caller that sends the same request under a key."""
    content = sha256(b"two tickets").hexdigest()
    return value(query, race.tenant, key, OPERATION, content, "server", user)


def test_two_servers_get_one_request_at_once(race: Race) -> None:
    def look() -> object:
        person = race.make.id("users", race.tenant)
        ask = asks(race, new_key(), user=person)
        return race.run(ask, ask)

    race.prove(
        look,
        "ALTER TABLE ticketing.idempotency_keys"
        " DROP CONSTRAINT uq_idempotency_tenant_key_operation",
        Rewrite(
            "acquire_idempotency_key",
            "ON CONFLICT (tenant_id, idempotency_key, operation) DO NOTHING",
            "",
        ),
        promised=("acquired", "in_progress"),
        broken=("acquired", "acquired"),
    )


def test_forty_servers_get_one_request_at_once(race: Race) -> None:
    person = race.make.id("users", race.tenant)
    race.db.connection.commit()
    ask = asks(race, new_key(), user=person)
    got = callers(race.target, "ts_test_app", 40, lambda at, _: ask(at), tenant=race.tenant)
    assert Counter(map(str, got)) == {"acquired": 1, "in_progress": 39}


def test_a_server_wakes_up_after_another_has_taken_over(race: Race) -> None:
    def look() -> object:
        person = race.make.id("users", race.tenant)
        key = new_key()

        def complete(order: str, token: Any) -> Act:
            answer = f'{{"order": "{order}"}}'
            return value(COMPLETE, race.tenant, key, answer, token)

        ask = asks(race, key, user=person, query=ACQUIRE_TOKEN)
        sleeper = race.alone(ask)
        race.db.run(RUN_OUT, key)
        heir = race.alone(ask)
        late = race.alone(complete("of the sleeper", sleeper))
        race.alone(complete("of the heir", heir))
        return late, race.db.value(STORED, key)

    race.prove(
        look,
        Rewrite("complete_idempotency_key", "AND k.locked_by = p_lock_token;", ";"),
        promised=(False, "of the heir"),
        broken=(True, "of the sleeper"),
    )


def test_another_customer_sends_the_same_key(race: Race) -> None:
    def look() -> object:
        key = new_key()
        one, other = (race.make.id("users", race.tenant) for _ in range(2))
        token = race.alone(asks(race, key, user=one, query=ACQUIRE_TOKEN))
        race.alone(value(COMPLETE, race.tenant, key, '{"order": "private"}', token))
        return race.alone(asks(race, key, user=one)), race.alone(asks(race, key, user=other))

    race.prove(
        look,
        Rewrite(
            "acquire_idempotency_key",
            "OR k.user_id IS DISTINCT FROM v_user_id THEN 'mismatch'",
            "THEN 'mismatch'",
        ),
        promised=("replay", "mismatch"),
        broken=("replay", "replay"),
    )
