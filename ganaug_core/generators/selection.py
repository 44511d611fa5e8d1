"""Some images of a set, as a set of their own: what leaves is audited as it leaves."""

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from ganaug_core.errors import GeneratorError
from ganaug_core.generators.latent_recipes import parsed, resembles_real
from ganaug_core.records import Samples
from ganaug_core.records.digest import digest_of
from ganaug_core.writers import marks


def searched_for(samples: Samples) -> list[str]:
    """Return the ids of the images that were searched for so that they resemble a real one, and of what was made from
    such."""
    recipes = samples.provenance.get("recipes", ())
    rows = zip(samples.ids.tolist(), marks.indices(samples), strict=True)
    return [image for image, place in rows if recipes and resembles_real(parsed(recipes[place]))]


def selected(samples: Samples, images: Collection[str], name: str) -> Samples:
    """Return the images with these ids in the order of the set; each keeps its id and its place in the draw.

    Raises:
        GeneratorError: None of them is in the set.
    """
    rows = np.flatnonzero(np.isin(samples.ids, list(images)))
    if not len(rows):
        raise GeneratorError("None of these images is in the set.", do="Choose other images.", code="empty")
    if len(rows) == len(samples):
        return replace(samples, name=name)
    chosen, labels, indices = np.asarray(samples.images[rows]), samples.labels[rows], marks.indices(samples)
    provenance = {key: value for key, value in samples.provenance.items() if key != "per_class"}
    if "seeds" in provenance:
        provenance["seeds"] = [provenance["seeds"][row] for row in rows]
    return replace(
        samples,
        name=name,
        digest=digest_of(chosen, labels),
        images=chosen,
        labels=labels,
        ids=samples.ids[rows],
        paths=tuple(samples.paths[row] for row in rows) if samples.paths else (),
        provenance={**provenance, "index": [indices[row] for row in rows], "of": samples.digest},
    )
