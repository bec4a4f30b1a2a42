"""Tokens → fine-tuned model."""
