"""Who acts on the matrix, and in which contexts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from support.databases import MIGRATOR

from .world import APP, NOBODY, READONLY, WORKER, World


@dataclass(frozen=True)
class Identity:
    """Who acts.

    Args:
        name: for sentences.
        login: who connects.
        role: the role that it takes on, None for its own.
        user: app.current_user_id, None where it is not set.
        user_role: app.current_user_role, None where it is not set.
        others: further settings, which must not count for anything.
        is_customer: whether it acts for one user only.
        contexts: the names of those it is tried in.
    """

    name: str
    login: str
    role: str | None = None
    user: str | None = None
    user_role: str | None = None
    others: Mapping[str, str] = field(default_factory=dict)
    is_customer: bool = False
    contexts: Sequence[str] = ("never set", "A")

    @property
    def owns(self) -> bool:
        """Whether the tables are its own, so that their grants say nothing."""
        return self.login == MIGRATOR


@dataclass(frozen=True)
class Context:
    """What app.current_tenant_id says.

    Args:
        name: for sentences.
        setting: a pattern of its value; None where it was never set, "" where a transaction set it.
        tenant: the tenant that it names, "a" or "b", None where that is none.
    """

    name: str
    setting: str | None
    tenant: str | None = None


CONTEXTS = (
    Context("never set", None),
    Context("'' after use", ""),
    Context("garbage", "tenant"),
    Context("SQL", "{a}' OR TRUE --"),
    Context("too long", "{a}0"),
    Context("braces", "{{{a}}}"),
    Context("trailing space", "{a} "),
    Context("leading space", " {a}"),
    Context("trailing newline", "{a}\n"),
    Context("two tenants", "{a},{b}"),
    Context("the word NULL", "NULL"),
    Context("wildcard", "%"),
    Context("hyphens at other places", "{shifted}-"),
    Context("nil", "00000000-0000-0000-0000-000000000000"),
    Context("unknown tenant", "5d3cf3f0-58c1-4b4c-8a3c-3f8c7d6f8a01"),
    Context("A", "{a}", "a"),
    Context("A in upper case", "{A}", "a"),
    Context("B", "{b}", "b"),
)
ALL = tuple(context.name for context in CONTEXTS)

# Known without a database, so that each can be a case of a test.
NAMES = (
    "app as a service",
    "worker",
    "readonly",
    "app as a customer",
    "readonly as a customer",
    "app as a customer of B",
    "app as a malformed user",
    "app as an admin",
    "app as a superadmin",
    "app as a superadmin without a user",
    "app with variables that nobody reads",
    "nobody",
    "the owner",
    "the migrator",
)


def identities(world: World) -> list[Identity]:
    """Returns who acts; users are taken from the rows of the world."""
    holder = {}
    for tenant in (world.a, world.b):
        held = world.oracle(
            "SELECT min(user_id::text) AS id FROM ticketing.tickets WHERE tenant_id = %s", tenant
        )
        holder[tenant] = held[0]["id"]
    ours, theirs = holder[world.a], holder[world.b]
    customer = Identity("app as a customer", APP, user=ours, user_role="user", is_customer=True)
    return [
        Identity("app as a service", APP, contexts=ALL),
        Identity("worker", WORKER, contexts=ALL),
        Identity("readonly", READONLY, contexts=ALL),
        customer,
        replace(customer, name="readonly as a customer", login=READONLY),
        replace(customer, name="app as a customer of B", user=theirs),
        Identity("app as a malformed user", APP, user="somebody", is_customer=True),
        Identity("app as an admin", APP, user=ours, user_role="admin"),
        Identity("app as a superadmin", APP, user=ours, user_role="superadmin"),
        Identity("app as a superadmin without a user", APP, user_role="superadmin"),
        Identity(
            "app with variables that nobody reads",
            APP,
            others={
                "app.tenant_id": str(world.b),
                "app.is_system_user": "true",
                "app.is_superuser": "on",
                "app.bypass_rls": "on",
            },
        ),
        Identity("nobody", NOBODY),
        Identity("the owner", MIGRATOR, role="ticketing_owner"),
        Identity("the migrator", MIGRATOR),
    ]
