"""The Generators page."""
