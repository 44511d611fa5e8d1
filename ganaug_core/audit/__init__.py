"""Cohort and samples and their features -> Audit: verdicts, measurements, suspects, missing modes.

`comparison` pairs the two, `measurements` measures; `copying`, `mode_coverage`, `fidelity` (with `power_spectrum`),
`label_fidelity` and `intensity` (with `noise_and_tissue`) look for trouble; `space_disagreement` says where feature
spaces disagree, on request `membership_attack` who is recognised, `subgroups` who is served worse, and `odd_images`
which ones are unlike their class; here the verdicts are corrected for each other. The hold-out is read here, by maps
and by the benefit experiment; each look is written down (`storage/holdout_log`).
"""

from collections.abc import Callable, Mapping, Sequence

from ganaug_core.audit import source_split
from ganaug_core.audit.audit_json import as_json
from ganaug_core.audit.comparison import Memoise, Space, compare, recompute
from ganaug_core.audit.copying import copies
from ganaug_core.audit.fidelity import realism
from ganaug_core.audit.intensity import intensities
from ganaug_core.audit.label_fidelity import labels
from ganaug_core.audit.measurements import measurements
from ganaug_core.audit.membership_attack import NOT_ASKED, attack
from ganaug_core.audit.memorisation import literature_counts
from ganaug_core.audit.memorisation import membership as of_discriminator
from ganaug_core.audit.methods_section import as_text, methods
from ganaug_core.audit.mode_coverage import modes
from ganaug_core.audit.odd_images import NOT_ASKED as NO_ODD
from ganaug_core.audit.odd_images import oddest
from ganaug_core.audit.repeats import as_json as draws_as_json
from ganaug_core.audit.sentences import (
    VERDICTS,
    Finding,
    measured_of_images,
    of_images,
    subgroup_of_images,
    without_patients,
)
from ganaug_core.audit.space_disagreement import in_words
from ganaug_core.audit.subgroups import NOT_ASKED as NOT_COMPARED
from ganaug_core.audit.subgroups import compared, require
from ganaug_core.interfaces import Report, silent
from ganaug_core.metrics.statistics import Values, holm
from ganaug_core.records import ROLES, UNKNOWN_PATIENT, Audit, Cohort, Samples, Verdict

__all__ = ["Space", "as_json", "as_text", "audit", "draws_as_json", "methods", "require"]


def audit(
    cohort: Cohort,
    samples: Samples,
    spaces: Mapping[str, Space] | Callable[[], Mapping[str, Space]],
    *,
    seed: int = 0,
    trust_split: bool = False,
    membership: bool = False,
    subgroups: Sequence[str] = (),
    odd: bool = False,
    logits: tuple[Values, Values] | None = None,
    command: str = "",
    memoise: Memoise = recompute,
    report: Report = silent,
) -> Audit:
    """Return what can be said about synthetic images of a cohort.

    Args:
        cohort: With its split.
        samples: Ours or anybody's.
        spaces: By name of the encoder, fitted on training images only; `simclr` for modes, `texture` for realism,
            `classifier` (log-probabilities) for labels, any for measurements. What is missing makes its verdict
            `not_assessable`. Or a function that returns them: it is asked when the search for copies is over, which
            needs none, so encoders can be fitted meanwhile.
        seed: For every draw.
        trust_split: The generator of foreign samples certainly did not see the hold-out, ours or the source's own.
        membership: Ask too whether the synthetic images tell who was in the training share: one more search.
        subgroups: Kept columns of the cohort: ask too whether subgroups by them fare worse than others.
        odd: Ask too which synthetic images are unlike real ones of their class.
        logits: What the run's discriminator says of the training and of the held-out images, in cohort order, where
            the run is at hand.
        command: What the user asked for, for the record.
        memoise: Keeps what only the cohort decides, for its next audit.
        report: Progress.

    Raises:
        EvidenceError: No synthetic images, classes or columns that the cohort does not have, or features of other
            images. Too few images are no error: the verdict says what is needed.
    """
    require(cohort, subgroups)
    comparison = compare(cohort, samples, {} if callable(spaces) else spaces, seed, memoise)
    trusted = trust_split or comparison.ours
    apart = source_split.looks_differ(comparison)
    copying = copies(
        comparison, trusted=trusted and apart is None, report=_part(report, 0.0, 0.5 if membership else 0.6)
    )
    attacked = attack(comparison, trusted=trusted, report=_part(report, 0.5, 0.6)) if membership else NOT_ASKED
    if callable(spaces):
        comparison = compare(cohort, samples, spaces(), seed, memoise)
    measured = measurements(comparison, _part(report, 0.6, 0.75))
    coverage = modes(comparison, measured, _part(report, 0.75, 0.9))
    fidelity = realism(comparison, _part(report, 0.9, 0.98))
    label_fidelity = labels(comparison)
    intensity = intensities(comparison)
    served = compared(comparison, subgroups) if subgroups else NOT_COMPARED
    remembered = of_discriminator(comparison, *logits) if logits is not None else ()
    descriptive = (*literature_counts(comparison), *remembered, *attacked.measurements)
    strange = oddest(comparison, copying.nearest) if odd else NO_ODD
    parts = copying, coverage, fidelity, label_fidelity, intensity
    findings = dict(zip(VERDICTS, (part.finding for part in parts), strict=True))
    if apart is not None:
        findings = {name: finding.not_judged(*apart) for name, finding in findings.items()}
    shown = {"label_fidelity": label_fidelity.examples, "intensity": intensity.examples}
    every = (
        *(measurement for finding in findings.values() for measurement in finding.measurements),
        *descriptive,
        *measured,
    )
    verdicts, known = _verdicts(findings), bool((cohort.patients != UNKNOWN_PATIENT).all())
    if not known:
        every, verdicts = (
            tuple(map(measured_of_images, every)),
            {name: of_images(said) for name, said in verdicts.items()},
        )
    report(1.0, "Done")
    return Audit(
        cohort=_about_cohort(cohort),
        synthetic=_about_samples(samples),
        seed=seed,
        verdicts=verdicts,
        measurements=every,
        suspects=copying.suspects,
        missing_modes=coverage.missing if apart is None else (),
        scores=copying.scores,
        detectable_share=copying.detectable_share,
        detectable_shares=copying.detectable_shares,
        nearest=copying.nearest,
        command=command,
        copied=copying.copied,
        give_aways=fidelity.give_aways,
        drawings={**label_fidelity.drawings, **fidelity.drawings, **intensity.drawings},
        examples={name: example for name, example in shown.items() if example is not None},
        spaces=in_words(every),
        regions=intensity.regions if known else tuple(map(without_patients, intensity.regions)),
        membership=attacked.sentences if known else tuple(map(without_patients, attacked.sentences)),
        subgroups=served.rows if known else tuple(map(subgroup_of_images, served.rows)),
        subgroup_notes=served.notes if known else tuple(map(without_patients, served.notes)),
        odd_images=strange.images,
        odd=strange.sentences if known else tuple(map(without_patients, strange.sentences)),
        odd_scores=strange.scores,
    )


def _verdicts(findings: Mapping[str, Finding]) -> dict[str, Verdict]:
    """Return the five verdicts, those that could be tested corrected by Holm for each other."""
    adjusted = holm({name: finding.p_value for name, finding in findings.items() if finding.p_value is not None})
    return {name: findings[name].verdict(adjusted.get(name)) for name in VERDICTS}


def _about_cohort(cohort: Cohort) -> dict[str, object]:
    sizes = {f"n_{role}": len(cohort.where(number)) for number, role in enumerate(ROLES)}
    about = {"name": cohort.name, "hash": cohort.digest, **sizes}
    about |= {"classes": list(cohort.classes), "unit": cohort.intensity.unit, "own_split": cohort.own_split}
    return {**about, "split_by": "patient" if (cohort.patients != UNKNOWN_PATIENT).all() else "image"}


def _about_samples(samples: Samples) -> dict[str, object]:
    about = {"name": samples.name, "hash": samples.digest, "n": len(samples), "source": samples.source}
    truncation = samples.provenance.get("truncation", 1.0)
    return about if truncation == 1 else {**about, "truncation": truncation}


def _part(report: Report, start: float, end: float) -> Report:
    return lambda share, message: report(start + (end - start) * share, message)
