"""A liver-lesion phantom in Hounsfield units: a cohort whose truth is known, with nobody's data in it.

Every image is a portal-venous CT patch of 64 x 64 pixels of 0.8 mm (other sizes show the same field of view). What the
class does not tell is known too: three textures inside each class (the rare one is a mode to lose), the reconstruction
kernel (a confounder: malignant lesions are more often seen with the sharp one), and patients with several lesions.
Means, spreads and frequencies are plausible for a liver, not fitted to a population.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ganaug_core.records import HOLDOUT, TRAIN, TUNING, Integers

CLASSES = ("benign", "malignant")
TEXTURES = ("homogeneous", "rim", "speckled")
KERNELS = ("soft", "sharp")
TEXTURE_SHARES = {"benign": (0.62, 0.30, 0.08), "malignant": (0.45, 0.45, 0.10)}
SHARP_SHARES = (0.35, 0.60)
EMBEDDED_SHARES = {"benign": (0.45, 0.33, 0.22), "malignant": (0.40, 0.38, 0.22)}
WINDOW_HU = (-160.0, 240.0)
FIELD_MM = 51.2

Field = NDArray[np.float64]


@dataclass(frozen=True)
class Phantom:
    """Rendered lesions and their truth.

    Attributes:
        pixels: (n, 1, size, size) int16 in HU.
        labels: (n,) index into `CLASSES`.
        textures: (n,) index into `TEXTURES`.
        kernels: (n,) index into `KERNELS`.
        patients: (n,) number of the patient; one class and one kernel a patient.
    """

    pixels: NDArray[np.int16]
    labels: Integers
    textures: Integers
    kernels: Integers
    patients: Integers


@dataclass(frozen=True)
class _Patient:
    """What all lesions of a patient share; attenuation and noise in HU."""

    label: int
    kernel: int
    liver: float
    vessel: float
    noise: float
    textures: Field
    lesions: int


def lesions(
    patients: int,
    seed: int,
    *,
    size: int = 64,
    malignant: float = 0.36,
    textures: Mapping[str, tuple[float, float, float]] | None = None,
) -> Phantom:
    """Render one to five lesions for each patient; a patient looks the same whatever the number of patients.

    Args:
        patients: Number of patients, >= 1.
        seed: The same seed gives the same bytes.
        size: Rows and columns, >= 16; the field of view stays 51.2 mm.
        malignant: Share of patients with malignant lesions, in [0, 1].
        textures: Shares of `TEXTURES` by class; one of 0 plants a missing mode. Default `TEXTURE_SHARES`.
    """
    shares = {**TEXTURE_SHARES, **(textures or {})}
    pixels: list[NDArray[np.int16]] = []
    truth: list[tuple[int, int, int, int]] = []
    for number in range(patients):
        random = np.random.default_rng((seed, number))
        patient = _patient(random, malignant, shares)
        for _ in range(patient.lesions):
            texture = int(random.choice(len(TEXTURES), p=patient.textures))
            hounsfield = _render(random, patient, texture, size)
            pixels.append(np.rint(hounsfield).astype(np.int16)[None])
            truth.append((patient.label, texture, patient.kernel, number))
    labels, texture_index, kernels, numbers = np.asarray(truth, np.int64).T
    return Phantom(np.stack(pixels), labels, texture_index, kernels, numbers)


def embedded() -> tuple[Phantom, Integers]:
    """Return the phantom that ganaug brings along, and the role of each image: always the same.

    900 patients, so that both sides of a copy test are large enough, and no texture below a fifth, so that small
    generators can learn each and a lost one is seen. The split is part of it (60 % train, 15 % tuning, 25 % hold-out
    of each class's patients): the shipped generators have seen its training share only.
    """
    phantom = lesions(900, 2026, malignant=0.45, textures=EMBEDDED_SHARES)
    random = np.random.default_rng(0)
    roles = np.full(len(phantom.labels), TRAIN, np.int64)
    for label in range(len(CLASSES)):
        patients = random.permutation(np.unique(phantom.patients[phantom.labels == label]))
        first, second = round(0.25 * len(patients)), round(0.40 * len(patients))
        roles[np.isin(phantom.patients, patients[:first])] = HOLDOUT
        roles[np.isin(phantom.patients, patients[first:second])] = TUNING
    return phantom, roles


def _patient(random: np.random.Generator, malignant: float, shares: Mapping[str, tuple[float, ...]]) -> _Patient:
    """Draw a patient; each favours some textures, so lesions of one patient look alike."""
    label = int(random.random() < malignant)
    liver = random.normal(108, 9)
    taste = np.asarray(shares[CLASSES[label]]) * random.gamma(1.2, 1, len(TEXTURES))
    return _Patient(
        label=label,
        kernel=int(random.random() < SHARP_SHARES[label]),
        liver=liver,
        vessel=liver + random.uniform(40, 65),
        noise=float(np.clip(random.normal(7, 1.2), 4, 11)),
        textures=taste / taste.sum(),
        lesions=int(random.integers(1, 6)),
    )


def _render(random: np.random.Generator, patient: _Patient, texture: int, size: int) -> Field:
    """Return one patch in HU: tissue, then the lesion in it, then what the scanner makes of it."""
    scale = size / 64
    image = patient.liver + smooth_noise(random, size, 14 * scale, 3)
    image += vessels(random, size) * (patient.vessel - image)
    if random.random() < 0.4:
        image = _with_liver_edge(random, image)
    image = _with_lesion(random, image, patient.label, texture)
    return reconstructed(random, image, KERNELS[patient.kernel], patient.noise)


def vessels(random: np.random.Generator, size: int) -> Field:
    """Return the share of each pixel that one to three enhanced, winding vessels fill, in [0, 1]."""
    scale = size / 64
    axis = np.arange(size, dtype=np.float32)
    filled = np.zeros((size, size), np.float32)
    for _ in range(random.integers(1, 4)):
        start, heading = random.uniform(0, size, 2), random.uniform(0, 2 * np.pi)
        radius = random.uniform(0.9, 2.0) * scale
        headings = heading + np.cumsum(random.normal(0, 0.12, int(60 * scale)))
        path = (start + np.cumsum(np.stack([np.sin(headings), np.cos(headings)], 1), 0)).astype(np.float32)
        left = np.flatnonzero((path < -3).any(1) | (path > size + 3).any(1))
        path = path[: left[0]] if left.size else path
        if len(path):
            across, along = (path.T[..., None] - axis) ** 2
            nearest = np.sqrt((across[:, :, None] + along[:, None, :]).min(0))
            filled = np.maximum(filled, np.clip(radius + 0.5 - nearest, 0, 1))
    return filled.astype(np.float64)


def _with_liver_edge(random: np.random.Generator, image: Field) -> Field:
    """Return the image with fat beyond a wavy edge on one side."""
    size = len(image)
    scale = size / 64
    row, column = grid(size)
    angle, offset = random.uniform(0, 2 * np.pi), random.uniform(0.33, 0.46) * size
    depth = (column - size / 2) * np.cos(angle) + (row - size / 2) * np.sin(angle) - offset
    outside = step((depth + smooth_noise(random, size, 10 * scale, 1.5 * scale)) / (0.7 * scale))
    fat = -95 + smooth_noise(random, size, 3 * scale, 6)
    return image * (1 - outside) + fat * outside


def _with_lesion(random: np.random.Generator, image: Field, label: int, texture: int) -> Field:
    """Return the image with a lesion near its centre: malignant ones are larger, lobulated, blurred, with a halo."""
    scale = len(image) / 64
    row, column = grid(len(image))
    mean, spread = ((9.5, 2.2), (12.0, 2.8))[label]
    radius = float(np.clip(random.normal(mean, spread), 5, 18)) * scale
    centre = len(image) / 2 + random.normal(0, 2 * scale, 2)
    eccentricity = random.uniform(*((0, 0.12), (0.05, 0.25))[label])
    lobes = random.uniform(*((0, 0.035), (0.05, 0.14))[label])
    blur = random.uniform(*((0.5, 0.9), (1.0, 2.0))[label]) * scale

    angle = np.arctan2(row - centre[0], column - centre[1])
    outline = 1 + eccentricity * np.cos(2 * (angle - random.uniform(0, 2 * np.pi)))
    for order in range(3, 8):
        amplitude = lobes * random.normal() / np.sqrt(order - 2)
        outline += amplitude * np.cos(order * angle + random.uniform(0, 2 * np.pi))
    beyond = np.hypot(row - centre[0], column - centre[1]) - radius * outline  # pixels outside the margin

    inside = step(-beyond / blur)
    image = image * (1 - inside) + inside * _lesion_texture(random, np.clip(-beyond / radius, 0, 1), texture)
    if label == CLASSES.index("malignant"):
        image -= 14 * np.exp(-(((beyond - 2.5 * scale) / (2.2 * scale)) ** 2))
    return image


def _lesion_texture(random: np.random.Generator, depth: Field, texture: int) -> Field:
    """Return HU inside a lesion; `depth` is 0 at the margin and 1 at the centre."""
    size = len(depth)
    scale = size / 64
    if TEXTURES[texture] == "homogeneous":
        return random.normal(50, 9) + smooth_noise(random, size, 6 * scale, 2)
    if TEXTURES[texture] == "rim":
        width = random.uniform(0.16, 0.26)
        core, rim = random.normal(32, 7), random.normal(165, 10)
        bright: Field = core + (rim - 32) * np.exp(-((np.maximum(depth - 0.10, 0) / width) ** 2))
        return bright
    return random.normal(75, 8) + smooth_noise(random, size, 1.25 * scale, random.uniform(34, 46))


def reconstructed(random: np.random.Generator, image: Field, kernel: str, noise_hu: float) -> Field:
    """Return the image as the kernel shows it: soft blurs and correlates the noise, sharp overshoots and grains."""
    from scipy.ndimage import gaussian_filter  # the web process reads this module's constants and loads no SciPy

    scale = len(image) / 64
    white = random.standard_normal(image.shape)
    if kernel == "soft":
        shown = gaussian_filter(image, 0.75 * scale)
        noise = gaussian_filter(white, 1.1 * scale)
        strength = noise_hu
    else:
        shown = gaussian_filter(image, 0.35 * scale)
        shown = shown + 0.55 * (shown - gaussian_filter(shown, 1.2 * scale))
        noise = white - 0.6 * gaussian_filter(white, scale)
        strength = 1.9 * noise_hu
    finished: Field = shown + noise * (strength / noise.std())
    return finished


def smooth_noise(random: np.random.Generator, size: int, sigma: float, spread: float) -> Field:
    """Return a periodic Gaussian field of that correlation length (pixels) and standard deviation."""
    from scipy import fft

    spectrum = fft.rfft2(random.standard_normal((size, size))) * _low_pass(size, sigma)
    field: Field = fft.irfft2(spectrum, s=(size, size))
    scaled: Field = field * (spread / (field.std() + 1e-9))
    return scaled


@cache
def _low_pass(size: int, sigma: float) -> Field:
    """Return the transfer function of a Gaussian blur, for `rfft2`."""
    row, column = np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None]
    response: Field = np.exp(-2 * (np.pi * sigma) ** 2 * (row**2 + column**2))
    return response


@cache
def grid(size: int) -> tuple[Field, Field]:
    axis = np.arange(size, dtype=np.float64)
    return np.repeat(axis[:, None], size, 1), np.repeat(axis[None], size, 0)


def step(argument: Field) -> Field:
    """Return the logistic function, safe far from zero."""
    share: Field = 1 / (1 + np.exp(-np.clip(argument, -60, 60)))
    return share
