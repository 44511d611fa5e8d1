"""The Story page: one audit, or several, told on a projector, one screen after the other."""
