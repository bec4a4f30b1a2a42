"""An application's event → a log line."""
