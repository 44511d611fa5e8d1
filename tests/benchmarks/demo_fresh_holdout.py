"""Does the demo's working generator pass on hold-out patients that were never drawn before?

    python tests/benchmarks/demo_fresh_holdout.py [draws]

Each draw replaces the hold-out by fresh patients of another seed and audits new samples of the shipped generators
against it. Prints one line a draw and generator.
"""

import dataclasses
import sys
import tempfile

import numpy as np

from ganaug_core import atlas, pipeline
from ganaug_core.config.requests import AuditSamples, Sample
from ganaug_core.readers import phantom
from ganaug_core.records import HOLDOUT, Cohort
from ganaug_core.storage.workspace import Workspace, digest_of


def with_fresh_holdout(cohort: Cohort, seed: int) -> Cohort:
    """Return the cohort with new patients in its hold-out; digest kept: its training share is the same."""
    fresh = phantom.lesions(900, seed, malignant=0.45, textures=phantom.EMBEDDED_SHARES)
    kept = np.flatnonzero(cohort.roles != HOLDOUT)
    new = np.flatnonzero(fresh.patients < 225)
    patients = np.concatenate([cohort.patients[kept], fresh.patients[new] + 10_000])
    return dataclasses.replace(
        cohort,
        name=f"fresh-{seed}",
        pixels=np.concatenate([cohort.pixels[kept], fresh.pixels[new]]),
        labels=np.concatenate([cohort.labels[kept], fresh.labels[new]]),
        roles=np.concatenate([cohort.roles[kept], np.full(len(new), HOLDOUT)]),
        ids=np.concatenate([cohort.ids[kept], [digest_of(seed, int(row))[:12] for row in new]]),
        patients=patients,
        groups=patients,
    )


def main(draws: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(folder)
        atlas.install(workspace)
        for draw in range(draws):
            cohort = with_fresh_holdout(workspace.cohort(atlas.COHORT), 7_000 + draw)
            workspace.keep(cohort, cohort.name)
            for lesson in atlas.LESSONS:
                name = f"{lesson.generator}-draw{draw}"
                request = Sample(generator=lesson.generator, per_class=600, seed=100 + draw, name=name)
                pipeline.sample(workspace, request)
                made = pipeline.audit_samples(workspace, AuditSamples(cohort=cohort.name, samples=name))
                audit = workspace.audit(made)
                states = " ".join(f"{key}={verdict.state}" for key, verdict in audit.verdicts.items())
                print(f"draw {draw} {lesson.generator:10s} {states}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
