"""Base models and how to load them."""
