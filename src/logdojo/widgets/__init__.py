"""The notebook faces of check and quiz; plot theme."""
