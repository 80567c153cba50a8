"""Multi-tenant PostgreSQL schema and migrations for ticket services."""

from ticket_schema.api import alembic_config, upgrade
from ticket_schema.errors import TicketSchemaError
from ticket_schema.signing import sign_context

__all__ = ["TicketSchemaError", "alembic_config", "sign_context", "upgrade"]
