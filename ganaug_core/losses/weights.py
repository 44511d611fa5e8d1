"""Weights of added terms that change over a run."""

from ganaug_core.errors import ConfigurationError


def check_weights(*weights: float) -> None:
    """Refuse a weight outside [0, 10].

    Raises:
        ConfigurationError: There is one.
    """
    for weight in weights:
        if not 0 <= weight <= 10:
            raise ConfigurationError(f"A term with weight {weight} cannot be.", do="Choose a weight from 0 to 10.")


def linear_weight(begin: float, end: float, share: float) -> float:
    """Return the weight on the straight line from `begin` to `end` when `share` of the budget is spent."""
    return begin + (end - begin) * min(share, 1.0)
