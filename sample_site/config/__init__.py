"""The sample site: settings, URLs and entry points."""
