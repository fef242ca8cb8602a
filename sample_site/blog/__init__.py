"""A small blog whose models set off signals."""
