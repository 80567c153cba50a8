"""Alembic calls this module for every command that touches a database or renders SQL."""

from alembic import context

from ticket_schema import runner

if context.is_offline_mode():
    runner.render(context)
else:
    runner.run(context)
