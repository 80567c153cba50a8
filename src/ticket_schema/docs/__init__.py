"""Pages about a schema for those who run it, made from the catalog and checked against it."""
