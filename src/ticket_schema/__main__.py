"""`python -m ticket_schema` is the command."""

from ticket_schema.cli import main

main()
