"""logdojo."""
