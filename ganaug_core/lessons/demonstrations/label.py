"""Which changes of an image leave its label as it is, which change the label, and what a classifier says of both."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter, zoom

from ganaug_core.benefit.classifier import Classifier
from ganaug_core.encoders import ibsi, radiomics
from ganaug_core.lessons.demonstrations import necrosis
from ganaug_core.lessons.demonstrations.figure import Figure, Picture, png
from ganaug_core.lessons.demonstrations.necrosis import SHORTCUT, SIZE, Scene
from ganaug_core.playground.game import one_thread
from ganaug_core.readers.phantom import CLASSES, WINDOW_HU, Field
from ganaug_core.records import Floats
from ganaug_core.wording import percent

_SHOWN_SHORTCUT = (0.0, 1.0)  # the two lesions that are shown are of the usual scanner of their class
_TRAINED, _ASKED, _LEVELS = 800, 200, 32
_SHOWN_HU = (-20.0, 200.0)  # for eyes; the classifier has the phantom's window
_CROP = 26  # rows and columns that are left
_BLUR = 8.0  # pixels: wider than a core
_CLASSIFIER = Classifier(steps=300)


@dataclass(frozen=True)
class Change:
    """Something done to an image: what comes out, and the core that is still in it."""

    title: str
    image: Callable[[Scene], Field]
    core: Callable[[Scene], Field]


def _crop(scene: Scene, image: Field) -> Field:
    """Return a corner of the image, without the middle of the lesion, at the size of the whole."""
    top, left = (0 if centre >= SIZE / 2 else SIZE - _CROP for centre in scene.centre)
    part = image[top : top + _CROP, left : left + _CROP]
    cropped: Field = zoom(part, SIZE / _CROP, order=1)
    return cropped


CHANGES = (
    Change("as it is", lambda scene: scene.scan(scene.scanner), lambda scene: scene.core),
    Change("20 HU more", lambda scene: scene.scan(scene.scanner) + 20, lambda scene: scene.core),
    Change("other kernel", lambda scene: _other_kernel(scene), lambda scene: scene.core),
    Change(
        "core cropped away",
        lambda scene: _crop(scene, scene.scan(scene.scanner)),
        lambda scene: _crop(scene, scene.core),
    ),
    Change(
        "core smoothed away",
        lambda scene: gaussian_filter(scene.scan(scene.scanner), _BLUR),
        lambda scene: gaussian_filter(scene.core, _BLUR),
    ),
)


def does_the_label_stay(seed: int = 0) -> Figure:
    """One lesion of each class, changed; the answers of a classifier that learnt where a scanner was a shortcut."""
    with one_thread():
        says_malignant = _trained(seed)
        asked, _ = necrosis.cohort(_ASKED, seed + 2, (0.5, 0.5))
        shown = _shown(says_malignant, seed)
        sentences, pictures = [], []
        usual = says_malignant(_images(CHANGES[0], asked)) > 0.5
        for change in CHANGES:
            answers = says_malignant(_images(change, asked)) > 0.5
            truths = np.array([_is_malignant(change, scene) for scene in asked])
            before = np.array([scene.is_malignant for scene in asked])
            sentences.append(_sentence(change, answers, usual, truths, before))
            pictures.append(tuple(_picture(change, scene, says_malignant) for scene in shown))
    return Figure(
        slider="Change",
        positions=tuple(change.title for change in CHANGES),
        begin=0,
        charts=(),
        says=tuple(sentences),
        pictures=tuple(pictures),
    )


Asked = Callable[[Floats], Floats]


def _trained(seed: int) -> Asked:
    """Return what says the probability of malignant, (n,), of images."""
    scenes, labels = necrosis.cohort(_TRAINED, seed + 1, SHORTCUT)
    images = _images(CHANGES[0], scenes)
    even = np.full(len(labels), 1 / len(labels))
    network = _CLASSIFIER.fit(images, labels, even, len(CLASSES), weights=None, classical=True, seed=seed)
    return lambda images: _CLASSIFIER.tell(network, images)[:, 1]


def _shown(says_malignant: Asked, seed: int) -> list[Scene]:
    """Return the first lesion of each class that the classifier gets right as it is."""
    scenes, labels = necrosis.cohort(_ASKED, seed + 3, _SHOWN_SHORTCUT)
    right = (says_malignant(_images(CHANGES[0], scenes)) > 0.5) == labels
    return [scenes[int(np.flatnonzero(right & (labels == label))[0])] for label in (1, 0)]


def _other_kernel(scene: Scene) -> Field:
    """Return the scene by the other kernel, and as bright as its own scanner reads it."""
    other = 1 - scene.scanner
    image: Field = scene.scan(other) + necrosis.SECOND_SCANNER_HU * (scene.scanner - other)
    return image


def _images(change: Change, scenes: list[Scene]) -> Floats:
    """Return (n, 1, size, size) in [-1, 1]."""
    return _in_window(np.stack([change.image(scene) for scene in scenes])[:, None], WINDOW_HU)


def _in_window(hounsfield: Field, window: tuple[float, float]) -> Floats:
    low, high = window
    return np.clip(2 * (hounsfield - low) / (high - low) - 1, -1, 1).astype(np.float32)


def _is_malignant(change: Change, scene: Scene) -> bool:
    return necrosis.is_necrotic(change.core(scene), scene.depth_hu)


def _picture(change: Change, scene: Scene, says_malignant: Asked) -> Picture:
    image = _images(change, [scene])
    chance = float(says_malignant(image)[0])
    levels = radiomics.grey_levels(image, _LEVELS)[:, 0]
    together, apart = ibsi.co_occurrence(levels, _LEVELS)[0], ibsi.tone_difference(levels, _LEVELS)[0]
    return Picture(
        title=f"True label: {CLASSES[_is_malignant(change, scene)]}",
        pixels=png(_in_window(change.image(scene), _SHOWN_HU)),
        says=(
            f"The classifier says {CLASSES[chance > 0.5]} ({percent(chance)} malignant)",
            f"entropy {together[3]:.2f}, contrast {together[11]:.2f}, coarseness {apart[0]:.4f}",
        ),
    )


Answers = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


def _sentence(change: Change, answers: Answers, usual: Answers, truths: Answers, before: Answers) -> str:
    """Return what came of all lesions that were asked about."""
    n, right = len(truths), int((answers == truths).sum())
    if change is CHANGES[0]:
        return f"{right} of {n} new lesions are told right, half of them of each class and of each scanner."
    turned, labels = int((answers != usual).sum()), int((truths != before).sum())
    stays = truths == before
    told, told_before = int((answers == truths)[stays].sum()), int((usual == before)[stays].sum())
    kept = f"The true label of {labels} of {n} lesions changes" if labels else f"No true label of {n} lesions changes"
    return (
        f"{kept}; the classifier changes {turned} answers. Of the {int(stays.sum())} whose label stays, {told} are "
        f"told right, before it were {told_before}."
    )
