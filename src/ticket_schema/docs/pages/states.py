"""One page a state machine: its picture, its states, its transitions and what keeps to them."""

from __future__ import annotations

from collections.abc import Iterable

from ticket_schema.docs import diagrams, markdown, relation
from ticket_schema.docs.comments import summary
from ticket_schema.docs.links import Links
from ticket_schema.docs.machines import Machine, machines
from ticket_schema.docs.model import Source, state_page

INDEX = "states/README.md"

_NEW_ROW = "*(new row)*"


def pages(source: Source) -> dict[str, str]:
    """Returns the page of each state machine and a list of them, nothing for a schema without.

    Args:
        source: what the pages are made from.
    """
    found = machines(source)
    if not found:
        return {}
    made = {state_page(one.entity): _page(source, one) for one in found.values()}
    return {INDEX: _index(source, list(found.values())), **made}


def _index(source: Source, found: list[Machine]) -> str:
    links = Links(source, INDEX)
    rows = [
        [
            markdown.link(markdown.code(one.entity), INDEX, state_page(one.entity)),
            _where(one, links),
            _codes(one.starts),
            _codes(state for state in one.states if one.is_final(state)),
            str(len(one.transitions)),
        ]
        for one in found
    ]
    intro = [
        f"What may become what stands in {links.relation('state_transitions')}, a row a change;"
        " triggers refuse every other one."
    ]
    table = markdown.table(["entity", "column", "begins as", "final", "transitions"], rows)
    return relation.page("State machines", intro, [("Entities", table)])


def _page(source: Source, machine: Machine) -> str:
    links = Links(source, state_page(machine.entity))
    picture = diagrams.shown(
        diagrams.state_picture(machine.entity),
        links.page,
        f"States of a {machine.entity} and who may change them; the table of transitions says"
        " the same",
    )
    sections = [
        ("Picture", picture),
        ("States", _states(machine)),
        ("Transitions", _transitions(machine, links)),
        ("What keeps to it", _kept(machine, links)),
        ("Functions", _functions(source, machine, links)),
    ]
    return relation.page(f"States of {machine.entity}", [_intro(machine, links)], sections)


def _intro(machine: Machine, links: Links) -> str:
    if machine.table is None:
        return "No trigger was found that keeps to these rules."
    column = machine.table.column(machine.column or "")
    said = f": {links.prose(column.comment)}" if column and column.comment else "."
    return f"Column {_where(machine, links)}{said}"


def _where(machine: Machine, links: Links) -> str:
    if machine.table is None:
        return ""
    column = markdown.code(machine.column) if machine.column else "of a row"
    return f"{column} of {links.relation(machine.table.name)}"


def _states(machine: Machine) -> str:
    rows = []
    for state in machine.states:
        kinds = ["start"] if state in machine.starts else []
        kinds += ["final"] if machine.is_final(state) else []
        before = dict.fromkeys(
            one.source for one in machine.transitions if one.target == state and one.source
        )
        after = [one.target for one in machine.transitions if one.source == state]
        rows.append(
            [markdown.code(state), ", ".join(kinds), _codes(before), _codes(after) or "never left"]
        )
    return markdown.table(["state", "", "comes from", "may become"], rows)


def _transitions(machine: Machine, links: Links) -> str:
    rows = [
        [
            markdown.code(one.source) if one.source else _NEW_ROW,
            markdown.code(one.target),
            _codes(one.actors),
            "yes" if one.needs_reason else "",
            links.prose(one.description),
        ]
        for one in machine.transitions
    ]
    return markdown.table(["from", "to", "who", "needs a reason", "when"], rows)


def _kept(machine: Machine, links: Links) -> str:
    if machine.table is None:
        return ""
    told = []
    if machine.check:
        told.append(
            f"- The constraint {markdown.code(machine.check)} lists the states"
            " (`23514` for anything else)."
        )
    for trigger in machine.triggers:
        comment = f": {links.prose(trigger.comment)}" if trigger.comment else ""
        told.append(
            f"- The trigger {markdown.code(trigger.name)} calls"
            f" {links.function(trigger.function)}{comment}"
        )
    writers = [
        f"{markdown.code(role)} ({', '.join(rights)})" for role, rights in _writers(machine).items()
    ]
    told.append(f"- Besides the owner, {_row(writers) or 'no role'} may write the column directly.")
    return "\n".join(told)


def _writers(machine: Machine) -> dict[str, list[str]]:
    """Returns the roles that may set the column, with the commands by which they may."""
    found: dict[str, list[str]] = {}
    table = machine.table
    for role, rights in table.rights.items() if table else ():
        for right in ("INSERT", "UPDATE") if table and role != table.owner else ():
            granted = rights.get(right)
            if granted is True or (granted and machine.column in granted):
                found.setdefault(role, []).append(right)
    return found


def _functions(source: Source, machine: Machine, links: Links) -> str:
    rows = []
    for name in sorted({*machine.makers, *machine.movers}):
        does = ["makes rows"] if name in machine.makers else []
        does += ["changes the state"] if name in machine.movers else []
        comment = source.schema.overloads[name][0].comment
        rows.append([links.function(name), " and ".join(does), links.prose(summary(comment))])
    return markdown.table(["function", "", "what it does"], rows)


def _codes(texts: Iterable[str]) -> str:
    return ", ".join(map(markdown.code, texts))


def _row(texts: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(texts[:-1]), *texts[-1:]]))
