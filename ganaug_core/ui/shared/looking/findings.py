"""Findings first: what an audit found, each with the images that show it, the worst news on top.

Where nothing was found a finding says what would have been; before an audit there is the quick measure alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np

from ganaug_core.reading import TakenForReal
from ganaug_core.records import ROLES, Audit, MissingMode, Suspect
from ganaug_core.ui.shared import first_glance, glossary, words

THUMBNAILS = 5
CLOSEST = 24  # pairs that are shown where none is named
ORDER = ("fail", "warn", "not_assessable", "pass", "none")
SINGULAR = {"train": "training image", "tuning": "tuning image", "holdout": "hold-out image"}


class Group(NamedTuple):
    """An image and those that repeat it, the nearest first."""

    real: str
    images: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing to see.

    Attributes:
        key: Its name in an address.
        state: Of the verdict that it belongs to, `none` where there is none.
        says: A sentence for whoever opens it, `grounds` how it is known.
        thumbs: Ids that show it at a glance.
        images: Synthetic ids, those that show it best first; `real` real ones.
        groups: Instead of them, each real image with its copies.
        gallery: What the gallery calls them.
        is_group: The real images are outlined on the map.
        is_ordered: The images come in an order that means something.
        sort: The gallery shows all images in this order instead.
    """

    key: str
    title: str
    state: str
    says: str
    grounds: str = ""
    thumbs: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    real: tuple[str, ...] = ()
    groups: tuple[Group, ...] = ()
    gallery: str = ""
    is_group: bool = False
    is_ordered: bool = True
    sort: str = ""

    def for_browser(self) -> dict[str, Any]:
        """Return it as the workbench takes it."""
        plain = asdict(self)
        groups = [{"real": group.real, "images": list(group.images)} for group in self.groups]
        renamed = {"isGroup": plain.pop("is_group"), "isOrdered": plain.pop("is_ordered")}
        title = self.title.replace(" %", "\u00a0%")  # a number and its sign stay together
        return {**plain, **renamed, "title": title, "groups": groups or None}


def before_audit(*, can_be_audited: bool = True) -> list[Finding]:
    """Return the one thing that can be seen before an audit."""
    does = "It compares pixels as they lie, without flips, turns and shifts, and cannot tell a copy from chance. "
    if can_be_audited:
        other = "An audit can, and looks for missing groups and for what gives images away."
    else:
        other = (
            "These images were made from each other, so no audit of them can say what the generator draws by itself."
        )
    return [
        Finding(
            key="quick",
            title=f"{'No audit yet: n' if can_be_audited else 'N'}earest by the quick measure",
            state="none",
            says=does + other,
            sort="distance",
        )
    ]


def of_audit(audit: Audit, ids: Sequence[str], space: str) -> list[Finding]:
    """Return what an audit found, the worst first.

    Args:
        ids: Of the synthetic images, in their order.
        space: Of the map beside it: groups of another feature space lie scattered there.
    """
    found = [
        _copies(audit, ids),
        *_missing(audit, space),
        _examples(audit, "label_fidelity", "Class in doubt"),
        _odd(audit),
    ]
    found += [_give_aways(audit), _examples(audit, "intensity", "Pixel values")]
    return sorted(filter(None, found), key=lambda finding: ORDER.index(finding.state))


def _copies(audit: Audit, ids: Sequence[str]) -> Finding:
    verdict = audit.verdicts["copying"]
    groups = copied_groups(audit.suspects)
    if groups:
        images = sum(len(group.images) for group in groups)
        roles = {suspect.role for suspect in audit.suspects if suspect.is_listed}
        role = SINGULAR[roles.pop()] if len(roles) == 1 else "real image"
        return Finding(
            key="copies",
            title=f"{words.count(images, 'suspected copy', 'suspected copies')} of {words.count(len(groups), role)}",
            state=verdict.state,
            says="Each copied image stands once, its copies under it, the nearest first.",
            grounds=words.clean(f"{verdict.statement} {verdict.do}"),
            thumbs=tuple(image for group in groups[:3] for image in (group.real, group.images[0]))[:THUMBNAILS],
            groups=groups,
        )
    pairs = closest_pairs(audit, ids)
    would = (
        "With so few images no share of copies would be told from chance."
        if audit.detectable_share is None
        else f"Copies as near as exact ones would have been noticed from {words.percent(audit.detectable_share)} of "
        "the images on."
    )
    titles = {"pass": "No copying found", "not_assessable": "Copying could not be judged"}
    return Finding(
        key="copies",
        title=titles.get(verdict.state, "Copying: look closer"),
        state=verdict.state,
        says=f"{would} These are the closest pairs; among many images one is always closest.",
        grounds=words.clean(verdict.statement),
        thumbs=tuple(image for synthetic, real in pairs[:2] for image in (real, synthetic)),
        images=tuple(synthetic for synthetic, _ in pairs),
        gallery="Closest pairs",
    )


def copied_groups(suspects: Sequence[Suspect]) -> tuple[Group, ...]:
    """Return the real images behind the named copies, that of the nearest pair first."""
    named = sorted((one for one in suspects if one.is_listed), key=lambda one: (not one.identical, one.distance))
    groups: dict[str, list[str]] = {}
    for one in named:
        groups.setdefault(one.real, []).append(one.synthetic)
    return tuple(Group(real, tuple(images)) for real, images in groups.items())


def closest_pairs(audit: Audit, ids: Sequence[str]) -> list[tuple[str, str]]:
    """Return the synthetic images nearest to a real one by the registered distance, each with that real one."""
    roles = [role for role in ROLES if f"{role}.distance" in audit.nearest]
    if not roles:  # an older audit
        return [(one.synthetic, one.real) for one in sorted(audit.suspects, key=lambda one: one.distance)]
    distances = np.stack([audit.nearest[f"{role}.distance"] for role in roles])  # (role, synthetic)
    order = np.argsort(distances.min(0), kind="stable")[:CLOSEST]
    nearest = [audit.nearest[f"{roles[distances[:, row].argmin()]}.id"][row].decode() for row in order]
    return [(str(ids[row]), real) for row, real in zip(order, nearest, strict=True)]


def _missing(audit: Audit, space: str) -> list[Finding]:
    verdict = audit.verdicts["mode_coverage"]
    if not audit.missing_modes:
        titles = {"pass": "No missing group found", "not_assessable": "Missing groups could not be judged"}
        title, statement = titles.get(verdict.state, "Variety"), words.clean(verdict.statement)
        says = first_glance.of(statement)
        grounds = statement if says != statement else ""
        return [Finding(key="missing", title=title, state=verdict.state, says=says, grounds=grounds)]
    by_lack = sorted(enumerate(audit.missing_modes), key=lambda one: one[1].synthetic_share - one[1].real_share)
    return [_group(mode, number, verdict.state, space) for number, mode in by_lack]


def _group(mode: MissingMode, number: int, state: str, space: str) -> Finding:
    made = "none" if not mode.synthetic_share else f"only {words.percent(mode.synthetic_share)}"
    of = f"of {mode.n_synthetic:,}" if mode.n_synthetic else "of the synthetic ones"
    low, high = map(words.percent, mode.interval)
    alike = words.ALIKE.get(mode.encoder, mode.encoder)
    scattered = "" if mode.encoder == space else " On this map they lie scattered: it shows another feature space."
    return Finding(
        key=f"missing-{number}",
        title=f"Missing {words.clean(mode.class_name)}: {words.percent(mode.real_share)} of the real, {made} {of}",
        state=state,
        says=f"Real images that are alike {alike}, and the synthetic ones that come nearest.{scattered}",
        grounds=f"95 % interval of the synthetic share {low} to {high}, had this group been chosen beforehand "
        f"({words.chance(mode.p_value)}, corrected for all groups that were looked at).",
        thumbs=mode.exemplars[:THUMBNAILS],
        images=mode.nearest,
        real=tuple(dict.fromkeys((*mode.exemplars, *mode.members))),
        gallery=f"Missing: {words.clean(mode.class_name)}",
        is_group=True,
    )


def _examples(audit: Audit, verdict: str, title: str) -> Finding | None:
    if verdict not in audit.examples:
        return None
    examples, state = audit.examples[verdict], audit.verdicts[verdict]
    return Finding(
        key=verdict,
        title=title,
        state=state.state,
        says=words.clean(examples.says),
        grounds=words.clean(state.statement),
        thumbs=examples.images[:THUMBNAILS],
        images=examples.images,
        gallery=words.clean(examples.says),
    )


def _odd(audit: Audit) -> Finding | None:
    if not audit.odd_images:
        return None
    listed = [image for image in audit.odd_images if image.is_listed]
    images = tuple(image.synthetic for image in listed or audit.odd_images)
    return Finding(
        key="odd",
        title=words.count(len(listed), "odd image") if listed else "No image is listed as odd; these are the oddest",
        state="none",
        says="Unlike real images of their class, the oddest first. It changes no verdict.",
        grounds=" ".join(map(words.clean, audit.odd)),
        thumbs=images[:THUMBNAILS],
        images=images,
        gallery="Odd images",
    )


def _give_aways(audit: Audit) -> Finding | None:
    if not audit.give_aways:
        return None
    verdict = audit.verdicts["fidelity"]
    return Finding(
        key="realism",
        title="What gives images away",
        state=verdict.state,
        says="A simple classifier that tells synthetic from real images was surest of these.",
        grounds=words.clean(verdict.statement),
        thumbs=audit.give_aways[:THUMBNAILS],
        images=audit.give_aways,
        gallery="Told from real ones most surely",
    )


def of_readers(taken: Mapping[str, TakenForReal]) -> Finding | None:
    """Return what readers took for real at first sight, the surest first; None where no study is over.

    Args:
        taken: By synthetic image, as `reading.taken_for_real` returns it.
    """
    if not taken:
        return None
    fooled = {image: one for image, one in taken.items() if one.called_real}
    images = tuple(sorted(fooled, key=lambda image: -fooled[image].called_real / fooled[image].read_by))
    return Finding(
        key="taken",
        title=f"Taken for real: {len(images)} of {words.count(len(taken), 'image')} that were read",
        state="none",
        says="Readers who did not know which is which called these real at first sight; those that most readers took "
        "for real come first.",
        grounds=f"{words.count(sum(one.read_by for one in taken.values()), 'reading')} of synthetic images in reader "
        "studies that are over.",
        thumbs=images[:THUMBNAILS],
        images=images,
        gallery="Taken for real",
    )


def states() -> dict[str, str]:
    """Return the word of each state, for whoever does not see its sign."""
    return {state: word for state, (word, *_) in glossary.STATES.items()}
