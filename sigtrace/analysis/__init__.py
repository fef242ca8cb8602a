"""Pure functions over spans: what to show, what it adds up to."""
