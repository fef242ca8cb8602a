"""What is shown, as renderables and strings; nothing here prints."""
