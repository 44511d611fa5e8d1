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
            _patients(cohort, plan)
        with st.expander("Shares", icon=":material/tune:"), show.guarded():
            _shares(cohort, plan)
        with st.expander("Move single patients", icon=":material/swap_horiz:"), show.guarded():
            _moves(cohort, plan)


def use(cohort: Cohort, plan: Plan) -> None:
    """Keep a plan as the new proposal and draw the page again."""
    draft_split.revise(caches.workspace(), cohort.name, plan)
    st.rerun()


def draft_of(cohort: Cohort) -> Draft:
    """Return what the split of an unfixed cohort can be made from."""
    return draft_split.of(caches.workspace(), cohort.name)


def _patients(cohort: Cohort, plan: Plan) -> None:
    known = cohort.patients[cohort.patients != UNKNOWN_PATIENT]
    now = f"{words.count(len(np.unique(known)), 'patient')} with {words.count(len(known), 'image')}"
    used = "a table" if plan.table else f"the pattern {plan.pattern}" if plan.pattern else "what the source says"
    st.text(f"Now: {now if len(known) else 'no patient is known'}, from {used}.")
    ways = {"What the source says": _from_source, "File names": _from_names, "A table": _from_table}
    default = "A table" if plan.table else "What the source says" if len(known) and not plan.pattern else "File names"
    chosen = st.segmented_control("Patients from", list(ways), key="patients-from", default=default)
    if chosen:
        ways[chosen](cohort, plan)


def _from_source(cohort: Cohort, plan: Plan) -> None:
    st.write("DICOM names the patient in each file, a CSV table in its patient column.")
    if (plan.pattern or plan.table) and st.button("Use what the source says", key="patients-source"):
        use(cohort, replace(plan, pattern="", table={}))


def _from_names(cohort: Cohort, plan: Plan) -> None:
    paths = caches.workspace().paths(cohort.name)
    files = [paths.get(image, "") for image in cohort.ids.tolist()]
    found = file_name_patterns.suggestions(files)
    if found:
        fitting = words.listing([f"{pattern} ({count:,} patients)" for pattern, count in found], "or")
        st.text(f"Patterns that fit all names: {fitting}.")
    pattern = st.text_input(
        "Pattern of the file names",
        value=plan.pattern or (found[0][0] if found else file_name_patterns.USUAL[0]),
        key="pattern",
        max_chars=file_name_patterns.LONGEST,
        help="{patient} stands for the part that names the patient, * for anything. With a / the folder counts too.",
    )
    named = file_name_patterns.patients(pattern or "", files)
    _tried(files, named)
    if any(named) and st.button("Use these patients", key="patients-pattern"):
        use(cohort, replace(plan, pattern=pattern, table={}, moved={}))


def _tried(files: list[str], named: list[str | None]) -> None:
    """Show what a pattern or a table makes of the names."""
    sizes = pd.Series([each for each in named if each is not None]).value_counts()
    fits = sum(each is not None for each in named)
    said = f"{fits:,} of {len(files):,} names tell a patient: {words.count(len(sizes), 'patient')}"
    if len(sizes):
        said += f", with {sizes.min():,} to {sizes.max():,} images each"
    st.text(said + ".")
    if fits < len(files):
        st.warning(f"For {words.count(len(files) - fits, 'image')} no patient would be known.")
    elif len(sizes) == len(files):
        st.warning("Every image would be a patient of its own. Is the pattern right?")
    places = np.linspace(0, len(files) - 1, min(SHOWN_NAMES, len(files))).astype(int)
    unknown = [place for place, each in enumerate(named) if each is None][:SHOWN_NAMES]
    shown = [*unknown, *(int(place) for place in places)][: 2 * SHOWN_NAMES]
    rows = [{"File": words.clean(files[place]), "Patient": words.clean(named[place] or "not known")} for place in shown]
    st.dataframe(pd.DataFrame(rows), hide_index=True, alt="Some file names and the patients that they would tell")


def _from_table(cohort: Cohort, plan: Plan) -> None:
    given = st.file_uploader("A CSV table with one row for each image", type=["csv"], key="patients-csv")
    if given is None:
        return
    rows = file_name_patterns.table_of(given.getvalue())
    names = list(rows[0])
    left, right = st.columns(2)
    image = left.selectbox("Column with the file names", names, key="patients-csv-image")
    patient = right.selectbox(
        "Column with the patients", names, index=min(1, len(names) - 1), key="patients-csv-patient"
    )
    table = {row[image]: row[patient] for row in rows if row.get(image) and row.get(patient)}
    paths = caches.workspace().paths(cohort.name)
    files = [paths.get(each, "") for each in cohort.ids.tolist()]
    named = file_name_patterns.listed(table, files)
    _tried(files, named)
    if any(named) and st.button("Use these patients", key="patients-table"):
        use(cohort, replace(plan, table=table, pattern="", moved={}))


def _shares(cohort: Cohort, plan: Plan) -> None:
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
        use(cohort, replace(changed, moved={}))


def _moves(cohort: Cohort, plan: Plan) -> None:
    """A table of the units of the split: everything in one unit plays one role."""
    groups, first, sizes = np.unique(cohort.groups, return_index=True, return_counts=True)
    if len(groups) > MOST_GROUPS:
        st.text(f"{len(groups):,} independent units are too many for a table. Draw again with another seed instead.")
        return
    rows = []
    for row, size in zip(first, sizes, strict=True):
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
    st.text("One line is what must stay together: a patient, a volume, twins. Choose another role for it, then move.")
    edited = st.data_editor(
        pd.DataFrame(rows),
        hide_index=True,
        disabled=["First image", "Patient", "Class", "Images"],
        column_config={"Role": st.column_config.SelectboxColumn(options=[words.ROLES[each] for each in ROLES])},
        key=f"moves-{cohort.digest[:12]}",
    )
    roles = {words.ROLES[each]: each for each in ROLES}
    moved = {
        str(row["First image"]): roles[now]
        for row, now in zip(rows, edited["Role"].tolist(), strict=True)
        if now in roles and now != row["Role"]
    }
    if st.button("Move", key="moves-apply", disabled=not moved):
        use(cohort, replace(plan, moved=plan.moved | moved))
