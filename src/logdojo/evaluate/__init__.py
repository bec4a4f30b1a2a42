"""Model → evidence."""
