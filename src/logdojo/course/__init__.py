"""Labs: build, check, grade."""
