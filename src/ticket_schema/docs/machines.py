"""State machines: what the rows of `state_transitions` say, and what keeps to it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ticket_schema.docs.model import Function, Relation, Source, Trigger

NEW = "*new*"
"""What stands in `from_status` for the statuses in which a row may be inserted."""

_RULES = "state_transitions"
_LITERAL = re.compile(r"'((?:[^']|'')*)'")


@dataclass(frozen=True)
class Transition:
    """A change of status that is allowed; `source` is None for the first one of a row."""

    source: str | None
    target: str
    actors: tuple[str, ...]
    needs_reason: bool
    description: str


@dataclass(frozen=True)
class Machine:
    """The statuses of an entity, and what keeps to them.

    Args:
        entity: as `state_transitions` names it.
        states: in the order in which the column's CHECK lists them, else by the alphabet.
        transitions: those of new rows first, then by the order of states.
        actors: all who may do anything, in the order in which the rows name them.
        table: whose rows have the status, None when no trigger tells.
        column: the one with the status, None when none is found.
        check: the constraint that lists the states, None when there is none.
        triggers: those that keep to the transitions.
        makers: functions that insert such rows, by name.
        movers: functions that write the column of rows that are there, by name.
    """

    entity: str
    states: tuple[str, ...]
    transitions: tuple[Transition, ...]
    actors: tuple[str, ...]
    table: Relation | None = None
    column: str | None = None
    check: str | None = None
    triggers: tuple[Trigger, ...] = ()
    makers: tuple[str, ...] = ()
    movers: tuple[str, ...] = ()

    @property
    def starts(self) -> list[str]:
        """The states in which a row may begin."""
        return [one.target for one in self.transitions if one.source is None]

    def is_final(self, state: str) -> bool:
        """Returns whether a state is never left."""
        return all(one.source != state for one in self.transitions)

    def who(self, transition: Transition) -> str:
        """Returns in few words who may make a change, short enough for the label of an edge."""
        missing = [one for one in self.actors if one not in transition.actors]
        if not missing:
            return "anyone"
        if len(missing) == 1 < len(transition.actors):
            return f"not {missing[0]}"
        return ", ".join(one for one in self.actors if one in transition.actors)


def machines(source: Source) -> dict[str, Machine]:
    """Returns the state machines of a schema by entity, none for a schema without rules.

    Args:
        source: whose snapshot has the rows, and the triggers that read them.
    """
    rows: dict[str, list[Transition]] = {}
    for row in source.snapshot.get("transitions", []):
        first = row["from_status"] == NEW
        rows.setdefault(row["entity"], []).append(
            Transition(
                None if first else row["from_status"],
                row["to_status"],
                tuple(row["actor_types"]),
                row["requires_reason"],
                row["description"],
            )
        )
    keepers = _keepers(source) if rows else {}
    return {entity: _machine(entity, rows[entity], source, keepers) for entity in rows}


def _machine(
    entity: str, rows: list[Transition], source: Source, keepers: dict[str, Function]
) -> Machine:
    schema = source.schema
    named = {one.source for one in rows} | {one.target for one in rows}
    states = sorted(one for one in named if one is not None)
    triggers = [
        trigger
        for table in schema.tables.values()
        for trigger in table.triggers
        if trigger.function_schema == schema.name
        and trigger.function in keepers
        and entity in _told(trigger, keepers[trigger.function])
    ]
    table = schema.tables[triggers[0].table] if triggers else None
    column, check, listed = _status(table, states) if table else (None, None, [])
    states = listed + [one for one in states if one not in listed]
    order = {state: place for place, state in enumerate(states)}
    rows = sorted(rows, key=lambda one: (order.get(one.source or "", -1), order[one.target]))
    actors = list(dict.fromkeys(actor for one in rows for actor in one.actors))
    return Machine(
        entity,
        tuple(states),
        tuple(rows),
        tuple(actors),
        table,
        column,
        check,
        tuple(triggers),
        _writers(source, table, "INSERT", column),
        _writers(source, table, "UPDATE", column),
    )


def _writers(
    source: Source, table: Relation | None, command: str, column: str | None
) -> tuple[str, ...]:
    """Returns the functions that insert into a table, or update one of its columns, by name."""
    found = {
        source.schema.functions[key].name
        for key, body in source.bodies.items()
        if table is not None
        and command in body.writes.get(table.name, {})
        and (command == "INSERT" or column in body.writes[table.name][command])
    }
    return tuple(sorted(found))


def _keepers(source: Source) -> dict[str, Function]:
    """Returns the functions that ask for a transition, by name: those that call who reads it."""
    functions, bodies = source.schema.functions, source.bodies
    readers = {key for key, body in bodies.items() if _RULES in body.reads}
    return {
        one.name: one
        for key, one in functions.items()
        if (key in readers and one.is_trigger) or readers & set(bodies[key].calls)
    }


def _told(trigger: Trigger, function: Function) -> set[str]:
    """Returns the texts that a trigger hands to its function, and those within that."""
    arguments = trigger.definition.rpartition("EXECUTE ")[2]
    return _literals(arguments) | _literals(function.body)


def _literals(text: str) -> set[str]:
    text = re.sub(r"--[^\n]*", "", text)  # an apostrophe in a comment begins no text
    return {found.replace("''", "'") for found in _LITERAL.findall(text)}


def _status(table: Relation, states: list[str]) -> tuple[str | None, str | None, list[str]]:
    """Returns the column with the status, the CHECK that lists its values, and these."""
    for constraint in table.constraints:
        if constraint.kind == "check":
            found = re.search(r"\((\w+) = ANY \(ARRAY\[(.*?)\]", constraint.definition)
            if found:
                listed = [one.replace("''", "'") for one in _LITERAL.findall(found[2])]
                if set(states) <= set(listed):
                    return found[1], constraint.name, listed
    return None, None, []
