"""The Benefit page."""
