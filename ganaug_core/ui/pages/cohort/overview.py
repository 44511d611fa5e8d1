"""A cohort at a glance: how many, what they look like, how bright, which images nearly are one, what was left out."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from ganaug_core import wording
from ganaug_core.cohort import cohort_json
from ganaug_core.records import MASK, ROLES, UNKNOWN_PATIENT, Cohort, Skipped
from ganaug_core.records.subgroups import unit
from ganaug_core.ui.pages.cohort import cohort_figures
from ganaug_core.ui.shared import caches, charts, show, words

DEPENDENT = ("runs", "generators", "samples", "maps", "audits", "benefits")
SHOWN_PER_CLASS = 16


COARSE_MM = 2.0  # a lung nodule that is followed up has 6 mm, three such pixels


def headline(cohort: Cohort) -> None:
    """Say in one line what is here, and warn where no patient is known."""
    patients = cohort.patients[cohort.patients != UNKNOWN_PATIENT]
    rows, columns = cohort.shape[1:]
    figures = {
        "Images": f"{len(cohort):,}",
        "Classes": f"{len(cohort.classes)}",
        "Patients": f"{len(np.unique(patients)):,}" if len(patients) else "–",
        "Size": f"{rows} px" if rows == columns else f"{rows} × {columns}",
        "Unit": words.plain(cohort.intensity.unit),
        "Modality": words.plain(cohort.modality) or "–",
    }
    show.facts(figures)
    if not len(patients):
        remedy = "import again with a CSV table that has a patient column" if cohort.fixed else "say so below"
        st.warning(
            "It is not known which images belong to one patient. Images of one patient may then lie on both sides of "
            f"the split, and copying looks rarer than it is. If file names or a table tell the patients, {remedy}.",
            icon=":material/warning:",
        )
    elif len(patients) < len(cohort):
        missing = len(cohort) - len(patients)
        st.warning(f"For {words.count(missing, 'image')} no patient is known.", icon=":material/warning:")


def counts(cohort: Cohort) -> None:
    """Draw and list the images by class and role."""
    table = {
        name: {role: len(cohort.where(number, label=label)) for number, role in enumerate(ROLES)}
        for label, name in enumerate(cohort.classes)
    }
    sizes = {name: sum(by_role.values()) for name, by_role in table.items()}
    left, right = st.columns(2)
    with left:
        most = max(sizes, key=lambda name: sizes[name])
        charts.show(
            cohort_figures.class_counts(table),
            "class-counts",
            f"Stacked bars; the largest class has {sizes[most]} images",
        )
    with right:
        frame = pd.DataFrame(
            [
                {
                    "Class": words.clean(name),
                    **{words.ROLES[role].capitalize(): by_role[role] for role in ROLES},
                    "All": sizes[name],
                }
                for name, by_role in table.items()
            ]
        )
        show.table(frame, "Images by class and role")
        made = f"was made by {unit(cohort)}" if cohort.fixed else "is proposed"
        how = "came with the images" if cohort.own_split else made
        stays = " and stays" if cohort.fixed else ""
        st.write(f"The split {how}{stays}. Training sees only its own share; hold-out waits for the audit.")
    filled = [size for size in sizes.values() if size]
    if len(filled) > 1 and max(filled) > 5 * min(filled):
        ratio = max(filled) / min(filled)
        st.info(
            f"The largest class is {ratio:.0f} times as large as the smallest. "
            "The recommended recipe then draws rare classes more often."
        )
    empty = [name for name, by_role in table.items() if not by_role["train"] or not by_role["holdout"]]
    if empty:
        empty_names = words.listing(words.plain(name) for name in empty)
        st.warning(f"No training or no hold-out image in {empty_names}: nothing can be judged there.")


def kept_columns(cohort: Cohort) -> None:
    """Say which columns of the source's table are kept, and how many patients they put in each subgroup."""
    for sentence in wording.kept_columns(cohort_json.columns(cohort)):
        st.text(words.clean(sentence))


def example_images(cohort: Cohort) -> None:
    """Show some images of every class, evenly chosen; the window stands beside them."""
    st.header("What they look like")
    low, high = words.number(cohort.intensity.low), words.number(cohort.intensity.high)
    unit = "" if cohort.intensity.unit == "intensity" else f" {words.clean(cohort.intensity.unit)}"
    colours = ", in red, green and blue alike" if cohort.shape[0] == 3 else ""
    st.text(f"Black is {low}, white is {high}{unit}{colours}.")
    for label, name in enumerate(cohort.classes):
        rows = cohort.where(label=label)
        if not len(rows):
            continue
        shown_rows = rows[np.linspace(0, len(rows) - 1, min(SHOWN_PER_CLASS, len(rows))).astype(int)]
        left, right = st.columns([1, 7], vertical_alignment="center")
        left.text(f"{words.clean(name)}\n{words.count(len(rows), 'image')}")
        sheet = caches.cohort_sheet(cohort.name, tuple(shown_rows.tolist()), SHOWN_PER_CLASS, 72)
        right.image(sheet, output_format="PNG", alt=f"{len(shown_rows)} images of the class {words.clean(name)}")


def intensity_histogram(cohort: Cohort) -> None:
    edges, shares = caches.histogram(cohort.name)
    figure = cohort_figures.intensities(edges, shares, charts.label(cohort.intensity.unit))
    charts.show(figure, "brightness", "Histogram of pixel values, one line per class")


def values_before_the_split(cohort: Cohort) -> None:
    """Show unit, range and values as they came, while the cohort can still be imported in another way."""
    facts = cohort.provenance.get("values")
    if cohort.fixed or not facts:
        return
    low, high, unit = cohort.intensity.low, cohort.intensity.high, words.plain(cohort.intensity.unit)
    below, above = wording.percent(facts["below"]), wording.percent(facts["above"])
    left, right = st.columns([2, 3], vertical_alignment="center")
    left.write(
        f"**Unit and range.** Black is {words.number(low)}, white {words.number(high)} {unit}: "
        f"{words.plain(facts['why'])}. {below} of the values are lower and {above} higher. If unit or range is wrong, "
        "delete the cohort and import the images again with a range of your own."
    )
    with right:
        figure = cohort_figures.values(facts["histogram"], (low, high), charts.label(cohort.intensity.unit))
        alt = f"Histogram of the values as they came, from {facts['lowest']:g} to {facts['highest']:g}"
        charts.show(figure, "values", alt)


def notes(cohort: Cohort) -> None:
    """Say what was done to the images, and what the split cannot promise."""
    sentences = [words.plain(note) for note in cohort.provenance.get("notes", ())]
    if sentences:
        st.markdown("\n".join(f"- {note}" for note in sentences))


def coarse_pixels(cohort: Cohort) -> None:
    """Warn where pixels are so large that small findings are gone, and say what to do."""
    widest = max(cohort.spacing_mm or (0.0,))
    if widest <= COARSE_MM:
        return
    original = cohort.provenance.get("original_size")
    had = f" The originals had {original} pixels a side." if original and original > cohort.shape[2] else ""
    st.warning(
        f"A pixel is {widest:.2g} mm wide: what is smaller than about {2 * widest:.0f} mm cannot be seen, in real "
        f"and in synthetic images.{had} If that matters, import again at a larger size, or crop the images before.",
        icon=":material/grid_4x4:",
    )


def left_out_files(cohort: Cohort) -> None:
    """List the files that could not be used, why, and what to do; and what was read but is odd, or is a mask."""
    odd = [file for file in cohort.skipped if file.is_read]
    masks = [file for file in cohort.skipped if file.code == MASK]
    unusable = [file for file in cohort.skipped if file not in odd and file not in masks]
    st.header("Left out")
    if unusable:
        st.write(f"{words.count(len(unusable), 'file')} could not be used; everything else is here.")
        _file_table(unusable, "Files that were left out, why, and what to do")
    else:
        st.write("Every file could be read.")
    if odd:
        st.write(
            f"{words.count(len(odd), 'series', 'series')} read slice by slice, although something is odd about it:"
        )
        _file_table(odd, "Series with something odd, and what to do")
    if masks:
        st.write(f"{words.count(len(masks), 'note')} on masks, which are no images themselves:")
        _file_table(masks, "Notes on masks, and what to do")


def _file_table(files: Sequence[Skipped], alt: str) -> None:
    rows = [
        {"File": words.clean(file.file), "What happened": words.clean(file.say), "What to do": words.clean(file.do)}
        for file in files
    ]
    column_config = {name: st.column_config.TextColumn(width="large") for name in ("What happened", "What to do")}
    st.dataframe(pd.DataFrame(rows), hide_index=True, column_config=column_config, alt=alt)


def delete_button(cohort: Cohort) -> None:
    """Offer to delete the cohort, with a second click."""
    with st.popover("Delete this cohort", icon=":material/delete:"):
        st.write("The imported copy goes; your own files stay.")
        dependents = caches.workspace().dependents("cohorts", cohort.name)
        names_by_kind = {kind: [name for dependent, name in dependents if dependent == kind] for kind in DEPENDENT}
        if lines := wording.dependents(names_by_kind):
            st.text("Made from it, and kept without its images:\n" + "\n".join(lines))
        if st.button("Yes, delete it", key=f"delete-{cohort.name}", type="primary"):
            caches.workspace().remove_with_caches("cohorts", cohort.name)
            st.session_state.pop("cohort", None)
            st.rerun()
