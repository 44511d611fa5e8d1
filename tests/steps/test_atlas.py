"""The shipped demo: small, whole, laid without torch, and each generator judged for its reason."""

import subprocess
import sys

import numpy as np
import pytest

from ganaug_core import atlas
from ganaug_core.errors import WorkspaceError
from ganaug_core.jobs import runs
from ganaug_core.readers import phantom
from ganaug_core.records import HOLDOUT, Integers
from ganaug_core.storage.workspace import Workspace


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = Workspace(tmp_path_factory.mktemp("demo"))
    atlas.install(workspace)
    return workspace


@pytest.fixture(scope="module")
def embedded() -> tuple[phantom.Phantom, Integers]:
    """The phantom and its roles, rendered once: it takes seconds."""
    return phantom.embedded()


def test_everything_that_is_shipped_is_under_20_megabytes() -> None:
    files = [path for path in atlas.shipped().rglob("*") if path.is_file()]
    assert files
    assert sum(path.stat().st_size for path in files) < 20_000_000


def test_the_cohort_is_the_phantom_and_its_images_are_rendered_from_the_seed(
    demo: Workspace, embedded: tuple[phantom.Phantom, Integers]
) -> None:
    cohort = demo.cohort(atlas.COHORT)
    pictured, roles = embedded
    assert np.array_equal(cohort.pixels, pictured.pixels)
    assert np.array_equal(cohort.roles, roles)
    assert cohort.intensity.unit == "HU"


@pytest.mark.parametrize("lesson", atlas.LESSONS, ids=lambda lesson: lesson.generator)
def test_every_lesson_has_its_run_samples_map_and_audit(demo: Workspace, lesson: atlas.Lesson) -> None:
    assert demo.exists("generators", lesson.generator)
    assert len(runs.previews(demo, lesson.generator)) >= 20
    assert len(runs.history(demo, lesson.generator)["images"]) > 50
    samples = demo.samples(str(atlas.samples_of(demo, lesson.generator)))
    assert samples.provenance["cohort"] == demo.cohort(atlas.COHORT).digest
    feature_map = demo.map(newest(demo, "maps", lesson.generator))
    assert set(samples.ids) <= set(feature_map.ids)


def newest(demo: Workspace, kind: str, generator: str) -> str:
    """Return the shipped result of a generator's images, found by what it was made from."""
    samples = demo.identity("samples", str(atlas.samples_of(demo, generator)))
    return str(demo.newest(kind, {"cohort": demo.identity("cohorts", atlas.COHORT), "samples": samples}))


def _state(demo: Workspace, generator: str, verdict: str) -> str:
    return demo.audit(newest(demo, "audits", generator)).verdicts[verdict].state


def test_the_working_generator_passes_copying_and_lacks_small_groups_only(demo: Workspace) -> None:
    audit = demo.audit(newest(demo, "audits", "working"))
    assert audit.verdicts["copying"].state == "pass"
    assert "simclr" not in {mode.encoder for mode in audit.missing_modes}
    assert max(mode.real_share for mode in audit.missing_modes) < 0.2
    lost = max(mode.real_share for mode in demo.audit(newest(demo, "audits", "collapsed")).missing_modes)
    assert lost > 0.4


def test_the_collapsed_generator_fails_mode_coverage_for_the_textures_that_it_lost(
    demo: Workspace, embedded: tuple[phantom.Phantom, Integers]
) -> None:
    audit = demo.audit(newest(demo, "audits", "collapsed"))
    assert audit.verdicts["mode_coverage"].state == "fail"
    repeated = {row.class_name: (row.value, row.floor) for row in audit.measurements if row.name == "self_similarity"}[
        "malignant"
    ]
    assert repeated[0] > 0.2  # of one kind, by features: hardly one is the same image
    assert repeated[1] < 0.1
    cohort, truth = demo.cohort(atlas.COHORT), embedded[0]
    row = {name: number for number, name in enumerate(cohort.ids)}
    missing = truth.textures[[row[name] for mode in audit.missing_modes for name in mode.members]]
    everywhere = (truth.textures[cohort.where(HOLDOUT)] != 0).mean()
    assert (missing != 0).mean() > max(0.8, everywhere)


def test_the_copying_generator_fails_copying(demo: Workspace) -> None:
    assert _state(demo, "copying", "copying") == "fail"


def test_laying_the_demo_twice_changes_nothing(demo: Workspace) -> None:
    before = {path: path.stat().st_mtime_ns for path in demo.root.rglob("*") if path.is_file()}
    assert atlas.install(demo) == atlas.COHORT
    assert before == {path: path.stat().st_mtime_ns for path in demo.root.rglob("*") if path.is_file()}


def test_an_installation_without_the_demo_says_what_to_do(workspace: Workspace) -> None:
    with pytest.raises(WorkspaceError, match="missing from this installation"):
        atlas.install(workspace, workspace.root / "nothing")


def test_eight_bits_are_finer_than_the_phantoms_noise() -> None:
    images = np.linspace(-1, 1, 4096, dtype=np.float32).reshape(1, 1, 64, 64)
    assert np.abs(atlas.unpack(atlas.pack(images)) - images).max() <= 1 / 255 + 1e-6


def test_laying_the_demo_does_not_load_torch(workspace: Workspace) -> None:
    program = (
        "import sys; from ganaug_core import atlas; from ganaug_core.storage.workspace import Workspace;"
        f"atlas.install(Workspace({str(workspace.root)!r})); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.strip() == "False"


def test_the_demo_opens_with_the_answer_on_augmentation(demo: Workspace) -> None:
    working, name = atlas.samples_of(demo, "working"), newest(demo, "benefits", "working")
    benefit = demo.benefit(name)
    assert benefit.cohort["hash"] == demo.cohort(atlas.COHORT).digest
    assert benefit.synthetic["hash"] == demo.samples(str(working)).digest
    assert (benefit.done, benefit.verdict.state) == (5, "none")
    assert len(benefit.arms) == 9
    folder = demo.folder("benefits", name)
    assert {path.stem for path in folder.glob("*.webp")} == {arm.name for arm in benefit.arms}
