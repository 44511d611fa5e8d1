"""A run on several devices is the run on one: the same weights, or a refusal that names the part."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from two_processes import EXTRA, plan

from ganaug_core.architectures import ARCHITECTURES
from ganaug_core.augmentations import AUGMENTATIONS
from ganaug_core.config import RECIPES, TrainingConfig, refuse_division
from ganaug_core.errors import ConfigurationError, TrainingError
from ganaug_core.losses import LOSSES, TERMS
from ganaug_core.regularisers import REGULARISERS
from ganaug_core.training import processes

pytestmark = pytest.mark.numerical

PATIENCE = 300.0
FAMILIES: Mapping[str, Mapping[str, Any]] = {
    "architecture": ARCHITECTURES,
    "loss": LOSSES,
    "terms": TERMS,
    "regularisers": REGULARISERS,
    "augmentations": AUGMENTATIONS,
}
EVERY_PART = [f"{family}:{name}" for family, parts in FAMILIES.items() for name in sorted(parts)]


def is_refused(config: TrainingConfig) -> bool:
    try:
        refuse_division(config, 2)
    except ConfigurationError:
        return True
    return False


EQUAL = [case for case in [*EXTRA, *EVERY_PART] if case.startswith("recipe:") or not is_refused(plan(case))]


def two_processes(kind: str, out: Path, *cases: str) -> Any:
    script = Path(__file__).with_name("two_processes.py")
    command = [sys.executable, "-W", "error", str(script), kind, str(out), *cases]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert ended.returncode == 0, ended.stderr
    return json.loads(out.read_text())


@pytest.fixture(scope="module")
def differences(tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    """The largest difference of a weight in float64, by case: after twenty steps, or six where only the part is new."""
    return two_processes("float64", tmp_path_factory.mktemp("two") / "differences.json", *EQUAL)


@pytest.mark.parametrize("case", [*EXTRA, *EVERY_PART])
def test_every_part_trains_the_same_weights_on_two_devices_or_refuses(
    case: str, differences: dict[str, float]
) -> None:
    if case in differences:
        assert differences[case] < 1e-8
        return
    with pytest.raises(ConfigurationError, match=rf"^{case.partition(':')[2]} cannot be trained on several devices"):
        refuse_division(plan(case), 2)


def test_what_is_refused_is_what_needs_its_batch_whole() -> None:
    assert sorted(set(EVERY_PART) - set(EQUAL)) == [
        "architecture:attention",
        "architecture:biggan",
        "architecture:dcgan",
        "architecture:residual",
        "architecture:style",
        "architecture:upsample",
        "regularisers:dragan",
        "regularisers:minibatch_deviation",
        "regularisers:minibatch_discrimination",
        "regularisers:unrolled",
        "terms:feature_matching",
    ]
    fit = {name for name, recipe in RECIPES.items() if not is_refused(recipe.config_at(64))}
    assert {"recommended", "recommended-gpu", "gpu-128", "gpu-256", "wgan-gp", "cgan"} <= fit


def test_a_batch_that_cannot_be_shared_evenly_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"8 images cannot be shared evenly by 3 devices.*such as 9"):
        refuse_division(plan("recipe:recommended"), 3)
    with pytest.raises(ConfigurationError, match=r"two or more each.*such as 16"):
        refuse_division(plan("recipe:recommended"), 8)


def test_the_first_gradients_agree_in_float32_and_a_lost_process_ends_the_run_in_words(tmp_path: Path) -> None:
    result = two_processes("float32", tmp_path / "result.json")
    assert result["count"] == 20
    assert result["largest"] > 1e-2
    assert result["difference"] < 1e-5
    assert result["error"]["code"] == "device_lost"
    assert "Another process of this run has ended" in result["error"]["what"]
    assert "resume the run" in result["error"]["do"]


# coming together


def test_a_process_that_cannot_begin_is_said_in_words() -> None:
    command = [sys.executable, "-c", "raise SystemExit(1)"]
    with (
        pytest.raises(TrainingError, match=r"process for device 2 of this run ended before it began"),
        processes.joined(2, 1, "cpu", command),
    ):
        pytest.fail("it joined nobody")


def test_without_the_package_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lightning_fabric", None)
    with (
        pytest.raises(ConfigurationError, match=r"needs the package lightning-fabric.*ganaug\[devices\]"),
        processes.joined(2, 1, "cpu"),
    ):
        pytest.fail("it joined nobody")


def test_one_device_needs_no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lightning_fabric", None)
    with processes.joined(1, 1, "auto") as group:
        assert group is processes.ALONE


def test_more_gpus_than_there_are_are_refused() -> None:
    with (
        pytest.raises(ConfigurationError, match=r"64 GPUs were asked for on each machine, and PyTorch finds"),
        processes.joined(64, 1, "cuda"),
    ):
        pytest.fail("it joined nobody")


def test_machines_that_nobody_started_are_not_waited_for() -> None:
    with (
        pytest.raises(ConfigurationError, match=r"this machine alone, and 2 machines.*torchrun.*srun"),
        processes.joined(1, 2, "cpu"),
    ):
        pytest.fail("it joined nobody")
