"""How often does the audit raise a false alarm, and how often does it find what was planted? Printed as JSON lines.

    python tests/benchmarks/audit_power.py copies --data ../shared/data --cohort mednist --draws 100
    python tests/benchmarks/audit_power.py whole  --data ../shared/data --cohort mednist --draws 20
    python tests/benchmarks/audit_power.py table  FILE ...

Every draw takes a cohort and fresh images of the same real data, disjoint by patient, by content and by registered
twins. `copies` compares every image once a draw and takes the sets of 5 % copies from those distances: one search
serves all kinds. `whole` fits the encoders and makes full audits: of fresh images, of another class mix, and of
planted failures of each verdict. `table` counts states over all lines, with Wilson intervals.
"""

import argparse
import importlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from ganaug_core import features
from ganaug_core.audit import Space, audit, registered_distances
from ganaug_core.audit.comparison import Comparison, compare
from ganaug_core.audit.registered_distances import Found, References, Side
from ganaug_core.metrics.statistics import wilson
from ganaug_core.neighbours import registered
from ganaug_core.readers import phantom
from ganaug_core.records import HOLDOUT, TRAIN, Cohort, Features, Floats, Integers
from tests.benchmarks.power_pools import (
    COHORTS,
    FAULTS,
    KINDS,
    Known,
    Near,
    Pool,
    chosen,
    copied,
    draw_cohort,
    kept,
    near,
    pool,
)
from tests.evidence_records import samples, variations

copies, modes = (
    importlib.import_module(f"ganaug_core.audit.{name}") for name in ("copying", "mode_coverage")
)  # not functions
ALPHA, CROWDED_DRAWS = copies.SUSPICIOUS, 5
SPACES = ("simclr", "texture", "pixels", "classifier")


@dataclass(frozen=True)
class Planted:
    """Copies of some rows of a pool, and their nearest images in it."""

    rows: Integers
    images: Floats
    near: Near

    def of(self, some: Integers) -> "Planted":
        return Planted(self.rows[some], self.images[some], self.near.of(some))


def study_copies(
    source: Pool, draws: int, first: int, shares: tuple[float, float], sources: int, keep: Path | None
) -> None:
    """Print the p-value of the set test for fresh images, other class mixes, and 5 % copies of each kind."""
    start = time.perf_counter()
    images = source.intensity.normalise(source.pixels)
    within = kept(keep, source.name, lambda: near(images, images, source.groups, source.groups))
    random = np.random.default_rng(99)
    copied_rows = np.sort(random.permutation(len(images))[:sources])
    nobody = np.full(len(copied_rows), -1)
    pictures = [copied(images[copied_rows], kind, random) for kind in KINDS]
    planted = []
    for kind, copied_images in zip(KINDS, pictures, strict=True):
        name = f"{source.name}-{sources}-{KINDS.index(kind)}"
        nearest = kept(
            keep, name, lambda copied_images=copied_images: near(copied_images, images, nobody, source.groups)
        )
        planted.append(Planted(copied_rows, copied_images, nearest))
    faulty = {
        fault: kept(
            keep,
            f"{source.name}-all-{fault}",
            lambda fault=fault: near(copied(images, fault, random), images, source.groups, source.groups),
        )
        for fault in FAULTS
    }
    recall = [float((copies_of_kind.near.rows[:, 0] == copied_rows).mean()) for copies_of_kind in planted]
    print(json.dumps({"recall": dict(zip(KINDS, recall, strict=True))}), file=sys.stderr)
    print(json.dumps({"pool": len(images), "seconds": time.perf_counter() - start}), file=sys.stderr, flush=True)
    world = _World(source, within, planted, faulty)
    for seed in range(first, first + draws):
        start, random = time.perf_counter(), np.random.default_rng(seed)
        real, rest = draw_cohort(source, random, shares)
        # copies are no crowd: the search for one is made in the first draws, and in every set of fresh images
        crowded = seed - first < CROWDED_DRAWS
        for line in _copy_lines(world, real, rest, seed, crowded):
            print(json.dumps(line), flush=True)
        print(json.dumps({"seed": seed, "seconds": time.perf_counter() - start}), file=sys.stderr, flush=True)


def _copy_lines(world: "_World", real: Cohort, rest: Integers, seed: int, crowded: bool) -> Iterator[dict[str, object]]:
    """Return a line for each case of one draw."""
    random, groups = np.random.default_rng((seed, 1)), world.source.groups
    rest = random.permutation(rest)
    single = rest[np.unique(groups[rest], return_index=True)[1]]  # independent, as a generator's images are
    single = random.permutation(single)
    yield world.line(real, single, None, "fresh", seed)
    if len(single) < len(rest):
        yield world.line(real, rest, None, "fresh, all images of a patient", seed)
    thin, even = _mixed(world.source, real, single, random)
    yield world.line(thin, even, None, "fresh, 90:10 against 50:50", seed)
    yield world.line(
        real, single, None, "labels shuffled", seed, labels=random.permutation(world.source.labels[single])
    )
    for fault in FAULTS:
        yield world.line(real, single, None, fault, seed, fault=fault)
    train = np.zeros(len(world.source.labels), bool)
    train[_pool_rows(real, TRAIN)] = True
    available = random.permutation(np.flatnonzero(train[world.planted[0].rows]))
    count = max(1, round(0.05 * len(single)))
    picked = available[: min(count, len(available))]
    copies.SUSPICIOUS = ALPHA if crowded else 0.0
    for kind, copies_of_kind in zip(KINDS, world.planted, strict=True):
        yield world.line(real, single[len(picked) :], copies_of_kind.of(picked), f"5 % copies: {kind}", seed)
    copies.SUSPICIOUS = ALPHA


def _pool_rows(real: Cohort, *roles: int) -> Integers:
    return np.array([int(image_id, 16) for image_id in real.ids[real.where(*roles)]])


def _mixed(source: Pool, real: Cohort, rows: Integers, random: np.random.Generator) -> tuple[Cohort, Integers]:
    """Return the cohort with nine images of the first class for one of each other, and as many fresh of each class."""
    kept = np.zeros(len(real), bool)
    counts = [int((real.labels == label).sum()) for label in range(len(source.classes))]
    others = min(min(counts[1:]), counts[0] // 9)
    for label in range(len(source.classes)):
        inside = np.flatnonzero(real.labels == label)
        kept[random.permutation(inside)[: others if label else 9 * others]] = True
    pool_rows = np.array([int(image_id, 16) for image_id in real.ids])
    thin = chosen(source, pool_rows[kept], real.roles[kept], int(real.digest))
    size = min(int((source.labels[rows] == label).sum()) for label in range(len(source.classes)))
    return thin, _even(source.labels, rows, size)


@dataclass(frozen=True)
class _World:
    """A pool with the nearest images of all its images, of planted copies, and of all images with a fault."""

    source: Pool
    within: Near
    planted: list[Planted]
    faulty: dict[str, Near]

    def line(
        self,
        real: Cohort,
        fresh: Integers,
        copies_: Planted | None,
        case: str,
        seed: int,
        *,
        labels: Integers | None = None,
        fault: str = "",
    ) -> dict[str, object]:
        """Return what the set test says of fresh images and copies, with distances looked up."""
        source = self.source
        own = self.faulty[fault] if fault else self.within
        rows, nearest = fresh, own.of(fresh)
        images = source.intensity.normalise(source.pixels[fresh])
        if fault:
            images = copied(images, fault, np.random.default_rng(0))
        if copies_ is not None:
            rows, nearest = np.concatenate([fresh, copies_.rows]), nearest.and_of(copies_.near)
            images = np.concatenate([images, copies_.images])
        given = source.labels[rows] if labels is None else labels
        comparison = compare(real, samples(images, given, source.classes), {}, seed)
        synthetic, references = _sides(source, self.within, comparison, nearest)
        test, design, _ = copies.set_test(
            comparison, synthetic, references, lambda: _sides(source, own, comparison, nearest)[1]
        )
        line: dict[str, object] = {"seed": seed, "case": case, "p": test.p_value, "share": test.share}
        line |= {"n_train": len(comparison.train), "n_holdout": comparison.patients(comparison.holdout)}
        line |= {"n_references": test.n_references, "m": test.n_synthetic}
        if case == "fresh":
            line["detectable"] = design.detectable_share(0.01)
        return line


def _sides(source: Pool, within: Near, comparison: Comparison, nearest: Near) -> tuple[Side, References]:
    """Return what `registered_distances` finds, looked up: of synthetic images, and of real ones as references."""
    real = comparison.cohort
    every, pool_rows = np.arange(len(source.labels)), _pool_rows(real)
    place = np.full(len(every), -1)
    place[pool_rows] = np.arange(len(pool_rows))
    seen, held = (np.isin(every, pool_rows[rows]) for rows in (comparison.seen, comparison.holdout))

    def found(lists: Near, wanted: NDArray[np.bool_], left_out: Integers | None) -> Found:
        distance, row = lists.among(wanted, left_out, source.groups)
        return Found(distance, np.where(row < 0, -1, place[row]))

    drawn = registered_distances.random_groups(comparison, comparison.labels)
    synthetic = registered_distances.side(
        comparison, found(nearest, seen, None), found(nearest, held, drawn), comparison.labels
    )
    own = within.of(pool_rows)  # the lists leave out the own group
    is_held = real.roles == HOLDOUT
    left_out = np.where(is_held, -1, registered_distances.random_groups(comparison, real.labels))
    sides = found(own, seen, None), found(own, held, left_out)
    rows = np.arange(len(real))
    partners = registered_distances.partners(rows, np.where(is_held, sides[1].rows, sides[0].rows))
    return synthetic, References(rows, registered_distances.side(comparison, *sides, real.labels), partners)


def study_whole(
    source: Pool,
    draws: int,
    first: int,
    cases: tuple[str, ...],
    most: int,
    holdout: float,
    steps: int,
    failures: int,
    keep: Path | None,
) -> None:
    """Print the states of audits of fresh images and of planted failures.

    A third of all groups is training in every draw: the encoders are fitted once, and every image is encoded once.
    What is left is hold-out or fresh by chance.

    Args:
        most: Fresh images a class.
        holdout: Share of all groups.
        steps: Of the SimCLR encoder; fewer than usual make it quicker and blinder.
        failures: Draws in which failures are planted; the others have the fresh sets alone.
        keep: Folder for the distances among the images of the pool; with it they are not searched for in every audit.
    """
    start = time.perf_counter()
    groups = np.unique(source.groups)
    always = np.random.default_rng(7).permutation(groups)[: len(groups) // 3]
    every = chosen(source, np.arange(len(source.labels)), np.where(np.isin(source.groups, always), TRAIN, HOLDOUT), 0)
    train = every.where(TRAIN)
    encode = {name: _encoder(name, every.images(train), every.labels[train], steps) for name in SPACES}
    images = every.images(np.arange(len(every)))
    known = {name: encoder(images) for name, encoder in encode.items()}
    search_ = Known(source, keep) if keep else registered
    registered_distances.registered = modes.registered = search_
    print(json.dumps({"pool": len(source.labels), "seconds": time.perf_counter() - start}), file=sys.stderr, flush=True)
    for seed in range(first, first + draws):
        real, rest = draw_cohort(source, np.random.default_rng(seed), (0, holdout), always)
        rest = np.random.default_rng((seed, 1)).permutation(rest)
        rest = rest[np.unique(source.groups[rest], return_index=True)[1]]  # independent, as a generator's images are
        rest = _even(source.labels, np.random.default_rng((seed, 2)).permutation(rest), most)
        fresh = source.intensity.normalise(source.pixels[rest])
        for case in cases if seed - first < failures else [fresh_case for fresh_case in cases if fresh_case in FRESH]:
            start, random = time.perf_counter(), np.random.default_rng((seed, 3))
            planted, images, labels = PLANTED[case](source, real, fresh, source.labels[rest], rest, random)
            made = samples(images, labels, source.classes)
            rows = np.array([int(image_id, 16) for image_id in planted.ids])
            spaces = {
                name: Space(
                    Features(name, "pool", known[name][rows], planted.ids),
                    Features(name, "pool", encoder(images), made.ids),
                )
                for name, encoder in encode.items()
                if not (case in OTHER_LABELS and name == "classifier")
            }
            audited = audit(planted, made, spaces, seed=seed, trust_split=True)
            line = {"seed": seed, "case": case, "n": len(labels), "n_train": len(planted.where(TRAIN))}
            line |= {"n_holdout": len(np.unique(planted.groups[planted.where(HOLDOUT)]))}
            line |= {"states": {name: verdict.state for name, verdict in audited.verdicts.items()}}
            line |= {"p": {name: verdict.p for name, verdict in audited.verdicts.items()}}
            line |= {
                "says": {name: verdict.statement for name, verdict in audited.verdicts.items() if verdict.state in BAD}
            }
            line |= {"missing": [(mode.class_name, round(mode.real_share, 3)) for mode in audited.missing_modes]}
            line |= {"seconds": round(time.perf_counter() - start, 1)}
            print(json.dumps(line), flush=True)


def _encoder(name: str, images: Floats, labels: Integers, steps: int) -> Callable[[Floats], Floats]:
    """Return an encoder fitted on these images."""
    settings = {"steps": steps} if name == "simclr" else {"classes": len(np.unique(labels))}
    part = features.SPACES[name](**(settings if name in ("simclr", "classifier") else {}))
    encode: Callable[[Floats], Floats] = part.fit(images, labels, seed=0).encode
    return encode


FRESH = ("fresh", "mix 90:10 against even")
OTHER_LABELS = ("merged class of 15 % missing",)  # the classifier was fitted to the labels of the pool
BAD = ("warn", "fail")
Failure = Callable[[Pool, Cohort, Floats, Integers, Integers, np.random.Generator], tuple[Cohort, Floats, Integers]]


def _even(labels: Integers, rows: Integers, most: int) -> Integers:
    """Return at most `most` rows of each class."""
    return np.concatenate([rows[labels[rows] == label][:most] for label in np.unique(labels[rows])])


def _fresh(source, real, images, labels, rest, random):  # type: ignore[no-untyped-def]
    return real, images, labels


def _other_mix(source, real, images, labels, rest, random):  # type: ignore[no-untyped-def]
    """Half of the first class in train and hold-out is gone nine times in ten; the fresh images stay even."""
    kept = (real.labels == 0) | (random.random(len(real)) < 1 / 9)
    thin = replace(real, roles=np.where(kept, real.roles, 1))
    return thin, images, labels


def _one_copy(role: int) -> Failure:
    def plant(source, real, images, labels, rest, random):  # type: ignore[no-untyped-def]
        changed = images.copy()
        row = int(random.integers(len(images)))
        changed[row] = real.images(random.choice(real.where(role, label=int(labels[row])), 1))[0]
        return real, changed, labels

    return plant


def _copies(kind: str) -> Failure:
    """Return what makes changed copies of training images of one synthetic image in twenty."""

    def plant(source, real, images, labels, rest, random):  # type: ignore[no-untyped-def]
        changed = images.copy()
        for row in random.permutation(len(images))[: round(0.05 * len(images))]:
            of_class = real.where(TRAIN, label=int(labels[row]))
            changed[row] = copied(real.images(random.choice(of_class, 1)), kind, random)[0]
        return real, changed, labels

    return plant


def _one_image(source, real, images, labels, rest, random):  # type: ignore[no-untyped-def]
    label = int(random.integers(len(source.classes)))
    first = np.flatnonzero(labels == label)[0]
    many = variations(images[first], 40, int(random.integers(1 << 30)))
    others = labels != label
    return real, np.concatenate([images[others], many]), np.concatenate([labels[others], np.full(40, label)])


def _shuffled(source, real, images, labels, rest, random):  # type: ignore[no-untyped-def]
    return real, images, random.permutation(labels)


def _blur(sigma: float) -> Failure:
    return lambda source, real, images, labels, rest, random: (
        real, ndimage.gaussian_filter(images, (0, 0, sigma, sigma), mode="reflect"), labels,
    )  # fmt: skip


def _brighter(share: float) -> Failure:
    return lambda source, real, images, labels, rest, random: (
        real, np.clip(images + 2 * share, -1, 1).astype(np.float32), labels,
    )  # fmt: skip


def _merged(source, real, images, labels, rest, random):  # type: ignore[no-untyped-def]
    """Two classes become one label; the second is 15 % of it in the cohort and absent among the fresh images."""
    one, two = 0, 1
    main = real.where(label=one)
    wanted = round(len(main) * 0.15 / 0.85)
    rows = np.concatenate([main, random.permutation(real.where(label=two))[:wanted]])
    others = real.where(label=2) if len(source.classes) > 2 else rows[:0]
    chosen = np.sort(np.concatenate([rows, others]))
    back = np.full(len(real), -1)
    back[chosen] = np.arange(len(chosen))
    inside = (back[real.near_duplicates] >= 0).all(1)
    labels_new = np.where(real.labels[chosen] == two, one, real.labels[chosen])
    cohort_ = replace(
        real, pixels=real.pixels[chosen], labels=labels_new, roles=real.roles[chosen], ids=real.ids[chosen],
        patients=real.patients[chosen], groups=real.groups[chosen], near_duplicates=back[real.near_duplicates[inside]],
        near_duplicate_distances=real.near_duplicate_distances[inside],
    )  # fmt: skip
    kept = np.isin(labels, (one, 2) if len(source.classes) > 2 else (one,))
    return cohort_, images[kept], labels[kept]


def _no_speckle(source, real, images, labels, rest, random):  # type: ignore[no-untyped-def]
    kept = source.textures[rest] != phantom.TEXTURES.index("speckled")
    return real, images[kept], labels[kept]


PLANTED: dict[str, Failure] = {
    "fresh": _fresh,
    "mix 90:10 against even": _other_mix,
    "one exact copy": _one_copy(TRAIN),
    "one exact copy of a held-out image": _one_copy(HOLDOUT),
    **{f"5 % copies: {kind}": _copies(kind) for kind in KINDS[1:]},
    "one image in forty variations": _one_image,
    "labels shuffled": _shuffled,
    "blur .5 px": _blur(0.5),
    "blur .8 px": _blur(0.8),
    "+20 HU": _brighter(0.05),
    "merged class of 15 % missing": _merged,
    "rare texture missing": _no_speckle,
}


def table(paths: list[Path]) -> None:
    """Print a Markdown table of all lines: draws, and detections (p < .01, or a warning and worse) with intervals."""
    lines = [(path.stem, json.loads(line)) for path in paths for line in path.read_text().splitlines() if line]
    for name, case in dict.fromkeys((name, line["case"]) for name, line in lines):
        chosen = [line for other, line in lines if (other, line["case"]) == (name, case)]
        if "states" in chosen[0]:
            cells = []
            for verdict in chosen[0]["states"]:
                hits = sum(line["states"][verdict] in BAD for line in chosen)
                unable = sum(line["states"][verdict] == "not_assessable" for line in chosen)
                cells.append(f"{verdict} {hits}/{len(chosen)}" + (f" ({unable} not assessable)" if unable else ""))
            any_bad = sum(any(state in BAD for state in line["states"].values()) for line in chosen)
            low, high = wilson(any_bad, len(chosen))
            print(f"| {name} | {case} | {'; '.join(cells)} | any {any_bad}/{len(chosen)} ({low:.2f} to {high:.2f}) |")
            continue
        hits = sum(line["p"] < 0.01 for line in chosen)
        low, high = wilson(hits, len(chosen))
        print(f"| {name} | {case} | {hits}/{len(chosen)} | {hits / len(chosen):.2f} ({low:.2f} to {high:.2f}) |")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = arguments.add_subparsers(dest="study", required=True)
    for name in ("copies", "whole"):
        parser = kinds.add_parser(name)
        parser.add_argument("--data", type=Path, required=True)
        parser.add_argument("--cohort", choices=COHORTS, default="mednist")
        parser.add_argument("--size", type=int, default=32)
        parser.add_argument("--pool", type=int, default=400, help="images a class (phantom: patients)")
        parser.add_argument("--draws", type=int, default=20)
        parser.add_argument("--first", type=int, default=0)
        parser.add_argument("--threads", type=int, default=1)
        parser.add_argument("--keep", type=Path, help="folder for the distances of the pool, for the next study of it")
        if name == "copies":
            parser.add_argument("--shares", type=float, nargs=2, default=(0.5, 0.25), help="of train and hold-out")
            parser.add_argument("--sources", type=int, default=300, help="images of which copies are made")
        else:
            parser.add_argument("--case", action="append", choices=PLANTED)
            parser.add_argument("--synthetic", type=int, default=200, help="images a class")
            parser.add_argument("--holdout", type=float, default=0.33, help="share of all groups")
            parser.add_argument("--simclr-steps", type=int, default=350)
            parser.add_argument("--failures", type=int, default=5, help="draws with planted failures")
    kinds.add_parser("table").add_argument("files", type=Path, nargs="+")
    asked = arguments.parse_args()
    if asked.study == "table":
        table(asked.files)
        return
    torch.set_num_threads(asked.threads)
    source = pool(asked.data, asked.cohort, asked.size, asked.pool)
    if asked.study == "copies":
        study_copies(source, asked.draws, asked.first, tuple(asked.shares), asked.sources, asked.keep)
    else:
        cases = asked.case or [
            case for case in PLANTED if source.textures is not None or case != "rare texture missing"
        ]
        study_whole(
            source,
            asked.draws,
            asked.first,
            tuple(cases),
            asked.synthetic,
            asked.holdout,
            asked.simclr_steps,
            asked.failures,
            asked.keep,
        )


if __name__ == "__main__":
    main()
