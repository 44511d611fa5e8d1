"""Several correlated slices a patient: do fresh real images raise alarms in the four verdicts other than copying?

    python tests/benchmarks/slices.py --slices 3 8 20 --draws 20

Phantom lesions, one a patient, each shown in so many slices (turned by about 1 degree, scaled by 1.5 % and moved by
.3 px from slice to slice, 5 HU of noise of their own). Texture encoder and classifier are fitted once on the patients
that are training in every draw; principal components of the pixels stand in for SimCLR. A draw splits the others into
hold-out and fresh patients; `one each` takes one slice of every fresh patient, as independent as a generator's images
are, `all slices` takes all of them, and the audit counts each.
"""

import argparse
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy import ndimage
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from ganaug_core.audit import Space
from ganaug_core.audit.comparison import Comparison, compare
from ganaug_core.audit.fidelity import realism
from ganaug_core.audit.intensity import intensities
from ganaug_core.audit.label_fidelity import labels
from ganaug_core.audit.measurements import measurements
from ganaug_core.audit.mode_coverage import modes
from ganaug_core.audit.sentences import Finding
from ganaug_core.encoders import ENCODERS
from ganaug_core.interfaces import silent
from ganaug_core.metrics.statistics import holm
from ganaug_core.readers import phantom
from ganaug_core.records import Cohort, Features, Floats, Integers, Intensity
from tests.evidence_records import samples

HU = Intensity("HU", *phantom.WINDOW_HU)
PATIENTS = {1: 900, 3: 600, 8: 450, 20: 300}  # a third training, a third hold-out, a third fresh


def sliced(each: int, patients: int) -> Cohort:
    """Return a cohort of so many slices of each patient's first lesion, all of them hold-out but the first third."""
    lesions = phantom.lesions(patients, 11, malignant=0.45)
    pixels, of = [], []
    for row in np.unique(lesions.patients, return_index=True)[1]:
        random = np.random.default_rng((17, int(row)))
        image, middle = lesions.pixels[row, 0].astype(float), (lesions.pixels.shape[-1] - 1) / 2
        drift = random.normal(0, 1, 4)
        for step in range(each):
            angle, zoom = np.deg2rad(1.0 * step * drift[0]), 1 + 0.015 * step * drift[1]
            turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) / zoom
            offset = np.array([middle, middle]) - turn @ np.array([middle, middle]) + 0.3 * step * drift[2:]
            moved = ndimage.affine_transform(image, turn, offset, order=1, mode="reflect")
            pixels.append(np.rint(moved + random.normal(0, 5, moved.shape)).astype(np.int16)[None])
            of.append(int(row))
    owners = lesions.patients[of]
    return Cohort(
        name="slices", digest=f"slices-{each}", pixels=np.stack(pixels), labels=lesions.labels[of],
        roles=np.where(owners < patients // 3, 0, 2), ids=np.array([f"{number:012x}" for number in range(len(of))]),
        patients=owners, groups=owners, classes=phantom.CLASSES, intensity=HU,
        near_duplicates=np.zeros((0, 2), np.int64), near_duplicate_distances=np.zeros(0, np.float32), own_split=True,
    )  # fmt: skip


def encoded(cohort: Cohort) -> dict[str, Floats]:
    """Return the features of all images in three spaces, fitted on the training patients."""
    images, train = HU.normalise(cohort.pixels), cohort.where(0)
    fitted = ENCODERS["texture"]().fit(images[train], cohort.labels[train])
    texture = fitted.encode(images)
    flat = images.reshape(len(images), -1)
    axes = PCA(24, random_state=0).fit(flat[train])
    judge = LogisticRegression(max_iter=3000, C=0.02).fit(texture[train], cohort.labels[train])
    return {
        "texture": texture,
        "simclr": axes.transform(flat).astype(np.float32),
        "classifier": judge.predict_log_proba(texture).astype(np.float32),
    }


def drawn(cohort: Cohort, features: dict[str, Floats], each: int, seed: int, *, once: bool) -> Comparison:
    """Return a draw: half of the other patients are hold-out, the rest fresh, with one slice or all."""
    random = np.random.default_rng(seed)
    others = random.permutation(np.unique(cohort.groups[cohort.where(2)]))
    fresh = np.flatnonzero(np.isin(cohort.groups, others[: len(others) // 2]))
    if once:
        fresh = fresh.reshape(-1, each)[np.arange(len(fresh) // each), random.integers(0, each, len(fresh) // each)]
    kept = np.flatnonzero(~np.isin(cohort.groups, others[: len(others) // 2]))
    real = _subset(cohort, kept)
    synthetic = samples(HU.normalise(cohort.pixels[fresh]), cohort.labels[fresh], cohort.classes)
    spaces = {
        name: Space(Features(name, "", values[kept], real.ids), Features(name, "", values[fresh], synthetic.ids))
        for name, values in features.items()
    }
    return compare(real, synthetic, spaces, seed)


def _subset(cohort: Cohort, rows: Integers) -> Cohort:

    columns = {name: getattr(cohort, name)[rows] for name in ("pixels", "labels", "roles", "ids", "patients", "groups")}
    return replace(cohort, **columns)


def verdicts(comparison: Comparison) -> dict[str, Finding]:
    """Return what four verdicts find."""
    measured = measurements(comparison, silent)
    return {
        "mode_coverage": modes(comparison, measured, silent).finding,
        "fidelity": realism(comparison, silent).finding,
        "label_fidelity": labels(comparison).finding,
        "intensity": intensities(comparison).finding,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--slices", type=int, nargs="+", default=[3, 8, 20])
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--say", action="store_true", help="print the sentence of every alarm")
    arguments = parser.parse_args()
    print("| slices | fresh | draws | mode coverage | realism | labels | intensity | any alarm |")
    print("|---|---|---|---|---|---|---|---|")
    for each in arguments.slices:
        cohort = sliced(each, PATIENTS[each])
        features = encoded(cohort)
        for once in (True, False):
            if each == 1 and not once:
                continue
            counts: dict[str, Counter[str]] = {}
            alarms = 0
            for seed in range(arguments.draws):
                findings = verdicts(drawn(cohort, features, each, seed, once=once))
                p_values = {name: finding.p_value for name, finding in findings.items() if finding.p_value is not None}
                adjusted = holm({**p_values, "copying": 1.0})
                states = {name: finding.verdict(adjusted.get(name)) for name, finding in findings.items()}
                alarms += any(verdict.state in ("warn", "fail") for verdict in states.values())
                for name, verdict in states.items():
                    counts.setdefault(name, Counter())[verdict.state] += 1
                    if arguments.say and verdict.state in ("warn", "fail"):
                        print(f"    {each} {once} {seed} {name} {verdict.state}: {verdict.statement}", flush=True)
            cells = " | ".join(
                f"{count['warn'] + count['fail']} ({count['pass']} pass, {count['not_assessable']} n. a.)"
                for count in counts.values()
            )
            kind = "one each" if once else "all slices"
            print(f"| {each} | {kind} | {arguments.draws} | {cells} | {alarms} |", flush=True)


if __name__ == "__main__":
    main()
