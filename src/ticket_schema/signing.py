"""Signs the context of a transaction, on the side of the application.

The database takes what is signed here with `ticketing.set_signed_tenant_context`. The format is
small enough for any language: see docs/dependents.md.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import re
import time
from datetime import timedelta
from uuid import UUID

_LEAST_BYTES = 32
_LONGEST = timedelta(days=1)
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,63}")
_ROLE = re.compile(r"[a-z_]+")


def sign_context(
    secret: bytes,
    key_id: str,
    tenant_id: UUID | str,
    *,
    user_id: UUID | str | None = None,
    user_role: str | None = None,
    lifetime: timedelta = timedelta(seconds=60),
) -> str:
    """Returns a token for `ticketing.set_signed_tenant_context`.

    Pass it as a bound parameter, and sign one for each transaction: whoever sees a token can open
    the tenant with it while it lives.

    Args:
        secret: the key, at least 32 random bytes.
        key_id: the name under which the database knows the key.
        tenant_id: the tenant that the transaction works for.
        user_id: the customer it works for; None for a service that acts for the tenant.
        user_role: the user's role; None only without a user or for no role.
        lifetime: how long the token can be used, at most a day, and up to the next whole second.
            The database's clock decides.

    Raises:
        ValueError: an argument has not the form that the database accepts. Which roles there are
            it knows alone.
    """
    if len(secret) < _LEAST_BYTES:
        raise ValueError(f"the secret is shorter than {_LEAST_BYTES} bytes")
    if not _KEY_ID.fullmatch(key_id):
        raise ValueError("a key id is 1 to 63 letters, digits, hyphens and underscores")
    if user_role is not None and (user_id is None or not _ROLE.fullmatch(user_role)):
        raise ValueError("a role is lower-case letters and underscores, and needs its user")
    if not timedelta(0) < lifetime <= _LONGEST:
        raise ValueError("a token lives longer than nothing and at most a day")
    tenant = UUID(str(tenant_id))
    user = UUID(str(user_id)) if user_id is not None else ""
    expires = math.ceil(time.time() + lifetime.total_seconds())
    signed = f"v1.{key_id}.{tenant}.{user}.{user_role or ''}.{expires}"
    code = hmac.new(secret, signed.encode(), hashlib.sha256).hexdigest()
    return f"{signed}.{code}"
