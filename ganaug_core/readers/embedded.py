"""Two cohorts that need no file: the liver-lesion phantom and scikit-learn's digits."""

from collections.abc import Callable, Iterator

import numpy as np

from ganaug_core.readers import phantom
from ganaug_core.records import ROLES, Skipped, Slice

PREFIX = "embedded:"
PHANTOM_SPACING_MM = phantom.FIELD_MM / 64


def liver_lesions() -> Iterator[Slice | Skipped]:
    """Yield the embedded phantom's lesions with their patients and split."""
    lesions, roles = phantom.embedded()
    for number, (pixels, label, patient, role) in enumerate(
        zip(lesions.pixels, lesions.labels, lesions.patients, roles, strict=True)
    ):
        yield Slice(
            pixels=pixels,
            source=f"lesion {number}",
            label=phantom.CLASSES[label],
            patient=str(patient),
            role=ROLES[role],
            unit="HU",
            spacing_mm=(PHANTOM_SPACING_MM, PHANTOM_SPACING_MM),
            modality="CT",
        )


def digits() -> Iterator[Slice | Skipped]:
    """Yield 1,797 handwritten digits of 8 x 8 pixels in 0..16.

    Source: Alpaydin and Kaynak, Optical recognition of handwritten digits, UCI, 1998; as scikit-learn carries them.
    """
    from sklearn.datasets import load_digits

    dataset = load_digits()
    for number, (image, label) in enumerate(zip(dataset.images, dataset.target, strict=True)):
        yield Slice(pixels=np.asarray(image, np.uint8)[None], source=f"digit {number}", label=str(label))


EMBEDDED: dict[str, Callable[[], Iterator[Slice | Skipped]]] = {"phantom": liver_lesions, "digits": digits}
RANGES = {"phantom": phantom.WINDOW_HU, "digits": (0.0, 16.0)}
