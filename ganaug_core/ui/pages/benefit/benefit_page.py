"""The Benefit page: the sentence first, then arms and doses with intervals, what was shown, and the numbers."""

from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from ganaug_core import pipeline
from ganaug_core.config.requests import MARGIN, REPETITIONS, MeasureBenefit, ReduceClass
from ganaug_core.errors import WorkspaceError
from ganaug_core.records.benefit import Arm, Benefit
from ganaug_core.ui.pages.benefit import benefit_figures
from ganaug_core.ui.pages.benefit.benefit_figures import MEASURES, ORDER
from ganaug_core.ui.shared import caches, charts, first_glance, job_progress, show, words
from ganaug_core.ui.shared.earlier_results import earlier_results

STATES = {
    "helps": ("helps", ":material/trending_up:", "green"),
    "none": ("no benefit shown", ":material/trending_flat:", "gray"),
    "harms": ("harm shown", ":material/trending_down:", "red"),
    "not_assessable": ("first estimate", ":material/hourglass_top:", "orange"),
}
MEASURES_HELP = (
    "Pairs ranked right: of an image of the class and another one, how often the classifier is surer of the first "
    "(AUROC). Average precision: how many of those taken for the class are of it, over all limits (AUPRC). Squared "
    "error of the probability: the Brier score."
)
LEFT_OUT = {"synthetic": "of synthetic images only", "curated": "after curation"}
REFRESH_SECONDS = 2.0
MORE = 5


def page(cohort: str, samples: str) -> None:
    """Draw the page about one set of synthetic images and their cohort."""
    inputs = caches.inputs(cohort, samples)
    job = job_progress.job_about(MeasureBenefit.step, cohort, samples)
    name, benefit = _newest(inputs)
    if job is not None and job.live:
        job_progress.follow(job.id)
        st.fragment(_refresh, run_every=REFRESH_SECONDS)(inputs, _artefact(inputs))
    if name is None or benefit is None:
        if job is None or not job.live:
            _offer_experiment(cohort, samples)
        _earlier_experiments(cohort, samples)
        return
    if job is not None and not job.live and job.error:
        show.trouble(job.error["what"], job.error["do"])
    _verdict(benefit)
    _curated_since(name, cohort, samples)
    _figures(name, benefit)
    _links(cohort, samples, benefit)
    _details(name, benefit)
    if job is None or not job.live:
        _save_and_refine(name, benefit, cohort, samples)
        _reduce_class(cohort, benefit.rare)
    _earlier_experiments(cohort, samples)


def _earlier_experiments(cohort: str, samples: str) -> None:
    def tell(name: str) -> None:
        benefit = caches.benefit(name)
        st.text(first_glance.of(benefit.verdict.statement))
        st.text(_sizes(benefit))

    earlier_results("benefits", "Earlier experiments", cohort, samples, tell)


def _newest(inputs: dict[str, str]) -> tuple[str | None, Benefit | None]:
    """Return name and content of the newest result; one that is not done only where there is no whole one."""
    names = [name for name, _ in caches.workspace().find("benefits", inputs)]
    if not names:
        return None, None
    results = {name: caches.benefit(name) for name in names}
    whole = [name for name, result in results.items() if result.done >= result.asked]
    chosen = whole[0] if whole else names[0]
    return chosen, results[chosen]


def _curated_since(name: str, cohort: str, samples: str) -> None:
    """Say if images were judged, or audited, since the experiment: its arm after curation would be another one."""
    curation = _curation(MeasureBenefit(cohort=cohort, samples=samples))
    if (
        curation is not None
        and caches.workspace().reference("benefits", name).origin.settings.get("curation") != curation
    ):
        st.info(
            "Since this was measured, images were kept or rejected, or an audit named copies. The arm after curation "
            "would show other images now; more repetitions measure all of it anew.",
            icon=":material/history:",
        )


def _curation(request: MeasureBenefit) -> str | None:
    """Return what tells the present decisions from others; None without a database, which the top of the page says."""
    try:
        return pipeline.curation(caches.workspace(), request.cohort, request.samples).digest
    except WorkspaceError:
        return None


def _artefact(inputs: dict[str, str]) -> str:
    """Return the artefact of the newest result as far as it is, empty where there is none."""
    newest = caches.workspace().find("benefits", inputs)
    return newest[0][1].artefact if newest else ""


def _refresh(inputs: dict[str, str], artefact: str) -> None:
    """Run the page again when there is more to show."""
    with show.guarded():
        if (newest := _artefact(inputs)) and newest != artefact:
            st.rerun()


def _offer_experiment(cohort: str, samples: str) -> None:
    """Say what the experiment is, and offer it."""
    st.markdown(
        "Small classifiers learn this cohort's classes from different training images: real ones alone, with class "
        "weights, with duplicates, with classical augmentation, and with synthetic images in several doses. All take "
        "the same number of steps, each several times, and all are tested on real hold-out images only. How often is "
        "fixed before: the answer comes once all repetitions are done."
    )
    request = MeasureBenefit(cohort=cohort, samples=samples, **_trust(cohort, samples), **_choices(cohort))
    st.text("The first estimate comes after about a minute, the whole after some minutes; you may leave the page.")
    if _curation(request) is not None:
        job_progress.result_or_button(request, "Start the experiment")
    _reduce_class(cohort)


def _trust(cohort: str, samples: str) -> dict[str, Any]:
    """Ask what only the user knows, where no passport tells it: what the generator was trained on."""
    if caches.samples(samples).provenance.get("cohort") == caches.cohort(cohort).digest:
        return {}
    st.warning(
        "These images do not come from a generator that was trained on exactly this cohort's training share. If it saw "
        "more patients than the classifiers do, the experiment flatters it.",
        icon=":material/warning:",
    )
    show.link("training", "Train a generator on this cohort", cohort=cohort)
    trusted = st.checkbox("The generator saw nothing but the training share of this cohort", key="trust-benefit")
    return {"trust_split": bool(trusted)}


def _choices(cohort: str) -> dict[str, Any]:
    """Offer what can be changed about the experiment; a sensible one is chosen."""
    classes = caches.cohort(cohort).classes
    with st.expander("Change the experiment", icon=":material/tune:"):
        left, middle, right = st.columns(3)
        smallest = "the one with the fewest training images"
        rare = left.selectbox("Class to augment", [smallest, *map(words.clean, classes)], key="rare")
        repetitions = middle.number_input("Repetitions of every arm", 1, 50, REPETITIONS, key="repetitions")
        margin = right.number_input(
            "Loss of AUROC that is still no worse, below",
            0.001,
            0.499,
            MARGIN,
            0.005,
            format="%.3f",
            key="margin",
            help="The margin of non-inferiority. It stays as it is once a first estimate was seen.",
        )
    names = [name for name in classes if words.clean(name) == rare]
    return {
        "rare": names[0] if names else None,
        "repetitions": int(repetitions),
        "margin": None if margin == MARGIN else float(margin),
    }


def _verdict(benefit: Benefit) -> None:
    word, sign, colour = STATES[benefit.verdict.state]
    claim, rest = _claim(first_glance.of(benefit.verdict.statement))
    st.header(words.plain(claim))
    if rest:
        st.text(rest)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(word, icon=sign, color=colour)  # type: ignore[arg-type]
        st.text(first_glance.of(benefit.verdict.do))
        first_glance.show_grounds(benefit.verdict.statement)
    st.text(_sizes(benefit))
    for look in benefit.look.earlier if benefit.look else ():
        word, _, _ = STATES[look.state]
        st.text(f"Look {look.number}, after {look.done} of {look.asked} repetitions, alpha {look.alpha:g}: {word}.")


def _claim(sentence: str) -> tuple[str, str]:
    """Return what is claimed, which is the headline, and the numbers behind it."""
    claim, colon, rest = sentence.partition(": ")
    return (f"{claim}.", rest[0].upper() + rest[1:]) if colon and not claim.startswith("So far") else (sentence, "")


def _links(cohort: str, samples: str, benefit: Benefit) -> None:
    """Link the images themselves: all, those of the class that was to gain, and those that curation takes away."""
    with st.container(horizontal=True):
        at = {"cohort": cohort, "samples": samples}
        show.link("samples", "Look at the synthetic images", **at)
        show.link("samples", f"Those of {words.plain(benefit.rare)}", **at, **{"class": benefit.rare})
        show.link("samples", "Those that were rejected", **at, which="reject")
        show.link("feature_map", "On the map", **at)


def _sizes(benefit: Benefit) -> str:
    by_class = benefit.cohort["classes"]
    rare = by_class[benefit.rare]
    others = sum(counts["train"] for counts in by_class.values()) - rare["train"]
    tested = sum(counts["holdout"] for counts in by_class.values())
    patients = benefit.cohort["holdout_patients"]
    whose = (
        "held-out images, patients unknown"
        if patients is None
        else f"images of {words.count(patients, 'held-out patient')}"
    )
    return (
        f"{rare['train']:,} training images of {words.clean(benefit.rare)} beside {others:,} others; tested on "
        f"{tested:,} {whose}; {benefit.done} of {benefit.asked} repetitions."
    )


def _figures(name: str, benefit: Benefit) -> None:
    """Arms and doses; below them what else can be looked at."""
    left, right = st.columns([7, 3], gap="small")
    with st.container(horizontal=True):
        titles = {title: key for key, (title, _, _) in MEASURES.items()}
        measure = titles[str(st.selectbox("Measure", list(titles), key="measure", width=320, help=MEASURES_HELP))]
        class_names = {words.clean(name): name for name in (benefit.rare, *benefit.cohort["classes"])}
        class_name = class_names[str(st.selectbox("Of the class", list(class_names), key="measured-class", width=320))]
    title, _, _ = MEASURES[measure]
    arms, doses = _drawn_figures(caches.artefact("benefits", name), measure, class_name, name, benefit)
    with left:
        charts.show(
            arms, "benefit-arms", f"{title} of each arm with its 95 % interval; {_best_in_words(benefit, measure)}"
        )
    with right:
        charts.show(doses, "benefit-doses", f"Change of {title} against classical augmentation by synthetic share")


@st.cache_resource(max_entries=32, show_spinner=False)
def _drawn_figures(
    artefact: str, measure: str, class_name: str, _name: str, _benefit: Benefit
) -> tuple[go.Figure, go.Figure]:
    """Return the figures of arms and doses; they are the same as long as the result is."""
    pictures = _picture_addresses(_name, _benefit)
    return (
        benefit_figures.arms(_benefit, measure, class_name, pictures),
        benefit_figures.doses(_benefit, measure, class_name),
    )


def _picture(name: str, arm: str) -> Path | None:
    """Return the file of what an arm's classifiers are shown; the shipped demo's are smaller than those made here."""
    folder = caches.workspace().folder("benefits", name)
    return next((path for path in (folder / f"{arm}.png", folder / f"{arm}.webp") if path.is_file()), None)


def _picture_addresses(name: str, benefit: Benefit) -> dict[str, str]:
    """Return by arm the address of the upper row of its picture, which shows the rare class."""
    paths = {arm.name: _picture(name, arm.name) for arm in benefit.arms}
    return {arm: caches.upper_half(path) for arm, path in paths.items() if path}


def _best_in_words(benefit: Benefit, measure: str) -> str:
    scores = [score for score in benefit.scores if score.measure == measure and score.class_name == benefit.rare]
    best = (max if scores[0].better == "higher" else min)(scores, key=lambda score: score.value)
    title = next(arm.title for arm in benefit.arms if arm.name == best.arm)
    return f"best is {title} with {best.value:.3f}"


def _example_pictures(name: str, benefit: Benefit) -> None:
    """What the classifiers of each arm look at."""
    arms = [arm for arm in _in_order(benefit) if _picture(name, arm.name)]
    st.text(
        f"First row {words.clean(benefit.rare)}, second row the most frequent other class, in the shares in which they "
        "are drawn. Synthetic images have an orange frame."
    )
    for start in range(0, len(arms), 3):
        for column, arm in zip(st.columns(3), arms[start : start + 3], strict=False):
            if path := _picture(name, arm.name):
                column.image(path.read_bytes(), caption=arm.title, alt=f"Training images of the arm {arm.title}")


def _details(name: str, benefit: Benefit) -> None:
    if any(_picture(name, arm.name) for arm in benefit.arms):
        show.folded(
            "What the classifiers were shown", partial(_example_pictures, name, benefit), icon=":material/image:"
        )
    show.folded("What each arm does", partial(_arms, benefit), icon=":material/list:")
    show.folded("All numbers", partial(_numbers, benefit), icon=":material/table:")
    show.folded("How it was done", partial(_method, benefit), icon=":material/science:")


def _arms(benefit: Benefit) -> None:
    st.table(pd.DataFrame([{"Arm": arm.title, "Shown": arm.says} for arm in _in_order(benefit)]).set_index("Arm"))
    for arm, why in benefit.left_out.items():
        st.text(f"Without the arm {LEFT_OUT[arm]}: {why}")


def _numbers(benefit: Benefit) -> None:
    st.dataframe(pd.DataFrame(_rows(benefit)), hide_index=True, alt="Every measure of every arm and class")


def _method(benefit: Benefit) -> None:
    settings = benefit.settings
    st.text(
        f"Every arm trains the same network for {settings['steps']:,} steps of {settings['batch']} images, "
        f"{benefit.done} times with other seeds. Probabilities are led back to the frequency of the training "
        "share. p is corrected for the number of synthetic shares, and among the other arms for theirs (Holm); "
        "there is none before all repetitions are done."
    )
    for note in (*benefit.notes, *(benefit.made.in_words if benefit.made else ())):
        st.text(words.clean(note))
    if benefit.command:
        st.code(benefit.command, language=None, wrap_lines=True)


def _rows(benefit: Benefit) -> list[dict[str, object]]:
    differences = {
        (difference.arm, difference.measure, difference.class_name, difference.against): difference
        for difference in benefit.differences
    }
    titles = {arm.name: arm.title for arm in benefit.arms}
    rows = []
    for score in benefit.scores:
        to_classical = differences.get((score.arm, score.measure, score.class_name, "classical"))
        to_duplication = differences.get((score.arm, score.measure, score.class_name, "duplication"))
        corrected = to_classical.adjusted if to_classical else None
        rows.append(
            {
                "Arm": titles[score.arm],
                "Class": words.clean(score.class_name),
                "Measure": MEASURES[score.measure][2],
                "Value": words.number(score.value),
                "95 % interval": _interval(score.interval),
                "Minus classical": words.number(to_classical.value) if to_classical else "–",
                "95 % interval of that": _interval(to_classical.interval) if to_classical else "–",
                "p, corrected": words.p_value(corrected) if corrected is not None else "–",
                "Minus duplication": words.number(to_duplication.value) if to_duplication else "–",
                "95 % interval of this": _interval(to_duplication.interval) if to_duplication else "–",
                "Repetitions": len(score.repetitions),
                "Better": score.better,
            }
        )
    return rows


def _interval(ends: tuple[float, float]) -> str:
    return f"{words.number(ends[0])} to {words.number(ends[1])}"


def _in_order(benefit: Benefit) -> list[Arm]:
    return sorted(benefit.arms, key=lambda arm: ORDER.index(arm.name))


def _save_and_refine(name: str, benefit: Benefit, cohort: str, samples: str) -> None:
    """Offer the document, and more repetitions, which are another look: what was trained is not trained again."""
    document = caches.workspace().attached("benefits", name, "benefit.json")
    trusted = caches.samples(samples).provenance.get("cohort") != benefit.cohort["hash"]
    unfinished = benefit.done < benefit.asked
    repetitions = benefit.asked if unfinished else benefit.asked + MORE
    with st.container(horizontal=True):
        if document is not None:
            st.download_button(
                "Save as JSON",
                document,
                file_name=f"{cohort}--{samples}-benefit.json",
                mime="application/json",
                icon=":material/download:",
                on_click="ignore",
            )
        label = "Go on" if unfinished else f"Refine with {MORE} more repetitions"
        if st.button(label, icon=":material/add:", key="more-repetitions"):
            job_progress.start(
                MeasureBenefit(
                    cohort=cohort,
                    samples=samples,
                    rare=benefit.rare,
                    seed=benefit.seed,
                    trust_split=trusted,
                    repetitions=repetitions,
                    doses=tuple(benefit.settings["doses"]) if "doses" in benefit.settings else None,
                    margin=None if benefit.look is None or benefit.look.margin == MARGIN else benefit.look.margin,
                )
            )
            st.rerun()
    if not unfinished and benefit.look:
        st.text(
            f"More repetitions make the intervals narrower. They are another look, which claims something only where "
            f"p is below {benefit.look.next_alpha:g} instead of {benefit.look.alpha:g}: who looks often enough finds "
            "something by chance."
        )


def _reduce_class(cohort: str, class_name: str | None = None) -> None:
    """Offer to make a class rarer: on a cohort of its own, so that its generator sees no more than its classifiers."""
    show.folded(
        "See what happens when a class is rarer", partial(_rarer, cohort, class_name), icon=":material/filter_alt:"
    )


def _rarer(cohort: str, class_name: str | None) -> None:
    st.text(
        "This makes a second cohort in which images of one class are left out of the training share, whole "
        "patients where they are known. Train a generator on it and come back: a generator of the whole cohort has "
        "seen images that the classifiers must not know."
    )
    classes = caches.cohort(cohort).classes
    left, middle, right = st.columns(3, vertical_alignment="bottom")
    class_names = {words.clean(name): name for name in classes}
    first = classes.index(class_name) if class_name in classes else 0
    rare = class_names[str(left.selectbox("Class", list(class_names), first, key="rarer-class"))]
    keep = int(middle.number_input("Training images to keep", 4, 100_000, 50, key="keep"))
    if right.button("Make this cohort", key="make-rarer"):
        job_progress.start(ReduceClass(cohort=cohort, class_name=rare, keep=keep), chooser="cohort")
        st.rerun()
