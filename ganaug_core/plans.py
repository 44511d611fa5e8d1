"""A plan for a hold-out share: what will be asked, and from where on an answer counts, fixed before anybody looks.

Of several plans before the first look the newest holds. A plan after a look can be written too; it says so, and no
result is planned by it. What is compared are hold-out, settings, thresholds and software; which synthetic images are
judged is not part of a plan, because mostly nobody has made them yet.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from ganaug_core import __version__
from ganaug_core.config.requests import AUDIT_SPACES, DISCRIMINATOR, MARGIN, REPETITIONS, AuditSamples, MeasureBenefit
from ganaug_core.config.revisions import REVISIONS
from ganaug_core.errors import EvidenceError, WorkspaceError
from ganaug_core.interfaces import look_up
from ganaug_core.records import TRAIN, Cohort, codec
from ganaug_core.records.plan import Plan, Planned
from ganaug_core.storage import holdout_log
from ganaug_core.storage.workspace import Workspace, check_name

OF_AUDITS = ("encoders", "features", "searches", "audits")
OF_BENEFITS = ("trials", "benefits")


def write(
    workspace: Workspace,
    cohort: str,
    name: str,
    *,
    spaces: Sequence[str] = AUDIT_SPACES,
    rare: str | None = None,
    doses: Sequence[float] | None = None,
    repetitions: int = REPETITIONS,
    margin: float = MARGIN,
    seed: int = 0,
) -> Plan:
    """Write down what will be asked of a cohort's hold-out share; its split is fixed by it.

    Args:
        cohort, name: Name of the cohort, and of the plan.
        spaces: Encoders of the audit.
        rare: Class to augment; None is the one with the fewest training images.
        doses: Shares of synthetic images; None takes all that there are.
        margin: Loss of AUROC that would be "worse".

    Raises:
        EvidenceError: No hold-out share, class or dose like that, or a margin out of range.
        ConfigurationError: There is no such encoder.
        WorkspaceError: The name is taken or cannot be a name, or the cohort is not there.
    """
    from ganaug_core.audit.thresholds import THRESHOLDS
    from ganaug_core.benefit.arms import checked_doses
    from ganaug_core.benefit.looks import checked_margin
    from ganaug_core.cohort import draft_split
    from ganaug_core.features import SPACES

    check_name(name)
    for encoder in spaces:
        if encoder != DISCRIMINATOR:
            look_up(SPACES, encoder, "encoder")
    settings = {"doses": checked_doses(doses), "repetitions": repetitions, "margin": checked_margin(margin)}
    draft_split.fix(workspace, cohort)
    record = workspace.cohort(cohort)
    holdout = holdout_log.about(record)
    if not holdout["images"]:
        raise EvidenceError(
            f"{cohort} has no hold-out share, so there is nothing to plan.",
            do="Import it with one: ganaug cohort import --holdout .25.",
            code="no_holdout",
        )
    plan = Plan(
        name=name,
        cohort=cohort,
        holdout=holdout,
        audit={"spaces": sorted(spaces), "seed": seed},
        benefit={"class": _augmented(record, rare), **settings, "steps": None, "seed": seed},
        thresholds=dict(THRESHOLDS),
        software=_software(OF_AUDITS + OF_BENEFITS),
        looks={},
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )

    def signed(looks: dict[str, int], taken: set[str]) -> dict[str, Any]:
        if name in taken:
            raise WorkspaceError(
                f"There is already a plan named {name}.", do="Choose another name: plans are not changed.", code="taken"
            )
        whole = replace(plan, looks=looks)
        kept: dict[str, Any] = codec.plain(replace(whole, digest=whole.own_digest))
        return kept

    return codec.decode(Plan, holdout_log.add_plan(workspace, record, signed))


def plans(workspace: Workspace, cohort: str) -> list[Plan]:
    """Return the plans for a cohort's hold-out share, the oldest first.

    Raises:
        WorkspaceError: There is no such cohort, or the list of plans is damaged.
    """
    return _plans(workspace, workspace.cohort(cohort))


def check_audit(workspace: Workspace, cohort: Cohort, request: AuditSamples) -> Planned:
    """Return whether an audit that is made now keeps to a plan from before the first look."""
    from ganaug_core.audit.thresholds import THRESHOLDS

    asked = {"spaces": sorted(request.encoders), "seed": request.seed}
    now = {"audit": asked, "software": _software(OF_AUDITS), "thresholds": dict(THRESHOLDS)}
    return _check(workspace, cohort, now)


def check_benefit(workspace: Workspace, cohort: Cohort, request: MeasureBenefit, margin: float) -> Planned:
    """Return whether a benefit experiment that is made now keeps to a plan from before the first look.

    Args:
        margin: That the experiment really has.
    """
    from ganaug_core.benefit.arms import checked_doses

    asked = {
        "class": _augmented(cohort, request.rare),
        "doses": checked_doses(request.doses),
        "repetitions": request.repetitions,
        "margin": margin,
        "steps": request.steps,
        "seed": request.seed,
    }
    return _check(workspace, cohort, {"benefit": codec.plain(asked), "software": _software(OF_BENEFITS)})


def _check(workspace: Workspace, cohort: Cohort, now: dict[str, dict[str, Any]]) -> Planned:
    """Compare with the plan that holds.

    Args:
        now: By part of the plan, what is asked; what the plan says beyond that does not matter here.
    """
    written = _plans(workspace, cohort)
    if not written:
        return Planned(planned=False, why_not=("there is no plan for this hold-out share",))
    in_time = [plan for plan in written if not plan.looks]
    plan = (in_time or written)[-1]
    why_not = []
    if not in_time:
        why_not.append(f"the plan was written {plan.standing.partition(':')[0]}")
    if plan.holdout["digest"] != holdout_log.about(cohort)["digest"]:
        why_not.append("a patient withdrew since, and the hold-out share is not the planned one")
    if plan.own_digest != plan.digest:
        why_not.append("the plan is not what was written")
    for part, asked in now.items():
        why_not += _differences(getattr(plan, part), asked)
    return Planned(planned=not why_not, name=plan.name, digest=plan.digest, why_not=tuple(why_not))


def _plans(workspace: Workspace, cohort: Cohort) -> list[Plan]:
    try:
        return [codec.decode(Plan, entry) for entry in holdout_log.plans(workspace, cohort)]
    except (ValueError, TypeError) as error:
        raise WorkspaceError(
            f"A plan for the hold-out share of {cohort.name} is damaged: {error}.",
            do=f"Bring {holdout_log.LOG} of the workspace back from a backup.",
            code="damaged",
        ) from error


def _differences(planned: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Return in words what is not as planned."""
    return [
        f"{name} {_said(value)} instead of {_said(planned.get(name))}"
        for name, value in now.items()
        if planned.get(name) != value
    ]


def _said(value: Any) -> str:
    if value is None:
        return "as usual"
    return " ".join(map(_said, value)) if isinstance(value, list | tuple) else str(value)


def _augmented(cohort: Cohort, rare: str | None) -> str:
    if rare is None:
        return cohort.classes[min(range(len(cohort.classes)), key=lambda label: len(cohort.where(TRAIN, label=label)))]
    if rare not in cohort.classes:
        raise EvidenceError(
            f"The cohort {cohort.name} has no class named {rare}.",
            do=f"Choose one of: {', '.join(cohort.classes)}.",
            code="unknown_class",
        )
    return rare


def _software(kinds: Sequence[str]) -> dict[str, Any]:
    return {"ganaug": __version__, **{f"revision of {kind}": REVISIONS[kind] for kind in kinds}}
