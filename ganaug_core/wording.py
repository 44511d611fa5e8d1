"""How numbers are said, on pages, on the command line and in verdicts: each kind has one form.

Unrounded numbers stand in the JSON; axes and hover texts of figures have their own precision.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
SHARES = {
    "tuning": "Share of each class's images for choosing between runs and checkpoints; whole patients are drawn.",
    "holdout": "Share of each class's images that only the audit sees; whole patients are drawn.",
}


def clean(text: object) -> str:
    """Return one line without control characters, direction marks and lone surrogates, none of which can be shown."""
    return _CONTROL.sub(" ", str(text)).strip()


def count(number: int, one: str, many: str | None = None) -> str:
    """Return `1 image` or `1,200 images`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


WITNESS = "witness"  # what a rule found that was learnt from several feature spaces
ALIKE = {
    "simclr": "by shape",
    "texture": "by texture",
    "pixels": "by brightness and position",
    WITNESS: "by a mixture of shape and texture",
}
"""In what the images of a group resemble each other, by the feature space, or the rule, that found it."""


def channel_name(channel: int, channels: int) -> str:
    """Return `red`, `green` or `blue` of an image in colour, empty where there is one channel."""
    if channels == 1:
        return ""
    return ("red", "green", "blue")[channel] if channels == 3 else f"channel {channel + 1}"


POOLED = "Red, green and blue together; the measurements name each of them."


def in_colour(measurements: Iterable[Any]) -> bool:
    """Return whether an audit measured channels by name: its figures then show all of them together."""
    return any(measurement.encoder.endswith(f", {channel_name(0, 3)}") for measurement in measurements)


def percent(share: float) -> str:
    """Return `12 %`, `1.5 %`, `0.3 %`: two figures at most; `0 %` and `100 %` only where nothing is, or is left."""
    if share < 0:
        return f"-{percent(-share)}"
    value = 100 * share
    if 0 < value < 0.05:
        return "< 0.1 %"
    if 99.5 <= value < 100:
        return f"{min(value, 99.9):.1f} %"
    return f"{value:.0f} %" if value >= 9.95 or abs(value - round(value)) < 1e-9 else f"{value:.1f} %"


def done(share: float | None) -> str:
    """Return how much of some work is done in whole percent, so that the text does not jump: `42 %`."""
    return f"{100 * (share or 0):.0f} %"


def twins(images: int, groups: int) -> str:
    """Return the sentence for images that registration shows to be one with another."""
    among = f"{count(images, 'image')} in {count(groups, 'group')}"
    return f"{among} are one with another after a flip, a turn or a shift."


def exact_duplicates(number: int) -> str:
    return f"{count(number, 'exact duplicate')} left out: one image of each is enough."


def twins_not_sought() -> str:
    return "Images that are one after a flip, a turn or a shift were not looked for: the limit was 0."


def p_value(value: float) -> str:
    """Return a p or q without its letter, for a table: `0.03`, `< 0.0001`."""
    return "< 0.0001" if value < 1e-4 else f"{value:.2g}"


def chance(value: float, letter: str = "p") -> str:
    """Return a p or q for a sentence: `p = 0.03`, `p < 0.0001`."""
    text = p_value(value)
    return f"{letter} {text}" if text.startswith("<") else f"{letter} = {text}"


def distance(value: float) -> str:
    """Return a registered distance with three decimals, so that those in a list compare: `0.031`."""
    return f"{value:.3f}"


def duration(seconds: float | None) -> str:
    """Return a time as people say it: `8 seconds`, `11 minutes`, `2 hours 5 minutes`."""
    if seconds is None or math.isnan(seconds):
        return "an unknown time"
    seconds = max(0, seconds)
    if seconds < 59.5:
        return count(max(1, round(seconds)), "second")
    minutes = round(seconds / 60)
    if minutes < 60:
        return count(minutes, "minute")
    hours, rest = divmod(minutes, 60)
    return count(hours, "hour") + (f" {count(rest, 'minute')}" if rest else "")


def left(seconds: float) -> str:
    """Return `about 11 minutes left`."""
    return f"about {duration(seconds)} left"


def number(value: float | None, digits: int = 3) -> str:
    """Return a number with that many significant digits and no exponent where people would not write one."""
    if value is None or math.isnan(value):
        return "not known"
    if value == 0 or 1e-3 <= abs(value) < 1e6:
        return f"{value:,.{digits}g}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:.{digits}g}"


def nearer_than_99(measurements: Iterable[Any]) -> str:
    """Return the textbook's sentence on nearest distances from an audit's measurements, empty where it has none."""
    by_name = {measurement.name: measurement for measurement in measurements if measurement.encoder == "registered"}
    nearer, ratio = by_name.get("nearer_than_99"), by_name.get("nearest_distance_ratio")
    if nearer is None or ratio is None:
        return ""
    what = nearer.reference.replace("+", " or ").replace("train", "training", 1)
    low, high = map(percent, nearer.interval)
    least, most = map(number, ratio.interval)
    return (
        f"{percent(nearer.value)} of the synthetic images (95 % interval {low} to {high}) are nearer to a {what} image "
        "than 99 % of real ones are; chance gives 1 %. On average they are "
        f"{number(ratio.value)} times as far from the nearest one as training images are from each other ({least} to "
        f"{most})."
    )


def values(facts: Mapping[str, Any], low: float, high: float, unit: str) -> list[str]:
    """Return the values of a cohort as a line of letters, the darker the more, and why its range is what it is."""
    shares, edges = facts["histogram"]["shares"], facts["histogram"]["edges"]
    most = max(shares) or 1
    levels = " .:-=+*#%@"
    line = "".join(levels[math.ceil((len(levels) - 1) * math.sqrt(share / most))] for share in shares)
    return [
        f"values from {facts['lowest']:g} to {facts['highest']:g}: {edges[0]:g} [{line}] {edges[-1]:g}",
        f"range {low:g} to {high:g} {unit}: {facts['why']}",
    ]


def kept_columns(columns: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a sentence on each column that was kept with a cohort, from the cohort's JSON."""
    lines = []
    for column in columns:
        groups = [f"{group['group']} ({group['withheld'] or format(group['n'], ',')})" for group in column["groups"]]
        cut = ", numbers cut at the terciles of the training share" if column["cut_at"] else ""
        lines.append(
            f"Kept for subgroups: {column['name']}{cut}; {column['counted']}: {listing(groups)}. What single images "
            "state stays in the workspace."
        )
    return lines


def listing(parts: Iterable[Any], last: str = "and", most: int | None = None) -> str:
    """Return `a, b and c`, beyond `most` the rest as a number: `a, b and 3 more`."""
    words = [str(part) for part in parts]
    if most is not None and len(words) > most:
        words = [*words[:most], f"{len(words) - most} more"]
    return f" {last} ".join(filter(None, [", ".join(words[:-1]), words[-1]])) if words else ""


def moment(written: str) -> str:
    """Return a time of the workspace as people write it: `2026-11-29 18:05 UTC`."""
    return f"{written[:10]} {written[11:16]} UTC"


def rows(counts: Mapping[str, int]) -> list[str]:
    """Return how many decisions and jobs the database holds of something, a line each; none for none."""
    decisions, jobs = counts["decisions"], counts["jobs"]
    lines = [count(decisions, "decision about an image", "decisions about images")] if decisions else []
    return lines + ([count(jobs, "entry", "entries") + " in the list of jobs"] if jobs else [])


def dependents(names_by_kind: Mapping[str, Sequence[str]]) -> list[str]:
    """Return what was made from something, a line a kind: names where a person gave them, else how many there are."""
    lines = []
    for kind, names in names_by_kind.items():
        if names and kind in ("maps", "audits", "benefits"):
            lines.append(count(len(names), kind.removesuffix("s")))
        elif names:
            lines.append(f"{'searches' if kind == 'sweeps' else kind}: {listing(names)}")
    return lines
