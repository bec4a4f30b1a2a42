"""Raw line → LogEvent."""
