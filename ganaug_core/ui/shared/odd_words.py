"""What an audit says of an odd image."""

from ganaug_core.records import OddImage
from ganaug_core.ui.shared import words


def odd_in_words(image: OddImage) -> str:
    """Return what makes an image odd, with p and q, and whether it is listed."""
    return (
        f"{words.clean(image.class_name)}: {words.clean(image.says)} ({words.chance(image.p_value)}, "
        f"{words.chance(image.q_value, 'q')}; {'listed' if image.is_listed else 'not listed'})."
    )
