"""Raw line → its values, each with its name and its place, so that every other byte is copied unchanged."""
