"""Two rules of thumb on the demo's own losses: a small variance as a sign of collapse, and the ratio of both losses."""

import json

import numpy as np
from numpy.typing import NDArray

from ganaug_core import atlas
from ganaug_core.lessons.demonstrations.figure import Chart, Figure, Line, Role, followed, numbers, with_slider
from ganaug_core.wording import percent

LIMIT = 0.01
_WINDOW = 20  # records, of 400 in a run
_RUNS: dict[str, Role] = {"working": "real", "collapsed": "synthetic"}


def loss_variance(seed: int = 0) -> Figure:
    """The losses of the demo's working and collapsed run, as they were recorded, by these two rules."""
    losses = {name: _losses(name) for name in _RUNS}
    records = min(len(both) for both in losses.values())
    ends = np.arange(_WINDOW, records + 1, _WINDOW)
    shares = [float(end / records) for end in ends]
    windows = {name: [both[end - _WINDOW : end] for end in ends] for name, both in losses.items()}
    variances = {name: [float(window[:, 0].var()) for window in parts] for name, parts in windows.items()}
    ratios = {
        name: [float(window[:, 0].mean() / window[:, 1].mean()) for window in parts] for name, parts in windows.items()
    }
    below = {name: float(np.mean(np.array(values) < LIMIT)) for name, values in variances.items()}
    dashes = [shares[0], shares[-1]]
    return with_slider(
        "Share of the run",
        shares,
        percent,
        len(shares) // 2,
        (
            f"Variance of the generator's loss over the last {_WINDOW} records: working {working:.1g}, collapsed "
            f"{collapsed:.1g}. Below {LIMIT:g} lie {percent(below['working'])} of all windows of the working run and "
            f"{percent(below['collapsed'])} of the collapsed one. Ratio G / D: {ratio:.2f} and {other:.2f}."
            for working, collapsed, ratio, other in zip(*variances.values(), *ratios.values(), strict=True)
        ),
        Chart(
            title="Variance of the generator's loss",
            x="share of the run",
            y="variance",
            log_y=True,
            lines=(
                *followed(shares, {name: (role, _above_zero(variances[name])) for name, role in _RUNS.items()}),
                Line(name="limit of 0.01", role="plain", x=dashes, y=[LIMIT, LIMIT], kind="dashes"),
                *(
                    Line(name=f"alarm, {name}", role=role, x=[share, share], y=[LIMIT / 100, 1.0], kind="dashes")
                    for name, role in _RUNS.items()
                    for share in _alarms(name)
                ),
            ),
        ),
        Chart(
            title="Generator's loss over discriminator's loss",
            x="share of the run",
            y="ratio",
            y_range=(0.0, 2.0),
            lines=followed(shares, {name: (role, ratios[name]) for name, role in _RUNS.items()}),
        ),
    )


def _alarms(run: str) -> list[float]:
    """Return after which shares of the run alarms of the program rang."""
    folder = atlas.shipped() / "runs" / run
    alarms, images = folder / "alarms.jsonl", json.loads((folder / "state.json").read_text("utf-8"))["images"]
    raised = [json.loads(line) for line in alarms.read_text("utf-8").splitlines()] if alarms.is_file() else []
    return [alarm["images"] / images for alarm in raised if not alarm.get("over")]


def _losses(run: str) -> NDArray[np.float64]:
    """Return (record, 2): the losses of generator and discriminator."""
    lines = (atlas.shipped() / "runs" / run / "history.jsonl").read_text("utf-8").splitlines()
    measures = [json.loads(line)["measures"] for line in lines]
    return np.array([[one["generator_loss"], one["discriminator_loss"]] for one in measures if "generator_loss" in one])


def _above_zero(values: list[float]) -> list[float]:
    return numbers(max(value, 1e-7) for value in values)
