"""The Failure atlas page."""
