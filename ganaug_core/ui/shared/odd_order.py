"""Odd images first: the order in which an audit puts synthetic images, and what it says of one."""

from collections.abc import Sequence

import numpy as np

from ganaug_core.records import Audit, OddImage, Samples
from ganaug_core.ui.shared import words


def odd_first(audit: Audit, record: Samples, ids: Sequence[str]) -> list[str]:
    """Return ids with the oddest first, by p and then by the largest score; what was not judged comes last."""
    scores = [values for name, values in audit.odd_scores.items() if name not in ("p", "q")]
    largest = np.nan_to_num(np.stack(scores), nan=-np.inf).max(0)
    order = np.lexsort((-largest, audit.odd_scores["p"]))
    place = {str(record.ids[row]): number for number, row in enumerate(order)}
    return sorted(ids, key=place.__getitem__)


def odd_in_words(image: OddImage) -> str:
    """Return what makes an image odd, with p and q, and whether it is listed."""
    return (
        f"{words.clean(image.class_name)}: {words.clean(image.says)} ({words.chance(image.p_value)}, "
        f"{words.chance(image.q_value, 'q')}; {'listed' if image.is_listed else 'not listed'})."
    )
