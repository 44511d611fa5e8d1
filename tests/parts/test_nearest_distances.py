"""The textbook's count of near images: on planted distances, by hand, and as a sentence."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from ganaug_core.audit.nearest_distances import measurements
from ganaug_core.audit.registered_distances import References, Side
from ganaug_core.wording import nearer_than_99


def planted(near: int) -> tuple[SimpleNamespace, Side, References]:
    """Return 200 synthetic images of which so many are nearer than any of 400 real ones."""
    real, synthetic = np.linspace(0.5, 1, 400, dtype=np.float32), np.linspace(0.6, 1, 200, dtype=np.float32)
    synthetic[:near] = 0.1
    zeros = np.zeros(400, np.int64)
    comparison = SimpleNamespace(cohort=SimpleNamespace(groups=np.arange(400), roles=zeros), seen_roles=(0,), ours=True)
    sides = [Side(values, values, values, np.zeros(len(values), np.int64)) for values in (synthetic, real)]
    return comparison, sides[0], References(np.arange(400), sides[1], zeros - 1)


def test_the_share_nearer_than_99_percent_has_an_exact_interval() -> None:
    nearer, ratio = measurements(*planted(20))  # type: ignore[arg-type]
    assert (nearer.value, nearer.null) == (0.1, 0.01)
    exact = stats.binomtest(20, 200).proportion_ci(method="exact")
    assert nearer.interval == pytest.approx((exact.low, exact.high))
    assert ratio.value == pytest.approx((20 * 0.1 + np.linspace(0.6, 1, 200)[20:].sum()) / 200 / 0.75, abs=1e-4)
    said = nearer_than_99((nearer, ratio))
    assert said.startswith("10 % of the synthetic images (95 % interval 6.2 % to 15 %) are nearer to a training image")
    assert "than 99 % of real ones are; chance gives 1 %" in said


def test_none_near_still_has_an_upper_end() -> None:
    nearer, _ = measurements(*planted(0))  # type: ignore[arg-type]
    assert nearer.value == 0
    assert nearer.interval is not None
    assert nearer.interval[0] == 0
    assert nearer.interval[1] == pytest.approx(1 - 0.025 ** (1 / 200))


def test_few_real_patients_say_nothing() -> None:
    comparison, synthetic, real = planted(5)
    comparison.cohort.groups = np.arange(400) // 40
    assert measurements(comparison, synthetic, real) == ()  # type: ignore[arg-type]
    assert nearer_than_99(()) == ""
