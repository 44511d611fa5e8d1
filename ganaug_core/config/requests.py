"""What a step is asked to do: one request a step. The job table keeps them as JSON; they are the words of the app, the
command line and the notebook alike, and `pipeline.py` has a function for each.
"""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from ganaug_core.config.importing import Choices, Columns, Plan

AUDIT_SPACES = ("simclr", "texture", "pixels", "classifier")
MAP_SPACE = "simclr"
DISCRIMINATOR = "discriminator"  # a feature space too, where the run is at hand
REPETITIONS = 5  # with fewer than three there is no verdict
MARGIN = 0.02  # of AUROC: a choice, about the half-width of the intervals that five repetitions gave on the demo


@dataclass(frozen=True, kw_only=True)
class ImportCohort:
    """Read labelled images and split them by patient; see `cohort.read_cohort`.

    Attributes:
        source: Path, or `embedded:phantom`, `embedded:digits`.
        draft: The split stays a proposal until it is fixed.
    """

    step: ClassVar[str] = "import_cohort"

    source: str
    name: str
    plan: Plan = field(default_factory=Plan)
    size: int = 64
    value_range: tuple[float, float] | None = None
    percentiles: tuple[float, float] | None = None
    columns: Columns | None = None
    choices: Choices | None = None
    draft: bool = False


@dataclass(frozen=True, kw_only=True)
class ReduceClass:
    """Make a cohort in which patients of one class are left out of the training share; see `cohort.rarer`.

    Attributes:
        keep: Training images of the class that stay, at most.
        name: Of the new cohort; else it is called after what it is.
    """

    step: ClassVar[str] = "reduce_class"

    cohort: str
    class_name: str
    keep: int
    seed: int = 0
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Train:
    """Train a generator, or go on with the run of that name.

    Attributes:
        config: A `TrainingConfig` as JSON values.
        devices: How many train it together on each machine; `nodes` is the number of machines.
        slurm: What SLURM is asked for, by name, where a node of a cluster trains; None: this machine.
        after: Name of a run whose newest checkpoint a new run begins with; empty begins anew.
    """

    step: ClassVar[str] = "train"

    cohort: str
    name: str
    config: dict[str, Any]
    devices: int = 1
    nodes: int = 1
    slurm: dict[str, str] | None = None
    after: str = ""


TPE, RANDOM, GRID = "tpe", "random", "grid"
SAMPLERS = (TPE, RANDOM, GRID)


@dataclass(frozen=True, kw_only=True)
class Search:
    """Search for the settings of a recipe that draw best, one run after the other; goes on where it was.

    Attributes:
        space: What is searched, see `search.space`: by setting its values, or `low`, `high` and how between them.
        trials: Runs in all; a grid has no more than its points.
        sampler: How the next settings are chosen, one of `SAMPLERS`.
        changes: Settings that are the same in every run.
        images, minutes: Budget of each run, exactly one of them.
        prune: Stop runs early that are behind others after as much of their budget.
        seed: Of every run, and of the choices.
        storage: Address of a database that several workspaces share; empty is a file of the search itself.
        slurm: What SLURM is asked for each run, by name, where nodes of a cluster train; None: this machine.
        at_once: Runs that may be under way together.
    """

    step: ClassVar[str] = "search"

    cohort: str
    name: str
    space: dict[str, Any]
    trials: int
    sampler: str = TPE
    recipe: str = "recommended"
    changes: dict[str, Any] = field(default_factory=dict)
    images: int | None = None
    minutes: float | None = None
    prune: bool = True
    seed: int = 0
    device: str = "auto"
    storage: str = ""
    slurm: dict[str, str] | None = None
    at_once: int = 1


@dataclass(frozen=True, kw_only=True)
class ImportGenerator:
    """Check a generator file, try it, and keep it."""

    step: ClassVar[str] = "import_generator"

    path: str
    name: str


SCALED, REDRAWN, MEAN_STYLE = "scaled", "redrawn", "mean_style"
TRUNCATIONS = (SCALED, REDRAWN, MEAN_STYLE)


@dataclass(frozen=True, kw_only=True)
class ImportNetwork:
    """Check an ONNX file of another program, try it, and keep it as a generator.

    Attributes:
        imitated: The cohort whose images it draws: classes, size, unit and range are that cohort's.
        class_names: In the order of the network's numbers; none: the cohort's, in its order.
        network_range: What the network makes for the lowest and for the highest value of the cohort.
        latent: Name of that input; empty: found by type, shape and name. Likewise `class_input` and `image`.
    """

    step: ClassVar[str] = "import_network"

    path: str
    name: str
    imitated: str
    class_names: tuple[str, ...] = ()
    network_range: tuple[float, float] = (-1.0, 1.0)
    latent: str = ""
    class_input: str = ""
    image: str = ""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Draw images from a generator.

    Attributes:
        per_class: Images of each class.
        classes: Names; None draws all.
        truncation: Below 1: more typical, less varied images.
        truncation_by: How, one of `TRUNCATIONS`.
        mixing: Above 0, squares of mixed styles instead.
        name: Of the samples; else they are called after what they are.
    """

    step: ClassVar[str] = "sample"

    generator: str
    per_class: int
    seed: int = 0
    truncation: float = 1.0
    truncation_by: str = SCALED
    classes: tuple[str, ...] | None = None
    mixing: float = 0.0
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class ImportSamples:
    """Bring anybody's synthetic images onto a cohort's grid and unit."""

    step: ClassVar[str] = "import_samples"

    source: str
    cohort: str
    name: str


@dataclass(frozen=True, kw_only=True)
class SelectSamples:
    """Make a set of some images of another one, so that exactly these can be audited before they leave.

    Attributes:
        images: Their ids, in any order.
        name: Of the new set; else it is called after what it is.
    """

    step: ClassVar[str] = "select_samples"

    samples: str
    images: tuple[str, ...]
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class DrawRecipes:
    """Make a set of images that were found in the latent space of a generator.

    Attributes:
        recipes: What each is made of, see `generators.latent_recipes`.
        name: Of the new set; else it is called after what it is.
    """

    step: ClassVar[str] = "draw_recipes"

    generator: str
    recipes: tuple[dict[str, Any], ...]
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class GatherMoments:
    """Make a set of what a run drew over time, so that it can be followed on a map.

    Attributes:
        moments: How many previews the run has by now.
        name: Of the new set; else it is called after what it is.
    """

    step: ClassVar[str] = "gather_moments"

    run: str
    moments: int
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class FindLatent:
    """Search for the image of a generator that is nearest to a real one; it becomes a set of one image.

    Attributes:
        image: Id of the real image.
        name: Of the new set; else it is called after what it is.
    """

    step: ClassVar[str] = "find_latent"

    generator: str
    cohort: str
    image: str
    seed: int = 0
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class BuildMap:
    """Draw the feature map of a cohort and of synthetic images.

    Attributes:
        neighbourhoods: Keep each point's nearest others in feature space too.
    """

    step: ClassVar[str] = "build_map"

    cohort: str
    samples: str
    encoder: str = MAP_SPACE
    seed: int = 0
    neighbourhoods: bool = False


@dataclass(frozen=True, kw_only=True)
class AuditSamples:
    """Judge synthetic images: do they copy, do they miss groups, do the classes hold?

    Attributes:
        trust_split: The generator of these images never saw the cohort's hold-out share.
        membership: Ask too whether the synthetic images tell who was in the training share.
        subgroups: Kept columns of the cohort: ask too whether subgroups by them fare worse than others.
        odd: Ask too which synthetic images are unlike real ones of their class.
        command: What a person typed, for the record.
    """

    step: ClassVar[str] = "audit_samples"

    cohort: str
    samples: str
    encoders: tuple[str, ...] = AUDIT_SPACES
    seed: int = 0
    trust_split: bool = False
    membership: bool = False
    subgroups: tuple[str, ...] = ()
    odd: bool = False
    command: str = ""


@dataclass(frozen=True, kw_only=True)
class MeasureBenefit:
    """Ask whether synthetic images help a classifier.

    Attributes:
        rare: The class to augment; None takes the one with the fewest training images.
        repetitions: Trainings of every arm: the plan, as the answer is given once all are done. Asking for another
            number later is another look, with a smaller share of the error.
        margin: A loss of AUROC of this much or more would be "worse"; None takes that of the first look, else `MARGIN`.
        steps: Optimiser steps of every classifier; None takes what 64 pixels need.
        doses: Shares of synthetic images to test, of 0.1, 0.25 and 0.5; None tests all. What is left out is not
            corrected for.
        trust_split: The generator saw nothing but this cohort's training share.
        command: What a person typed, for the record.
    """

    step: ClassVar[str] = "measure_benefit"

    cohort: str
    samples: str
    rare: str | None = None
    repetitions: int = REPETITIONS
    margin: float | None = None
    steps: int | None = None
    doses: tuple[float, ...] | None = None
    seed: int = 0
    trust_split: bool = False
    command: str = ""


Request = (
    ImportCohort
    | ReduceClass
    | Train
    | Search
    | ImportGenerator
    | ImportNetwork
    | Sample
    | ImportSamples
    | SelectSamples
    | DrawRecipes
    | FindLatent
    | GatherMoments
    | BuildMap
    | AuditSamples
    | MeasureBenefit
)
REQUESTS: dict[str, type[Request]] = {
    kind.step: kind
    for kind in (
        ImportCohort,
        ReduceClass,
        Train,
        Search,
        ImportGenerator,
        ImportNetwork,
        Sample,
        ImportSamples,
        SelectSamples,
        DrawRecipes,
        FindLatent,
        GatherMoments,
        BuildMap,
        AuditSamples,
        MeasureBenefit,
    )
}

MADE_OF = {"cohort": "cohorts", "samples": "samples", "generator": "generators", "run": "runs", "after": "runs"}
