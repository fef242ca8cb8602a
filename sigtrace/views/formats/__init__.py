"""A report in the formats that other programs and pull requests read."""
