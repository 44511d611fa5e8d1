"""Images and an encoder -> Features. What was fitted or encoded once is found again by the digest of its content."""

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from ganaug_core.architectures import ARCHITECTURES
from ganaug_core.encoders import ENCODERS, PRETRAINED
from ganaug_core.encoders.discriminator import logits, watched
from ganaug_core.encoders.fitted import FEWEST_IMAGES, read_state
from ganaug_core.errors import EvidenceError, WorkspaceError
from ganaug_core.interfaces import FittedEncoder, Preparation, Report, look_up, silent
from ganaug_core.records import TRAIN, Cohort, Features, Floats, Integers, Names, Samples
from ganaug_core.regularisers import REGULARISERS
from ganaug_core.storage.workspace import Workspace, digest_of

RECIPE = 1  # raise it when an encoder changes what it computes from the same settings: old caches are then not found
MEMORY = 3  # the same for what is remembered of a cohort
Arrays = tuple[NDArray[Any], ...]
AT_ONCE = 512  # images read at once, so that memory stays bounded
SPACES = {**ENCODERS, **PRETRAINED}
MOST_IMAGES = 10_000  # a larger cohort is fitted on a random choice of this many


def fit(
    cohort: Cohort, encoder: str, *, seed: int = 0, cache: Workspace | None = None, report: Report = silent
) -> FittedEncoder:
    """Return the encoder of that name, fitted on the cohort's training images.

    Raises:
        ConfigurationError: No such encoder; the message lists them.
        EvidenceError: Too few training images, or pretrained weights that cannot be had.
    """
    settings = {"classes": len(cohort.classes)} if encoder == "classifier" else {}
    part: Any = look_up(SPACES, encoder, "encoder", settings)
    train = cohort.where(TRAIN)
    if encoder in PRETRAINED:  # nothing is fitted, so there is nothing to keep
        some = train[:FEWEST_IMAGES]
        adopted: FittedEncoder = part.fit(cohort.images(some), cohort.labels[some], seed=seed, report=report)
        return adopted
    name = f"{encoder}-{digest_of(RECIPE, cohort.digest, encoder, asdict(part), seed)[:24]}"
    if cache is not None and cache.exists("encoders", name):
        try:
            return load(cache, name)
        except (EvidenceError, WorkspaceError):  # damaged: it is only a cache
            cache.remove("encoders", name)
    if len(train) > MOST_IMAGES:
        train = np.sort(np.random.default_rng(seed).choice(train, MOST_IMAGES, replace=False))
    fitted: FittedEncoder = part.fit(cohort.images(train), cohort.labels[train], seed=seed, report=report)
    if cache is not None:
        save(fitted, cache, name)
    return fitted


def save(fitted: FittedEncoder, workspace: Workspace, name: str) -> None:
    """Keep a fitted encoder in the workspace."""
    manifest = {
        "schema": "ganaug.encoders/1",
        "encoder": fitted.name,
        "digest": fitted.digest,
        "shape": list(fitted.shape),
        "facts": dict(fitted.facts),
    }
    with _first_come():
        workspace.write("encoders", name, manifest, files={"state.safetensors": fitted.to_bytes()})


def load(workspace: Workspace, name: str) -> FittedEncoder:
    """Return an encoder that `save` kept.

    Raises:
        WorkspaceError: It is not there, or its description is damaged.
        EvidenceError: Its numbers are damaged.
    """
    manifest = workspace.manifest("encoders", name)
    part: Any = look_up(SPACES, manifest["encoder"], "encoder")
    path = workspace.folder("encoders", name) / "state.safetensors"
    state = read_state(path.read_bytes() if path.is_file() else b"")
    fitted: FittedEncoder = part.restore(state, tuple(manifest["shape"]), manifest["facts"])
    if fitted.digest != manifest["digest"]:
        raise EvidenceError(
            f"The kept encoder {name} is not the one that was written.",
            do="Remove it; it is fitted again.",
            code="damaged",
        )
    return fitted


def discriminator(state: Mapping[str, Any], shape: tuple[int, int, int], classes: int) -> FittedEncoder:
    """Return a run's own discriminator as a feature space.

    Args:
        state: A checkpoint of the run.
        shape: (channel, row, column) of its images.
        classes: How many classes it was trained on.

    Raises:
        EvidenceError: The checkpoint does not hold such a discriminator.
    """
    facts = {"run_images": int(state["images"]), "architecture": state["config"]["architecture"]["name"]}
    return watched(_discriminator(state, shape, classes), shape, classes, facts)


def discriminator_logits(state: Mapping[str, Any], cohort: Cohort, rows: Integers) -> NDArray[np.float64]:
    """Return (len(rows),) what a run's discriminator says of images of the cohort: higher is more real.

    Raises:
        EvidenceError: The checkpoint does not hold a discriminator for such images.
    """
    network = _discriminator(state, cohort.shape, len(cohort.classes))
    parts = [
        logits(network, cohort.images(part), cohort.labels[part])
        for part in np.array_split(rows, max(1, len(rows) // AT_ONCE))
    ]
    return np.concatenate(parts)


def _discriminator(state: Mapping[str, Any], shape: tuple[int, int, int], classes: int) -> Any:
    chosen = state["config"]["architecture"]
    network: Any = look_up(ARCHITECTURES, chosen["name"], "architecture", chosen["settings"]).discriminator(
        shape, classes
    )
    for each in state["config"]["regularisers"]:
        part = look_up(REGULARISERS, each["name"], "regulariser", each["settings"])
        if isinstance(part, Preparation):
            part.prepare(network)
    try:
        network.load_state_dict(state["game"]["discriminator"])
    except (RuntimeError, KeyError) as error:
        raise EvidenceError(
            "The run's checkpoint does not hold a discriminator for images of this size and these classes.",
            do="Audit against the cohort that the run was trained on.",
            code="foreign_state",
        ) from error
    return network


def of_cohort(
    cohort: Cohort, fitted: FittedEncoder, cache: Workspace | None = None, *, report: Report = silent
) -> Features:
    """Return the features of all images of the cohort, in cohort order."""
    return _of(fitted, cohort.digest, cohort.ids, cohort.images, cache, report)


def of_samples(
    samples: Samples, fitted: FittedEncoder, cache: Workspace | None = None, *, report: Report = silent
) -> Features:
    """Return the features of synthetic images, in their order."""
    return _of(
        fitted, samples.digest, samples.ids, lambda index: np.asarray(samples.images[index], np.float32), cache, report
    )


def remembered(cohort: Cohort, cache: Workspace) -> Callable[[str, Callable[[], Arrays]], Arrays]:
    """Return a memory of what a cohort's own images show among themselves, by the digest of its content."""

    def remember(what: str, find: Callable[[], Arrays]) -> Arrays:
        name = f"cohort-{digest_of(MEMORY, cohort.digest, cohort.groups, what)[:24]}"
        if cache.exists("features", name):
            try:
                with np.load(cache.folder("features", name) / "found.npz", allow_pickle=False) as kept:
                    return tuple(kept[f"arr_{place}"] for place in range(len(kept.files)))
            except (OSError, ValueError, KeyError, BadZipFile):  # damaged: it is only a cache
                cache.remove("features", name)
        found = find()
        data = io.BytesIO()
        np.savez(data, *found)
        with _first_come():
            cache.write(
                "features", name, {"schema": "ganaug.memory/1", "what": what}, files={"found.npz": data.getvalue()}
            )
        return found

    return remember


def _of(
    fitted: FittedEncoder,
    content: str,
    ids: Names,
    images: Callable[[Integers], Floats],
    cache: Workspace | None,
    report: Report,
) -> Features:
    digest = digest_of(RECIPE, fitted.digest, content, np.asarray(ids))
    name = f"{fitted.name}-{digest[:24]}"
    if cache is not None and cache.exists("features", name):
        try:
            return cache.features(name)
        except WorkspaceError:  # damaged: it is only a cache
            cache.remove("features", name)
    parts = []
    for start in range(0, max(1, len(ids)), AT_ONCE):
        report(start / max(1, len(ids)), f"Encoding images ({fitted.name})")
        parts.append(fitted.encode(images(np.arange(start, min(start + AT_ONCE, len(ids))))))
    features = Features(fitted.name, digest, np.concatenate(parts), np.asarray(ids))
    if cache is not None:
        with _first_come():
            cache.keep(features, name)
    return features


@contextmanager
def _first_come() -> Iterator[None]:
    """Let a process that wrote the same content at the same time win."""
    try:
        yield
    except WorkspaceError as error:
        if error.code != "name_taken":
            raise
