"""Stamped SQL files, `<kind>/<object>.<revision>.sql`: every statement the package runs."""
