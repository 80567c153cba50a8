"""Links from the text of a page to the objects that it speaks of."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from ticket_schema.docs import markdown
from ticket_schema.docs.model import Source, function_page, table_page, view_page

# A call, an error code, a name with a dot or an underscore: what is code in a comment.
_NAMES = re.compile(
    r"(?P<call>\b[a-z_][a-z0-9_]*\(\))"
    r"|(?P<error>\b(?:TK[0-9]{3}|[0-9][0-9A-Z]{4})\b)"
    r"|(?P<name>\b[a-z][a-z0-9]*(?:[._][a-z0-9_]+)+\b)"
    r"|(?P<quoted>`[^`]+`)"
)


@dataclass(frozen=True)
class Links:
    """Makes the links of one page.

    Args:
        source: what the pages are made from.
        page: path of the page, from the folder of the pages.
    """

    source: Source
    page: str

    def prose(self, text: str) -> str:
        """Returns plain text, such as a comment, with links to what it names.

        Args:
            text: what a person wrote; line ends are spaces.
        """
        text = " ".join(text.split())
        parts: list[str] = []
        place = 0
        for found in _NAMES.finditer(text):
            parts.append(markdown.escape(text[place : found.start()]))
            parts.append(self._named(found))
            place = found.end()
        return markdown.opening("".join([*parts, markdown.escape(text[place:])]))

    def relation(self, name: str) -> str:
        """Returns the name of a table or view with a link, without one for a stranger."""
        schema = self.source.schema
        if name in schema.tables:
            return self._to(table_page(name), name)
        if name in schema.views:
            return self._to(view_page(name), name)
        return markdown.code(name)

    def function(self, name: str, shown: str = "") -> str:
        """Returns a function with a link, without one for a stranger.

        Args:
            name: of the function, without arguments.
            shown: text instead of the name.
        """
        if name not in self.source.schema.overloads:
            return markdown.code(shown or name)
        return self._to(function_page(name), shown or name)

    def error(self, code: str) -> str:
        """Returns an error code, with a link to what it means where that is known."""
        if code not in self.source.errors:
            return markdown.code(code)
        anchor = markdown.anchor(self.source.errors[code].heading)
        return markdown.link(markdown.code(code), self.page, f"errors.md#{anchor}")

    def quoted(self, text: str) -> str:
        """Returns Markdown of the page of errors so that its links lead there from this page."""
        folder = posixpath.dirname(self.source.errors_page or "")
        here = posixpath.dirname(self.page) or "."

        def moved(found: re.Match[str]) -> str:
            target = posixpath.join(folder, found[1])
            return f"]({posixpath.relpath(target, here)}"

        return re.sub(r"\]\((?!\w+:|#|/)([^)#\s]+)", moved, text)

    def _to(self, page: str, text: str) -> str:
        shown = markdown.code(text)
        return shown if page == self.page else markdown.link(shown, self.page, page)

    def _named(self, found: re.Match[str]) -> str:
        text = found[0]
        if found["quoted"]:
            return text
        if found["call"]:
            return self.function(text.removesuffix("()"), text)
        if found["error"]:
            return self.error(text) if text in self.source.errors else text
        name = text.removeprefix(f"{self.source.schema.name}.")
        if name in self.source.schema.overloads:
            return self.function(name)
        if name in self.source.schema.tables or name in self.source.schema.views:
            return self.relation(name)
        return markdown.code(text) if "_" in text else markdown.escape(text)
