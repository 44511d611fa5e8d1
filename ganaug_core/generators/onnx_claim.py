"""What a person says about a network of another program, checked against the cohort that it imitates."""

from dataclasses import dataclass

from ganaug_core.config.requests import ImportNetwork
from ganaug_core.errors import GeneratorError
from ganaug_core.records import Cohort


@dataclass(frozen=True)
class Claim:
    """What a person says about a network of another program.

    Attributes:
        title: What it is called.
        classes: Their names in the order of the network's numbers.
        shape: Of the cohort's images, (channel, row, column).
        unit: Of the cohort, likewise `low`, `high` and `spacing_mm`.
        network_range: What the network makes for `low` and for `high`.
        latent: Name of that input; empty: to be found. Likewise `class_input` and `image`.
    """

    title: str
    classes: tuple[str, ...]
    shape: tuple[int, int, int]
    unit: str
    low: float
    high: float
    spacing_mm: tuple[float, float] | None
    network_range: tuple[float, float] = (-1.0, 1.0)
    latent: str = ""
    class_input: str = ""
    image: str = ""


def claim(cohort: Cohort, request: ImportNetwork) -> Claim:
    """Return what is said about a network: classes, size, unit and range are the cohort's.

    Raises:
        GeneratorError: A class that the cohort does not have, one said twice, or a range that is none.
    """
    classes = request.class_names or cohort.classes
    unknown = [name for name in classes if name not in cohort.classes]
    if unknown or len(set(classes)) != len(classes):
        raise GeneratorError(
            f"The network's classes {', '.join(classes)} are not different classes of {cohort.name}.",
            do=f"Say them in the network's order; there are: {', '.join(cohort.classes)}.",
            code="unknown_class",
        )
    low, high = request.network_range
    if not low < high:
        raise GeneratorError(
            f"A network cannot make values from {low:g} to {high:g}.", do="Give the lower one first.", code="range"
        )
    unit = cohort.intensity
    return Claim(
        title=request.name,
        classes=tuple(classes),
        shape=(cohort.shape[0], cohort.shape[1], cohort.shape[2]),
        unit=unit.unit,
        low=float(unit.low),
        high=float(unit.high),
        spacing_mm=cohort.spacing_mm,
        network_range=(float(low), float(high)),
        latent=request.latent,
        class_input=request.class_input,
        image=request.image,
    )
