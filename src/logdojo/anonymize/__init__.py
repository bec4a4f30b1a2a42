"""Event or line → the same without sensitive values."""
