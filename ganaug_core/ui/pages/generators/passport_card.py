"""What a generator is: its passport in words and tables, and the licence that it leaves with."""

from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from ganaug_core.config import LICENCES, MeasureCard, Passport, SplitCard
from ganaug_core.generators import stored
from ganaug_core.ui.shared import caches, glossary, show, words

SHARES = ("Training", "Tuning", "Hold-out")


def card(name: str) -> None:
    """Tell what a generator draws, from what it learnt, what its audit found, and that its file was tested."""
    with caches.using("generators", name):
        passport = stored.up_to_date(caches.workspace(), name)
    shape, known = passport.architecture, passport.cohort_digest is not None
    figures = {
        "Classes": str(len(passport.classes)),
        "Size": f"{shape.rows} × {shape.columns} px",
        "Unit": words.plain(passport.intensity.unit),
        "Training images": f"{sum(counts.train for counts in passport.classes):,}" if known else "not known",
        "Patients": f"{passport.patients:,}" if passport.patients else "not known",
    }
    show.facts(figures)
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.text("\n".join(sentence for sentence in _sentences(passport) if sentence != name))
        st.success(
            f"Self-test passed when it came here: {_tested(passport)}. It is tested again each time it is loaded.",
            icon=":material/verified:",
        )
        _verdicts(passport)
    with right:
        rows = [
            {"Class": words.clean(counts.name), **({"Training images": counts.train} if known else {})}
            for counts in passport.classes
        ]
        show.table(pd.DataFrame(rows), "Its classes")
        if passport.split is not None:
            _split(passport.split)
        _licence(name, passport.licence)
    if passport.metrics:
        show.folded("Measures in its passport", partial(_measures, passport), icon=":material/table:")
    show.folded("Fingerprints", partial(_fingerprints, passport), icon=":material/fingerprint:")


def _fingerprints(passport: Passport) -> None:
    cohort = passport.cohort_digest or "not known"
    st.code(f"generator  {passport.identity}\ncohort     {cohort}\nweights    {passport.tensors_sha256}")


def _measures(passport: Passport) -> None:
    rows = [_row(name, measured) for name, measured in passport.metrics.items()]
    st.dataframe(pd.DataFrame(rows), hide_index=True, alt="Measures in the passport")


def _tested(passport: Passport) -> str:
    if len(passport.classes) == 1:
        return "the file is whole, and its images are finite and varied"
    return "the file is whole, its images are finite and varied, and its classes differ"


def _sentences(passport: Passport) -> list[str]:
    unit, spacing = passport.intensity, passport.spacing_mm
    scale = f", pixels of {spacing[0]:g} × {spacing[1]:g} mm" if spacing else ""
    if passport.cohort_digest is None:
        return [
            words.clean(passport.title),
            f"Draws values from {words.number(unit.low)} to {words.number(unit.high)} {words.clean(unit.unit)}{scale}.",
            f"Made by another program ({words.clean(passport.software)}); on what it was trained is not known here, so "
            "an audit takes training and tuning images of a cohort as seen.",
            f"Imported {passport.created[:10]}.",
            f"Intended use: {passport.intended_use}.",
        ]
    learnt = (
        f"Learnt from the cohort {words.clean(passport.cohort_name)} with the recipe {words.clean(passport.recipe)}"
    )
    threads = f", {words.count(passport.threads, 'processor thread')}" if passport.threads else ""
    return [
        words.clean(passport.title),
        f"Draws values from {words.number(unit.low)} to {words.number(unit.high)} {words.clean(unit.unit)}{scale}.",
        f"{learnt}, seed {passport.seed}{threads}, {passport.images:,} images shown.",
        f"Made {passport.created[:10]} by {words.clean(passport.software)}.",
        _looks(passport.holdout_looks),
        f"Intended use: {passport.intended_use}.",
    ]


def _looks(looks: int | None) -> str:
    if looks is None:
        return "How often the hold-out share of its cohort was looked at is not known."
    times = "never" if not looks else "once" if looks == 1 else f"{looks:,} times"
    return f"The hold-out share of its cohort was looked at {times} (audits, maps, benefit experiments)."


def _verdicts(passport: Passport) -> None:
    """Show the verdicts that travel with the generator, or say that there are none."""
    audit = passport.audit
    if audit is None:
        if passport.cohort_digest is not None:
            st.text("No audit of its images against its cohort is known here.")
        return
    st.text(f"Its newest audit, {audit.date}, of {words.count(audit.synthetic, 'synthetic image')}:")
    with st.container(horizontal=True):
        for name, state in audit.verdicts.items():
            word, sign, colour = glossary.STATES[state]
            title, meaning = glossary.VERDICTS.get(name, (words.clean(name), ""))
            st.badge(words.plain(f"{title}: {word}"), icon=sign, color=colour, help=meaning or None)  # type: ignore[arg-type]


def _row(name: str, measured: float | MeasureCard) -> dict[str, Any]:
    """Return a row of the table; names are those of a file, and may be anything."""
    measure, _, space = name.partition(", ")
    title = glossary.MEASURES.get(measure, (words.clean(measure), ""))[0]
    row: dict[str, Any] = {"Measure": title, "Feature space": words.clean(glossary.space(space)) if space else ""}
    if isinstance(measured, float):
        return {**row, "Value": words.number(measured)}
    low_high = measured.interval and " to ".join(map(words.number, measured.interval))
    images = {"Real images": measured.real, "Synthetic images": measured.synthetic}
    return {**row, "Value": words.number(measured.value), "95 % interval": low_high or "", **images}


def _split(split: SplitCard) -> None:
    """Show how many images and patients each share of its cohort has, and who made the split."""
    images = (split.train, split.tuning, split.holdout)
    table: dict[str, Any] = {"Share of its cohort": SHARES, "Images": images}
    if split.patients is not None:
        table["Patients"] = split.patients
    show.table(pd.DataFrame(table), "Shares of the cohort")
    st.text("The split came with the cohort." if split.by == "source" else "ganaug made the split.")


def _licence(name: str, licence: str) -> None:
    """Let the licence be set that the generator leaves with."""
    names = list(LICENCES)
    chosen = st.selectbox(
        "Licence",
        names,
        names.index(licence),
        format_func=LICENCES.__getitem__,
        key=f"licence-{name}",
        help="What others may do with this generator. It stands in the file that you save.",
    )
    if chosen != licence:
        with show.guarded():
            stored.set_licence(caches.workspace(), name, chosen)
            st.rerun()
