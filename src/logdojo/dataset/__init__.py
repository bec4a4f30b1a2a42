"""Events → examples → group splits → tokens."""
