"""What a first reader meets holds no p, no AUROC and no name of a network; the whole sentence is one button away."""

import json
import re

import pytest

from ganaug_core import app_root
from ganaug_core.benefit import verdict
from ganaug_core.benefit.arms import BASELINE
from ganaug_core.records.benefit import Arm, Difference, Look, Score
from ganaug_core.ui.shared import first_glance

STATISTICS = re.compile(r"\b[pq] [=<]|AUROC|SimCLR|Fréchet|\balpha\b")
LOOK = Look(number=1, alpha=0.04, margin=0.02, next_alpha=0.01, earlier=())


@pytest.mark.parametrize(
    ("whole", "first"),
    [
        ("2 groups are missing (p < 0.0001).", "2 groups are missing."),
        ("It repeats (p = 0.01 for 25 % more; 200 images).", "It repeats (200 images)."),
        ("As a set (Fréchet distance, 95 % interval 3 to 4; 5 images).", "As a set (95 % interval 3 to 4; 5 images)."),
        ("Not in the look as a whole (SimCLR).", "Not in the look as a whole."),
        ("The sets differ: SimCLR and texture.", "The sets differ: shape and texture."),
        (
            "In class A (p16 stain) 0.5 of -0.3 (two) are nearer.",
            "In class A (p16 stain) 0.5 of -0.3 (two) are nearer.",
        ),
        (
            "Harm is shown with 50 % synthetic: AUROC falls by 0.032 (95 % interval of this change -0.049 to -0.015) "
            "from 0.930. A loss of 0.02 or more is ruled out. (Look 1, alpha 0.04.)",
            "Harm is shown with 50 % synthetic: an image of the class ranks above another one in 90 % of pairs "
            "instead of 93 % (95 % interval of this change -4.9 to -1.5 points). A loss of 2 points or more is ruled "
            "out.",
        ),
        (
            "Use it; a gain of up to 0.012 cannot be ruled out.",
            "Use it; a gain of up to 1.2 points cannot be ruled out.",
        ),
    ],
)
def test_statistics_go_and_sizes_and_intervals_stay(whole: str, first: str) -> None:
    assert first_glance.of(whole) == first
    assert first_glance.of(first) == first


def test_nothing_that_the_demo_keeps_shows_a_statistic_at_first() -> None:
    kept = [path.read_text("utf-8") for path in (app_root() / "assets" / "demo").rglob("manifest.json")]
    sentences = set(re.findall(r'"(?:statement|do)":\s*("(?:[^"\\]|\\.)*")', " ".join(kept)))
    assert any(STATISTICS.search(json.loads(sentence)) for sentence in sentences)
    for sentence in sentences:
        assert not STATISTICS.search(first_glance.of(json.loads(sentence)))


@pytest.mark.parametrize("values", [(0.03, 0.02), (-0.03, -0.02), (-0.03, 0.02), (0.001, 0.001), (0.001, -0.002)])
@pytest.mark.parametrize("done", [3, 5])
def test_no_answer_of_the_experiment_shows_one(values: tuple[float, float], done: int) -> None:
    arms = [Arm(name=name, title=f"{name} synthetic", says="", share=0.1, classical=True)
            for name in ("mixed10", "mixed25")]  # fmt: skip
    differences = [
        Difference(
            arm=arm.name,
            against=BASELINE,
            measure="auroc",
            class_name="rare",
            value=value,
            interval=(value - 0.01, value + 0.01),
            p_value=0.01,
            adjusted=0.01 if abs(value) > 0.01 else 0.5,
            not_worse=0.01,
        )
        for arm, value in zip(arms, values, strict=True)
    ]
    score = Score(
        arm=BASELINE,
        measure="auroc",
        class_name="rare",
        value=0.9,
        interval=(0.8, 1),
        repetitions=(0.9,),
        better="higher",
    )
    answer = verdict.answer(arms, [score], differences, "rare", done=done, asked=5, look=LOOK)
    assert "AUROC" in answer.statement
    assert not STATISTICS.search(first_glance.of(answer.statement) + first_glance.of(answer.do))
    assert "% of pairs" in first_glance.of(answer.statement)
