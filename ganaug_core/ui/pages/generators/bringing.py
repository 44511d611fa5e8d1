"""Generators and synthetic images that come from elsewhere."""

from pathlib import Path

import streamlit as st

from ganaug_core.config.requests import ImportGenerator, ImportNetwork, ImportSamples
from ganaug_core.generators import guard
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
    job_progress.show_running(ImportGenerator.step)
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


def has_network() -> bool:
    """Whether this session brought a network and has not imported it yet."""
    return bool(st.session_state.get("network-path"))


def bring_network() -> None:
    """Import a network of another program as an ONNX file: what it takes and makes is shown, the rest is asked."""
    job_progress.show_running(ImportNetwork.step)
    number = st.session_state.setdefault("network-upload", 0)
    file = st.file_uploader("An ONNX file of a network that draws images", type=["onnx"], key=f"network-{number}")
    if file is not None:
        st.session_state["network-path"] = str(uploads.store_files([file], caches.workspace()))
        st.session_state["network-name"] = Path(file.name).stem
        st.session_state["network-upload"] = number + 1
        st.rerun()
    path = st.session_state.get("network-path", "")
    if not path or not Path(path).exists():
        st.text("It stays a graph of known operations: no program of its own is run, and no pickle is opened.")
        return
    st.text(words.clean(_described(path)))
    cohorts = caches.workspace().names("cohorts")
    if not cohorts:
        st.info("Load the cohort first whose images it imitates.", icon=":material/arrow_forward:")
        show.link("cohort")
        return
    cohort = st.selectbox(
        "The cohort whose images it imitates",
        cohorts,
        key="network-cohort",
        format_func=words.clean,
        help="Classes, size and unit of its images are then those of the cohort.",
    )
    classes = st.multiselect(
        "Its classes, in the order of the network's numbers",
        caches.cohort(cohort).classes,
        default=caches.cohort(cohort).classes,
        help="The first is the network's class 0. A network without classes draws one.",
    )
    columns = st.columns(2)
    black = columns[0].number_input("It makes for the lowest value", value=-1.0, key="network-low")
    white = columns[1].number_input("and for the highest", value=1.0, key="network-high")
    places = st.columns(3)
    named = [
        place.text_input(
            f"{what}, by name", placeholder="found by itself", key=f"network-{what}", max_chars=200
        ).strip()
        for place, what in zip(places, ("Latent input", "Class input", "Image output"), strict=True)
    ]
    suggested = names.free_name(str(st.session_state.get("network-name")), "generators")
    name = st.text_input("Name of this generator", value=suggested, max_chars=100)
    if st.button("Check and import", type="primary", disabled=not classes):
        job_progress.start(
            ImportNetwork(
                path=path,
                name=check_name(name),
                imitated=cohort,
                class_names=tuple(classes),
                network_range=(float(black), float(white)),
                latent=named[0],
                class_input=named[1],
                image=named[2],
            ),
            "generator",
        )
        st.session_state.pop("network-path")
        st.rerun()


@st.cache_data(show_spinner="Looking at the file", max_entries=8)
def _described(path: str) -> str:
    return guard.described(Path(path))


def bring_images() -> None:
    """Import anybody's synthetic images for a cohort, to look at and audit them like our own."""
    job_progress.show_running(ImportSamples.step)
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
