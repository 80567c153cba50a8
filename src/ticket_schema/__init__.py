"""Multi-tenant PostgreSQL schema and migrations for ticket services."""

from ticket_schema.api import alembic_config, upgrade
from ticket_schema.errors import TicketSchemaError

__all__ = ["TicketSchemaError", "alembic_config", "upgrade"]
