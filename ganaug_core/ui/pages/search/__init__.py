"""The Search page: which settings draw best, and what is searched."""
