"""Generators and synthetic images that come from elsewhere."""

from pathlib import Path

import streamlit as st

from ganaug_core.config.requests import ImportGenerator, ImportSamples
from ganaug_core.storage.workspace import check_name
from ganaug_core.ui.shared import caches, choosers, job_progress, names, show, uploads, words

_BROUGHT = "brought-images"


def collect_imported_images() -> None:
    """Take note of the synthetic images that this session imported, once they are there."""
    if imported := job_progress.collect(ImportSamples.step):
        st.session_state[_BROUGHT] = imported


def last_imported() -> str | None:
    """Return the name of the synthetic images that this session imported last, None where there are none."""
    name = st.session_state.get(_BROUGHT)
    return name if name and caches.workspace().exists("samples", name) else None


def bring_generator() -> None:
    """Import a generator file; it is checked in a worker before anything of it is kept."""
    number = st.session_state.setdefault("generator-upload", 0)
    file = st.file_uploader(
        "A generator file made by ganaug (.safetensors)", type=["safetensors"], key=f"generator-{number}"
    )
    if file is None:
        return
    path = uploads.store_files([file], caches.workspace())
    name = names.free_name(Path(file.name).stem, "generators")
    job_progress.start(ImportGenerator(path=str(path), name=name), "generator")
    st.session_state["generator-upload"] = number + 1
    st.rerun()


def bring_images() -> None:
    """Import anybody's synthetic images for a cohort, to look at and audit them like our own."""
    if name := last_imported():
        samples = caches.samples(name)
        left_out = len(samples.provenance.get("skipped", ()))
        text = f"{words.count(len(samples), 'image')} imported as {name}"
        st.success(f"{text}, {words.count(left_out, 'file')} left out." if left_out else f"{text}.")
        for note in samples.provenance.get("notes", ()):
            st.text(words.clean(note))
        with st.container(horizontal=True):
            show.link("samples", "Look at them closely", samples=name)
            show.link("audit", "Audit them", samples=name)
    if not caches.workspace().names("cohorts"):
        st.info("Load the cohort first that the images imitate.", icon=":material/arrow_forward:")
        show.link("cohort")
        return
    st.write("One folder per class with the class names of the cohort, zipped or on the server, or an NPZ file.")
    cohort = str(choosers.cohort())
    number = st.session_state.setdefault("synthetic-upload", 0)
    file = st.file_uploader("Zip archive or NPZ file", type=["zip", "npz"], key=f"synthetic-{number}")
    if file is not None:
        st.session_state["synthetic-path"] = str(uploads.store_files([file], caches.workspace()))
        st.session_state["synthetic-name"] = Path(file.name).stem
        st.session_state["synthetic-upload"] = number + 1
        st.rerun()
    uploaded = st.session_state.get("synthetic-path")
    if uploaded and not Path(uploaded).exists():
        uploaded = None
    typed = "" if uploaded else st.text_input("or a folder or NPZ file on the server", key=f"synthetic-typed-{number}")
    if not uploaded and not typed:
        return
    source = Path(uploaded) if uploaded else uploads.below_roots(typed)
    suggested = st.session_state.get("synthetic-name") or source.stem
    if uploaded:
        st.text("The files are here. They are deleted from the workspace when their import ends.")
    name = st.text_input("Name of these images", value=names.free_name(suggested, "samples"), max_chars=100)
    if st.button("Import these images", type="primary"):
        job_progress.start(ImportSamples(source=str(source), cohort=cohort, name=check_name(name)), "samples")
        for key in ("synthetic-path", "synthetic-name"):
            st.session_state.pop(key, None)
        st.session_state["synthetic-upload"] = number + 1  # an empty field: nobody imports the same again by a click
        st.rerun()
