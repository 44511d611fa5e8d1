"""Where a cohort comes from: the embedded ones, a folder on the server, an upload."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import streamlit as st

from ganaug_core import readers
from ganaug_core.config.importing import LABEL_TAGS, Choices, Columns, label_names_of
from ganaug_core.config.requests import ImportCohort, Request
from ganaug_core.errors import CohortError
from ganaug_core.readers.embedded import PREFIX
from ganaug_core.readers.tables import SUFFIXES as TABLES
from ganaug_core.storage.uploads import discard
from ganaug_core.storage.workspace import check_name
from ganaug_core.ui.pages.cohort import first_look
from ganaug_core.ui.shared import caches, job_progress, names, show, uploads, words

EMBEDDED = {
    "phantom": (
        "Liver lesions, a phantom",
        "Computed CT patches in Hounsfield units: benign and malignant lesions in three textures. Nobody's data.",
    ),
    "digits": ("Handwritten digits", "1,797 tiny images of 0 to 9. Trains in a minute, good for trying things out."),
}
USUAL_RANGE = "The usual one for this kind of image"
WHOLE_RANGE = "From the lowest to the highest value"
PERCENTILES = "Between two percentiles"
OWN_RANGE = "Between two values, such as −160 to 240 HU for soft tissue"
RANGES = {USUAL_RANGE: (0.0, 0.0), WHOLE_RANGE: (0.0, 0.0), PERCENTILES: (0.5, 99.5), OWN_RANGE: (-160.0, 240.0)}
SLICES = {"all": "all", "mask": "all that meet the mask", "largest": "the largest section of the lesion"}
MASKS = (
    "A mask is a NIfTI, NRRD or MetaImage volume, or a picture, that is called like its image with _mask, _label or "
    "_seg; or a DICOM segmentation (SEG) or structure set (RTSTRUCT) of the series. It stays with its image either way."
)
PLANES = ("axial", "coronal", "sagittal", "acquired")
COLUMNS = {
    "image": "Column with the file names",
    "label": "Column with the classes",
    "patient": "Column with the patients",
    "split": "Column with the split",
}


def embedded_cohorts() -> None:
    """Offer the two cohorts that need no file, one click each, and show how far they are."""
    for column, (key, (title, says)) in zip(st.columns(2), EMBEDDED.items(), strict=True):
        with column.container(border=True, height="stretch"):
            st.header(title)
            st.write(says)
            st.space("stretch")
            if st.button(f"Open the {key}", key=f"embedded-{key}", type="primary" if key == "phantom" else "secondary"):
                size = 64 if key == "phantom" else 32
                name = names.free_name(key)
                job_progress.start(ImportCohort(source=f"{PREFIX}{key}", name=name, size=size), "cohort")
                st.rerun()
    job_progress.show_running(ImportCohort.step, _is_embedded)


def _is_embedded(request: Request | None) -> bool:
    return isinstance(request, ImportCohort) and request.source.startswith(PREFIX)


def own_images() -> None:
    """Ask for images of one's own, with sensible options folded away, and show how far their import is."""
    sources = {"Folder on this server": _choose_folder, "Upload": _choose_upload}
    source = st.segmented_control("Where are the images?", list(sources), default=next(iter(sources)), required=True)
    sources[source]()
    job_progress.show_running(ImportCohort.step, lambda request: not _is_embedded(request))


def _choose_folder() -> None:
    roots = uploads.roots()
    if not roots:
        st.info("No folder may be opened from here. Set GANAUG_ROOTS to the folders that may, and start again.")
        _elsewhere(roots)
        return
    st.session_state.setdefault("source-path", str(roots[0]))
    field, elsewhere = st.columns([3, 1], vertical_alignment="bottom")
    with elsewhere:
        _elsewhere(roots)
    field.text_input(
        "Folder, NPZ file or CSV table",
        key="source-path",
        help="A folder with one sub-folder per class, one DICOM series or NIfTI volumes per class, an NPZ file with "
        "images and labels, or a CSV table that names image, class and patient.",
    )
    with show.guarded():
        path = uploads.below_roots(st.session_state["source-path"])
        subfolders = uploads.folders_in(path) if path.is_dir() else []
        parent = [".. (one up)"] if path not in roots else []
        if subfolders or parent:
            st.selectbox(
                "Go into",
                [*parent, *subfolders],
                index=None,
                key=f"go-{path}",
                placeholder=f"{words.count(len(subfolders), 'folder')} here",
                on_change=_enter_folder,
                args=(path,),
            )
        if path == Path.home():
            st.text("Go into the folder that holds the images, with one sub-folder for each class.")
        else:
            _start_import(path, suggested=path.stem)


def _elsewhere(roots: list[Path]) -> None:
    """Say behind a button how images in other folders are reached."""
    with st.popover("The images are elsewhere", icon=":material/help:"):
        st.text(
            f"For safety ganaug opens only what lies below {words.listing(map(str, roots)) or 'no folder yet'}. To "
            "open others, name them all in GANAUG_ROOTS and start ganaug again:"
        )
        example = [str(roots[0]) if roots else str(Path.home()), str(Path("/data/images"))]
        if os.name == "nt":
            example[1] = "D:\\images"
            st.code(f'set "GANAUG_ROOTS={os.pathsep.join(example)}"\nganaug app', language="bat")
        else:
            st.code(f'GANAUG_ROOTS="{os.pathsep.join(example)}" ganaug app', language="bash")
        st.text("Or upload the images, or import them on the command line, which opens any folder: ganaug import PATH")


def _enter_folder(path: Path) -> None:
    chosen = st.session_state[f"go-{path}"]
    if chosen:
        st.session_state["source-path"] = str(path.parent if chosen.startswith("..") else path / chosen)


UPLOADED = ("zip", "npz", "png", "jpg", "jpeg", "jfif", "tif", "tiff", "bmp", "webp", "csv", "tsv", "xlsx", "dcm",
            "nii", "gz", "nrrd", "mha")  # fmt: skip


def _choose_upload() -> None:
    number = st.session_state.setdefault("upload-number", 0)
    files = st.file_uploader(
        "A zip archive with one folder per class, an NPZ file, or images with a CSV table",
        type=list(UPLOADED),
        accept_multiple_files=True,
        key=f"upload-{number}",
    )
    if files:
        with show.guarded():
            st.session_state["uploaded"] = str(uploads.store_files(files, caches.workspace()))
        st.session_state["uploaded-name"] = Path(files[0].name).stem
        st.session_state["upload-number"] = number + 1  # a fresh widget: the bytes leave the memory
        st.rerun()
    upload = st.session_state.get("uploaded")
    if upload and Path(upload).exists():
        said, button = st.columns([4, 1], vertical_alignment="center")
        said.success(
            "The files are here. They are deleted from the workspace when their import ends.",
            icon=":material/check:",
        )
        if button.button("Delete them now", icon=":material/delete:"):
            discard(caches.workspace(), upload)
            st.rerun()
        _start_import(Path(upload), suggested=st.session_state["uploaded-name"])


def _start_import(source: Path, suggested: str) -> None:
    """Ask for a name and the options, and start the import."""
    name = st.text_input("Name of the cohort", value=names.free_name(suggested), max_chars=100, key=f"name-{source}")
    with st.expander("Options"):
        request = _options(source)
    with show.guarded_part():
        first_look.before_import(source, request)
    if st.button("Import these images", type="primary", key="import-own"):
        job_progress.start(ImportCohort(source=str(source), name=check_name(name), draft=True, **request), "cohort")
        for key in ("uploaded", "uploaded-name"):
            st.session_state.pop(key, None)
        st.rerun()


def _options(source: Path) -> dict[str, Any]:
    left, right = st.columns(2)
    st.session_state.setdefault(first_look.SIZE, 64)
    size = left.select_slider(
        "Size of the images, in pixels",
        first_look.SIZES,
        key=first_look.SIZE,
        help="Small images train much faster; 64 is a good start.",
    )
    range_name = right.selectbox(
        "Range of values",
        list(RANGES),
        help="Values outside are set to the ends; generators give values of the range back. Usual: −1024 to 1024 HU "
        "for CT, 0 to 255 for 8 bits, the percentiles 0.5 to 99.5 for MR, all values for the rest.",
    )
    request: dict[str, Any] = {"size": int(size)}
    low, high = RANGES[range_name]
    if range_name in (OWN_RANGE, PERCENTILES):
        first, second = right.columns(2)
        limits = (
            first.number_input("Lowest", value=low, key=f"lowest-{range_name}"),
            second.number_input("Highest", value=high, key=f"highest-{range_name}"),
        )
        if limits[1] <= limits[0]:
            raise CohortError("The highest value is not above the lowest.", do="Correct the range of values.")
        request["percentiles" if range_name == PERCENTILES else "value_range"] = limits
    elif range_name != USUAL_RANGE:
        request["percentiles"] = (0.0, 100.0)
    if st.toggle("The images are volumes or have masks: choose how they become slices", key=first_look.SLICES):
        request["choices"] = _choices()
    if st.toggle(
        "Colour stays colour",
        help="Red, green and blue of 8-bit pictures and arrays, such as skin, fundus or histology, are kept as three "
        "channels. Otherwise colour becomes grey.",
    ):
        request["choices"] = replace(request.get("choices", Choices()), colour=True)
    columns = _columns(source) if _holds(source, TABLES) else Columns()
    if _holds(source, (*TABLES, ".npz")):
        columns = replace(columns, **_labels())
    return request if columns == Columns() else {**request, "columns": columns}


def _choices() -> Choices:
    """Ask how volumes become slices."""
    left, middle, right = st.columns(3, vertical_alignment="bottom")
    slices = left.selectbox("Slices", list(SLICES), format_func=SLICES.__getitem__, help=MASKS)
    step = middle.number_input("Of these, take every", 1, 1000, 1, help="2 takes each second slice.")
    plane = right.selectbox("Plane of NIfTI, NRRD and MetaImage volumes", PLANES)
    left, middle, right = st.columns(3, vertical_alignment="bottom")
    crop = left.toggle("Cut around the lesion", help="A square around what the mask marks.")
    region = middle.number_input("Region of the mask, 0 for all", 0, 65_535, 0, help="Its number in the mask.")
    tag = right.selectbox(
        "Classes come from", [None, *LABEL_TAGS], format_func=lambda tag: tag or "folders, or a table",
        help="Or from an attribute of the DICOM header.",
    )  # fmt: skip
    left, middle, right = st.columns(3, vertical_alignment="bottom")
    respaced = left.toggle(
        "One pixel spacing for all",
        key=first_look.RESPACED,
        help="The middle of an image is kept. Otherwise an image is scaled to fill the square.",
    )
    st.session_state.setdefault(first_look.SPACING, 1.0)
    spacing = middle.number_input("Pixel spacing in mm", 0.01, 100.0, key=first_look.SPACING, disabled=not respaced)
    volume = right.number_input("Volume of 4-D NIfTI files, 0 for none", 0, 10_000, 0, help="0 leaves such files out.")
    return Choices(
        slices=str(slices),
        every=int(step),
        plane=str(plane),
        volume=int(volume) or None,
        crop=crop,
        mask_label=int(region) or None,
        spacing_mm=float(spacing) if respaced else None,
        label_tag=tag,
    )


def _columns(source: Path) -> Columns:
    st.write("Columns of the CSV table; empty ones are guessed from their names.")
    columns = {}
    for field, (key, label) in zip(st.columns(4), COLUMNS.items(), strict=True):
        columns[key] = field.text_input(label, key=f"column-{key}").strip() or None
    return Columns(
        image=columns["image"],
        label=columns["label"],
        patient=columns["patient"],
        split=columns["split"],
        keep=_kept_columns(source),
    )


def _labels() -> dict[str, Any]:
    """Ask what labels of a table or an NPZ file mean."""
    left, right = st.columns(2)
    contains = left.text_input(
        "The finding that makes the classes, where an image has several (A|B)",
        key="label-contains",
        help="Two classes: images with this finding, and those without it. In an NPZ file the column's number, from 0.",
    ).strip()
    label_names = right.text_input(
        "Names of the labels, where they are numbers",
        key="label-names",
        placeholder="0=benign,1=malignant",
        help="Every number that occurs, with its name.",
    )
    return {"contains": contains or None, "names": label_names_of(label_names)}


def _kept_columns(source: Path) -> tuple[str, ...]:
    """Ask which columns shall stay with the images; nothing is kept by itself."""
    names: list[str] = []
    with show.guarded():
        table = readers.table_of(source, Columns(keep=("any",)))
        names = readers.header(table) if table else []
    if not names:
        return ()
    kept = st.multiselect(
        "Columns to keep, to compare subgroups later",
        names,
        key=f"keep-{source}",
        format_func=words.clean,
        help="Such as sex, age or scanner: an audit can then say whether the synthetic images serve some worse than "
        "others. What single images state stays in the workspace; a column that tells persons apart is refused.",
    )
    return tuple(kept)


def _holds(source: Path, suffixes: tuple[str, ...]) -> bool:
    return any(path.suffix.lower() in suffixes for path in (source.iterdir() if source.is_dir() else [source]))
