"""Group F, as far as the statements tell: who may see and do what."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from pglast import ast
from pglast.enums import AlterTableType as At
from pglast.enums import ObjectType, RoleSpecType

from ticket_schema.gate.finding import Finding, Stage, declare
from ticket_schema.gate.parsing import relation
from ticket_schema.gate.project import Project
from ticket_schema.gate.rules.step import Step, executed
from ticket_schema.gate.schema import Schema

_OURS = (
    "a column tenant_id that is NOT NULL makes a table a tenant's, and it has forced policies then"
)


_rule = partial(declare, stage=Stage.STATIC)


PUBLIC = _rule(
    "grant-to-public",
    "F14",
    "right granted to PUBLIC",
    "Every login of the cluster has it, those that are made next year as well.",
)
DEFINER = _rule(
    "security-definer-search-path",
    "F10",
    "SECURITY DEFINER without a fixed search_path",
    "Whoever calls it chooses which tables and operators it means, with the rights of its owner.",
)
OPENED = _rule(
    "row-security-off",
    "F1",
    "row level security switched off or no longer forced",
    "Every tenant sees the rows of every other from this moment on.",
)
POLICY = _rule(
    "policy-dropped",
    "F3",
    "policy dropped and not made again",
    "Without a restrictive policy more rows are seen; without a permissive one none are.",
)
PINNED = _rule(
    "search-path-not-pinned",
    "F10",
    "function without a fixed search_path",
    "What its names mean depends on who calls it.",
    convention="every plpgsql function is made with SET search_path",
)
FORCED = _rule(
    "row-security-not-forced",
    "F4",
    "tenant table without forced row level security at the head",
    "Its owner, or everybody, sees the rows of all tenants.",
    convention=_OURS,
)
FLOOR = _rule(
    "tenant-policy-missing",
    "F3",
    "tenant table without its restrictive policy at the head",
    "What is forgotten in one permissive policy is not caught by the floor below it.",
    convention=_OURS,
)


def check(step: Step) -> Iterator[Finding]:
    """Yields what a command opens to whom.

    Args:
        step: the command.
    """
    node = step.node
    if isinstance(node, ast.GrantStmt) and node.is_grant and _to_public(node.grantees):
        yield step.finding(
            PUBLIC,
            "Every login that can connect has this right, now and later.",
            executed(_named(step.parsed.text)),
        )
    elif isinstance(node, ast.AlterDefaultPrivilegesStmt):
        if node.action.is_grant and _to_public(node.action.grantees):
            yield step.finding(
                PUBLIC,
                "Every login that can connect has this right on whatever is made from now on.",
                executed(_named(step.parsed.text)),
            )
    elif isinstance(node, ast.CreateFunctionStmt):
        yield from _function(step, node)
    elif isinstance(node, ast.AlterTableStmt):
        yield from _table(step, node)
    elif isinstance(node, ast.DropStmt) and node.removeType == ObjectType.OBJECT_POLICY:
        yield from _policy(step, node)


def at_head(project: Project, schema: Schema, policies: dict[str, set[str]]) -> Iterator[Finding]:
    """Yields tenant tables that stand open after the last revision.

    Args:
        project: the project.
        schema: what stands there.
        policies: restrictive policies by table.
    """
    checked = {one.id: one for one in project.checked}
    for table, known in schema.tables.items():
        tenant = known.columns.get("tenant_id")
        if tenant is None or not tenant.not_null or known.made_in not in checked:
            continue
        made = checked[known.made_in]
        place = next(
            (
                one.place
                for one in made.up
                if one.place and f"CREATE TABLE {table} " in " ".join(one.text.split())
            ),
            made.place,
        )
        if not (known.row_security and known.forced):
            missing = "FORCE" if known.row_security else "ENABLE"
            yield Finding(
                rule=FORCED,
                happens=f"{'The owner' if known.row_security else 'Everybody'} reads and writes"
                f" {table} of all tenants.",
                mend=f"ALTER TABLE {table} {missing} ROW LEVEL SECURITY;",
                revision=made.id,
                file=place.file,
                line=place.line,
            )
        if not policies.get(table):
            name = table.rpartition(".")[2]
            yield Finding(
                rule=FLOOR,
                happens=f"No restrictive policy of {table} keeps the tenants apart.",
                mend=f"CREATE POLICY {name}_tenant_isolation ON {table}\n"
                "    AS RESTRICTIVE FOR ALL TO …\n"
                "    USING (tenant_id = (SELECT ticketing.current_tenant_id()))\n"
                "    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));",
                revision=made.id,
                file=place.file,
                line=place.line,
            )


def _to_public(grantees: Any) -> bool:
    return any(one.roletype == RoleSpecType.ROLESPEC_PUBLIC for one in grantees or ())


def _named(text: str) -> str:
    words = text.strip().split()
    return " ".join("<role>" if one.strip(",;").lower() == "public" else one for one in words)


def _function(step: Step, node: Any) -> Iterator[Finding]:
    options = {one.defname: one.arg for one in node.options or ()}
    pinned = any(
        one.defname == "set" and getattr(one.arg, "name", "") == "search_path"
        for one in node.options or ()
    )
    name = relation(node.funcname)
    definer = options.get("security")
    language = getattr(options.get("language"), "sval", "sql")
    if definer is not None and getattr(definer, "boolval", False) and not pinned:
        yield step.finding(
            DEFINER,
            f"A caller of {name} puts a table or an operator of his own into his search_path, and"
            " it runs with the rights of the function's owner.",
            f"ALTER FUNCTION {name} SET search_path = pg_catalog, pg_temp;",
        )
    elif step.project.ours and language == "plpgsql" and not pinned:
        yield step.finding(
            PINNED,
            f"The names in {name} mean what the search_path of its caller makes of them.",
            "SET search_path = pg_catalog, pg_temp  -- in its header",
        )


def _table(step: Step, node: Any) -> Iterator[Finding]:
    table = relation(node.relation)
    words = {
        At.AT_DisableRowSecurity: ("ENABLE", "Everybody with a right on it"),
        At.AT_NoForceRowSecurity: ("FORCE", "Its owner"),
    }
    for command in node.cmds:
        if command.subtype in words and step.is_in_use(table):
            word, who = words[command.subtype]
            if _forced_again(step, table, command.subtype):
                continue
            yield step.finding(
                OPENED,
                f"{who} sees and changes every row of {table}, of all tenants.",
                executed(f"ALTER TABLE {table} {word} ROW LEVEL SECURITY"),
            )


def _forced_again(step: Step, table: str, kind: Any) -> bool:
    again = {
        At.AT_DisableRowSecurity: At.AT_EnableRowSecurity,
        At.AT_NoForceRowSecurity: At.AT_ForceRowSecurity,
    }[kind]
    return any(
        isinstance(one.node, ast.AlterTableStmt)
        and relation(one.node.relation) == table
        and one.statement.transaction == step.statement.transaction
        and any(command.subtype == again for command in one.node.cmds)
        for one in step.after_in_revision()
    )


def _policy(step: Step, node: Any) -> Iterator[Finding]:
    later = {
        f"{relation(one.node.table)}.{one.node.policy_name}"
        for one in step.after_in_revision()
        if isinstance(one.node, ast.CreatePolicyStmt)
    }
    for one in node.objects:
        name = relation(one)
        table = name.rpartition(".")[0]
        if name in later or not step.is_in_use(table):
            continue
        if step.parsed.node.missing_ok and any(key.startswith(f"{table}.") for key in later):
            continue  # the set of a table is made anew
        yield step.finding(
            POLICY,
            f"What {name.rpartition('.')[2]} let through or kept from whom on {table} is no longer"
            " so; a table without a permissive policy is empty for everybody but its owner.",
            f"-- make its successor in the same transaction\nCREATE POLICY … ON {table} …;",
        )
