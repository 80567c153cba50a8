"""Alembic environment of the package: `script_location = ticket_schema:migrations`."""
