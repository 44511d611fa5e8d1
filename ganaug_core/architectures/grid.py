"""How an image size is reached by doubling."""

from ganaug_core.errors import ConfigurationError


def doublings(rows: int, columns: int, *, smallest: int = 4, largest: int = 16) -> tuple[tuple[int, int], int]:
    """Return the coarsest grid (rows, columns) of an image and how often it is doubled to reach it.

    Raises:
        ConfigurationError: The size cannot be halved down to a grid of at most `largest`.
    """
    grid, count = (rows, columns), 0
    while all(side % 2 == 0 and side // 2 >= smallest for side in grid):
        grid, count = (grid[0] // 2, grid[1] // 2), count + 1
    if count < 1 or max(grid) > largest:
        raise ConfigurationError(
            f"Images of {rows} x {columns} pixels cannot be built by doubling a small grid.",
            do="Import the cohort at 32, 64 or 128 pixels.",
            code="image_size",
        )
    return grid, count
