"""The proposed split of a cohort: who is whose patient, which shares, single moves; then it is fixed for good."""

from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st

from ganaug_core.cohort import draft_split, file_name_patterns
from ganaug_core.cohort.patient_groups import Draft
from ganaug_core.config.importing import Plan
from ganaug_core.records import ROLES, UNKNOWN_PATIENT, Cohort
from ganaug_core.ui.shared import caches, show, words
from ganaug_core.wording import SHARES

MOST_GROUPS = 2000
SHOWN_NAMES = 8


def proposal(cohort: Cohort) -> None:
    """Let the user change the split while it is a proposal, and fix it."""
    if cohort.fixed:
        return
    with st.container(border=True):
        left, right = st.columns([4, 1], vertical_alignment="center")
        left.write(
            "**The split is a proposal.** Check who is whose patient and change what is wrong. Once it is fixed, by "
            "you or by the first training, it never changes: only so is the hold-out unseen."
        )
        if right.button("Fix this split", type="primary", key="fix-split", width="stretch"):
            with show.guarded(), st.spinner("Fixing the split"):
                draft_split.fix(caches.workspace(), cohort.name)
            st.rerun()
        draft = draft_split.of(caches.workspace(), cohort.name)
        plan = draft_split.plan_of(draft)
        with st.expander("Which images belong to one patient?", icon=":material/group:"), show.guarded():
            _choose_patients(cohort, plan)
        with st.expander("Shares", icon=":material/tune:"), show.guarded():
            _choose_shares(cohort, plan)
        with st.expander("Move single patients", icon=":material/swap_horiz:"), show.guarded():
            _move_patients(cohort, plan)


def revise(cohort: Cohort, plan: Plan) -> None:
    """Keep a plan as the new proposal and draw the page again."""
    draft_split.revise(caches.workspace(), cohort.name, plan)
    st.rerun()


def draft_of(cohort: Cohort) -> Draft:
    """Return what the split of an unfixed cohort can be made from."""
    return draft_split.of(caches.workspace(), cohort.name)


def _choose_patients(cohort: Cohort, plan: Plan) -> None:
    known_patients = cohort.patients[cohort.patients != UNKNOWN_PATIENT]
    counts = (
        f"{words.count(len(np.unique(known_patients)), 'patient')} with {words.count(len(known_patients), 'image')}"
    )
    origin = "a table" if plan.table else f"the pattern {plan.pattern}" if plan.pattern else "what the source says"
    st.text(f"Now: {counts if len(known_patients) else 'no patient is known'}, from {origin}.")
    sources = {"What the source says": _from_source, "File names": _from_names, "A table": _from_table}
    default = (
        "A table"
        if plan.table
        else "What the source says"
        if len(known_patients) and not plan.pattern
        else "File names"
    )
    source = st.segmented_control("Patients from", list(sources), key="patients-from", default=default)
    if source:
        sources[source](cohort, plan)


def _from_source(cohort: Cohort, plan: Plan) -> None:
    st.write("DICOM names the patient in each file, a CSV table in its patient column.")
    if (plan.pattern or plan.table) and st.button("Use what the source says", key="patients-source"):
        revise(cohort, replace(plan, pattern="", table={}))


def _from_names(cohort: Cohort, plan: Plan) -> None:
    paths = caches.workspace().paths(cohort.name)
    files = [paths.get(image, "") for image in cohort.ids.tolist()]
    suggestions = file_name_patterns.suggestions(files, cohort.labels.tolist())
    if suggestions:
        patterns = words.listing([f"{pattern} ({count:,} patients)" for pattern, count in suggestions], "or")
        st.text(f"Patterns that fit all names: {patterns}.")
    pattern = st.text_input(
        "Pattern of the file names",
        value=plan.pattern or (suggestions[0][0] if suggestions else file_name_patterns.USUAL[0]),
        key="pattern",
        max_chars=file_name_patterns.LONGEST,
        help="{patient} stands for the part that names the patient, * for anything. With a / the folder counts too.",
    )
    patients = file_name_patterns.patients(pattern or "", files)
    _show_named(files, patients)
    if any(patients) and st.button("Use these patients", key="patients-pattern"):
        revise(cohort, replace(plan, pattern=pattern, table={}, moved={}))


def _show_named(files: list[str], patients: list[str | None]) -> None:
    """Show what a pattern or a table makes of the names."""
    sizes = pd.Series([patient for patient in patients if patient is not None]).value_counts()
    named_count = sum(patient is not None for patient in patients)
    sentence = f"{named_count:,} of {len(files):,} names tell a patient: {words.count(len(sizes), 'patient')}"
    if len(sizes):
        sentence += f", with {sizes.min():,} to {sizes.max():,} images each"
    st.text(sentence + ".")
    if named_count < len(files):
        st.warning(f"For {words.count(len(files) - named_count, 'image')} no patient would be known.")
    elif len(sizes) == len(files):
        st.warning("Every image would be a patient of its own. Is the pattern right?")
    sample_rows = np.linspace(0, len(files) - 1, min(SHOWN_NAMES, len(files))).astype(int)
    unnamed_rows = [row for row, patient in enumerate(patients) if patient is None][:SHOWN_NAMES]
    shown_rows = [*unnamed_rows, *(int(row) for row in sample_rows)][: 2 * SHOWN_NAMES]
    rows = [
        {"File": words.clean(files[row]), "Patient": words.clean(patients[row] or "not known")} for row in shown_rows
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, alt="Some file names and the patients that they would tell")


def _from_table(cohort: Cohort, plan: Plan) -> None:
    upload = st.file_uploader("A CSV table with one row for each image", type=["csv", "tsv"], key="patients-csv")
    if upload is None:
        return
    rows = file_name_patterns.table_of(upload.getvalue())
    names = list(rows[0])
    left, right = st.columns(2)
    image = left.selectbox("Column with the file names", names, key="patients-csv-image")
    patient = right.selectbox(
        "Column with the patients", names, index=min(1, len(names) - 1), key="patients-csv-patient"
    )
    table = {row[image]: row[patient] for row in rows if row.get(image) and row.get(patient)}
    paths = caches.workspace().paths(cohort.name)
    files = [paths.get(image, "") for image in cohort.ids.tolist()]
    patients = file_name_patterns.listed(table, files)
    _show_named(files, patients)
    if any(patients) and st.button("Use these patients", key="patients-table"):
        revise(cohort, replace(plan, table=table, pattern="", moved={}))


def _choose_shares(cohort: Cohort, plan: Plan) -> None:
    left, middle, right = st.columns(3, vertical_alignment="bottom")
    holdout = left.slider(
        "Held out for the audit, in %", 5, 60, round(100 * plan.holdout), key="share-holdout", help=SHARES["holdout"]
    )
    tuning = middle.slider(
        "For tuning, in %", 0, 40, round(100 * plan.tuning), key="share-tuning", help=SHARES["tuning"]
    )
    seed = right.number_input("Seed of the drawing", 0, 2**31 - 1, plan.seed, key="share-seed")
    st.text(
        "Shares of each class's images; whole patients are drawn. Only the audit looks at the hold-out; tuning is "
        "never learnt from."
    )
    changed = replace(plan, holdout=holdout / 100, tuning=tuning / 100, seed=int(seed))
    if st.button("Draw again", key="share-draw", disabled=changed == plan and not plan.moved):
        revise(cohort, replace(changed, moved={}))


def _move_patients(cohort: Cohort, plan: Plan) -> None:
    """A table of the units of the split: everything in one unit plays one role."""
    groups, first_rows, sizes = np.unique(cohort.groups, return_index=True, return_counts=True)
    if len(groups) > MOST_GROUPS:
        st.text(f"{len(groups):,} independent units are too many for a table. Draw again with another seed instead.")
        return
    rows = []
    for row, size in zip(first_rows, sizes, strict=True):
        patient = int(cohort.patients[row])
        rows.append(
            {
                "First image": str(cohort.ids[row]),
                "Patient": "not known" if patient == UNKNOWN_PATIENT else f"patient {patient}",
                "Class": words.clean(cohort.classes[cohort.labels[row]]),
                "Images": int(size),
                "Role": words.ROLES[ROLES[cohort.roles[row]]],
            }
        )
    st.text(
        "A line is what must stay together: a patient, a volume, near-duplicates. Choose another role for it and move."
    )
    edited = st.data_editor(
        pd.DataFrame(rows),
        hide_index=True,
        disabled=["First image", "Patient", "Class", "Images"],
        column_config={"Role": st.column_config.SelectboxColumn(options=[words.ROLES[role] for role in ROLES])},
        key=f"moves-{cohort.digest[:12]}",
    )
    roles = {words.ROLES[role]: role for role in ROLES}
    moved = {
        str(row["First image"]): roles[role]
        for row, role in zip(rows, edited["Role"].tolist(), strict=True)
        if role in roles and role != row["Role"]
    }
    if st.button("Move", key="moves-apply", disabled=not moved):
        revise(cohort, replace(plan, moved=plan.moved | moved))
