"""Where a project is, what it has set for sigtrace, and where its settings module is named."""
