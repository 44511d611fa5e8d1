"""A classifier that was trained on a balanced set speaks of a world in which every second patient is ill."""

import numpy as np
from scipy.special import expit

from ganaug_core.benefit.classifier import as_prevalent
from ganaug_core.lessons.demonstrations.figure import Chart, Figure, Line, followed, numbers, with_slider
from ganaug_core.wording import percent

_APART = 1.5  # distance of the two classes in standard deviations
_PATIENTS = 40_000


def false_prevalence(seed: int = 0) -> Figure:
    """Two normal classes, so that the true probability is known; what the balanced answer says, and the correction."""
    random = np.random.default_rng(seed)
    prevalences = (0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5)
    line = np.linspace(0, 1, 41)
    told, corrected, says = [], [], []
    for prevalence in prevalences:
        ill = random.random(_PATIENTS) < prevalence
        finding = random.standard_normal(_PATIENTS) + _APART * ill
        balanced = expit(_APART * finding - _APART**2 / 2)  # exact where both classes are equally frequent
        both = np.stack([1 - balanced, balanced], 1).astype(np.float32)
        shares = np.array([1 - prevalence, prevalence])
        right = as_prevalent(both, np.array([0.5, 0.5]), shares)[:, 1]
        on_line = np.stack([1 - line, line], 1).astype(np.float32)
        corrected.append(numbers(as_prevalent(on_line, np.array([0.5, 0.5]), shares)[:, 1]))
        told.append((float(balanced.mean()), float(right.mean()), float(ill.mean())))
        near = np.abs(balanced - 0.8) < 0.05
        says.append(
            f"{percent(told[-1][2])} of {_PATIENTS:,} patients are ill; the balanced classifier says "
            f"{percent(told[-1][0])} on average, corrected {percent(told[-1][1])}. Of those to whom it gives "
            f"about 80 %, {percent(ill[near].mean())} are ill; corrected it says {percent(right[near].mean())}."
        )
    return with_slider(
        "Share of patients who are ill",
        prevalences,
        percent,
        2,
        says,
        Chart(
            title="What a balanced classifier says, and what it means",
            x="probability that it says",
            y="corrected probability",
            y_range=(0, 1),
            lines=(
                Line(name="corrected", role="real", x=numbers(line), y=corrected),
                Line(name="as said", role="plain", x=[0, 1], y=[0, 1], kind="dashes"),
            ),
        ),
        Chart(
            title="Mean probability, and the share that is ill",
            x="share that is ill",
            y="mean probability",
            y_range=(0, 1),
            lines=followed(
                prevalences,
                {"as said": ("synthetic", (t[0] for t in told)), "corrected": ("real", (t[1] for t in told))},
            ),
        ),
    )
