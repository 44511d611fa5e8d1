"""What an audit could not see: what it said so of itself, and what no audit of this kind can see."""

from ganaug_core.records import UNKNOWN_PATIENT, Audit, Cohort
from ganaug_core.report.edition import Edition
from ganaug_core.report.stored import Stored
from ganaug_core.terms import VERDICTS
from ganaug_core.wording import clean, listing, percent

NO_PROOF = "No test shows that nobody can be recognised in these images, and this one does not either."


def unseen(stored: Stored, edition: Edition) -> list[str]:
    """Return it in sentences, what belongs to this audit first."""
    audit, cohort = stored.audit, stored.cohort
    return [
        *_not_judged(audit, edition),
        *_too_few_to_notice(audit),
        NO_PROOF,
        *_of_the_cohort(cohort),
        *_not_asked(audit),
        *_not_read(stored),
    ]


def _not_read(stored: Stored) -> list[str]:
    if any(study.results is not None for study in stored.set.studies):
        return []
    done = "is over" if stored.set.studies else "was done"
    return [
        f"No reading study {done}: whether readers take these images for real, and see the class in them, is not known."
    ]


def _not_judged(audit: Audit, edition: Edition) -> list[str]:
    return [
        f"{VERDICTS[name][0]}: {edition.text(verdict.statement)}"
        for name, verdict in audit.verdicts.items()
        if verdict.state == "not_assessable"
    ]


def _too_few_to_notice(audit: Audit) -> list[str]:
    sentences = []
    if audit.detectable_share is not None:
        sentences.append(
            f"Copies that make up less than {percent(audit.detectable_share)} of the set could go unnoticed, unless "
            "they equal a real image."
        )
    elif audit.verdicts["copying"].state != "not_assessable":
        sentences.append("With so few images no share of copies would be told from chance, unless they equal an image.")
    groups = [row for row in audit.measurements if row.name == "smallest_mode" and row.class_name]
    by_class: dict[str, float] = {}
    for row in groups:
        by_class[str(row.class_name)] = min(row.value, by_class.get(str(row.class_name), row.value))
    if by_class:
        parts = [f"{percent(share)} of {clean(name)}" for name, share in by_class.items()]
        sentences.append(f"A missing group smaller than {listing(parts, most=6)} could go unnoticed.")
    return sentences


def _of_the_cohort(cohort: Cohort) -> list[str]:
    _, rows, columns = cohort.shape
    sentences = [
        f"Images were compared at {rows} x {columns} pixels, one by one: finer detail, and what lies above and below a "
        "slice, were not looked at.",
        "The hold-out share has the same source as the training share: whether the images fit other hospitals, devices "
        "or patients is not known.",
    ]
    if (cohort.patients == UNKNOWN_PATIENT).any():
        sentences.append(
            "Patients are not known for all images, so images of one patient may lie on both sides of the split."
        )
    return sentences


def _not_asked(audit: Audit) -> list[str]:
    open_questions = [
        question
        for question, asked in (
            ("whether the images tell who was in the training share", bool(audit.membership)),
            ("whether subgroups of patients are served worse than others", bool(audit.subgroup_notes)),
            ("which single images are unlike their class", bool(audit.odd)),
        )
        if not asked
    ]
    return [f"Nobody asked {listing(open_questions)}."] if open_questions else []
