"""The rules of the static stage, a module for each group of the catalogue."""

from ticket_schema.gate.rules import compatibility, data, locks, script, security

CHECKS = (locks.check, compatibility.check, data.check, script.check, security.check)
