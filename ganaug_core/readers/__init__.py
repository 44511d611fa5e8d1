"""Source formats: each reader recognises a path and yields slices and refusals."""
