"""Images and an encoder -> Features. What was fitted or encoded once is found again by what it was made from."""

import io
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from ganaug_core.architectures import ARCHITECTURES
from ganaug_core.config.revisions import REVISIONS
from ganaug_core.encoders import ENCODERS, PRETRAINED
from ganaug_core.encoders.discriminator import logits, watched
from ganaug_core.encoders.fitted import FEWEST_IMAGES, read_state
from ganaug_core.errors import EvidenceError, WorkspaceError
from ganaug_core.interfaces import FittedEncoder, LayerRegulariser, Report, look_up, silent
from ganaug_core.records import TRAIN, Cohort, Features, Floats, Integers, Samples
from ganaug_core.records.digest import digest_of
from ganaug_core.records.origin import Origin
from ganaug_core.regularisers import REGULARISERS
from ganaug_core.storage.workspace import Workspace

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
        few = train[:FEWEST_IMAGES]
        adopted: FittedEncoder = part.fit(cohort.images(few), cohort.labels[few], seed=seed, report=report)
        return adopted
    origin = Origin(
        inputs={"cohort": cohort.identity},
        settings={"encoder": encoder, **asdict(part), "seed": seed},
        revision=REVISIONS["encoders"],
    )
    if cache is not None and cache.exists("encoders", origin.key("encoders")):
        with suppress(EvidenceError, WorkspaceError):  # damaged: it is only a cache
            return load(cache, origin.key("encoders"))
    if len(train) > MOST_IMAGES:
        train = np.sort(np.random.default_rng(seed).choice(train, MOST_IMAGES, replace=False))
    fitted: FittedEncoder = part.fit(cohort.reading(train), cohort.labels[train], seed=seed, report=report)
    if cache is not None:
        save(fitted, cache, origin)
    return fitted


def save(fitted: FittedEncoder, workspace: Workspace, origin: Origin) -> None:
    """Keep a fitted encoder in the workspace, to be found by what it was made from."""
    manifest = {
        "schema": "ganaug.encoders/1",
        "encoder": fitted.name,
        "digest": fitted.digest,
        "shape": list(fitted.shape),
        "facts": dict(fitted.facts),
    }
    files = {"state.safetensors": fitted.to_bytes()}
    workspace.write("encoders", origin.key("encoders"), manifest, files=files, origin=origin, replace=True)


def load(workspace: Workspace, name: str) -> FittedEncoder:
    """Return an encoder that `save` kept.

    Raises:
        WorkspaceError: It is not there, or its description is damaged.
        EvidenceError: Its numbers are damaged.
    """
    manifest = workspace.manifest("encoders", name)
    state = read_state(workspace.attached("encoders", name, "state.safetensors") or b"")
    try:
        part: Any = look_up(SPACES, manifest["encoder"], "encoder")
        fitted: FittedEncoder = part.restore(state, tuple(manifest["shape"]), manifest["facts"])
        if fitted.digest == manifest["digest"]:
            return fitted
    except (KeyError, TypeError, ValueError):
        pass
    raise EvidenceError(
        f"The kept encoder {name} is not the one that was written.", do="Remove it; it is fitted again.", code="damaged"
    )


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
    for regulariser in state["config"]["regularisers"]:
        part = look_up(REGULARISERS, regulariser["name"], "regulariser", regulariser["settings"])
        if isinstance(part, LayerRegulariser):
            part.apply_to(network)
    try:
        network.load_state_dict(state["networks"]["discriminator"])
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
    return _encoded("cohort", cohort, cohort.images, fitted, cache=cache, report=report)


def of_samples(
    samples: Samples, fitted: FittedEncoder, cache: Workspace | None = None, *, report: Report = silent
) -> Features:
    """Return the features of synthetic images, in their order."""
    return _encoded(
        "samples",
        samples,
        lambda index: np.asarray(samples.images[index], np.float32),
        fitted,
        cache=cache,
        report=report,
    )


def memoised(cohort: Cohort, cache: Workspace) -> Callable[[str, Callable[[], Arrays]], Arrays]:
    """Return what keeps and finds again what a cohort's own images show among themselves."""

    def memoise(what: str, search: Callable[[], Arrays]) -> Arrays:
        origin = Origin(inputs={"cohort": cohort.identity}, settings={"what": what}, revision=REVISIONS["searches"])
        name = origin.key("searches")
        if cache.exists("searches", name):
            try:
                content = cache.attached("searches", name, "arrays.npz") or b""
                with np.load(io.BytesIO(content), allow_pickle=False) as archive:
                    return tuple(archive[f"arr_{number}"] for number in range(len(archive.files)))
            except (OSError, ValueError, KeyError, EOFError, BadZipFile, WorkspaceError):
                pass  # damaged: it is only a cache
        arrays = search()
        data = io.BytesIO()
        np.savez(data, *arrays)
        cache.write(
            "searches",
            name,
            {"schema": "ganaug.search/1", "what": what},
            files={"arrays.npz": data.getvalue()},
            origin=origin,
            replace=True,
        )
        return arrays

    return memoise


def _encoded(
    kind: str,
    record: Cohort | Samples,
    images: Callable[[Integers], Floats],
    fitted: FittedEncoder,
    *,
    cache: Workspace | None,
    report: Report,
) -> Features:
    revision, ids = REVISIONS["features"], np.asarray(record.ids)
    origin = Origin(inputs={kind: record.identity, "encoder": fitted.digest}, revision=revision)
    name = origin.key("features")
    if cache is not None and cache.exists("features", name):
        with suppress(WorkspaceError):  # damaged: it is only a cache
            return cache.features(name)
    parts = []
    for start in range(0, max(1, len(ids)), AT_ONCE):
        report(start / max(1, len(ids)), f"Encoding images ({fitted.name})")
        parts.append(fitted.encode(images(np.arange(start, min(start + AT_ONCE, len(ids))))))
    digest = digest_of(revision, fitted.digest, record.digest, ids)
    features = Features(fitted.name, digest, np.concatenate(parts), ids)
    if cache is not None:
        cache.keep(features, name, origin=origin, replace=True)
    return features
