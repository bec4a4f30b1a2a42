"""Raw line → verdict."""
