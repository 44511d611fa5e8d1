"""What lies below the verdicts of the Audit page: copied patients, give-aways, detail, labels and intensities."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from ganaug_core import wording
from ganaug_core.records import Audit, Measurement
from ganaug_core.ui.pages.audit import evidence_figures
from ganaug_core.ui.shared import charts, glossary, pairs, show, words
from ganaug_core.ui.shared.components.gallery import MOST, gallery
from ganaug_core.ui.shared.odd_words import odd_in_words

SAID = 12  # odd images whose oddness is said above the table


def details(audit: Audit) -> None:
    """Draw what the audit holds; older audits hold less."""
    if audit.copied:
        title = f"Which real images are copied ({len(audit.copied)})"
        show.folded(title, partial(_copied, audit), icon=":material/person:")
    if audit.odd_images:
        title = f"Odd images first ({len(audit.odd_images)})"
        show.folded(title, partial(_odd_images, audit), icon=":material/help_center:")
    if audit.give_aways:
        show.folded("What gives images away", partial(_give_aways, audit), icon=":material/search:")
    for key, title, icon, draw in (
        ("confusion.synthetic", "What a classifier sees in each class", ":material/grid_on:", _confusion),
        ("histogram.synthetic", "Pixel values of each class", ":material/equalizer:", _histograms),
        ("region.inside", "The lesion of each class", ":material/select_all:", _lesions),
        ("spectrum.synthetic", "Fine and coarse detail", ":material/graphic_eq:", _spectrum),
    ):
        if key in audit.drawings:
            show.folded(title, partial(draw, audit), icon=icon)


def _copied(audit: Audit) -> None:
    """List the real images behind the named copies, and their patients."""
    patients = len({image.patient for image in audit.copied})
    st.text(
        f"{words.count(len(audit.copied), 'real image')} of {words.count(patients, 'group')} of the split "
        f"{'is' if len(audit.copied) == 1 else 'are'} behind the named copies. A group is a patient where patients are "
        f"known; its number is that of this cohort and means nothing elsewhere."
    )
    cohort, samples = str(audit.cohort["name"]), str(audit.synthetic["name"])
    images = [image.real for image in audit.copied[:MOST]]
    gallery(
        "cohorts", cohort, images, pairs.labels("cohorts", cohort, images), key="copied", title="Copied real images"
    )
    show.link("samples", "See each with its copies", cohort=cohort, samples=samples, finding="copies")
    rows = [
        {
            "Real image": image.real,
            "Role": image.role.replace("holdout", "hold-out"),
            "Patient or group": image.patient,
            "Class": words.clean(image.class_name),
            "Synthetic images": len(image.synthetic),
            "Same up to noise": image.identical,
            "Which": ", ".join(image.synthetic[:8]),
        }
        for image in audit.copied
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, alt="Real images that synthetic images seem to copy")


@st.fragment
def _odd_images(audit: Audit) -> None:
    """Show the oddest images and what makes them odd."""
    with show.guarded():
        by_id = {image.synthetic: image for image in audit.odd_images}
        listed = sum(image.is_listed for image in audit.odd_images)
        st.text(f"The oddest first; {listed:,} of these {len(by_id):,} are listed.")
        _gallery(audit, list(by_id), "odd-images", "Synthetic images that are unlike their class, the oddest first")
        for image in audit.odd_images[:SAID]:
            st.text(odd_in_words(image))
        rows = [
            {
                "Synthetic": image.synthetic,
                "Class": words.clean(image.class_name),
                "What is odd": words.clean(image.says),
                "p": words.p_value(image.p_value),
                "q": words.p_value(image.q_value),
                "Listed": image.is_listed,
                "Nearest training image": image.ordinary,
            }
            for image in audit.odd_images
        ]
        st.dataframe(pd.DataFrame(rows), hide_index=True, alt="The oddest images and what makes them odd")


def _give_aways(audit: Audit) -> None:
    """Show the images that a classifier is surest of, and where it looks."""
    st.text(
        "A simple classifier learnt to tell synthetic from real images, and was asked about images it had not seen. It "
        "was surest of these."
    )
    _gallery(audit, audit.give_aways, "give-aways", "Synthetic images that a classifier is surest of")
    columns = st.columns(2)
    for side, key, title, quantity in (
        (columns[0], "give_away.brightness", "Where synthetic images are brighter or darker", "brightness"),
        (columns[1], "give_away.detail", "Where they have more or less fine detail", "fine detail"),
    ):
        if key in audit.drawings:
            with side:
                picture = np.asarray(audit.drawings[key])
                row, column = np.unravel_index(np.abs(picture).argmax(), picture.shape)
                alt = f"{title}: most at row {row + 1}, column {column + 1} of {len(picture)}"
                charts.show(evidence_figures.pattern(picture, title), key, alt)
                st.text(f"Pink: synthetic images have more {quantity} there. Blue-grey: less. Dark: no difference.")
                if wording.in_colour(audit.measurements):
                    st.text("At each place the one of red, green and blue that differs most.")


def _examples(audit: Audit, verdict: str) -> None:
    """Show the images behind a verdict, with their way to the other pages; older audits name none."""
    if verdict in audit.examples:
        examples = audit.examples[verdict]
        caption = words.clean(examples.says)
        st.text(caption, help=glossary.gloss(caption))
        _gallery(audit, examples.images, f"examples-{verdict}", caption)


def _gallery(audit: Audit, ids: Sequence[str], key: str, title: str) -> None:
    """Show synthetic images, and links to the one that is picked, at first the first one."""
    cohort, samples = str(audit.cohort["name"]), str(audit.synthetic["name"])
    images = list(ids[:MOST])
    picked = gallery(
        "samples", samples, images, pairs.labels("samples", samples, images), key=key, title=title, size=96
    )
    pairs.link_pair(samples, cohort, picked or images[0])


def _confusion(audit: Audit) -> None:
    """Show the confusion tables of both sides."""
    classes = [charts.label(name) for name in audit.cohort["classes"]]
    columns = st.columns(2)
    for column, key, title in (
        (columns[0], "confusion.synthetic", "Synthetic images"),
        (columns[1], "confusion.holdout", "Hold-out images"),
    ):
        table = np.asarray(audit.drawings[key])
        with column:
            alt = f"{title}: the classifier agrees with {words.percent(float(np.diag(table).mean()))} of the labels"
            charts.show(evidence_figures.confusion(table, classes, title), key, alt)
    st.text(
        "Each row is a label; the columns say what a classifier of the training images sees. Both tables should be "
        "alike: less on the diagonal is wrong labels, more is a caricature."
    )
    _examples(audit, "label_fidelity")


def _histograms(audit: Audit) -> None:
    """Show the pixel values of each class."""
    classes = [words.clean(name) for name in audit.cohort["classes"]]
    labels = np.asarray(audit.drawings["histogram.labels"]).astype(int)
    names = [classes[label] for label in labels]
    class_name = st.selectbox("Class", names, key="histogram-class")
    row = names.index(class_name or names[0])
    unit = str(audit.cohort.get("unit", "intensity"))
    sides = {side: np.asarray(audit.drawings[f"histogram.{side}"])[row] for side in ("holdout", "synthetic")}
    figure = evidence_figures.histogram(np.asarray(audit.drawings["histogram.edges"]), sides, unit)
    charts.show(figure, f"histogram-{row}", f"Pixel values of {names[row]} in hold-out and synthetic images")
    if wording.in_colour(audit.measurements):
        st.text(wording.POOLED)
    _examples(audit, "intensity")


def _lesions(audit: Audit) -> None:
    """Show where the lesion of a class is compared, on the mean image of both sides, and its numbers."""
    classes = [str(audit.cohort["classes"][int(label)]) for label in np.asarray(audit.drawings["region.labels"])]
    names = [words.clean(name) for name in classes]
    class_name = st.selectbox("Class", names, key="lesion-class")
    row = names.index(class_name or names[0])
    sides = {side: np.asarray(audit.drawings[f"region.{side}"])[row] for side in evidence_figures.SIDES}
    limits = (
        min(float(picture.min()) for picture in sides.values()),
        max(float(picture.max()) for picture in sides.values()),
    )
    inside = np.asarray(audit.drawings["region.inside"])[row]
    for column, (side, caption) in zip(st.columns(2), evidence_figures.SIDES.items(), strict=True):
        with column:
            title = f"Mean of {caption}"
            figure = evidence_figures.lesion(sides[side], inside, title, limits, str(audit.cohort.get("unit", "")))
            charts.show(figure, f"lesion-{side}-{row}", f"{title} of {names[row]}, with the edge of the region")
    rows = [
        measurement
        for measurement in audit.measurements
        if measurement.encoder == "region" and measurement.class_name == classes[row]
    ]
    st.dataframe(
        pd.DataFrame([_number(measurement) for measurement in rows]),
        hide_index=True,
        alt=f"Numbers of the lesion of {names[row]}",
    )


def _number(measurement: Measurement) -> dict[str, object]:
    """Return what a reader of the lesion's table needs; all columns stand below All measurements."""
    title, meaning = glossary.MEASURES[measurement.name]
    name = title.removeprefix("Lesion: ")
    low, high = (words.number(end) for end in measurement.interval or (measurement.value, measurement.value))
    return {
        "In the lesion": name[0].upper() + name[1:],
        "Synthetic": words.number(measurement.value),
        "95 % interval": f"{low} to {high}",
        "Hold-out": "–" if measurement.floor is None else words.number(measurement.floor),
        "Unit": measurement.unit,
        "p": "–" if measurement.p_value is None else words.p_value(measurement.p_value),
        "Meaning": meaning,
    }


def _spectrum(audit: Audit) -> None:
    """Show the power at each spatial frequency."""
    sides = {side: np.asarray(audit.drawings[f"spectrum.{side}"]) for side in ("holdout", "synthetic")}
    figure = evidence_figures.spectrum(np.asarray(audit.drawings["spectrum.frequency"]), sides)
    charts.show(figure, "spectrum", "Power of hold-out and synthetic images at eight spatial frequencies")
    st.text("Left is coarse, right is fine. Blur lowers the right end; noise and checkerboards raise it.")
    if wording.in_colour(audit.measurements):
        st.text(wording.POOLED)
