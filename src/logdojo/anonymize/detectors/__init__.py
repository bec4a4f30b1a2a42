"""Free text → the sensitive values in it that no field claimed; timestamps are found first and protected."""
