"""Every function of the schema as an attacker meets it.

What tenant A learns of tenant B is what it can tell apart. So nearly everything here compares two
runs: a call with what B has against the same call with what nobody has, a good call of A while B
has rows against the same call while B has none. Whatever differs, in rows, errors, notices or in
what the call has changed, is a deviation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from conventions.allowed import INTERNAL

from .calls import (
    HOME,
    JOB,
    LOGINS,
    LONG,
    READER,
    SERVICE,
    TENANT,
    TOKEN,
    UUID_TEXT,
    Arguments,
    Calls,
    Function,
    Goods,
    Outcome,
)
from .shadows import PATH, RAN
from .world import NOBODY, World

# What a session may say for a tenant without naming one.
NO_TENANT = {"''": "", "garbage": "tenant", "of %": "%"}
# What a background job changes of tenant B in a session without a tenant, and why it may.
SWEEPS = "ends or deletes what is due, of every tenant"
COPIES = "the consumer of other services serves every tenant, and names it"
RELAYS = "the relay delivers the events of every tenant"
ACROSS: dict[str, tuple[set[str], str]] = {
    "ack_outbox": ({"outbox"}, RELAYS),
    "apply_event": ({"events", "ticket_passes"}, COPIES),
    "apply_order": ({"orders"}, COPIES),
    "apply_payment": ({"payments"}, COPIES),
    "apply_replica": ({"users"}, COPIES),
    "apply_tenant": ({"tenants"}, COPIES),
    "apply_user": ({"users"}, COPIES),
    "apply_venue": ({"venues"}, COPIES),
    "consume_webhook_nonce": (set(), "a nonce is of an endpoint, before its tenant is known"),
    "claim_outbox": ({"outbox"}, RELAYS),
    "approver_role": (set(), "the consumer of other services reads the users of every tenant"),
    "cleanup_expired_idempotency_keys": ({"idempotency_keys"}, SWEEPS),
    "cleanup_expired_webhook_nonces": ({"webhook_nonces"}, SWEEPS),
    "expire_approval_requests": ({"multisig_approval_requests"}, SWEEPS),
    "expire_holds": ({"holds", "zone_inventory"}, SWEEPS),
    "expire_house_holds": ({"ticket_holds", "ticket_inventory"}, SWEEPS),
    "expire_offers": (
        {"reservation_history", "reservations", "ticket_inventory", "waitlist"},
        SWEEPS,
    ),
    "expire_overdue": ({"holds", "zone_inventory"}, SWEEPS),
    "expire_reservations": (
        {"reservation_history", "reservations", "ticket_inventory", "waitlist"},
        SWEEPS,
    ),
    "expire_transactions": ({"blockchain_sync_log", "pending_transactions"}, SWEEPS),
    "expire_transfers": ({"ticket_transfers"}, SWEEPS),
    "expire_unpaid_orders": ({"orders"}, SWEEPS),
    "fail_outbox": ({"outbox"}, RELAYS),
    "maintenance_backlog": (set(), "counts what sweeps would find, of every tenant"),
    "outbox_debezium": (set(), RELAYS),
    "prune_holds": ({"holds"}, SWEEPS),
    "prune_lockout_events": ({"account_lockout_events"}, SWEEPS),
    "prune_notifications": ({"ticket_notifications"}, SWEEPS),
    "prune_outbox": ({"outbox"}, SWEEPS),
    "prune_reservations": ({"reservation_history", "reservations"}, SWEEPS),
}
# Those of them that do so in the session of a tenant as well.
ALWAYS_ACROSS = {
    "approver_role": "the consumer of other services reads the users of every tenant",
    "ack_outbox": "the token names one claim, and whoever has it made the claim",
    "cleanup_expired_webhook_nonces": "a nonce is of an endpoint, before its tenant is known",
    "consume_webhook_nonce": "a nonce is of an endpoint, before its tenant is known",
    "fail_outbox": "the token names one claim, and whoever has it made the claim",
    "maintenance_backlog": "shows whether maintenance keeps up",
    "outbox_debezium": "the connector reads the events of every tenant",
}
# Functions that tell who named a tenant whether there is such a tenant.
TELLS_OF_TENANTS = {"set_tenant_context": "the first call of every transaction; an id is no secret"}
# Good calls that are refused all the same, as that is all that the function does.
REFUSES = {"require_no_open_transaction": "TK209"}
# Functions that work with any tenant they are given, and what keeps them from telling of it.
ANY_TENANT = {
    "require_no_open_transaction": "reads by the rights of the caller",
    "tenant_lexemes": "calculates",
    "tenant_query": "calculates",
}
# Functions with words of a tenant in a good call that look no row up by them.
LOOKS_NOTHING_UP = {
    "act_as": "sets a variable",
    "check_state_transition": "reads rules, which are the same for every tenant",
    "give_reason": "sets a variable",
    "idempotent_request_fault": "looks at its arguments alone",
}
# What gives a session its tenant, or takes it away.
SETTERS = {
    "accept_context_token",
    "clear_tenant_context",
    "set_signed_tenant_context",
    "set_tenant_context",
}
TEXTS = (
    "",
    " ",
    "%",
    "_",
    "'; DROP TABLE ticketing.tickets; --",
    '%I %s %L $1 \\ " { $$ \U0001f600',
)
JSONS = ("null", "1", "[]", '{"id": 1}', '{"id": null}', '[{"id": "x"}]')
# Whose other arguments than the batch are its callers', the sweepers', to choose.
FOR_CALLERS = {"expire_overdue": "a name that no table has is told with PostgreSQL's own code"}
# What a function says besides of a message that is malformed in itself.
MALFORMED = {"apply_replica": {"22P02"}}
ERRORS = Path(__file__).parents[2] / "docs" / "errors.md"
DOCUMENTED = {"23503", "23505", "23514", "42501", "40001", "40P01", "55P03"} | set(
    re.findall(r"^\| `(TK\w{3})`", ERRORS.read_text(encoding="utf-8"), re.MULTILINE)
)


@dataclass
class Attack:
    """A call with names of another tenant in some arguments.

    Args:
        what: of what, in words.
        caller: a key of CALLERS.
        function: what is called.
        good: the arguments of its good call.
        names: parameters that get the other names.
        tenant: what the session says, None for nothing.
        says: more that it says, under the other names too.
        outcomes: with the names of tenant B, and with nobody's.
    """

    what: str
    caller: str
    function: Function
    good: Arguments
    names: list[str]
    tenant: str | None
    says: dict[str, str] | None = None
    outcomes: list[Outcome] = field(default_factory=list)


class Surface(Calls):
    """What is asked of the functions."""

    def look(self) -> Iterator[str]:
        """Yields every deviation."""
        yield from self.grants()
        with self.copied(self.theirs):
            yield from self.without_tenant()
        alone = self.goods()
        yield from self.good_calls(alone)
        with self.copied(None):
            yield from self.beside(alone, "has the same ids and values")
        with self.copied(self.theirs):
            yield from self.beside(alone, "has as much", self.fault)
            yield from self.attacks(alone)
            yield from self.forged(alone)
            yield from self.hostile()

    def told(self, outcome: Outcome) -> str | None:
        """Returns what of tenant B an outcome tells that the caller did not say."""
        ids: list[str] = UUID_TEXT.findall(outcome.raw)
        for token in ids:
            if token in self.foreign and token not in outcome.said:
                return token
        text = TOKEN.sub("", outcome.raw)
        for known in self.foreign_texts:
            if known not in text or known in outcome.said:
                continue
            # Not the front of a longer number.
            if re.search(rf"{re.escape(known)}(?!\d)", text):
                return known
        return None

    def fault(self, outcome: Outcome) -> str | None:
        """Returns what is wrong with an outcome by itself."""
        if outcome.touched:
            return f"changes rows of tenant B in {', '.join(sorted(outcome.touched))}"
        told = self.told(outcome)
        if told is not None:
            return f"tells {told!r} of tenant B"
        if outcome.code is not None and outcome.code not in DOCUMENTED:
            return f"fails with {outcome.code}, which is not documented: {outcome.line()}"
        if not outcome.hint and (outcome.code or "").startswith("TK"):
            return f"gives no hint with {outcome.code}"
        return None

    def grants(self) -> Iterator[str]:
        """Who may call what, and what the others are told."""
        for function in self.functions:
            if function.kind not in "fpv":
                yield f"{function.signature} is of kind {function.kind}, which nothing here calls"
            if NOBODY in function.logins:
                yield f"{function.signature} may be executed by PUBLIC"
            if function.logins and (function.is_trigger or function.name in INTERNAL):
                yield f"{function.signature} is internal and may be executed"
            for login in LOGINS:
                if login in function.logins and login != NOBODY:
                    continue
                arguments = {} if function.is_trigger else self.words(function.good())
                outcome = self.call(function, arguments, login, {})
                if outcome.code != "42501":
                    yield f"{function.signature}: {login} gets {outcome.line()}, not 42501"

    def good_calls(self, alone: Goods) -> Iterator[str]:
        """Each function gets past looking for its rows, or the attacks on it prove nothing."""
        for function in self.functions:
            outcomes = [alone[c, s] for c, s in alone if s == function.signature]
            if outcomes and REFUSES.get(function.name) not in {
                outcome.code for outcome in outcomes
            }:
                yield f"{function.signature}: no good call, {outcomes[0].line()}"

    def beside(
        self, alone: Goods, what: str, fault: Callable[[Outcome], str | None] | None = None
    ) -> Iterator[str]:
        """What A gets and changes is the same when B has rows as well."""
        for (caller, signature), outcome in self.goods().items():
            function = self.by_signature[signature]
            if self.crosses(caller, function, outcome):
                continue
            before = alone[caller, signature]
            if not outcome.same(before):
                yield f"{signature} by {caller}, while B {what}: {outcome.against(before)}"
            wrong = fault(outcome) if fault else None
            if wrong is not None:
                yield f"{signature} by {caller}: {wrong}"

    def differs(self, attack: Attack) -> Iterator[str]:
        """Yields how a call with what B has differs from the call with what nobody has."""
        where = f"{attack.function.signature} by {attack.caller}, {attack.what}"
        outcomes = []
        for image in (self.theirs, self.nobodys):
            given = attack.good | {name: image(attack.good[name] or "") for name in attack.names}
            outcome = self.by(
                attack.caller,
                attack.function,
                given,
                attack.tenant,
                image=image if attack.says or attack.tenant is None else None,
                forged=attack.says,
            )
            outcomes.append(outcome)
            fault = self.fault(outcome)
            if fault is not None:
                yield f"{where}: {fault}"
        theirs, nobodys = outcomes
        if not theirs.same(nobodys):
            yield f"{where}: {theirs.against(nobodys)}"
        attack.outcomes += outcomes

    def attacks(self, alone: Goods) -> Iterator[str]:
        """With B's ids and values, one by one and all together, A gets what nobody's would get."""
        own = str(self.world.a)
        deaf: dict[str, bool] = {}
        for caller, function in self.open:
            if caller == JOB and function.name in ALWAYS_ACROSS:
                continue
            good = self.words(function.good())
            names = self.attackable(good)
            for name in names:
                attack = Attack(f"{name} of B", caller, function, good, [name], own)
                yield from self.differs(attack)
                if name == "p_tenant_id" and function.name not in ANY_TENANT:
                    for outcome in attack.outcomes:
                        if outcome.code is None:
                            yield f"{function.signature} by {caller}: works for the tenant it names"
                changed = not attack.outcomes[1].same(alone[caller, function.signature])
                deaf[function.name] = deaf.get(function.name, True) and not changed
            if len(names) > 1:
                yield from self.differs(Attack("all of B", caller, function, good, names, own))
        for name in sorted(
            {name for name, is_deaf in deaf.items() if is_deaf} - {*LOOKS_NOTHING_UP}
        ):
            yield f"{name}: no argument matters, so its good call reaches no row"

    def crosses(self, caller: str, function: Function, outcome: Outcome) -> bool:
        """Whether a background job has reached other tenants, as it may in any session."""
        if caller != JOB or function.name not in ALWAYS_ACROSS:
            return False
        return outcome.touched <= ACROSS[function.name][0]

    def without_tenant(self) -> Iterator[str]:
        """Without a tenant, rows that exist are like rows that do not."""
        # Those that set it come last: the session must never have had one before.
        functions = sorted(self.open, key=lambda entry: entry[1].name in SETTERS)
        never: Goods = {}
        for place, (caller, function) in enumerate(functions):
            if function.name in SETTERS and functions[place - 1][1].name not in SETTERS:
                said = self.session.value("SELECT current_setting(%s, TRUE)", TENANT)
                if said is not None:
                    yield "a tenant had been set where none should ever have been"
            good = self.words(function.good())
            names = self.attackable(good)
            attack = Attack("no tenant", caller, function, good, names, None)
            if caller == JOB and function.name in ACROSS:
                theirs = good | {name: self.theirs(good[name] or "") for name in names}
                touched = self.by(caller, function, theirs, None).touched
                tables, _ = ACROSS[function.name]
                if touched != tables:
                    yield (
                        f"{function.signature} by {caller}, no tenant: changes rows of tenant B in "
                        f"{sorted(touched)}, and not in {sorted(tables)}"
                    )
            elif function.name not in TELLS_OF_TENANTS:
                yield from self.differs(attack)
                never[caller, function.signature] = attack.outcomes[0]
        for (caller, signature), before in never.items():
            function = self.by_signature[signature]
            good = self.words(function.good())
            given = good | {name: self.theirs(good[name] or "") for name in self.attackable(good)}
            for kind, tenant in NO_TENANT.items():
                outcome = self.by(caller, function, given, tenant, image=self.theirs)
                if not outcome.same(before):
                    yield f"{signature} by {caller}, tenant {kind}: {outcome.against(before)}"

    def forged(self, alone: Goods) -> Iterator[str]:
        """What a session may claim gets it no further."""
        own = str(self.world.a)
        user = self.cast["user"]
        other = {"app.tenant_id": str(self.world.b), "app.is_system_user": "true"}
        for caller, function in self.open:
            if caller not in (SERVICE, READER):
                continue
            good = self.words(function.good())
            names = self.attackable(good)
            for what, named, said_user, role in (
                ("superadmin of B", [], user, "superadmin"),
                ("superadmin and all of B", names, user, "superadmin"),
                ("user and all of B", names, user, "user"),
                ("garbage for a user, all of B", names, "nobody", "superadmin"),
            ):
                says = {"app.current_user_id": said_user, "app.current_user_role": role}
                yield from self.differs(Attack(what, caller, function, good, named, own, says))
            outcome = self.by(caller, function, good, own, forged=other)
            before = alone[caller, function.signature]
            if not outcome.same(before):
                yield (
                    f"{function.signature} by {caller}, other variables name B: "
                    f"{outcome.against(before)}"
                )

    def hostile(self) -> Iterator[str]:
        """No argument brings an error that does not say what to do, or reaches further."""
        own = str(self.world.a)
        seen: set[str] = set()
        for caller, function in self.open:
            if function.signature in seen or function.name in FOR_CALLERS:
                continue
            seen.add(function.signature)
            good = self.words(function.good())
            for name, type_ in zip(function.names, function.types, strict=True):
                for what, value in hostile(type_):
                    outcome = self.by(caller, function, good | {name: value}, own)
                    if outcome.code in MALFORMED.get(function.name, ()):
                        continue
                    fault = self.fault(outcome)
                    if fault is not None and not self.crosses(caller, function, outcome):
                        yield f"{function.signature} by {caller}, {name} {what}: {fault}"

    def shadowed(self) -> Iterator[str]:
        """Objects that the caller puts in front of ours are never used."""
        self.path = PATH
        outcomes = self.goods()
        self.path = HOME
        alone = self.goods()
        for (caller, signature), outcome in outcomes.items():
            if RAN in outcome.raw:
                _, _, said = outcome.raw.partition(RAN)
                yield f"{signature} by {caller}: {RAN} {said.split()[0]}"
            elif not outcome.same(alone[caller, signature]):
                before = alone[caller, signature]
                yield f"{signature} by {caller}, shadowed: {outcome.against(before)}"


def hostile(type_: str) -> list[tuple[str, str | None]]:
    """Returns values of a type that a caller may come up with, each with what it is."""
    values: list[tuple[str, str | None]] = [("NULL", None)]
    if type_ == "pg_catalog.text":
        values += [(repr(text), text) for text in TEXTS]
        values.append(("of 1 MB", LONG))
    elif type_ == "pg_catalog.jsonb":
        values += [(text, text) for text in JSONS]
    elif type_.startswith("pg_catalog._"):
        values += [("empty", "{}"), ("of a NULL", "{NULL}")]
    elif type_ in ("pg_catalog.int4", "pg_catalog.int8", "pg_catalog.int2"):
        most = {"2": 32767, "4": 2147483647, "8": 9223372036854775807}[type_[-1]]
        values += [(str(number), str(number)) for number in (-1, 0, most)]
    elif type_ == "pg_catalog.numeric":
        values += [("NaN", "NaN"), ("Infinity", "Infinity"), ("-1", "-1")]
    elif type_ == "pg_catalog.interval":
        values += [(text, text) for text in ("-1 day", "0", "100000 years")]
    elif type_ == "pg_catalog.timestamptz":
        values += [("infinity", "infinity"), ("-infinity", "-infinity")]
    return values


def deviations(world: World, functions: Iterable[str] | None = None) -> list[str]:
    """Returns what is wrong with the functions of a database; nothing in it is changed.

    Args:
        world: two tenants, in the database to look at.
        functions: names of the functions and views to look at, all of them if None.
    """
    found: list[str] = []
    for look, shadows in ((Surface.look, False), (Surface.shadowed, True)):
        with psycopg.connect(world.database.superuser_url) as connection:
            try:
                # One by one: what came before an error counts.
                for deviation in look(Surface(connection, world, functions, shadows=shadows)):
                    found.append(deviation)
            except Exception as error:
                found.append(f"the functions could not be looked at: {error!r}")
            finally:
                connection.rollback()
    return found
