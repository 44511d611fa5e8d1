"""Names that classes can have: one for each image, each clearly another; and what is said where one stays empty."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import PurePosixPath

from ganaug_core.errors import CohortError
from ganaug_core.records import Skipped, Slice
from ganaug_core.wording import count, listing

MOST_LETTERS = 200
_JOINED = re.compile(r"\s*[|;]\s*")
_LISTED = re.compile(r"\s*[|;,]\s*")
_MOST_NAMED = 15


def of(labels: Iterable[str], finding: str | None = None, names: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the class that each label stands for.

    Args:
        finding: See `of_finding`.
        names: What the labels mean; each label has to be among them.

    Raises:
        CohortError: The labels cannot be classes, or the names do not fit them.
    """
    labels = list(labels)
    meant = _meant(set(labels), names) if names else {label: label for label in labels}
    if finding is None:
        check(meant[label] for label in labels)
        return meant
    has = of_finding([meant[label] for label in labels], finding)
    return {label: has[name] for label, name in meant.items()}


def _meant(labels: set[str], names: Mapping[str, str]) -> dict[str, str]:
    """Return the name of each label; numbers may be written in several ways (1, 1.0)."""
    by_folded = {_folded(label): name for label, name in names.items()}
    unnamed = sorted(label for label in labels if _folded(label) not in by_folded)
    unused = sorted(label for label in names if _folded(label) not in set(map(_folded, labels)))
    if unnamed or unused:
        what = f"{listing(unnamed, most=_MOST_NAMED)} have no name" if unnamed else f"no image has {listing(unused)}"
        raise CohortError(
            f"The names of the labels do not fit: {what}.",
            do=f"Name each of: {listing(sorted(labels), most=_MOST_NAMED)}, as in --label-names 0=benign,1=malignant.",
            code="label_names",
        )
    return {label: by_folded[_folded(label)] for label in labels}


def check(labels: Iterable[str]) -> None:
    """Refuse labels that cannot be classes.

    Raises:
        CohortError: Two names differ by capitals, blanks, the Unicode form of a letter or the way a number is written
            alone; an image has several findings joined by | or a semicolon; or a name is too long or holds characters
            that cannot be shown.
    """
    counts = Counter(labels)
    alike: dict[str, list[str]] = defaultdict(list)
    for name in sorted(counts):
        if len(name) > MOST_LETTERS or any(unicodedata.category(letter) == "Cc" for letter in name):
            raise CohortError(
                f"A class cannot be called {name[:40]!r}: a name has at most {MOST_LETTERS} letters and no line breaks "
                "or other characters that cannot be shown.",
                do="Give that class a shorter, plain name.",
                code="class_names",
            )
        alike[_folded(name)].append(name)
    for names in alike.values():
        if len(names) > 1:
            sizes = listing(f"{counts[name]:,}" for name in names)
            raise CohortError(
                f"{listing(map(repr, names))} differ only by capitals, blanks, the Unicode form of a letter or the way "
                f"a number is written ({sizes} entries), so they are probably one class.",
                do="Write the name in one way everywhere, or give one of them another name.",
                code="class_names",
            )
    _require_one_finding(counts)


def _folded(name: str) -> str:
    """Return what names have in common that mean one thing: 1 and 1.0, Mass and mass."""
    if re.fullmatch(r"[+-]?\d{1,15}(\.\d{1,15})?", name, re.ASCII):
        return repr(float(name))
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def _require_one_finding(counts: Counter[str]) -> None:
    """A label that joins what other labels name too is a list of findings, and no class."""
    parts = {name: {part.casefold() for part in _JOINED.split(name) if part} for name in counts}
    uses = Counter(part for name in counts for part in parts[name])
    several = [name for name in counts if len(parts[name]) > 1 and any(uses[part] > 1 for part in parts[name])]
    if several:
        entries = sum(counts[name] for name in several)
        raise CohortError(
            f"{entries:,} of {counts.total():,} images have several findings (such as {several[0]}), and an image can "
            "be of one class only.",
            do="Choose one finding: --label-contains FINDING makes the classes FINDING and no FINDING. The findings: "
            f"{_named(counts)}. Or leave these images out of the table.",
            code="several_labels",
        )


def of_finding(labels: Iterable[str], finding: str) -> dict[str, str]:
    """Return for each label whether it contains a finding: the class is then called like it, else `no` and its name.

    A label is one finding, or several with | ; or , between them; capitals do not matter.

    Raises:
        CohortError: No label contains it, or all do.
    """
    counts = Counter(labels)
    wanted = _folded(finding)
    has = {name: wanted in {_folded(part) for part in [name, *_LISTED.split(name)]} for name in counts}
    if not wanted or len(set(has.values())) < 2:
        what = "every image has it" if all(has.values()) and wanted else "no image has it"
        raise CohortError(
            f"The finding {finding!r} makes no two classes: {what}.",
            do=f"Choose one of: {_named(counts)}.",
            code="label_contains",
        )
    return {name: finding.strip() if held else f"no {finding.strip()}" for name, held in has.items()}


def _named(counts: Counter[str]) -> str:
    findings: Counter[str] = Counter()
    for name, images in counts.items():
        for part in {*_LISTED.split(name)} - {""}:
            findings[part] += images
    return listing([name for name, _ in findings.most_common()], most=_MOST_NAMED)


class Uses:
    """Which classes have an image, and why the files of the others were left out."""

    def __init__(self, label_of: Mapping[str, str | None]) -> None:
        """Watch for these classes by file."""
        self._label_of = label_of
        self.used: set[str] = set()
        self.skipped: dict[str, list[Skipped]] = defaultdict(list)

    def watch(self, images: Iterator[Slice | Skipped]) -> Iterator[Slice | Skipped]:
        """Hand images on and write down whose they are."""
        for image in images:
            if isinstance(image, Slice):
                self.used.add(image.label or "")
            elif label := self._label_of.get(image.file):
                self.skipped[label].append(image)
            yield image

    def require(self, names: Iterable[str]) -> None:
        """Refuse where a class has no image.

        Raises:
            CohortError: With the first reason, and how often it is the reason.
        """
        for name in names:
            if name not in self.used:
                others = [entry for label, entries in self.skipped.items() if label != name for entry in entries]
                raise empty_class(name, self.skipped[name], others)


def empty_class(name: str, skipped: Sequence[Skipped], others: Sequence[Skipped] = ()) -> CohortError:
    """The refusal of a class of which nothing can be used, with the first reason and how often it is the reason.

    Args:
        skipped, others: Left out of this class, and of other ones.
    """
    shown = name.encode("utf-8", "replace").decode()
    if not skipped:
        return CohortError(
            f"The class {shown} is empty: there is no file of it.",
            do="Add images of it, or leave the class out: remove its folder, or its rows in the table.",
            code="empty_class",
        )
    first = skipped[0]
    same = sum(entry.code == first.code for entry in skipped)
    say = first.say if PurePosixPath(first.file).name in first.say else f"{first.file}: {first.say}"
    return CohortError(
        f"The class {shown} is empty: none of its {count(len(skipped), 'file')} could be used. For {same:,} of "
        f"{len(skipped):,} the reason is that of the first one: {say}",
        do=f"{first.do} Or leave the class out.",
        code="empty_class",
        skipped=[asdict(entry) for entry in (*skipped, *others)],
    )
