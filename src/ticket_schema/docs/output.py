"""What is said when a file cannot be written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ticket_schema.errors import TicketSchemaError


@contextmanager
def writing(output: Path) -> Iterator[None]:
    """Says in one sentence why what is done within could not write.

    Args:
        output: the file or folder that was named.

    Raises:
        TicketSchemaError: the system refused.
    """
    try:
        yield
    except OSError as error:
        raise TicketSchemaError(
            f"{output} cannot be written: {error.strerror}.",
            hint="Name another place with --output.",
        ) from None
