"""Who may touch which rows: grants and row level security put together, cell by cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from ticket_schema.docs.model import Policy, Relation, Source

COMMANDS = ("SELECT", "INSERT", "UPDATE", "DELETE")
PUBLIC = "PUBLIC"

Outcome = Literal["no grant", "denied", "policies", "all rows"]


@dataclass(frozen=True)
class Cell:
    """What one role may do to one table by one command.

    Args:
        table: its name.
        role: its name; PUBLIC stands for every other role.
        command: one of `COMMANDS`.
        outcome: `no grant`: refused with 42501, be it that the schema is closed; `denied`:
            granted, but row level security is on and no policy lets a row through; `policies`: what
            the policies let through; `all rows`: row level security does not apply.
        columns: those that the right is limited to; None for all.
        permissive: policies of which one must let a row through.
        restrictive: policies of which each must.
        why: of `all rows`, why row level security does not apply.
    """

    table: str
    role: str
    command: str
    outcome: Outcome
    columns: tuple[str, ...] | None = None
    permissive: tuple[str, ...] = ()
    restrictive: tuple[str, ...] = ()
    why: str = ""


def roles(source: Source) -> list[str]:
    """Returns the roles that anything is granted to, owners first, then PUBLIC.

    Args:
        source: what the pages are made from.
    """
    tables = list(source.schema.tables.values())
    named = {role for one in tables for role in one.rights}
    owners = {one.owner for one in tables}
    return [*sorted(owners), *sorted(named - owners), PUBLIC]


def matrix(source: Source) -> list[Cell]:
    """Returns a cell for every table, role and command, in the order of their names.

    Args:
        source: what the pages are made from.
    """
    facts = source.snapshot["objects"].get("role", {})
    outside = {role for role in roles(source) if not _may_enter(source, role, facts)}
    return [
        Cell(table.name, role, command, "no grant")
        if role in outside
        else _cell(table, role, command, facts)
        for table in source.schema.tables.values()
        for role in roles(source)
        for command in COMMANDS
    ]


def worth_a_look(source: Source, cells: list[Cell]) -> list[tuple[str, str]]:
    """Returns what is likely to be a mistake: the table, and what is odd about it.

    Args:
        source: what the pages are made from.
        cells: its matrix.
    """
    found: list[tuple[str, str]] = []
    facts = source.snapshot["objects"].get("role", {})
    outside = [role for role in roles(source) if not _may_enter(source, role, facts)]
    for table in source.schema.tables.values():
        own = [one for one in cells if one.table == table.name]
        names = ", ".join(one.name for one in table.policies)
        if table.policies and not table.row_security:
            found.append((table.name, f"Its policies do nothing, row security is off: {names}."))
        if table.row_security and not table.row_security_forced:
            found.append((table.name, f"Row security does not bind its owner, {table.owner}."))
        if table.row_security and not table.policies:
            found.append((table.name, "Row security is on without a policy: nobody sees a row."))
        for role in outside:
            if any(_granted(table, role, command) != () for command in COMMANDS):
                found.append(
                    (table.name, f"{role} has rights on it and may not enter the schema (USAGE).")
                )
        for cell in own:
            # An owner that is bound has rights that no policy lets it use, and shall have them.
            if cell.outcome == "denied" and table.policies and cell.role != table.owner:
                found.append(
                    (table.name, f"{cell.role} has {cell.command}, and no policy lets it at a row.")
                )
        for policy in table.policies:
            for role in policy.roles:
                if role != PUBLIC and not _is_used(policy, role, own):
                    found.append(
                        (table.name, f"Policy {policy.name} is for {role}, which has no grant.")
                    )
    return found


def _may_enter(source: Source, role: str, facts: dict[str, Any]) -> bool:
    schema = source.snapshot["objects"].get("schema", {}).get(source.schema.name, {})
    who = {role, *_memberships(role, facts)}
    if schema.get("owner") in who or facts.get(role, {}).get("superuser"):
        return True
    grants = [one.removesuffix(" WITH GRANT OPTION") for one in schema.get("grants") or ()]
    return any(f"{one}: USAGE" in grants for one in (*who, PUBLIC))


def _cell(table: Relation, role: str, command: str, facts: dict[str, Any]) -> Cell:
    columns = _granted(table, role, command)
    if columns == ():
        return Cell(table.name, role, command, "no grant")
    given = None if columns is None else columns
    why = _unbound(table, role, facts)
    if why:
        return Cell(table.name, role, command, "all rows", given, why=why)
    applying = [
        one
        for one in table.policies
        if one.command in (command, "ALL")
        and ({PUBLIC, role} | _memberships(role, facts)) & set(one.roles)
    ]
    permissive = tuple(one.name for one in applying if one.permissive)
    restrictive = tuple(one.name for one in applying if not one.permissive)
    outcome: Outcome = "policies" if permissive else "denied"
    return Cell(table.name, role, command, outcome, given, permissive, restrictive)


def _granted(table: Relation, role: str, command: str) -> tuple[str, ...] | None:
    """Returns the columns that a right is for: None for all of them, () for no right."""
    if role == PUBLIC:
        if _names_public(table.grants, command):
            return None
        return tuple(one.name for one in table.columns if _names_public(one.grants, command))
    right = table.rights.get(role, {}).get(command)
    if right is True:
        return None
    return tuple(right or ())


def _names_public(grants: list[str], command: str) -> bool:
    return any(one.removesuffix(" WITH GRANT OPTION") == f"PUBLIC: {command}" for one in grants)


def _unbound(table: Relation, role: str, facts: dict[str, Any]) -> str:
    """Returns why row level security does not apply, "" when it does."""
    known = facts.get(role, {})
    if not table.row_security:
        return "row security is off"
    if known.get("superuser"):
        return "superuser"
    if known.get("bypasses_rls"):
        return "BYPASSRLS"
    if table.owner in {role, *_memberships(role, facts)} and not table.row_security_forced:
        return "owner, and row security is not forced"
    return ""


def _memberships(role: str, facts: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    rest = [role]
    while rest:
        for other in facts.get(rest.pop(), {}).get("member_of") or ():
            if other not in found:
                found.add(other)
                rest.append(other)
    return found


def _is_used(policy: Policy, role: str, cells: list[Cell]) -> bool:
    commands = COMMANDS if policy.command == "ALL" else (policy.command,)
    return any(
        one.role == role and one.command in commands and one.outcome != "no grant" for one in cells
    )
