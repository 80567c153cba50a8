"""One section an error code: what it means, what to do, and which functions raise it."""

from __future__ import annotations

from collections.abc import Iterable

from ticket_schema.docs import markdown, relation
from ticket_schema.docs.bodies import AT_RUN_TIME, condition_of
from ticket_schema.docs.links import Links
from ticket_schema.docs.model import Source

PAGE = "errors.md"


def pages(source: Source) -> dict[str, str]:
    """Returns the index of error codes.

    Args:
        source: what the pages are made from.
    """
    raised = {code for body in source.bodies.values() for code in (*body.raises, *body.warns)}
    codes = sorted({*source.errors, *raised})
    if not codes:
        return {}
    links = Links(source, PAGE)
    lead = ["Who raises which code, as the bodies of the functions say."]
    if source.errors_page:
        page = f"[the page of errors]({source.errors_page})"
        lead.append(f"Meaning, HTTP and what to do come from {page}, which people write.")
    lead.append(
        "A code that arrives through a call or a trigger is listed with those that it passes"
        " through; whether it is caught on the way, or its branch is ever taken, is not weighed."
        " Errors of constraints have a [page of their own](constraints.md)."
    )
    overview = markdown.table(
        ["SQLSTATE", "name", "HTTP", "raised by"],
        [
            [
                f"[{markdown.code(code)}](#{markdown.anchor(_heading(source, code))})",
                markdown.code(_name(source, code)),
                source.errors[code].http if code in source.errors else "",
                _raisers(source, code, links),
            ]
            for code in codes
        ],
    )
    parts = ["# Error codes", " ".join(lead), overview]
    for code in codes:
        parts += [f"## {markdown.escape(_heading(source, code))}", _section(source, code, links)]
    return {PAGE: relation.paragraphs(*parts) + "\n"}


def _heading(source: Source, code: str) -> str:
    if code in source.errors:
        return source.errors[code].heading
    return f"{code} {_name(source, code)}".strip()


def _name(source: Source, code: str) -> str:
    return source.errors[code].name if code in source.errors else condition_of(code)


def _raisers(source: Source, code: str, links: Links) -> str:
    return _linked(source, _by_itself(source, code), links)


def _by_itself(source: Source, code: str) -> list[str]:
    return [key for key, one in source.bodies.items() if code in one.raises or code in one.warns]


def _section(source: Source, code: str, links: Links) -> str:
    told = source.errors.get(code)
    parts = []
    if told:
        parts.append(links.quoted(told.meaning))
        remedy = links.quoted(told.remedy)
        parts.append(markdown.table(["HTTP", "what to do"], [[told.http, remedy]]))
    elif code != AT_RUN_TIME:
        known = bool(_name(source, code))
        parts.append("A code of PostgreSQL itself." if known else "Nobody says what it means.")
    own = _by_itself(source, code)
    rows = []
    for key in own:
        body = source.bodies[key]
        function = source.schema.functions[key]
        messages = (*body.raises.get(code, ()), *body.warns.get(code, ()))
        fires = source.schema.triggers_of(function.name) if function.is_trigger else []
        rows.append(
            [
                links.function(function.name),
                "a warning" if code in body.warns else "an error",
                "; ".join(markdown.code(one) for one in messages),
                ", ".join(sorted({links.relation(one.table) for one in fires})),
            ]
        )
    if any(row[3] for row in rows):
        parts.append(markdown.table(["raised by", "as", "message", "as a trigger of"], rows))
    else:
        heads = ["raised by", "as", "message"]
        parts.append(markdown.table(heads, [row[:3] for row in rows]))
    if not own:
        parts.append("No function raises it by itself.")
    further = [
        key
        for key, one in source.reached.items()
        if code in one.raises and key not in own and source.schema.functions[key].execute
    ]
    if further:
        parts.append(
            "**Arrives through**, of the functions that others may call: "
            + _linked(source, further, links)
            + "."
        )
    return relation.paragraphs(*parts)


def _linked(source: Source, keys: Iterable[str], links: Links) -> str:
    names = sorted({source.schema.functions[key].name for key in keys})
    return ", ".join(links.function(one) for one in names)
