"""Alarms: silent on a history that goes well, heard on one that shows their failure, and only then."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ganaug_core.alarms import ALARMS
from ganaug_core.records import Measurement
from ganaug_core.records.training import Checkup, Progress
from ganaug_core.training import telemetry
from ganaug_core.training.alarm_watch import CALM_REPORTS, AlarmWatch

REPORTS = 60
LOOK_EVERY = 4
HEALTHY = {
    "discriminator_loss": 0.6,
    "generator_loss": 0.9,
    "discriminator_gradient": 1.5,
    "generator_gradient": 2.0,
    "left_out": 0.0,
}
OPINIONS = {"separation": 0.8, "discriminator_gap": 0.1}


def agreement(value: float, class_name: str | None = "hand", floor: float = 0.98) -> Measurement:
    interval = (max(0.0, value - 0.1), min(1.0, value + 0.1))
    return Measurement(
        name="label_agreement",
        encoder="linear",
        value=value,
        interval=interval,
        floor=floor,
        null=None,
        n_real=40,
        n_synthetic=40,
        better="higher",
        class_name=class_name,
    )


def history(**changes: Any) -> list[Progress]:
    """Return a run of sixty reports, a look with every fourth and a checkup with every twelfth.

    Args:
        changes: A measure, `variety`, `agreement` or `copying_p`, as a function of the number of the report.
    """

    def at(name: str, number: int, usual: float) -> float:
        return float(changes[name](number)) if name in changes else usual

    reports = []
    for number in range(REPORTS):
        measures = {name: at(name, number, usual) for name, usual in HEALTHY.items()}
        report = Progress(images=1000 * number, seconds=float(number), share=number / (REPORTS - 1), measures=measures)
        if number % LOOK_EVERY == 0:
            measures |= {name: at(name, number, usual) for name, usual in OPINIONS.items()}
            report = replace(report, variety={"hand": at("variety", number, 0.8), "chest": 0.7})
        if number % 12 == 11:
            agreements = (agreement(0.95, "chest"), agreement(at("agreement", number, 0.9)))
            report = replace(report, checkup=Checkup(report.images, agreements, at("copying_p", number, 0.4)))
        reports.append(report)
    return reports


def fired(reports: list[Progress]) -> dict[str, int]:
    """Return when which alarm went off first."""
    watch, first_reports = AlarmWatch(), {}
    for report in reports:
        for alarm in watch.check(report).alarms:
            first_reports.setdefault(alarm.name, alarm.images // 1000)
    return first_reports


LATE = 40
PLANTED = {
    "collapse": {"variety": lambda number: 0.1 if number >= LATE else 0.8},
    "class_dropped": {"agreement": lambda number: 0.05 if number >= LATE else 0.9},
    "discriminator_too_strong": {"separation": lambda number: 0.9999 if number >= LATE else 0.8},
    "discriminator_overfitting": {"discriminator_gap": lambda number: 0.9 if number >= LATE else 0.1},
    "vanishing_gradient": {"generator_gradient": lambda number: 1e-3 if number >= LATE else 2.0},
    "exploding_gradient": {"discriminator_gradient": lambda number: 900.0 if number >= LATE else 1.5},
    "copying_onset": {"copying_p": lambda number: 1e-5 if number >= LATE - 10 else 0.4},
    "not_a_number": {"left_out": lambda number: 2.0 if number == LATE else 0.0},
    "divergence": {"generator_loss": lambda number: -4000.0 if number >= LATE else -2.0},
}


def test_every_alarm_has_a_planted_failure() -> None:
    assert PLANTED.keys() == ALARMS.keys()


def test_a_run_that_goes_well_is_left_in_peace() -> None:
    assert fired(history()) == {}


@pytest.mark.parametrize("name", ALARMS)
def test_a_planted_failure_sets_off_its_alarm_and_no_other(name: str) -> None:
    alarms = fired(history(**PLANTED[name]))
    assert alarms.keys() == {name}
    assert alarms[name] >= LATE


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_says_what_was_seen_the_threshold_and_what_to_try(name: str) -> None:
    watch = AlarmWatch()
    (raised,) = [alarm for report in history(**PLANTED[name]) for alarm in watch.check(report).alarms]
    assert "alarm " in raised.say or "chance below" in raised.say
    assert raised.say.endswith(".")
    assert raised.do.endswith(".")
    assert len(ALARMS[name].title) > 10


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_has_nothing_to_say_of_the_first_report(name: str) -> None:
    assert ALARMS[name]().check(history()[:1]) is None
    assert ALARMS[name]().check([Progress(images=0, seconds=0.0, share=0.0, measures={})]) is None


@pytest.mark.parametrize("name", ["discriminator_loss", "generator_gradient", "separation", "discriminator_gap"])
def test_a_measure_that_is_no_number_disturbs_no_alarm(name: str) -> None:
    assert fired(history(**{name: lambda number: float("nan")})) == {}


def test_an_alarm_goes_off_once_and_says_when_it_is_over() -> None:
    reports = history(separation=lambda number: 0.9999 if 16 <= number < 40 else 0.8)
    watch = AlarmWatch()
    checked = [watch.check(report) for report in reports]
    raised = [report.images for report in checked for _ in report.alarms]
    cleared = [report.images for report in checked for _ in report.cleared]
    assert raised == [28_000]
    assert cleared == [1000 * (48 + CALM_REPORTS - 1)]  # three of the last six looks are calm again


def test_images_that_begin_alike_are_no_collapse() -> None:
    assert fired(history(variety=lambda number: 0.05 if number <= 12 else 0.8)) == {}


def test_a_class_that_no_linear_classifier_tells_apart_is_not_called_missing() -> None:
    reports = [
        replace(report, checkup=Checkup(report.images, (agreement(0.1, floor=0.3),), 0.5)) if report.checkup else report
        for report in history()
    ]
    assert fired(reports) == {}


@pytest.mark.parametrize(
    ("name", "measure"), [("divergence", "discriminator_loss"), ("exploding_gradient", "generator_gradient")]
)
def test_a_run_that_blew_up_at_once_is_heard_without_a_calm_time_to_compare_with(name: str, measure: str) -> None:
    reports = history(**{measure: lambda number: 4e10 * 0.99**number})  # it even falls
    watch = AlarmWatch()
    raised = [alarm for report in reports for alarm in watch.check(report).alarms]
    assert [alarm.name for alarm in raised] == [name]
    assert raised[0].images == 4_000
    assert raised[0].say.endswith(
        "over a thousand million, which no healthy game reaches (alarm above 100,000 in 5 reports in a row)."
    )


def test_losses_without_a_scale_of_their_own_may_be_large_and_change_sign() -> None:
    assert fired(history(discriminator_loss=lambda number: 400 * np.cos(number))) == {}


@pytest.mark.parametrize("name", ALARMS)
@pytest.mark.parametrize("stop", [LATE - 15, LATE + 2, 50])
def test_a_run_that_is_resumed_raises_what_an_uninterrupted_one_would(name: str, stop: int, tmp_path: Path) -> None:
    reports = history(**PLANTED[name])
    straight, first, second = AlarmWatch(), AlarmWatch(), AlarmWatch()
    expected = [straight.check(report) for report in reports]
    before = [first.check(report) for report in reports[:stop]]
    torch.save(first.state(), tmp_path / "state.pt")
    second.load(torch.load(tmp_path / "state.pt", weights_only=True))
    checked = [*before, *(second.check(report) for report in reports[stop:])]
    assert [(report.alarms, report.cleared) for report in checked] == [
        (report.alarms, report.cleared) for report in expected
    ]


def test_without_what_it_remembered_a_resumed_watch_would_say_something_else() -> None:
    reports = history(**PLANTED["divergence"])
    forgetful = AlarmWatch()
    assert not any(forgetful.check(report).alarms for report in reports[LATE - 2 :])


def test_the_watch_forgets_old_curves_and_keeps_what_was_looked_at() -> None:
    watch = AlarmWatch({})
    for number in range(4000):
        variety = {"hand": 1.0} if number % 100 == 0 else None
        watch.check(Progress(images=number, seconds=0.0, share=0.0, measures={"generator_loss": 1.0}, variety=variety))
    remembered = watch.state()["history"]
    assert len(remembered) < 1600
    assert sum(report["variety"] is not None for report in remembered) == 40


# what the alarms read


def test_separation_is_the_chance_of_the_right_order_within_a_class() -> None:
    logits = {
        "train": np.float32([3, 1, 90]),
        "tuning": np.float32([]),
        "generated": np.float32([0, 2, 1, 91]),
    }
    labels = {"train": np.array([0, 0, 1]), "tuning": np.array([], int), "generated": np.array([0, 0, 0, 1])}
    measures = telemetry.logit_measures(
        logits, labels
    )  # of six pairs four are right and one is a tie; the other class is lost
    assert measures == {"separation": pytest.approx(4.5 / 7)}


def test_averages_are_plain_means_at_first_and_then_forget() -> None:
    averages, reports = telemetry.LossAverages(), []
    for number in range(200):
        measures = {"discriminator_loss": 1.0 if number < 4 else 3.0, "generator_loss": 2.0}
        averages.add(measures)
        reports.append(measures)
    assert reports[7]["discriminator_loss_average"] == pytest.approx(2.0)
    assert reports[7]["loss_ratio"] == pytest.approx(1.0)
    assert reports[-1]["discriminator_loss_average"] == pytest.approx(3.0, abs=1e-3)
    broken = {"discriminator_loss": float("nan"), "generator_loss": 2.0}
    averages.add(broken)
    assert broken.keys() == {"discriminator_loss", "generator_loss"}


def test_the_gap_is_how_far_tuning_images_are_on_the_way_to_generated_ones() -> None:
    spread = np.linspace(-0.5, 0.5, 50).astype(np.float32)
    labels = np.arange(50) % 2
    class_height = np.where(labels == 0, 0, 40).astype(np.float32)
    logits = {side: at + spread + class_height for side, at in {"train": 4, "tuning": 3, "generated": 0}.items()}
    gap = telemetry.discriminator_gap(logits, dict.fromkeys(logits, labels))
    assert gap is not None
    assert gap.value == pytest.approx(0.25)
    assert gap.interval is not None
    assert gap.interval[0] < 0.25 < gap.interval[1]
    assert (gap.n_real, gap.n_synthetic) == (50, 50)


@pytest.mark.parametrize(
    ("tuning", "generated"), [(np.zeros(5), np.full(50, -9.0)), (np.zeros(50), np.linspace(-1, 1, 50))]
)
def test_no_gap_is_told_of_few_images_or_of_outputs_that_are_alike(tuning: Any, generated: Any) -> None:
    train = np.linspace(-1, 1, 50).astype(np.float32)
    logits = {"train": train, "tuning": np.float32(tuning), "generated": np.float32(generated)}
    labels = {side: np.zeros(len(values), np.int64) for side, values in logits.items()}
    assert telemetry.discriminator_gap(logits, labels) is None
