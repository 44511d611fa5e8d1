"""The Generators page: a generator leaves as a file, and draws images."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import streamlit as st

from ganaug_core import pipeline
from ganaug_core.config.requests import SCALED, TRUNCATIONS, Sample
from ganaug_core.generators import model_card, stored
from ganaug_core.storage import exports
from ganaug_core.ui.shared import caches, job_progress, show, words

SHOWN_PER_CLASS = 16
TRUNCATION_WORDS = {"scaled": "scaled", "redrawn": "drawn anew", "mean_style": "towards the mean style"}
AMOUNTS = (16, 64, 100, 250, 600, 1000)


def download_button(name: str) -> None:
    """Offer the generator as one file that cannot run code; where it is damaged, say so before anybody saves it."""
    caches.generator_file(name)
    if show.withdrawn("generators", name) and not st.checkbox("Let it leave all the same", key=f"leave-{name}"):
        return
    with st.container(horizontal=True):
        st.download_button(
            "Save as a file",
            lambda: _leaving(name),
            file_name=f"{name}.safetensors",
            mime="application/octet-stream",
            icon=":material/download:",
            on_click="ignore",
            help="One .safetensors file with its passport. It holds numbers, no program.",
        )
        st.download_button(
            "Save as ONNX",
            lambda: _leaving_as_onnx(name),
            file_name=f"{name}.onnx",
            mime="application/octet-stream",
            icon=":material/download:",
            on_click="ignore",
            help="For programs that do not know ganaug. It is made when you click, which takes some seconds.",
        )
        st.download_button(
            "Save its model card",
            lambda: model_card.card(stored.up_to_date(caches.workspace(), name)).encode(),
            file_name=f"{name}.md",
            mime="text/markdown",
            icon=":material/description:",
            on_click="ignore",
            help="What it draws, how it was made, what its audit says: Markdown, with the header that model hubs read.",
        )


def _leaving_as_onnx(name: str) -> bytes:
    exports.record(caches.workspace(), "generators", name, "ONNX file")
    return stored.onnx_of(caches.workspace(), name)


def _leaving(name: str) -> bytes:
    exports.record(caches.workspace(), "generators", name, "generator file")
    return stored.file_of(caches.workspace(), name)


def draw_images(name: str) -> None:
    """Draw images of every class; what was drawn before is there at once."""
    st.header("Draw images")
    last_settings = _last_settings(name)
    columns = st.columns(3)
    per_class = columns[0].select_slider(
        "Images per class", AMOUNTS, value=last_settings.get("per_class", 64), key=f"draw-count-{name}"
    )
    seed = int(
        columns[1].number_input(
            "Seed",
            0,
            2**31 - 1,
            last_settings.get("seed", 0),
            key=f"draw-seed-{name}",
            help="The same seed, the same images.",
        )
    )
    truncation = columns[2].slider(
        "Truncation",
        0.1,
        1.0,
        1.0,
        0.05,
        key=f"draw-truncation-{name}",
        help="Below 1: more typical, less varied images.",
    )
    truncation_by = columns[2].selectbox(
        "Truncation by",
        TRUNCATIONS if _has_styles(name) else TRUNCATIONS[:-1],
        format_func=TRUNCATION_WORDS.__getitem__,
        key=f"draw-truncation-by-{name}",
        help="Scaled multiplies the starting points. Drawn anew: numbers beyond the limit, as BigGAN does. Towards the "
        "mean style of the class: for style-based generators.",
    )
    request = Sample(
        generator=name,
        per_class=int(per_class),
        seed=seed,
        truncation=float(truncation),
        truncation_by=str(truncation_by) if truncation < 1 else SCALED,
    )
    if samples := job_progress.result_or_button(request, f"Draw {per_class} images per class"):
        plain = pipeline.existing_result(caches.workspace(), replace(request, truncation=1.0, truncation_by=SCALED))
        if truncation < 1 and plain:
            st.text("The same starting points without truncation and with it, one below the other.")
            image_rows({"truncation 1": plain, f"truncation {truncation:g}": samples})
        else:
            image_rows({"synthetic": samples})
        with st.container(horizontal=True):
            show.link("samples", "Look at them closely", samples=samples)
            show.link("audit", "Audit them", samples=samples)


def _has_styles(name: str) -> bool:
    return stored.passport(caches.workspace(), name).architecture.name == "style"


def mix_styles(name: str) -> None:
    """Mix the styles of two rows of images, where the generator has styles; elsewhere show nothing."""
    if not _has_styles(name):
        return
    st.header("Mix styles")
    share = st.slider(
        "Taken from the column",
        0.1,
        0.9,
        0.5,
        0.1,
        key=f"mix-{name}",
        help="Each layer of this generator has a style. Coarse layers decide the shape, fine ones the texture. This "
        "share of the layers, from the finest on, has the style of the column; the others have that of the row.",
    )
    samples = job_progress.result_or_button(Sample(generator=name, per_class=1, mixing=float(share)), "Mix styles")
    if samples is None:
        return
    record = caches.samples(samples)
    st.caption("Images of a row share their coarse styles, images of a column their fine ones. Synthetic.")
    columns = st.columns(3)
    for label, class_name in enumerate(record.classes):
        index = np.flatnonzero(record.labels == label)
        side = round(len(index) ** 0.5)
        with columns[label % len(columns)]:
            st.text(words.clean(class_name))
            sheet = caches.samples_sheet(samples, tuple(index.tolist()), side, 56)
            st.image(sheet, output_format="PNG", alt=f"Mixed styles of the class {words.clean(class_name)}")


def _last_settings(generator: str) -> dict[str, int]:
    """Return `per_class` and `seed` of the images drawn last, if they were drawn on this page or for an audit."""
    workspace = caches.workspace()
    matching = workspace.find(
        "samples", {"generator": workspace.identity("generators", generator)}, truncation=1.0, mixing=0.0, classes=None
    )
    settings = [reference.origin.settings for _, reference in matching]
    usable = [values for values in settings if values.get("per_class") in AMOUNTS]
    return {key: int(usable[0][key]) for key in ("per_class", "seed")} if usable else {}


def image_rows(sets: Mapping[str, str]) -> None:
    """Show the first images of every class: a row for each set, given by what is said of it."""
    classes = caches.samples(next(iter(sets.values()))).classes
    for label, class_name in enumerate(map(words.clean, classes)):
        for caption, name in sets.items():
            rows = np.flatnonzero(caches.samples(name).labels == label)[:SHOWN_PER_CLASS]
            if len(rows):
                left, right = st.columns([1, 7], vertical_alignment="center")
                left.text(f"{class_name}\n{caption}")
                sheet = caches.samples_sheet(name, tuple(rows.tolist()), SHOWN_PER_CLASS, 72)
                right.image(sheet, output_format="PNG", alt=f"Synthetic images of the class {class_name}, {caption}")
