"""How good is every recipe after the same time? Fréchet distance, label agreement and a grid to look at.

    python tests/benchmarks/recipes.py recommended sn-hinge dcgan-64 --cohort phantom --minutes 4 --seeds 0 1 2
    python tests/benchmarks/recipes.py --cohort mednist --data ../shared/data --minutes 2 --grids FOLDER
    python tests/benchmarks/recipes.py recommended recommended:batch_size=8:r1.gamma=.1 --images 70000 --seeds 4 5 6

Without names every recipe is run but the two for larger images on a GPU. A name may be followed by changes. Contenders
take turns, seed by seed, and in the end each is compared with the first: the geometric mean of the ratios of both
distances over the seeds, with a 95 % interval (Student's t on their logarithms). The budget is the same number of real
images shown (`--images`) or the same time. A minute is a minute of processor time of one
thread, so that other work on the machine does not count. `sn-hinge` is no recipe of the app: it is the hinge game with
spectral normalisation on the recommended (lite) networks, to compare like with like.

Both oracles that give the spaces of the Fréchet distances, and the two fresh classifiers that give label agreement, are
small networks trained on real images that no generator saw: other patients of the phantom, told by class and texture;
other images of MedNIST, told by class. Accuracy on further real images is printed, and so is the distance of real
images to real images, which is the floor. Agreement above that of real images means caricatures.

`distance` is that of an oracle which learned to tell classes and textures alone. It sees little else: real patches
without an edge of fat are hardly further from real ones than other real patches are. `whole` is that of an oracle which
must also tell, from the same 64 numbers, how bright and how rough each of 8 x 8 fields of the picture is, so that
surroundings, noise and sharpness count. `--ruler` prints what both say of real phantoms with planted faults.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from scipy.ndimage import gaussian_filter
from scipy.stats import t
from torch import nn
from torch.nn.functional import avg_pool2d, cross_entropy, mse_loss

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from ganaug_core.config import RECIPES, TrainingConfig, configure
from ganaug_core.errors import TrainingError
from ganaug_core.generators.sampling import run as draw
from ganaug_core.metrics.frechet import Frechet
from ganaug_core.readers import phantom
from ganaug_core.records import TRAIN, TUNING, Cohort, Floats, Integers, Intensity
from ganaug_core.storage.workspace import digest_of
from ganaug_core.training import Training
from ganaug_core.training import run as training_run
from tests.evidence_records import mednist

ROWS = 6
HINGE = {
    "batch_size": 32,
    "loss": "hinge",
    "terms": "",
    "regularisers": "spectral_norm",
    "discriminator_learning_rate": 4e-4,
    "generator_learning_rate": 2e-4,
    "betas": [0.0, 0.9],
}
LARGER = ("gpu-128", "gpu-256")


class Classifier(nn.Module):
    """Images (n, 1, row, column) -> (n, classes); `describe` gives the 64 numbers before."""

    def __init__(self, classes: int, rows: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        widths = [1, 16, 32, 64, 64][: 1 + max(2, (rows // 4).bit_length())]
        for before, after in pairwise(widths):
            layers += [nn.Conv2d(before, after, 3, 2, 1), nn.BatchNorm2d(after), nn.ReLU()]
        side = rows >> (len(widths) - 1)
        self.describe = nn.Sequential(*layers, nn.Flatten(), nn.Linear(widths[-1] * side * side, 64), nn.ReLU())
        self.answer = nn.Linear(64, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        answer: torch.Tensor = self.answer(self.describe(images))
        return answer


class Truth:
    """What is known of a cohort: two oracles, two fresh classifiers, and real images that nobody was trained on."""

    def __init__(
        self, of_class: Integers, learn: tuple[Floats, Integers], fresh: tuple[Floats, Integers], kept: Path | None
    ) -> None:
        """`of_class` gives the class of each group that the networks tell apart; `kept` the file they are kept in."""
        self.of_class, (self.fresh, answers) = of_class, fresh
        networks = nn.ModuleList(Classifier(len(of_class), fresh[0].shape[2]) for _ in range(4)).eval()
        if kept is not None and kept.is_file():
            networks.load_state_dict(load_file(kept))
        else:
            for seed, network in enumerate(networks):
                fit(network, *learn, seed, whole=seed == 3)
            if kept is not None:
                kept.parent.mkdir(parents=True, exist_ok=True)
                save_file(networks.state_dict(), kept)
        self.oracle, *self.judges, self.onlooker = networks
        self.accuracy = float((answered(self.oracle, self.fresh) == answers).mean())
        self.labels, self.groups = of_class[answers], answers
        self.spaces = [_described(classifier, self.fresh) for classifier in (self.oracle, self.onlooker)]
        self.one, self.other = np.array_split(np.random.default_rng(0).permutation(len(self.fresh)), 2)
        self.floors = self.distances(self.fresh[self.other], self.one)
        self.agreement = self.agrees(self.fresh, self.labels)

    def agrees(self, images: Floats, labels: Integers) -> list[float]:
        """Return for each fresh classifier the share of images that it puts into the class asked for."""
        return [float((self.of_class[answered(judge, images)] == labels).mean()) for judge in self.judges]

    def distances(self, images: Floats, among: Any = slice(None)) -> list[float]:
        """Return the distance for classes and textures, and for the whole picture, to real images `among` all."""
        descriptions = [_described(classifier, images) for classifier in (self.oracle, self.onlooker)]
        return [
            Frechet().compare(space[among], description)
            for space, description in zip(self.spaces, descriptions, strict=True)
        ]

    def faulty(self) -> Iterator[tuple[str, Floats]]:
        """Yield one half of the real images with planted faults."""
        images, groups = self.fresh[self.other], self.groups[self.other]
        for deviation in (0.5, 1.0, 2.0):
            yield f"blurred by {deviation} pixels", gaussian_filter(images, (0, 0, deviation, deviation))
        for noise in (0.025, 0.05, 0.1):
            random = np.random.default_rng(0).standard_normal(images.shape, np.float32)
            yield f"with noise of {100 * noise / 2} % of the range", np.clip(images + noise * random, -1, 1)
        for group in np.unique(groups):
            yield f"without group {group}", images[groups != group]
        dark = (images < -0.3).mean((1, 2, 3))
        yield "only those without dark surroundings (in the phantom: fat)", images[dark < 0.01]
        yield "half as far from their mean", images.mean(0) + (images - images.mean(0)) / 2


def fit(
    network: Classifier, images: Floats, answers: Integers, seed: int, steps: int = 1_500, *, whole: bool = False
) -> None:
    """Learn the answers from shifted images; where it is about the `whole` picture, the fields in it as well."""
    network.train()
    torch.manual_seed(seed)
    network.apply(lambda module: module.reset_parameters() if isinstance(module, nn.Conv2d | nn.Linear) else None)
    batch = 64
    seen, asked = torch.from_numpy(images), torch.from_numpy(answers)
    centre, spread = _fields(seen).mean(0), _fields(seen).std(0)
    tell = nn.Linear(network.answer.in_features, len(centre)) if whole else nn.Identity()
    optimiser = torch.optim.AdamW([*network.parameters(), *tell.parameters()], 2e-3, weight_decay=1e-2)
    falling = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=steps)
    for _ in range(steps):
        index = torch.randint(len(seen), (batch,))
        shown = seen[index].roll(torch.randint(-3, 4, (2,)).tolist(), (2, 3))
        described = network.describe(shown)
        loss = cross_entropy(network.answer(described), asked[index])
        if whole:
            loss = loss + mse_loss(tell(described), (_fields(shown) - centre) / spread)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        falling.step()
    network.eval()


def _fields(images: torch.Tensor) -> torch.Tensor:
    """Return how bright and how rough each of 8 x 8 fields is, (n, 128): mean, and logarithm of the variance."""
    side = images.shape[2] // 8
    mean = avg_pool2d(images, side)
    variance = (avg_pool2d(images.square(), side) - mean.square()).clamp(min=0)
    return torch.cat([mean.flatten(1), (variance + 1e-4).log().flatten(1)], 1)


@torch.no_grad()
def _described(network: nn.Module, images: Floats) -> Floats:
    parts = torch.from_numpy(images).split(500)
    return np.concatenate([network.describe(part).numpy() for part in parts])


@torch.no_grad()
def answered(network: nn.Module, images: Floats) -> Integers:
    parts = torch.from_numpy(images).split(500)
    return np.concatenate([network(part).argmax(1).numpy() for part in parts])


def of_phantom(kept: Path | None) -> tuple[Cohort, Truth]:
    """The embedded phantom, and fresh patients with the same shares."""
    real, roles = phantom.embedded()
    intensity = Intensity("HU", *phantom.WINDOW_HU)
    cohort = _cohort("phantom", real.pixels, real.labels, roles, phantom.CLASSES, intensity)
    groups = len(phantom.TEXTURES)
    known = []
    for patients, seed in ((1600, 31_000), (900, 32_000)):
        made = phantom.lesions(patients, seed, malignant=0.45, textures=phantom.EMBEDDED_SHARES)
        known.append((intensity.normalise(made.pixels), made.labels * groups + made.textures))
    of_class = np.repeat(np.arange(len(phantom.CLASSES)), groups)
    return cohort, Truth(of_class, *known, kept)


def of_mednist(home: Path, kept: Path | None) -> tuple[Cohort, Truth]:
    """300 training and 100 tuning images a class at 32 pixels; the others teach and test the classifiers."""
    images, labels, classes = mednist(home / "mednist_6k" / "images", 1000, 32)
    intensity = Intensity("intensity", 0.0, 255.0)
    rank = np.zeros(len(labels), np.int64)
    for label in range(len(classes)):
        index = np.flatnonzero(labels == label)
        rank[np.random.default_rng(label).permutation(index)] = np.arange(len(index))
    roles = np.select([rank < 300, rank >= 900], [TRAIN, TUNING], 9)
    cohort = _cohort("mednist", images, labels, roles, classes, intensity)
    learn, fresh = (rank >= 300) & (rank < 650), (rank >= 650) & (rank < 900)
    known = [(intensity.normalise(images[part]), labels[part]) for part in (learn, fresh)]
    return cohort, Truth(np.arange(len(classes)), *known, kept)


def _cohort(
    name: str, pixels: Any, labels: Integers, roles: Integers, classes: tuple[str, ...], intensity: Intensity
) -> Cohort:
    pixels = pixels if pixels.ndim == 4 else pixels[:, None]
    return Cohort(
        name=name,
        digest=digest_of(pixels, labels, roles),
        pixels=pixels,
        labels=labels,
        roles=roles,
        ids=np.array([f"{number:012x}" for number in range(len(labels))]),
        patients=np.arange(len(labels)),
        groups=np.arange(len(labels)),
        classes=classes,
        intensity=intensity,
        near_duplicates=np.zeros((0, 2), np.int64),
        near_duplicate_distances=np.zeros(0, np.float32),
        own_split=True,
    )


def plan(name: str, rows: int, budget: dict[str, float], seed: int) -> TrainingConfig:
    """Return the configuration of a name with its changes."""
    fixed = {**budget, "rows": rows, "seed": seed, "threads": 1, "device": "cpu"}
    name, *texts = name.split(":")
    if name == "sn-hinge":
        return configure("recommended", HINGE, **fixed)
    changes: dict[str, Any] = {"architecture.width": 64} if name == "recommended-gpu" else {}
    for text in texts:
        setting, _, value = text.partition("=")
        changes[setting] = float(value) if "." in value else int(value) if value.isdigit() else value
    return configure(name, changes, **fixed)


def measured(
    name: str, cohort: Cohort, truth: Truth, budget: dict[str, float], seed: int, grids: Path | None
) -> list[float]:
    """Train, print a line, keep a grid; return both distances."""
    training = Training(cohort, plan(name, cohort.shape[1], budget, seed))
    begun = time.process_time()
    for _ in training:
        pass
    spent = time.process_time() - begun
    average = training.networks.averaged_generator
    classes = len(cohort.classes)
    counts = np.bincount(truth.labels, minlength=classes)
    asked = np.repeat(np.arange(classes), counts)  # as many of each class as the real images have
    torch.manual_seed(1_000 + seed)
    latents = training.networks.latents(len(asked))
    labels = torch.from_numpy(asked)
    average.eval()
    parts = zip(latents.split(250), labels.split(250), strict=True)
    images = np.concatenate([draw(average, *part).numpy() for part in parts])
    (distance, whole), agreement = truth.distances(images), truth.agrees(images, asked)
    spread = float(images.std(0).mean() / truth.fresh.std(0).mean())
    print(
        f"{cohort.name:8s} {name:16s} seed {seed}  {training.images / spent:6.0f} images/s "
        f"{training.images / 1000:6.1f}k images  distance {distance:8.2f} (real {truth.floors[0]:.2f})  "
        f"whole {whole:8.2f} (real {truth.floors[1]:.2f})  agreement "
        f"{agreement[0]:.3f} {agreement[1]:.3f} (real {truth.agreement[0]:.3f} {truth.agreement[1]:.3f})  "
        f"spread {spread:.2f} of real",
        flush=True,
    )
    if grids is not None:
        _grid(images, asked, classes, grids / f"{cohort.name}-{name.replace(':', '-')}-{seed}.png")
    return [distance, whole]


def compared(distances: dict[str, dict[int, list[float]]]) -> Iterator[str]:
    """Yield a line on each contender, and on its ratio to the first over the seeds that both have."""
    first = next(iter(distances))
    for name, by_seed in distances.items():
        columns = np.transpose(list(by_seed.values()))
        for number, (word, column) in enumerate(zip(("distance", "whole"), columns, strict=True)):
            line = f"{name}: mean {word} {column.mean():.1f}, {column.min():.1f} to {column.max():.1f}"
            seeds = [seed for seed in by_seed if seed in distances[first]]
            if name != first and len(seeds) > 1:
                ratios = np.log([by_seed[seed][number] / distances[first][seed][number] for seed in seeds])
                reach = t.ppf(0.975, len(seeds) - 1) * ratios.std(ddof=1) / len(seeds) ** 0.5
                low, middle, high = np.exp(ratios.mean() + reach * np.array([-1, 0, 1]))
                line += f"; {middle:.2f} of {first} (95 % {low:.2f} to {high:.2f}, {len(seeds)} seeds)"
            yield line


def _grid(images: Floats, labels: Integers, classes: int, path: Path) -> None:
    """Two rows a class, 16 images a row."""
    rows = []
    for label in range(classes):
        chosen = images[labels == label][:32, 0]
        rows += [np.concatenate(list(chosen[:16]), 1), np.concatenate(list(chosen[16:]), 1)]
    sheet = np.rint((np.concatenate(rows[: 2 * ROWS]) + 1) * 127.5).astype(np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(sheet).save(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--cohort", choices=("phantom", "mednist"), default="phantom")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--images", type=int, help="the budget in real images shown, in the place of minutes")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--grids", type=Path, help="folder for a sheet of images of each run")
    parser.add_argument("--ruler", action="store_true", help="measure planted faults instead of recipes")
    parser.add_argument("--keep", type=Path, help="folder of the classifiers, which are then trained only once")
    given = parser.parse_args()
    torch.set_num_threads(1)
    kept = given.keep / f"{given.cohort}-oracles.safetensors" if given.keep else None
    cohort, truth = of_phantom(kept) if given.cohort == "phantom" else of_mednist(given.data, kept)
    print(
        f"{cohort.name}: the oracle is right on {truth.accuracy:.3f} of {len(truth.fresh)} fresh real images",
        flush=True,
    )
    if given.ruler:
        print(f"real: distance {truth.floors[0]:.1f}, whole {truth.floors[1]:.1f}")
        for fault, images in truth.faulty():
            distance, whole = truth.distances(images, truth.one)
            print(f"{fault}: distance {distance:.1f}, whole {whole:.1f}", flush=True)
        return
    training_run.time = SimpleNamespace(perf_counter=time.process_time)  # type: ignore[attr-defined]
    if given.grids is not None:
        shown = np.concatenate([truth.fresh[truth.labels == label][:32] for label in range(len(cohort.classes))])
        labels = np.repeat(np.arange(len(cohort.classes)), 32)
        _grid(shown, labels, len(cohort.classes), given.grids / f"{cohort.name}-real.png")
    budget = {"images": given.images} if given.images else {"minutes": given.minutes}
    names = given.names or [recipe for recipe in RECIPES if recipe not in LARGER]
    distances: dict[str, dict[int, list[float]]] = {}
    for seed in given.seeds:
        for name in names:
            try:
                result = measured(name, cohort, truth, budget, seed, given.grids)
                distances.setdefault(name, {})[seed] = result
            except TrainingError as error:  # a failed run is a result, and the other recipes go on
                print(f"{cohort.name:8s} {name:16s} seed {seed}  {error}", flush=True)
    if len(given.seeds) > 1 and distances:
        print("\n".join(compared(distances)), flush=True)


if __name__ == "__main__":
    main()
