"""Interview rehearsal."""
