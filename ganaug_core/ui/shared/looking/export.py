"""Synthetic images as a file to take away: chosen, without named copies, audited as they leave, packed on request."""

import io
import tempfile
import zipfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
import streamlit as st

from ganaug_core import pipeline, release
from ganaug_core.config.requests import AuditSamples, SelectSamples
from ganaug_core.generators.export import export
from ganaug_core.generators.export_manifest import Known, audit_in_words
from ganaug_core.records import Integers, Intensity, Samples
from ganaug_core.release import Leaving
from ganaug_core.storage import exports
from ganaug_core.storage.database import Decision
from ganaug_core.ui.shared import caches, glossary, job_progress, show, words
from ganaug_core.writers import WRITERS

FORMATS = {writer.title: name for name, writer in WRITERS.items()}
AUDIT = "Audit exactly these images"
HELP = (
    "Every file says that a trained algorithm made it. Beside the images lie a table (class, seed, place in the draw, "
    "decision), a data card and a description for machines."
)
KEPT, REST, EACH = "the kept images", "all but the rejected", "images of each class"


def save_images(cohort: str, samples: str, decided: Mapping[str, Decision]) -> None:
    """Let the reader choose which images to save and how, see them audited, and save them."""
    record = caches.samples(samples)
    rows, format = _choice(record, decided)
    what = _without_copies(cohort, samples, record, rows)
    _audited(cohort, samples, record, what)
    if show.withdrawn("samples", samples) and not st.checkbox("Let them leave all the same", key=f"leave-{samples}"):
        return
    st.download_button(
        f"Save {words.count(len(what.samples), 'image')}",
        partial(_leave, cohort, samples, what, format),
        file_name=f"{samples}-{len(what.samples)}-{format}.zip",
        mime="application/zip",
        icon=":material/download:",
        on_click="ignore",
        help=HELP,
    )


def kept_rows(samples: Samples, decided: Mapping[str, Decision]) -> Integers:
    """Return the rows of the images that were kept."""
    kept = [image for image, decision in decided.items() if decision.decision == "keep"]
    return np.flatnonzero(np.isin(samples.ids, kept))


def rest_rows(samples: Samples, decided: Mapping[str, Decision]) -> Integers:
    """Return the rows of the images that were not rejected."""
    rejected = [image for image, decision in decided.items() if decision.decision == "reject"]
    return np.flatnonzero(~np.isin(samples.ids, rejected))


def first_of_each(samples: Samples, per_class: int) -> Integers:
    """Return the rows of the first images of each class."""
    rows_by_class = [np.flatnonzero(samples.labels == label)[:per_class] for label in range(len(samples.classes))]
    return np.sort(np.concatenate(rows_by_class))


def as_zip(samples: Samples, intensity: Intensity, format: str, known: Known) -> bytes:
    """Return a zip of the images, their table, their manifest and their data card."""
    buffer = io.BytesIO()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / samples.name
        export(samples, intensity, folder, format, known)
        packing = zipfile.ZIP_STORED if format in ("png", "png8", "slides", "npz", "nifti") else zipfile.ZIP_DEFLATED
        with zipfile.ZipFile(buffer, "w", packing) as archive:
            for path in sorted(folder.rglob("*")):
                if path.is_file():
                    archive.write(path, path.relative_to(scratch))
    return buffer.getvalue()


def _choice(record: Samples, decided: Mapping[str, Decision]) -> tuple[Integers, str]:
    """Ask which images, and in which format; return their rows and its name."""
    most = int(np.bincount(record.labels, minlength=len(record.classes)).max())
    columns = st.columns(3, vertical_alignment="bottom")
    decisions = {KEPT: kept_rows(record, decided), REST: rest_rows(record, decided)}
    offered = {name: rows for name, rows in decisions.items() if 0 < len(rows) < len(record)}
    which = columns[0].selectbox("Which images", [*offered, EACH], key="save-which")
    if which not in offered:
        per_class = int(columns[1].number_input("How many of each class", 1, most, min(100, most), key="save-count"))
        rows = first_of_each(record, per_class)
    else:
        rows = offered[which]
        columns[1].text(words.count(len(rows), "image"))
    return rows, FORMATS[str(columns[2].selectbox("Format", list(FORMATS), key="save-format"))]


def _without_copies(cohort: str, samples: str, record: Samples, rows: Integers) -> Leaving:
    """Say how many of the images an audit named as copies, and leave them out unless somebody asks for them."""
    identity, images = caches.inputs(cohort, samples)["cohort"], record.ids[rows].tolist()
    without = release.leaving(caches.workspace(), identity, record, images, with_copies=True)
    if not without.named:
        return release.leaving(caches.workspace(), identity, record, images)
    st.warning(
        f"{words.count(len(without.named), 'of these images was', 'of these images were')} {named_how(record)}, and "
        "stay here.",
        icon=":material/content_copy:",
    )
    asked = st.checkbox("Let named copies leave too", key=f"save-copies-{samples}")
    return without if asked else release.leaving(caches.workspace(), identity, record, images)


def named_how(record: Samples) -> str:
    """Return why images are held back, after `was` or `were`."""
    if record.provenance.get("recipes"):
        return "searched for to resemble real images"
    return "named as copies of real images by an audit"


def _audited(cohort: str, samples: str, record: Samples, what: Leaving) -> None:
    """Say what the audit of exactly these images says; where there is none, offer it."""
    if what.audit:
        verdicts = caches.audit(what.audit, cohort, samples).verdicts
        with st.container(horizontal=True, vertical_alignment="center"):
            st.text("Exactly these images were audited:")
            for name, (title, question) in glossary.VERDICTS.items():
                word, sign, colour = glossary.STATES[verdicts[name].state]
                st.badge(f"{title}: {word}", icon=sign, color=colour, help=question)  # type: ignore[arg-type]
        if what.left_out:
            st.text(audit_in_words(release.known(caches.workspace(), what)))
        return
    st.text("Exactly these images were not audited, and the files will say so.")
    if any(record.provenance.get(key) for key in ("mixing", "recipes", "moments")):
        return
    workspace = caches.workspace()
    if existing := workspace.named("samples", what.samples.identity):
        job_progress.result_or_button(AuditSamples(cohort=cohort, samples=existing), AUDIT)
    elif st.button(AUDIT, key="save-audit", icon=":material/fact_check:"):
        name = pipeline.select_samples(workspace, SelectSamples(samples=samples, images=what.images))
        job_progress.start(AuditSamples(cohort=cohort, samples=name))
        st.rerun()


def _leave(cohort: str, samples: str, what: Leaving, format: str) -> bytes:
    """Return the file, and write down that it left."""
    intensity = caches.cohort(cohort).intensity
    content = as_zip(what.samples, intensity, format, release.known(caches.workspace(), what))
    exports.record(caches.workspace(), "samples", samples, "images")
    return content
