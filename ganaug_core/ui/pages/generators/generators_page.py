"""The Generators page: what a generator is, in words, and images drawn from it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from ganaug_core import pipeline
from ganaug_core.config.requests import Sample
from ganaug_core.generators import stored
from ganaug_core.storage import exports
from ganaug_core.ui.shared import caches, job_progress, show, words

SHOWN_PER_CLASS = 16
AMOUNTS = (16, 64, 100, 250, 600, 1000)
LICENCES = {
    "CC0-1.0": "free for everybody (CC0)",
    "CC-BY-4.0": "free with attribution (CC BY 4.0)",
    "CC-BY-NC-4.0": "free with attribution, not commercially (CC BY-NC 4.0)",
    "research-only": "for research only",
    "internal": "not to be passed on",
}


def card(name: str) -> None:
    """Tell what a generator draws, from what it learnt, and that its file was tested."""
    with caches.using("generators", name):
        passport = stored.counted(caches.workspace(), name)
    card = passport.model_dump(mode="json")
    shape, unit = card["architecture"], card["intensity"]
    figures = {
        "Classes": str(len(card["classes"])),
        "Size": f"{shape['rows']} × {shape['columns']} px",
        "Unit": words.plain(unit["unit"]),
        "Training images": f"{sum(counts['train'] for counts in card['classes']):,}",
        "Patients": f"{card['patients']:,}" if card["patients"] else "not known",
    }
    for column, (label, value) in zip(st.columns(len(figures)), figures.items(), strict=True):
        column.metric(label, value)
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.text("\n".join(sentence for sentence in _sentences(card) if sentence != name))
        st.success(
            "Self-test passed when it came here: the file is whole, its images are finite and varied, and its classes "
            "differ. It is tested again each time it is loaded.",
            icon=":material/verified:",
        )
        if card["metrics"]:
            rows = [{"Measure": words.clean(key), "Value": value} for key, value in card["metrics"].items()]
            st.dataframe(pd.DataFrame(rows), hide_index=True, alt="Measures in the passport")
    with right:
        rows = [
            {"Class": words.clean(counts["name"]), "Training images": counts["train"]} for counts in card["classes"]
        ]
        st.dataframe(pd.DataFrame(rows), hide_index=True, alt="Training images of each class")
    with st.expander("Fingerprints"):
        st.code(
            f"generator  {passport.identity}\ncohort     {card['cohort_digest']}\nweights    {card['tensors_sha256']}"
        )


def _sentences(card: dict[str, Any]) -> list[str]:
    unit, low, high = (card["intensity"][key] for key in ("unit", "low", "high"))
    spacing = card["spacing_mm"]
    scale = f", pixels of {spacing[0]:g} × {spacing[1]:g} mm" if spacing else ""
    learnt = f"Learnt from the cohort {words.clean(card['cohort_name'])} with the recipe {words.clean(card['recipe'])}"
    threads = f", {words.count(card['threads'], 'processor thread')}" if card.get("threads") else ""
    return [
        words.clean(card["title"]),
        f"Draws values from {words.number(low)} to {words.number(high)} {words.clean(unit)}{scale}.",
        f"{learnt}, seed {card['seed']}{threads}, {card['images']:,} images shown.",
        f"Made {card['created'][:10]} by {words.clean(card['software'])}. Licence: {LICENCES[card['licence']]}.",
        _looks(card["holdout_looks"]),
        f"Intended use: {card['intended_use']}.",
    ]


def _looks(looks: int | None) -> str:
    if looks is None:
        return "How often the hold-out share of its cohort was looked at is not known."
    times = "never" if not looks else "once" if looks == 1 else f"{looks:,} times"
    return f"The hold-out share of its cohort was looked at {times} (audits, maps, benefit experiments)."


def download_button(name: str) -> None:
    """Offer the generator as one file that cannot run code; where it is damaged, say so before anybody saves it."""
    caches.generator_file(name)
    if show.withdrawn("generators", name) and not st.checkbox("Let it leave all the same", key=f"leave-{name}"):
        return
    st.download_button(
        "Save as a file",
        lambda: _leaving(name),
        file_name=f"{name}.safetensors",
        mime="application/octet-stream",
        icon=":material/download:",
        help="One .safetensors file with its passport. It holds numbers, no program.",
    )


def _leaving(name: str) -> bytes:
    exports.record(caches.workspace(), "generators", name, "generator file")
    return stored.file_of(caches.workspace(), name)


def draw_images(name: str) -> None:
    """Draw images of every class; what was drawn before is there at once."""
    st.subheader("Draw images")
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
    request = Sample(generator=name, per_class=int(per_class), seed=seed, truncation=float(truncation))
    if samples := job_progress.result_or_button(request, f"Draw {per_class} images per class"):
        plain = pipeline.existing_result(caches.workspace(), replace(request, truncation=1.0))
        if truncation < 1 and plain:
            st.text("The same starting points without truncation and with it, one below the other.")
            image_rows({"truncation 1": plain, f"truncation {truncation:g}": samples})
        else:
            image_rows({"synthetic": samples})
        with st.container(horizontal=True):
            show.link("samples", "Look at them closely", samples=samples)
            show.link("audit", "Audit them", samples=samples)


def mix_styles(name: str) -> None:
    """Mix the styles of two rows of images, where the generator has styles; elsewhere show nothing."""
    if stored.passport(caches.workspace(), name).architecture.name != "style":
        return
    st.subheader("Mix styles")
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
