"""Images by route and never through the page's own channel, so that a gallery costs one request.

Pixels come memory-mapped from the workspace. An address that asks for something unknown, damaged or forbidden gets 404
and no details.
"""

import io
import math
import re
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from ganaug_core.errors import WorkspaceError
from ganaug_core.generators import stored
from ganaug_core.records import Cohort, Integers, Intensity, Map, Pixels, Samples
from ganaug_core.storage.workspace import ID_LENGTH, Workspace

MOST_TILES = 512
RUNS = 3  # zlib's Z_RLE: images with noise take half the time to pack, and are as small
_ID = re.compile(r"[0-9a-f]{12}")
_ARTEFACT = re.compile(f"[0-9a-f]{{{ID_LENGTH}}}")
_FILTERS = {"nearest": Image.Resampling.NEAREST, "lanczos": Image.Resampling.LANCZOS}


def routes() -> list[Route]:
    """Return the routes; KIND is `cohorts` or `samples`, ARTEFACT what a name means now and never anything else.

    - `/api/image/KIND/ARTEFACT/ID.png?low=&high=&size=&scale=nearest|lanczos`: 8 bit, windowed in the physical unit
    - `/api/pixels/KIND/ARTEFACT/ID.bin` and `.json`: physical values, int16 or float32, and how to read them
    - `/api/sprite/KIND/ARTEFACT.png?ids=a,b&tile=64&columns=16&low=&high=`: one sheet, row by row
    - `/api/map/ARTEFACT.bin`: float32 x and y, int32 row of the nearest training image, uint8 class, uint8 role,
      ids of 12 ASCII characters; each column whole, one after the other. Where the map has neighbourhoods: float32
      reach, then int32 rows of the neighbours
    - `/api/preview/RUN/IMAGES.png`: the sample grid after that many images
    """
    return [
        Route("/api/image/{kind}/{artefact}/{id}.png", guard(_image)),
        Route("/api/pixels/{kind}/{artefact}/{id}.bin", guard(_values)),
        Route("/api/pixels/{kind}/{artefact}/{id}.json", guard(_header)),
        Route("/api/sprite/{kind}/{artefact}.png", guard(_sprite)),
        Route("/api/map/{artefact}.bin", guard(_map)),
        Route("/api/preview/{run}/{images}.png", guard(_preview)),
    ]


class Pictures(NamedTuple):
    """Images of one artefact: `pixels` (n, channel, row, column), the row of each id, the map to the physical unit.

    `normalised` says that the pixels are in [-1, 1] and not yet in the unit.
    """

    pixels: Pixels
    rows: dict[str, int]
    intensity: Intensity
    spacing_mm: tuple[float, float] | None
    normalised: bool

    def physical(self, index: Integers) -> Pixels:
        """Return (len(index), channel, row, column) in the unit."""
        chosen = self.pixels[index]
        physical: Pixels = self.intensity.physical(chosen) if self.normalised else chosen
        return physical

    def find(self, *ids: str) -> Integers:
        try:
            return np.array([self.rows[image_id] for image_id in ids], np.int64)
        except KeyError as error:
            raise HTTPException(404) from error


@lru_cache(maxsize=16)
def pictures(root: Path, kind: str, artefact: str, stamp: tuple[int, ...]) -> Pictures:
    """Open the images of a cohort or of samples by artefact; a WorkspaceError says that they are not there.

    Args:
        stamp: Changes when cohorts or generators come and go: the unit of samples is looked up among these.
    """
    workspace = Workspace(root)
    if kind == "cohorts":
        cohort = workspace.open(Cohort, artefact)
        rows = {str(image_id): row for row, image_id in enumerate(cohort.ids)}
        return Pictures(cohort.pixels, rows, cohort.intensity, cohort.spacing_mm, normalised=False)
    samples = workspace.open(Samples, artefact)
    rows = {str(image_id): row for row, image_id in enumerate(samples.ids)}
    intensity, spacing = unit_of(workspace, samples)
    return Pictures(samples.images, rows, intensity, spacing, normalised=True)


def unit_of(workspace: Workspace, samples: Samples) -> tuple[Intensity, tuple[float, float] | None]:
    """Return the physical unit of synthetic images and their pixel spacing.

    The generator's passport knows them, else the cohort that was learnt from or imitated. Where neither is here, the
    images stay in [-1, 1]: a guessed unit would be worse than none.
    """
    origin = samples.provenance
    generator = workspace.named("generators", str(origin.get("generator")))
    if generator is not None:
        with suppress(WorkspaceError):
            passport = stored.passport(workspace, generator)
            spacing = passport.spacing_mm
            return Intensity(**passport.intensity.model_dump()), (spacing[0], spacing[1]) if spacing else None
    for name in workspace.names("cohorts"):
        with suppress(WorkspaceError):  # a damaged one does not hide the others
            cohort = workspace.cohort(name)
            if cohort.digest in (origin.get("cohort"), origin.get("imitates")):
                return cohort.intensity, cohort.spacing_mm
    return Intensity("relative intensity", -1, 1), None


def windowed(pixels: Pixels, low: float, high: float) -> Pixels:
    """Return uint8: `low` and below black, `high` and above white."""
    span = np.float32(max(high - low, 1e-6))
    scaled = (np.asarray(pixels, np.float32) - np.float32(low)) * (255 / span)
    grey: Pixels = np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
    return grey


def picture(pixels: Pixels) -> Image.Image:
    """Return uint8 (channel, row, column) as a grey or, from three channels on, a colour picture."""
    return Image.fromarray(pixels[0] if len(pixels) < 3 else np.moveaxis(pixels[:3], 0, -1))


def sheet(pixels: Pixels, columns: int, tile: int, gap: int = 0) -> Image.Image:
    """Return one picture of uint8 images (n, channel, row, column), row by row, each fitted into a square tile.

    `gap` pixels of black lie between the tiles.
    """
    columns = max(1, min(columns, len(pixels)))
    rows, step = math.ceil(len(pixels) / columns), tile + gap
    mode = "L" if pixels.shape[1] < 3 else "RGB"
    sprite = Image.new(mode, (columns * step - gap, rows * step - gap))
    for index, tile_pixels in enumerate(pixels):
        image = picture(tile_pixels)
        scale = tile / max(image.size)
        image = image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))))
        row, column = divmod(index, columns)
        left, top = (tile - image.width) // 2, (tile - image.height) // 2
        sprite.paste(image, (column * step + left, row * step + top))
    return sprite


def guard(answer: Callable[[Request, Workspace], Response]) -> Callable[[Request], Response]:
    """Wrap a route: whatever cannot be had is a plain 404; images may stay in the browser's own cache."""

    def guarded(request: Request) -> Response:
        try:
            response = answer(request, Workspace())
        except (WorkspaceError, ValueError, OverflowError) as error:
            raise HTTPException(404) from error
        response.headers.setdefault("Cache-Control", "private, max-age=3600")
        return response

    return guarded


def requested_pictures(request: Request, workspace: Workspace) -> Pictures:
    """Return what KIND and ARTEFACT of the address are."""
    kind = request.path_params["kind"]
    if kind not in ("cohorts", "samples"):
        raise HTTPException(404)
    artefact = request.path_params["artefact"]
    if not _ARTEFACT.fullmatch(artefact) or not (workspace.root / "artefacts" / artefact).is_dir():
        raise HTTPException(404)  # what was removed is not shown from memory
    stamp = tuple((workspace.root / named).stat().st_mtime_ns for named in ("cohorts", "generators"))
    return pictures(workspace.root, kind, artefact, stamp)


def _requested_image(request: Request, pictures_found: Pictures) -> Pixels:
    """Return the one image that is asked for, (channel, row, column) in the unit."""
    image: Pixels = pictures_found.physical(pictures_found.find(checked(request.path_params["id"])))[0]
    return image


def checked(image_id: str) -> str:
    """Return an id that can be one; 404 for anything else."""
    if not _ID.fullmatch(image_id):
        raise HTTPException(404)
    return image_id


def _window(request: Request, intensity: Intensity) -> tuple[float, float]:
    low = _number(request, "low", intensity.low, -1e9, 1e9)
    high = _number(request, "high", intensity.high, -1e9, 1e9)
    return low, high


def _number(request: Request, key: str, default: float, least: float, most: float) -> float:
    """Return a number from the address, kept within bounds; ValueError for what is no number."""
    value = float(request.query_params.get(key) or default)
    if not math.isfinite(value):
        raise ValueError(key)
    return min(max(value, least), most)


def _image(request: Request, workspace: Workspace) -> Response:
    pictures_found = requested_pictures(request, workspace)
    image = picture(windowed(_requested_image(request, pictures_found), *_window(request, pictures_found.intensity)))
    longest = max(image.size)
    factor = _number(request, "size", longest, 16, 2048) / longest
    resampling = _FILTERS.get(request.query_params.get("scale") or "nearest")
    if resampling is None:
        raise HTTPException(404)
    if factor != 1:
        image = image.resize((round(image.width * factor), round(image.height * factor)), resampling)
    return Response(as_png(image), media_type="image/png")


def _values(request: Request, workspace: Workspace) -> Response:
    pixels = _transportable(_requested_image(request, requested_pictures(request, workspace)))
    return Response(pixels.tobytes(), media_type="application/octet-stream")


def _header(request: Request, workspace: Workspace) -> Response:
    pictures_found = requested_pictures(request, workspace)
    pixels = _transportable(_requested_image(request, pictures_found))
    channels, rows, columns = pixels.shape
    return JSONResponse(
        {
            "type": pixels.dtype.name,
            "channels": channels,
            "rows": rows,
            "columns": columns,
            "unit": pictures_found.intensity.unit,
            "low": pictures_found.intensity.low,
            "high": pictures_found.intensity.high,
            "spacing": pictures_found.spacing_mm,
        }
    )


def _transportable(pixels: Pixels) -> Pixels:
    """Return little-endian int16 where that holds every value of the stored type, else float32."""
    small = pixels.dtype.kind in "iu" and np.can_cast(pixels.dtype, np.int16)
    return np.ascontiguousarray(pixels, dtype="<i2" if small else "<f4")


def _sprite(request: Request, workspace: Workspace) -> Response:
    pictures_found = requested_pictures(request, workspace)
    ids = [checked(image_id) for image_id in request.query_params.get("ids", "").split(",")]
    if len(ids) > MOST_TILES:
        raise HTTPException(404)
    pixels = windowed(pictures_found.physical(pictures_found.find(*ids)), *_window(request, pictures_found.intensity))
    tile = int(_number(request, "tile", 64, 16, 256))
    columns = int(_number(request, "columns", 16, 1, MOST_TILES))
    return Response(as_png(sheet(pixels, columns, tile)), media_type="image/png")


def _map(request: Request, workspace: Workspace) -> Response:
    map_ = workspace.open(Map, request.path_params["artefact"])
    columns = (map_.positions.astype("<f4"), map_.nearest.astype("<i4"))
    small = (map_.labels.astype(np.uint8), map_.roles.astype(np.uint8), map_.ids.astype("S12"))
    around = (map_.reaches.astype("<f4"), map_.neighbours.astype("<i4"))
    body = b"".join(column.tobytes() for column in (*columns, *small, *around))
    return Response(body, media_type="application/octet-stream")


def _preview(request: Request, workspace: Workspace) -> Response:
    images = int(request.path_params["images"])
    path = workspace.folder("runs", request.path_params["run"]) / "previews" / f"{images:09d}.png"
    if not path.is_file():
        raise HTTPException(404)
    headers = {"Cache-Control": "private, no-cache"}  # another run may have the name tomorrow
    return FileResponse(path, media_type="image/png", headers=headers)


def as_png(image: Image.Image) -> bytes:
    """Return a picture as PNG: JPEG, Streamlit's default, changes grey levels."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_type=RUNS)
    return buffer.getvalue()
