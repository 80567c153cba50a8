"""What can go wrong, with the exit code that the command gives for it."""

from __future__ import annotations

import re
from enum import IntEnum

from alembic.util import CommandError


class Exit(IntEnum):
    """Exit codes of the `ticket-schema` command."""

    GOOD = 0
    FAILED = 1
    USAGE = 2
    UNREACHABLE = 3
    TIMED_OUT = 4


class TicketSchemaError(CommandError):
    """A refusal or failure that the user can act on.

    It is an Alembic `CommandError`, so plain `alembic` prints it as one line as well.

    Args:
        what: one sentence of what is wrong.
        hint: one sentence of how to mend it.
        exit_code: what the command returns.
    """

    def __init__(self, what: str, *, hint: str, exit_code: Exit = Exit.FAILED) -> None:
        super().__init__(f"{what} {hint}")
        self.what = what
        self.hint = hint
        self.exit_code = exit_code


_PASSWORD_IN_URL = re.compile(r"(?P<head>://[^:/?#\s]*:)\S*(?=@)")
_PASSWORD_PARAMETER = re.compile(
    r"(?P<head>\b(?:ssl)?password\s*=\s*)(?:'(?:[^'\\]|\\.)*'|[^&\s]*)"
)


# A password with a raw @ or / in it is misread, and its end taken for the host.
_NAME_WITH_AT_SIGN = re.compile(r"(?P<quote>[\"'])[^\"']*@(?P<rest>[^\"'@]*)(?P=quote)")


def redact(text: str) -> str:
    """Returns `text` with the passwords of connection strings replaced by `***`.

    Args:
        text: any text, such as an error message of the driver.
    """
    text = _PASSWORD_IN_URL.sub(r"\g<head>***", text)
    text = _PASSWORD_PARAMETER.sub(r"\g<head>***", text)
    return _NAME_WITH_AT_SIGN.sub(r"\g<quote>***@\g<rest>\g<quote>", text)
