"""Signed contexts: a key, tokens that are signed by hand, and a session that shows one."""

from __future__ import annotations

import hashlib
import hmac
import time

import psycopg

from ticket_schema import hardening

from .databases import Database
from .session import Session

KEY = "k-1"
SECRET = bytes(range(32))
# In the order of the token.
FIELDS = ("version", "key", "tenant", "user", "role", "expires")
SET = "SELECT ticketing.set_signed_tenant_context(%s)"


def sign(
    tenant: object,
    user: object = None,
    role: object = None,
    *,
    secret: bytes = SECRET,
    **fields: object,
) -> str:
    """Returns a token, by the description of the format and not by the package.

    Args:
        tenant: whom it is for.
        user: for which customer.
        role: of the customer.
        secret: what it is signed with.
        fields: other values for parts of the token, see FIELDS.
    """
    parts = {
        "version": "v1",
        "key": KEY,
        "tenant": tenant,
        "user": user or "",
        "role": role or "",
        "expires": int(time.time()) + 60,
        **fields,
    }
    signed = ".".join(str(parts[name]) for name in FIELDS)
    return f"{signed}.{hmac.new(secret, signed.encode(), hashlib.sha256).hexdigest()}"


def add_key(session: Session, key: str = KEY, secret: bytes = SECRET) -> None:
    """Adds a key; the session must be the superuser's or the owner's."""
    session.all("SELECT ticketing.add_context_key(%s, %s)", key, secret)


def enter(session: Session, *signed: object) -> None:
    """Sets the context of a tenant, and of a user with a role, as it was signed."""
    session.all(SET, sign(*signed))


def harden(target: Database, key: str = KEY, secret: bytes = SECRET) -> None:
    """Adds a key to a database and switches the signed context on, as those who migrate do."""
    with psycopg.connect(target.migrator_url, autocommit=True) as connection:
        add_key(Session(connection), key, secret)
        assert hardening.switch(connection, "signed")
