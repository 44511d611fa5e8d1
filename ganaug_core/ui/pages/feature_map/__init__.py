"""The Feature map page."""
