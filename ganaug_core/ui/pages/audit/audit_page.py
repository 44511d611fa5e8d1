"""The Audit page: one sentence, the worst pair and the missing group first; the statistics fold out below."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from ganaug_core import pipeline
from ganaug_core.cohort import small_classes
from ganaug_core.config.requests import AuditSamples
from ganaug_core.records import MOVEMENT, ROLES, Audit, Measurement, MissingMode
from ganaug_core.ui.pages.audit import evidence, evidence_figures, verdicts
from ganaug_core.ui.shared import caches, charts, first_glance, glossary, job_progress, pairs, show, words
from ganaug_core.ui.shared.components.gallery import gallery
from ganaug_core.ui.shared.components.viewer import Panel, viewer
from ganaug_core.ui.shared.earlier_results import earlier_results
from ganaug_core.ui.shared.looking import findings

FIRST = "Start the audit"
REAL = {
    "train": ("Training", "training image"),
    "tuning": ("Tuning", "tuning image"),
    "holdout": ("Hold-out", "hold-out image"),
}
"""Title and glossary's term of a real image by its role."""
SUBGROUP_STATES = {
    "named": "fares worse",
    "not_named": "nothing found",
    "not_tested": "not tested",
    "not_shown": "too few to show",
}


def page(cohort: str, samples: str) -> None:
    """Draw the page about one set of synthetic images and their cohort."""
    audit = caches.audit_of(cohort, samples)
    show.withdrawn("samples", samples)
    job = job_progress.job_about(AuditSamples.step, cohort, samples)
    if audit is not None and job is not None and job.live:
        job_progress.follow(job.id)
    if audit is None:
        st.text(
            "An audit compares the synthetic images with the training images and with the hold-out images that no "
            "generator has seen. It takes a few minutes and goes on when you leave the page."
        )
        job_progress.result_or_button(
            AuditSamples(
                cohort=cohort,
                samples=samples,
                trust_split=_trusted(cohort, samples),
                subgroups=_asked_subgroups(cohort),
                odd=_odd_asked(),
            ),
            FIRST,
        )
        _earlier_audits(cohort, samples)
        return
    st.header(verdicts.in_one_sentence(audit), help=verdicts.questions())
    if (truncation := audit.synthetic.get("truncation")) is not None:
        st.caption(f"Drawn with truncation {truncation:g}: less varied than what the generator draws without it.")
    left, right = st.columns([3, 2], gap="large")
    with left:
        _closest_pair(audit)
    with right:
        _worst_missing_group(audit)
    verdicts.verdict_rows(audit)
    verdicts.feature_spaces(audit)
    verdicts.on_request(audit)
    for sentence in small_classes.sentences(caches.cohort(cohort)):
        st.text(words.clean(sentence))
    _details(audit)
    for sentence in audit.made.in_words if audit.made else ():
        st.text(words.clean(sentence), help=glossary.gloss(sentence))
    _save_and_repeat(cohort, samples)
    _earlier_audits(cohort, samples)


def _trusted(cohort: str, samples: str) -> bool:
    """Ask what only the user knows: whether a foreign generator has seen the hold-out."""
    record, cohort_record = caches.samples(samples), caches.cohort(cohort)
    if record.provenance.get("cohort") == cohort_record.digest:
        return False
    chosen = "came with the images" if cohort_record.own_split else "was chosen here"
    trusted = st.checkbox(
        "The generator of these images was not trained on the hold-out share of this cohort",
        key="trust-split",
        help=f"The hold-out share {chosen}. If the generator may have seen it, copying cannot be judged.",
    )
    return bool(trusted)


def _asked_subgroups(cohort: str) -> tuple[str, ...]:
    """Ask which of the kept columns make subgroups to compare; nothing where the cohort kept none."""
    columns = caches.cohort(cohort).columns
    if not columns:
        return ()
    chosen = st.multiselect(
        "Compare subgroups by",
        columns,
        key=f"subgroups-{cohort}",
        format_func=words.clean,
        help=f"{verdicts.SUBGROUPS} Each question more makes the correction stricter. {glossary.NO_VERDICT}",
    )
    return tuple(chosen)


def _odd_asked() -> bool:
    """Ask whether odd images shall be listed too."""
    return bool(
        st.checkbox(
            "List odd images too",
            key="odd",
            help=f"{verdicts.ODD} By texture, outlines and the classifier, the oddest first, compared with held-out "
            "images. It changes no verdict.",
        )
    )


def _closest_pair(audit: Audit) -> None:
    """The closest pair, whatever the verdict: people want to see it."""
    st.markdown(
        "### The closest pair",
        help="A synthetic image beside the real image that it resembles most: of the named copies, or, where none is "
        "named, of all, the pair with the smallest registered distance. It is shown whatever the verdict: among many "
        "images one is always closest.",
    )
    pair = _worst_pair(audit)
    if pair is None:
        st.text("No pair was compared.")
        return
    synthetic, real = pair
    cohort, samples = str(audit.cohort["name"]), str(audit.synthetic["name"])
    distance = _pair_viewer(audit, synthetic, real)
    suspect = next((one for one in audit.suspects if one.synthetic == synthetic and one.real == real), None)
    text = "The same image up to noise. " if suspect and suspect.identical else ""
    if distance is not None:
        text += f"Distance {words.distance(distance)} (0 is the same image)"
    if suspect and suspect.is_listed and not suspect.identical:
        text += f"; about one real image in {round(1 / max(suspect.p_value, 1e-9)):,} has a copy score as small"
    st.text(f"{text}.", help=glossary.gloss(text))
    pairs.link_pair(samples, cohort, synthetic, finding="copies")


def _worst_pair(audit: Audit) -> tuple[str, str] | None:
    """Return the nearest named copy and its real image, else the nearest pair of all, None where none is known."""
    groups = findings.copied_groups(audit.suspects)
    if groups:
        return groups[0].images[0], groups[0].real
    ids = caches.samples(str(audit.synthetic["name"])).ids.tolist()
    return next(iter(findings.closest_pairs(audit, ids)), None)


def _pair_viewer(audit: Audit, synthetic: str, real: str) -> float | None:
    """Show a pair and their difference; return their distance where the audit knows it."""
    cohort, samples = str(audit.cohort["name"]), str(audit.synthetic["name"])
    record = caches.cohort(cohort)
    rows = np.flatnonzero(record.ids == real)
    role = ROLES[int(record.roles[rows[0]])] if len(rows) else "train"
    images = (("samples", samples, synthetic, "Synthetic", "synthetic"), ("cohorts", cohort, real, *REAL[role]))
    place = np.flatnonzero(caches.samples(samples).ids == synthetic)
    nearest = audit.nearest
    known = f"{role}.id" in nearest and len(place) and nearest[f"{role}.id"][place[0]].decode() == real
    viewer(
        [
            Panel(kind, name, image, title, pairs.labels(kind, name, [image])[0], glossary.TERMS[term])
            for kind, name, image, title, term in images
        ],
        key="worst",
        unit=record.intensity.unit,
        scale=(record.intensity.low, record.intensity.high),
        difference=True,
        movement=[float(nearest[f"{role}.{part}"][place[0]]) for part in MOVEMENT] if known else None,
    )
    if known:
        return float(nearest[f"{role}.distance"][place[0]])
    listed = [one.distance for one in audit.suspects if one.synthetic == synthetic and one.real == real]
    return listed[0] if listed else None


def _worst_missing_group(audit: Audit) -> None:
    """The real images that the generator makes too rarely."""
    st.markdown(
        "### The missing group",
        help="Real images that resemble each other, and that hardly any synthetic image resembles.",
    )
    if not audit.missing_modes:
        not_assessable = audit.verdicts["mode_coverage"].state == "not_assessable"
        text = f"{'None could be looked for' if not_assessable else 'None was found'}. Variety, below, says more."
        st.text(text, help=glossary.gloss(text))
        return
    worst = verdicts.worst_group(audit)
    _show_group(audit, worst, "missing")


def _show_group(audit: Audit, mode: MissingMode, key: str) -> None:
    """Show some real images of a group that is made too rarely; link all on the map, and what is made instead."""
    low, high = map(words.percent, mode.interval)
    synthetic_share = "none" if not mode.synthetic_share else f"only {words.percent(mode.synthetic_share)}"
    text = (
        f"{words.clean(mode.class_name)}: {words.percent(mode.real_share)} of the real images are like these "
        f"{words.ALIKE.get(mode.encoder, mode.encoder)}, but {synthetic_share} of the synthetic ones are (95 % "
        f"interval {low} to {high})."
    )
    grounds = (
        f"How do we know: the interval is that of a group chosen beforehand; {words.chance(mode.p_value)}, corrected "
        "for all groups that were looked at."
    )
    st.text(text, help="\n\n".join(filter(None, (glossary.gloss(text), grounds, glossary.gloss(grounds)))))
    cohort, samples = str(audit.cohort["name"]), str(audit.synthetic["name"])
    images = list(mode.exemplars)
    gallery(
        "cohorts",
        cohort,
        images,
        pairs.labels("cohorts", cohort, images),
        key=key,
        title=f"Real images of the class {words.clean(mode.class_name)} that are missing",
        size=96,
    )
    with st.container(horizontal=True):
        if mode.exemplars:
            where = {"cohort": cohort, "samples": samples, **verdicts.group_on_the_map(audit, mode)}
            show.link("feature_map", "Show the group on the map", **where)
        if mode.nearest:
            show.link("samples", "See what comes nearest", cohort=cohort, samples=samples, image=mode.nearest[0])


def _details(audit: Audit) -> None:
    _folded(audit, f"Closest pairs ({len(audit.suspects)})", "content_copy", _closest_pairs)
    if len(audit.missing_modes) > 1:
        _folded(audit, f"All missing groups ({len(audit.missing_modes)})", "groups", _missing_groups)
    if any(measurement.name == "coverage" and measurement.class_name for measurement in audit.measurements):
        _folded(audit, "Coverage of each class", "stacked_bar_chart", _coverage)
    if audit.scores:
        _folded(audit, "How near the synthetic images are to the training images", "bar_chart", _copy_scores)
    evidence.details(audit)
    if audit.subgroups:
        _folded(audit, f"All subgroups ({len(audit.subgroups)})", "diversity_3", _subgroup_table)
    _folded(audit, f"All measurements ({len(audit.measurements)})", "table", _measurements)


def _folded(audit: Audit, title: str, icon: str, draw: Callable[[Audit], None]) -> None:
    show.folded(title, partial(draw, audit), icon=f":material/{icon}:")


def _missing_groups(audit: Audit) -> None:
    for mode in audit.missing_modes:
        _show_group(audit, mode, f"missing-{mode.class_name}-{mode.cluster}")


def _closest_pairs(audit: Audit) -> None:
    if not audit.suspects:
        st.text("No pair was compared.")
        return
    st.text("Named copies, then others; of each the nearest first.")
    where = {"cohort": str(audit.cohort["name"]), "samples": str(audit.synthetic["name"])}
    show.link("samples", "See them side by side", **where, finding="copies")
    st.dataframe(
        _suspect_table(audit),
        hide_index=True,
        column_config={name: st.column_config.Column(help=meaning) for name, meaning in pairs.NUMBERS.items()},
        alt="Closest pairs with their numbers",
    )


def _suspect_table(audit: Audit) -> pd.DataFrame:
    rows = [
        {
            "Synthetic": suspect.synthetic,
            "Real": suspect.real,
            "Role": REAL[suspect.role][0],
            "How": glossary.transform(suspect.transform),
            "Distance": suspect.distance,
            "Copy score": suspect.score,
            "p": words.p_value(suspect.p_value),
            "q": words.p_value(suspect.q_value),
            "Named as a copy": suspect.is_listed,
            "Same up to noise": suspect.identical,
        }
        for suspect in sorted(audit.suspects, key=lambda one: (not one.is_listed, one.distance))
    ]
    return pd.DataFrame(rows)


def _coverage(audit: Audit) -> None:
    measured = [
        measurement for measurement in audit.measurements if measurement.name == "coverage" and measurement.class_name
    ]
    for encoder in dict.fromkeys(measurement.encoder for measurement in measured):
        chosen = [measurement for measurement in measured if measurement.encoder == encoder]
        low = min(chosen, key=lambda measurement: measurement.value)
        alt = f"Coverage of {len(chosen)} classes; least in {words.clean(low.class_name)} with {low.value:.2f}"
        charts.show(evidence_figures.coverage(chosen), f"coverage-{encoder}", alt)
    st.text("An interval wholly left of the white line tells of a missing part.")


def _copy_scores(audit: Audit) -> None:
    synthetic = np.asarray(audit.scores["synthetic"])
    real = len(audit.scores["holdout"]) + len(audit.scores.get("seen", ()))
    limit = evidence_figures.threshold(audit)
    below = int((synthetic < limit).sum()) if limit is not None else 0
    charts.show(
        evidence_figures.copy_scores(audit), "copy-scores", f"{below} synthetic images score below every real image"
    )
    expected = len(synthetic) / (real + 1)
    st.text(
        f"{below:,} of {len(synthetic):,} synthetic images score lower than every one of {real:,} real images, each "
        f"compared without its own patient and near-duplicates (dashed line); by chance about {expected:.1f} would."
    )
    if nearer := words.nearer_than_99(audit.measurements):
        st.text(nearer)
    if audit.detectable_share is not None:
        st.text(
            f"With these numbers of images, copies as near as exact ones may go unseen below "
            f"{words.percent(audit.detectable_share)}."
        )
    else:
        st.text("With so few images no share of copies would be told from chance.")
    if audit.detectable_shares:
        rows = [
            {
                "Copies that are": name,
                "Smallest share that gives a warning": "none" if share is None else words.percent(share),
            }
            for name, share in audit.detectable_shares.items()
        ]
        st.dataframe(pd.DataFrame(rows), hide_index=True, alt="Smallest share of copies that gives a warning, by kind")


def _measurements(audit: Audit) -> None:
    column_help = {
        "Value": glossary.COLUMNS["value"],
        "95 % interval": glossary.COLUMNS["interval"],
        "Real against real": glossary.COLUMNS["floor"],
        "By chance": glossary.COLUMNS["null"],
        "Real": glossary.COLUMNS["sizes"],
        "Synthetic": glossary.COLUMNS["sizes"],
        "Space": glossary.COLUMNS["encoder"],
        "p": glossary.COLUMNS["p"],
        "Test": glossary.COLUMNS["test"],
        "Interval by": glossary.COLUMNS["method"],
        "Reference": glossary.COLUMNS["reference"],
    }
    st.dataframe(
        pd.DataFrame([_row(measurement) for measurement in audit.measurements]),
        hide_index=True,
        column_config={name: st.column_config.Column(help=text) for name, text in column_help.items()},
        alt="All measurements with interval, sizes, real against real, and chance",
    )
    st.text(f"Everything was drawn with seed {audit.seed}; the same seed gives the same numbers.")


def _row(measurement: Measurement) -> dict[str, object]:
    title, meaning = glossary.MEASURES.get(
        measurement.name, (measurement.name.replace("_", " ").capitalize(), glossary.PEAK)
    )
    interval = "–" if measurement.interval is None else " to ".join(words.number(end) for end in measurement.interval)
    return {
        "Measure": title,
        "Class": words.clean(measurement.class_name) if measurement.class_name else "all",
        "Space": glossary.space(measurement.encoder),
        "Value": words.number(measurement.value) + (f" {measurement.unit}" if measurement.unit else ""),
        "95 % interval": interval,
        "Real against real": "–" if measurement.floor is None else words.number(measurement.floor),
        "By chance": "–" if measurement.null is None else words.number(measurement.null),
        "p": "–" if measurement.p_value is None else words.p_value(measurement.p_value),
        "Test": measurement.test or "–",
        "Interval by": measurement.interval_method or "–",
        "Reference": measurement.reference.replace("holdout", "hold-out").replace("+", " + "),
        "Real": measurement.n_real,
        "Synthetic": measurement.n_synthetic,
        "Better": measurement.better,
        "Meaning": meaning,
    }


def _subgroup_table(audit: Audit) -> None:
    rows = [
        {
            "Subgroup": words.clean(f"{row.column} = {row.group}"),
            "Question": row.question.capitalize(),
            "Finding": SUBGROUP_STATES[row.state],
            "Here": "–" if row.value is None else words.percent(row.value),
            "Compared with": "–" if row.reference is None else words.percent(row.reference),
            "95 % interval": "–" if row.interval is None else " to ".join(map(words.percent, row.interval)),
            "p": "–" if row.p_value is None else words.p_value(row.p_value),
            "p, corrected": "–" if row.p_corrected is None else words.p_value(row.p_corrected),
            "In the cohort": "–" if row.patients is None else f"{row.patients:,}",
            "Real": "–" if row.n_real is None else f"{row.n_real:,}",
            "Synthetic": "–" if row.n_synthetic is None else f"{row.n_synthetic:,}",
            "In words": words.clean(row.says),
        }
        for row in sorted(audit.subgroups, key=lambda row: row.p_value is None)
    ]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        column_config={name: st.column_config.Column(help=text) for name, text in glossary.SUBGROUP_COLUMNS.items()},
        alt="Every subgroup and question with what was found, interval, p and sizes",
    )


def _save_and_repeat(cohort: str, samples: str) -> None:
    """Offer the document, and to judge anew."""
    workspace = caches.workspace()
    name = workspace.newest("audits", caches.inputs(cohort, samples))
    document = workspace.attached("audits", name, "audit.json") if name else None
    trusted, subgroups, odd = _trusted(cohort, samples), _asked_subgroups(cohort), _odd_asked()
    with st.container(horizontal=True):
        show.link("report", "Make a report", cohort=cohort, samples=samples)
        if document is not None:
            st.download_button(
                "Save as JSON",
                document,
                file_name=f"{cohort}--{samples}.json",
                mime="application/json",
                icon=":material/download:",
                on_click="ignore",
            )
        if (text := workspace.attached("audits", name, pipeline.METHODS) if name else None) is not None:
            st.download_button(
                "Methods for a paper",
                text,
                file_name=f"{cohort}--{samples}-methods.txt",
                mime="text/plain",
                icon=":material/article:",
                on_click="ignore",
                help="A paragraph on what was done, its sources as BibTeX, and LaTeX tables of the results.",
            )
        if st.button("Run the audit again", icon=":material/refresh:", key="again"):
            request = AuditSamples(cohort=cohort, samples=samples, trust_split=trusted, subgroups=subgroups, odd=odd)
            job_progress.start(request)
            st.rerun()


def _earlier_audits(cohort: str, samples: str) -> None:
    def tell(name: str) -> None:
        audit = caches.audit(name, cohort, samples)
        st.markdown(f"**{words.plain(verdicts.in_one_sentence(audit))}**")
        for verdict in glossary.VERDICTS:
            st.text(f"{glossary.VERDICTS[verdict][0]}: {first_glance.of(audit.verdicts[verdict].statement)}")

    earlier_results("audits", "Earlier audits", cohort, samples, tell)
