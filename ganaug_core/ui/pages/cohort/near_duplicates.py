"""Images that are one: exact duplicates, near-duplicates after flip, turn or shift, and where the limit lies."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st

from ganaug_core.cohort import draft_split, split
from ganaug_core.cohort.patient_groups import Draft
from ganaug_core.records import Cohort
from ganaug_core.ui.pages.cohort import split_proposal
from ganaug_core.ui.shared import caches, show, words

SHOWN = 6
AT_THE_LIMIT = 3

Pair = tuple[int, int, float]
"""Two rows of the cohort and their registered distance."""


def section(cohort: Cohort) -> None:
    """Say and show what counts as one image; while the split is a proposal, let the limit be changed."""
    st.header("Duplicates and near-duplicates")
    exact = cohort.duplicates.get("exact", 0)
    if exact:
        st.write(words.exact_duplicates(exact))
    if len(cohort.near_duplicates):
        st.write(_near_duplicates_in_words(cohort))
    elif not _were_searched(cohort):
        st.write(words.twins_not_sought())
    elif not exact:
        st.write("No image appears twice, also not flipped, turned or shifted.")
    _conflicting_labels(cohort)
    near_duplicate_pairs = [
        (int(first), int(second), float(distance))
        for (first, second), distance in zip(cohort.near_duplicates, cohort.near_duplicate_distances, strict=True)
    ]
    if near_duplicate_pairs:
        _show_pairs(cohort, sorted(near_duplicate_pairs, key=lambda pair: pair[2])[:SHOWN])
    if not cohort.fixed:
        with st.expander("Where is the limit?", icon=":material/straighten:"), show.guarded():
            _choose_limit(cohort)


def _near_duplicates_in_words(cohort: Cohort) -> str:
    pairs = f"{words.twins(*split.twins(cohort.near_duplicates))} "
    first, second = cohort.roles[cohort.near_duplicates.T]
    torn = int((first != second).sum())
    if not torn:
        return f"{pairs}Each group lies on one side of the split: otherwise the copy test would be blind."
    return (
        f"{pairs}The split that came with the images puts {words.count(torn, 'pair')} of them on two sides. A real "
        "image of the hold-out that nearly is a training image makes copies harder to tell."
    )


def _were_searched(cohort: Cohort) -> bool:
    settings = caches.workspace().reference("cohorts", cohort.name).origin.settings
    return float(settings.get("plan", {}).get("near_duplicate_limit", 1)) > 0


def _conflicting_labels(cohort: Cohort) -> None:
    """Name what is there under two classes: one of the labels is wrong, whoever gave it."""
    files_left_out = [file for file in cohort.skipped if file.code == "two_labels"]
    pairs_across_classes = [
        pair for pair in cohort.near_duplicates.tolist() if cohort.labels[pair[0]] != cohort.labels[pair[1]]
    ]
    if not files_left_out and not pairs_across_classes:
        return
    parts = (
        [f"{words.count(len(files_left_out), 'file')} left out because the same image has two classes"]
        if files_left_out
        else []
    )
    if pairs_across_classes:
        parts.append(f"{words.count(len(pairs_across_classes), 'pair')} of near-duplicates with two classes")
    st.warning(
        f"{words.listing(parts).capitalize()}: one of the labels is wrong, or they are no duplicates.",
        icon=":material/warning:",
    )
    paths = caches.workspace().paths(cohort.name)
    rows = [{"One": words.clean(file.file), "What": words.clean(file.say)} for file in files_left_out]
    for first, second in pairs_across_classes:
        files = [words.clean(paths.get(str(cohort.ids[row]), str(cohort.ids[row]))) for row in (first, second)]
        classes = [words.clean(cohort.classes[cohort.labels[row]]) for row in (first, second)]
        rows.append({"One": files[0], "What": f"{classes[0]}, and {classes[1]} as {files[1]}"})
    st.dataframe(pd.DataFrame(rows), hide_index=True, alt="Images that have two classes")


def _choose_limit(cohort: Cohort) -> None:
    draft = split_proposal.draft_of(cohort)
    plan = draft_split.plan_of(draft)
    if not draft.near:
        st.write(f"No two images are closer than {draft.widest:.2f}: there is nothing to decide.")
        return
    limit = st.slider(
        "Limit for near-duplicates",
        0.0,
        round(draft.widest, 3),
        min(round(plan.near_duplicate_limit, 3), round(draft.widest, 3)),
        0.005,
        format="%.3f",
        key=f"limit-{cohort.digest[:12]}",
        help="The registered distance: 0 is the same image, up to brightness and contrast.",
    )
    inside, outside = _pairs_at_limit(draft, limit)
    count = sum(distance <= limit for distance in draft.distances)
    st.text(
        f"{words.count(count, 'pair')} within this limit, {words.count(len(draft.near) - count, 'pair')} beyond it."
    )
    st.write("The last pairs that count as one image:")
    _show_pairs(cohort, inside)
    st.write("The first pairs that do not:")
    _show_pairs(cohort, outside)
    if st.button("Use this limit", key="limit-use", disabled=abs(limit - plan.near_duplicate_limit) < 1e-6):
        split_proposal.revise(cohort, replace(plan, near_duplicate_limit=float(limit)))


def _pairs_at_limit(draft: Draft, limit: float) -> tuple[list[Pair], list[Pair]]:
    """Return the pairs just within and just beyond a limit, the nearest to it first."""
    distances = np.array(draft.distances)
    order = np.argsort(distances, kind="stable")
    border = int(np.searchsorted(distances[order], limit, side="right"))
    inside, outside = order[max(0, border - AT_THE_LIMIT) : border][::-1], order[border : border + AT_THE_LIMIT]
    return tuple(  # type: ignore[return-value]
        [(draft.near[row][0], draft.near[row][1], draft.distances[row]) for row in rows] for rows in (inside, outside)
    )


def _show_pairs(cohort: Cohort, pairs: Sequence[Pair]) -> None:
    if not pairs:
        st.text("None.")
        return
    with st.grid(3):
        for first, second, distance in pairs:
            sheet = caches.cohort_sheet(cohort.name, (first, second), 2, 128)
            names = {words.clean(cohort.classes[cohort.labels[row]]) for row in (first, second)}
            caption = f"{words.listing(sorted(names))}, distance {words.distance(distance)}"
            with st.container():
                st.image(sheet, output_format="PNG", alt=f"Two images side by side: {caption}")
                st.text(caption)
