"""What the workbench knows of every single image, by route: class, role and volume, its nearest real ones, its scores.

Addresses hold artefacts, which never change, so a browser keeps the answers.
"""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ganaug_core.records import MOVEMENT, ROLES, Audit, Cohort, Integers, Samples
from ganaug_core.server import images, quick_nearest
from ganaug_core.storage.workspace import Workspace
from ganaug_core.wording import chance, number

MOST_ASKED = 512


def routes() -> list[Route]:
    """Return the routes; KIND is `cohorts` or `samples`.

    - `/api/list/KIND/ARTEFACT.json`: ids one after the other, class, role (3 is synthetic) and volume of each image
    - `/api/audited/ARTEFACT.json`: of each synthetic image of an audit the nearest real one of each role, and scores
    - `/api/nearest/COHORT/KIND/ARTEFACT.json?ids=a,b`: the same of some images by the quick measure
    """
    return [
        Route("/api/list/{kind}/{artefact}.json", images.guard(_list)),
        Route("/api/audited/{artefact}.json", images.guard(_audited)),
        Route("/api/nearest/{cohort}/{kind}/{artefact}.json", images.guard(_nearest)),
    ]


def _list(request: Request, workspace: Workspace) -> Response:
    artefact = request.path_params["artefact"]
    if request.path_params["kind"] == "samples":
        samples = workspace.open(Samples, artefact)
        return _listed(samples.ids, samples.labels, np.full(len(samples), len(ROLES)), np.zeros(0, np.int64))
    cohort = workspace.open(Cohort, artefact)
    return _listed(cohort.ids, cohort.labels, cohort.roles, cohort.volumes)


def _listed(ids: ArrayLike, labels: Integers, roles: Integers, volumes: Integers) -> Response:
    columns = {"labels": labels.tolist(), "roles": roles.tolist(), "volumes": volumes.tolist()}
    return JSONResponse({"ids": "".join(np.asarray(ids).tolist()), **columns})


def _audited(request: Request, workspace: Workspace) -> Response:
    audit = workspace.open(Audit, request.path_params["artefact"])
    nearest = {
        role: {
            "ids": [image.decode() for image in audit.nearest[f"{role}.id"].tolist()],
            "distances": _numbers(audit.nearest[f"{role}.distance"]),
            "movements": [_numbers(row) for row in np.stack([audit.nearest[f"{role}.{part}"] for part in MOVEMENT], 1)],
        }
        for role in ROLES
        if f"{role}.id" in audit.nearest
    }
    scores = {"copy": audit.scores.get("synthetic", ()), **audit.odd_scores}
    if (told_apart := audit.drawings.get("give_away.scores")) is not None:
        scores["realism"] = told_apart
    known: dict[str, Any] = {name: _numbers(values) for name, values in scores.items() if len(values)}
    if audit.odd_scores:
        known["odd"] = odd_places(audit).tolist()
    return JSONResponse({"nearest": nearest, "scores": known, "said": _said(audit)})


def _said(audit: Audit) -> dict[str, list[str]]:
    """Return what an audit says of single synthetic images, compared closely or odd, and the statistics behind it."""
    said: dict[str, list[str]] = {}
    for one in audit.suspects:
        named = "Named as a copy" if one.is_listed else "Not named as a copy"
        numbers = f"Copy score {number(one.score)}, {chance(one.p_value)}, {chance(one.q_value, 'q')}."
        said[one.synthetic] = ["The same image up to noise.", ""] if one.identical else [f"{named}.", numbers]
    for odd in audit.odd_images:
        listed = "listed as odd" if odd.is_listed else "not listed as odd"
        says, grounds = said.get(odd.synthetic, ["", ""])
        text = f"{odd.says[0].upper()}{odd.says[1:]} ({listed})."
        numbers = f"Odd: {chance(odd.p_value)}, {chance(odd.q_value, 'q')}."
        said[odd.synthetic] = [f"{says} {text}".strip(), f"{grounds} {numbers}".strip()]
    return said


def odd_places(audit: Audit) -> Integers:
    """Return (m,) the place of each synthetic image when the oddest come first: by p, then by the largest score."""
    scores = [values for name, values in audit.odd_scores.items() if name not in ("p", "q")]
    largest = np.nan_to_num(np.stack(scores), nan=-np.inf).max(0)  # what was not judged comes last
    places: Integers = np.lexsort((-largest, audit.odd_scores["p"])).argsort()
    return places


def _nearest(request: Request, workspace: Workspace) -> Response:
    ids = [images.checked(image_id) for image_id in request.query_params.get("ids", "").split(",")]
    if len(ids) > MOST_ASKED:
        raise HTTPException(404)
    pictures = images.requested_pictures(request, workspace)
    pixels = pictures.pixels[pictures.find(*ids)]
    cohort = workspace.open(Cohort, request.path_params["cohort"])
    normalised = pixels if pictures.normalised else cohort.intensity.normalise(pixels)
    near = quick_nearest.nearest(workspace.root, request.path_params["cohort"], np.asarray(normalised), ids)
    return JSONResponse(
        {
            role: {"ids": cohort.ids[found.rows].tolist(), "distances": _numbers(found.distances)}
            for role, found in near.items()
        }
    )


def _numbers(values: Iterable[Any]) -> list[float | None]:
    """Return numbers as JSON has them, with the digits that anybody reads; what is not known is null."""
    return [None if math.isnan(value) else round(float(value), 5) for value in values]
