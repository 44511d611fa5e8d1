"""A reader study: made blind, answered durably, counted as planned."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from reading_records import COHORT, SAMPLES, STUDY, a_study, read, sides
from scipy import stats
from sklearn.metrics import roc_auc_score

from ganaug_core import cli
from ganaug_core.cohort import withdrawal
from ganaug_core.errors import EvidenceError, WorkspaceError
from ganaug_core.reading import analysis, answers, design, equivalence, estimates, multi_reader, tables, taken_for_real
from ganaug_core.records import Intensity
from ganaug_core.records.reading import REAL, SYNTHETIC, Answer, Reading
from ganaug_core.storage import holdout_log
from ganaug_core.storage.workspace import READINGS, Workspace


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace(tmp_path_factory.mktemp("reading"))


@pytest.fixture(scope="module")
def study(home: Workspace) -> Reading:
    """Three readers and 120 images, read to the end."""
    reading = a_study(home, images=120, readers=3, margin=0.1)
    for reader in range(3):
        read(home, reading, reader, skill=(0.2, 0.6, 1.0)[reader])
    return reading


# making


def test_both_kinds_are_as_many_of_each_class_and_quantised_alike(home: Workspace, study: Reading) -> None:
    real, synthetic = study.truth == REAL, study.truth == SYNTHETIC
    assert real.sum() == synthetic.sum() == 60
    assert np.array_equal(np.bincount(study.labels[real]), np.bincount(study.labels[synthetic]))
    assert study.pixels.dtype == np.uint8
    assert study.shown == (512, 512)
    narrow = a_study(home, name="narrow", images=40, window=(60, 100))  # one HU is six grey levels
    assert narrow.step == 1
    greys = np.clip(np.rint((np.arange(256) - 60) * 255 / 40), 0, 255)
    for kind in (REAL, SYNTHETIC):
        assert set(np.unique(narrow.pixels[narrow.truth == kind]).tolist()) <= set(greys.tolist())


def test_how_an_image_was_stored_tells_no_kind() -> None:
    random = np.random.default_rng(0)
    tissue = random.normal(40, 30, (80, 1, 64, 64))  # one distribution; real images are whole HU, synthetic ones 8 bits
    cohort = replace(sides()[0], intensity=Intensity("HU", -160, 240))
    whole, bits = np.rint(tissue), np.rint((tissue + 160) * 255 / 400) / 127.5 - 1
    stored = (whole[:40] + 160) / 200 - 1, bits[40:]
    for window in ((-160.0, 240.0), (-60.0, 140.0)):
        step, grey = design.quantised(stored, cohort, window, random)
        assert step == pytest.approx(400 / 255)
        assert abs(tells_kinds(grey) - 0.5) < 0.26  # four standard deviations at 40 against 40
    rounded = np.rint((np.concatenate([whole[:40], np.rint((bits[40:] + 1) * 200 - 160)]) + 160) * 255 / 400)
    assert tells_kinds(rounded.astype(np.uint8)) == 1  # where both are rounded to whole HU, levels tell them


def tells_kinds(grey: np.ndarray) -> float:
    """Return the area under the ROC curve of how unevenly neighbouring grey levels occur, 40 of one kind first."""
    counts = np.stack([np.bincount(image.ravel(), minlength=256) for image in grey])
    return float(roc_auc_score(np.arange(80) < 40, np.abs(np.diff(counts)).sum(1)))


def test_each_reader_has_an_order_of_his_own_and_repeats_come_late(study: Reading) -> None:
    assert not np.array_equal(study.orders[0], study.orders[1])
    assert study.places == 120 + 12
    for reader in range(3):
        rows, counts = np.unique(study.orders[reader], return_counts=True)
        assert len(rows) == 120
        assert np.bincount(study.truth[rows[counts == 2]]).tolist() == [6, 6]
        gaps = [np.diff(np.flatnonzero(study.orders[reader] == row))[0] for row in rows[counts == 2]]
        assert min(gaps) >= 30
    assert len(set(study.items.ravel().tolist())) == study.items.size


def test_of_each_patient_one_image_comes_before_any_second_one(home: Workspace) -> None:
    few = a_study(home, name="few", sides_kept=None, images=40)
    assert len(np.unique(few.clusters[few.truth == REAL])) == 20
    other = Workspace(home.root / "other")
    shared = a_study(other, sides_kept=sides(patients=15), images=40)
    patients = shared.clusters[shared.truth == REAL]
    assert len(np.unique(patients)) == 15
    for reader in range(3):
        read(other, shared, reader)
    found = analysis.results(shared, answers.by_reader(other.folder(READINGS, STUDY), shared))
    assert any("come from 15 patients" in sentence for sentence in found.said)
    one = found.readers[0].false_alarms
    assert one.interval == pytest.approx(estimates.exact_share(float(one.value or 0) * 15, 15))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"images": 30}, "30 images are too few"),
        ({"images": 300}, "300 images are too many"),
        ({"readers": 1}, "2 to 5 readers, not 1"),
        ({"repeats": 0.9}, "share of 0.9 repeats"),
        ({"role": "train"}, "may have learnt from them"),
        ({"role": "tuning"}, "has only 0 tuning images"),
        ({"window": (3, 3)}, "shows nothing"),
        ({"margin": 0.9}, "90 points"),
        ({"name": STUDY}, "already a reading named room"),
    ],
)
def test_what_cannot_be_a_study_is_refused_in_words(
    home: Workspace, study: Reading, wrong: dict[str, object], says: str
) -> None:
    with pytest.raises((EvidenceError, WorkspaceError), match=says):
        design.make(home, COHORT, SAMPLES, **{"name": "wrong", **wrong})  # type: ignore[arg-type]


def test_a_study_is_kept_as_it_was_planned_and_counts_as_a_look(home: Workspace, study: Reading) -> None:
    kept = home.reading(STUDY)
    assert kept.own_digest == kept.digest == study.digest
    assert replace(kept, equivalence=replace(kept.equivalence, margin=0.2)).own_digest != kept.digest
    looks = holdout_log.counts(holdout_log.looks(home, home.cohort(COHORT)))
    assert looks["reading"] >= 1


# answering


def test_an_answer_counts_once_and_only_for_the_next_image(home: Workspace) -> None:
    reading = a_study(home, name="once", images=40)
    where = home.folder(READINGS, "once")
    (first,) = read(home, reading, 0, until=1)
    assert answers.give(where, reading, 0, replace(first, confidence=1)).done == 1  # it came again
    assert answers.of_reader(where, reading, 0)[0].confidence == first.confidence
    later = Answer(place=0, item=str(reading.items[0, 5]), confidence=3, label=0)
    with pytest.raises(EvidenceError, match="another image than the next"):
        answers.give(where, reading, 0, later)
    with pytest.raises(EvidenceError, match="another image than the next"):
        answers.give(where, reading, 0, replace(later, item=str(reading.items[1, 1])))
    assert answers.state(where, reading, 1).done == 0


def test_a_line_that_was_cut_by_a_power_failure_is_asked_for_again(home: Workspace) -> None:
    reading = a_study(home, name="cut", images=40)
    where = home.folder(READINGS, "cut")
    read(home, reading, 0, until=3)
    path = where / "answers-R1.jsonl"
    path.write_bytes(path.read_bytes() + b'{"place": 3, "it')
    assert answers.state(where, reading, 0).done == 3
    read(home, reading, 0, until=4)
    assert answers.state(where, reading, 0).done == 4
    path.write_bytes(path.read_bytes().replace(b'"place": 1', b'"place": 7'))
    with pytest.raises(WorkspaceError, match="answers of R1 in the study cut are damaged"):
        answers.state(where, reading, 0)


def test_a_closed_study_takes_no_more_and_an_open_one_tells_nothing(home: Workspace) -> None:
    reading = a_study(home, name="open", images=40, readers=2)
    read(home, reading, 0)
    (sent,) = read(home, reading, 1, until=1)
    where = home.folder(READINGS, "open")
    with pytest.raises(EvidenceError, match="somebody still reads"):
        tables.require_over(where, reading)
    answers.close(home, "open")
    tables.require_over(where, reading)
    with pytest.raises(EvidenceError, match="is closed"):
        answers.give(where, reading, 1, replace(sent, item=str(reading.items[1, 1])))
    found = analysis.results(reading, answers.by_reader(where, reading))
    assert not found.means
    assert "R2 did not end" in " ".join(found.said)


def test_a_patient_who_withdraws_takes_the_studies_and_their_answers_along(tmp_path: Path) -> None:
    home = Workspace(tmp_path)
    reading = a_study(home, images=40)
    read(home, reading, 0, until=2)
    where = home.folder(READINGS, STUDY)
    traces = withdrawal.traces(home, "3", COHORT)
    assert traces.made_from[READINGS] == (STUDY,)
    withdrawal.delete(home, traces)
    assert not home.exists(READINGS, STUDY)
    assert not where.exists()


# results


def test_the_numbers_are_those_of_another_script_from_the_raw_table(home: Workspace, study: Reading) -> None:
    given = answers.by_reader(home.folder(READINGS, STUDY), study)
    found = analysis.results(study, given)
    rows = list(csv.DictReader(io.StringIO(tables.raw(study, given))))
    assert len(rows) == 3 * 132
    once = [row for row in rows if row["repeat"] == "0"]
    for number, reader in enumerate(("R1", "R2", "R3")):
        own = [row for row in once if row["reader"] == reader]
        truth = np.array([row["truth"] == "synthetic" for row in own])
        confidence = np.array([int(row["confidence"]) for row in own])
        called = np.array([row["called"] == "synthetic" for row in own])
        result = found.readers[number]
        right = stats.binomtest(int((called == truth).sum()), len(own)).proportion_ci(method="exact")
        assert result.accuracy.value == pytest.approx((called == truth).mean())
        assert result.accuracy.interval == pytest.approx((right.low, right.high))
        assert result.auc.value == pytest.approx(roc_auc_score(truth, confidence))
        hits, alarms = called[truth].sum(), called[~truth].sum()
        assert result.d_prime.value == pytest.approx(
            stats.norm.ppf((hits + 0.5) / 61) - stats.norm.ppf((alarms + 0.5) / 61)
        )
        ends = [stats.binomtest(int(k), 60).proportion_ci(0.95**0.5, method="exact") for k in (hits, alarms)]
        assert result.d_prime.interval == pytest.approx(
            (
                stats.norm.ppf(ends[0].low) - stats.norm.ppf(ends[1].high),
                stats.norm.ppf(ends[0].high) - stats.norm.ppf(ends[1].low),
            )
        )
        read_right = np.array([row["class"] == row["class_read"] for row in own])
        assert result.class_real.value == pytest.approx(read_right[~truth].mean())
        assert result.class_synthetic.value == pytest.approx(read_right[truth].mean())
        again = [row for row in rows if row["reader"] == reader and row["repeat"] == "1"]
        first = {row["case"]: row["called"] for row in own}
        assert result.repeats.value == pytest.approx(np.mean([first[row["case"]] == row["called"] for row in again]))
        assert result.tags["blurred"] == tuple(
            sum("blurred" in row["tags"] for row in own if row["truth"] == kind) for kind in ("real", "synthetic")
        )
    cases = sorted({int(row["case"]) for row in once})
    table = {(row["reader"], int(row["case"])): row for row in once}
    calls = np.array([[table[r, case]["called"] == "synthetic" for r in ("R1", "R2", "R3")] for case in cases])
    truth = np.array([table["R1", case]["truth"] == "synthetic" for case in cases])
    confidence = np.array([[int(table[r, case]["confidence"]) for r in ("R1", "R2", "R3")] for case in cases])
    correct = (calls == truth[:, None]).astype(float)
    assert found.means["accuracy"].value == pytest.approx(correct.mean())
    areas = [roc_auc_score(truth, confidence[:, reader]) for reader in range(3)]
    assert found.means["auc"].value == pytest.approx(np.mean(areas))
    # accuracy is a mean of images, so its jackknife covariance is that of the mean
    covariance = np.cov(correct.T) / len(cases)
    shared = covariance[~np.eye(3, dtype=bool)].mean()
    between = correct.mean(0).var(ddof=1)
    total = between + max(3 * shared, 0)
    reach = stats.t.ppf(0.975, total**2 / (between**2 / 2)) * np.sqrt(total / 3)
    assert reach > stats.norm.ppf(0.975) * np.sqrt(covariance.mean())
    assert found.means["accuracy"].interval == pytest.approx((correct.mean() - reach, correct.mean() + reach))
    same = calls.sum(1)
    observed = np.mean((same * (same - 1) + (3 - same) * (2 - same)) / 6)
    often = calls.mean()
    chance = 2 * often * (1 - often)
    assert found.agreement["calls"].value == pytest.approx((observed - chance) / (1 - chance))
    assert found.equivalence is not None


def test_imrmc_gets_the_confidence_of_every_reader_and_the_truth_of_every_case(home: Workspace, study: Reading) -> None:
    given = answers.by_reader(home.folder(READINGS, STUDY), study)
    text = tables.imrmc(replace(study, name="session N0: run1:"), given)
    sizes, data = as_imrmc_reads(text)
    assert sizes == {"N0:": 60, "N1:": 60, "NR:": 3, "NM:": 1}
    truth = {case: int(score) for reader, case, _, score in data if reader == "-1"}
    assert sorted(truth.values()) == [0] * 60 + [1] * 60
    scores = {(reader, case, modality): float(score) for reader, case, modality, score in data if reader != "-1"}
    assert len(scores) == len(data) - 120 == 360  # iMRMC takes no reading twice
    assert {(reader, modality) for reader, _, modality in scores} == {(f"R{row + 1}", "ganaug") for row in range(3)}
    assert {case for _, case, _ in scores} == set(truth)
    assert set(scores.values()) <= {1, 2, 3, 4, 5, 6}


def as_imrmc_reads(text: str) -> tuple[dict[str, int], list[list[str]]]:
    """Return sizes and rows by the rules of iMRMC's reader (DIDSR/iMRMC, src/mrmc/core/InputFile.java, in our words).

    A line above the data that holds `N0:` anywhere, in any case, must be a number from its fourth letter on; after
    `BEGIN DATA:` every line has four fields, and none is empty.
    """
    lines = text.splitlines()
    start = next(row for row, line in enumerate(lines) if line.upper().startswith("BEGIN DATA:"))
    assert all(len(line) != 1 for line in lines)
    keys = ("N0:", "N1:", "NR:", "NM:")
    sizes = {key: int(line[3:]) for line in lines[:start] for key in keys if key in line.upper()}
    rows = [line.split(",") for line in lines[start + 1 :]]
    assert all(len(row) == 4 and all(row) for row in rows)
    return sizes, rows


def test_images_that_were_taken_for_real_are_told_by_id(home: Workspace, study: Reading) -> None:
    taken = taken_for_real(home, SAMPLES)
    shown = set(study.ids[study.truth == SYNTHETIC].tolist())
    assert shown <= set(taken)
    assert not set(taken) & set(study.ids[study.truth == REAL].tolist())
    alone = Workspace(home.root / "alone")
    reading = a_study(alone, images=40, readers=2)
    for reader in range(2):
        read(alone, reading, reader)
    counts = taken_for_real(alone, SAMPLES)
    given = answers.by_reader(alone.folder(READINGS, STUDY), reading)
    row = int(np.flatnonzero(reading.truth == SYNTHETIC)[0])
    first = [
        next(one for one in of_reader if reading.orders[reader, one.place] == row)
        for reader, of_reader in enumerate(given)
    ]
    assert counts[str(reading.ids[row])].called_real == sum(one.confidence <= 3 for one in first)
    assert counts[str(reading.ids[row])].read_by == 2


def test_a_perfect_reader_has_an_interval_and_a_hopeless_one_too() -> None:
    perfect = estimates.auc_estimate(np.full(30, 1), np.full(30, 6), (30, 30))
    assert perfect.value == 1
    assert perfect.interval == (pytest.approx(0.933, abs=0.001), 1)
    hopeless = estimates.auc_estimate(np.full(30, 6), np.full(30, 1), (30, 30))
    assert hopeless.interval == pytest.approx((0, 1 - perfect.interval[0]))
    none = estimates.share(np.zeros(0, bool), 0)
    assert (none.value, none.interval) == (None, None)


def test_readers_who_happen_to_be_alike_still_leave_the_images_uncertain() -> None:
    truth = np.repeat([0, 1], 20)
    one = np.tile([0, 0, 0, 1, 1], 8).astype(float)
    alike = multi_reader.mean(
        lambda kinds, calls: float((calls == kinds).mean()), truth, np.stack([one, one]), np.arange(40)
    )
    assert alike.between == 0
    right = (one == truth).mean()
    reach = stats.norm.ppf(0.975) * np.sqrt(right * (1 - right) / 39)
    assert alike.interval() == pytest.approx((right - reach, right + reach))
    nothing = multi_reader.mean(lambda *_: 1.0, truth, np.stack([one, one]), np.arange(40))
    assert nothing.interval() is None


# equivalence


def test_what_a_study_can_show_is_said_before_and_the_power_is_that_of_simulated_studies() -> None:
    planned = equivalence.plan(0.1, 120, 3)
    assert planned.power < 0.05
    said = equivalence.expectation(planned, 3, 120)
    assert (
        said
        == f"With 3 readers this cannot show equivalence within 10 points; you would need {planned.readers_needed}."
    )
    many = equivalence.plan(0.1, 120, int(planned.readers_needed or 0))
    assert many.power >= 0.8
    random = np.random.default_rng(0)
    readers, images, shown = 8, 120, 0
    for _ in range(400):
        accuracy = np.clip(random.normal(0.5, equivalence.SPREAD, readers), 0, 1)
        common = random.normal(size=images) * np.sqrt(0.155)  # gives a correlation of errors of about 0.1
        own = random.normal(size=(readers, images)) * np.sqrt(1 - 0.155)
        right = stats.norm.ppf(accuracy)[:, None] + common + own > 0
        covariance = np.cov(right.astype(float)) / images
        cov2 = covariance[~np.eye(readers, dtype=bool)].mean()
        between = right.mean(1).var(ddof=1)
        total = between + max(readers * cov2, 0)
        reach = stats.t.ppf(0.95, total**2 / (between**2 / (readers - 1))) * np.sqrt(total / readers)
        shown += right.mean() - reach > 0.4 and right.mean() + reach < 0.6
    assert shown / 400 == pytest.approx(equivalence.power(0.1, images, readers), abs=0.07)


def test_no_equivalence_is_stated_where_none_was_planned(home: Workspace) -> None:
    reading = a_study(home, name="unplanned", images=40, readers=2)
    for reader in range(2):
        read(home, reading, reader)
    found = analysis.results(reading, answers.by_reader(home.folder(READINGS, "unplanned"), reading))
    assert found.equivalence is None
    assert "No equivalence was planned" in found.said[1]


# the command line


def test_the_command_line_makes_shows_closes_and_exports_a_study(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = Workspace(tmp_path / "workspace")
    for record in sides():
        home.keep(record, record.name)

    def run(*arguments: str, status: int = 0) -> dict[str, Any]:
        assert cli.run(["reading", *arguments, "--workspace", str(home.root), "--json", "-"]) == status
        return dict(json.loads(capsys.readouterr().out))

    made = run("new", COHORT, SAMPLES, "--name", "cli", "--images", "40", "--readers", "2", "--window=0,200")
    assert made["schema"] == "ganaug.reading/1"
    assert [one["total"] for one in made["readers"]] == [44, 44]
    assert made["results"] is None
    assert run("new", COHORT, SAMPLES, "--name", "x", "--window=wide", status=2)["error"]["code"] == "window"
    reading = home.reading("cli")
    read(home, reading, 0)
    read(home, reading, 1, until=9)
    table, scores = str(tmp_path / "a.csv"), str(tmp_path / "a.imrmc")
    assert run("export", "cli", "--csv", table, status=2)["error"]["code"] == "open"
    assert not Path(table).exists()
    assert run("list")["readings"][0]["readers"][1]["done"] == 9
    closed = run("close", "cli")
    assert closed["results"]["readers"][0]["accuracy"]["n"] == 40
    assert closed["results"]["means"] == {}
    assert run("export", "cli", status=2)["error"]["code"] == "nothing_asked"
    assert run("export", "cli", "--csv", table, "--imrmc", scores)["files"] == [table, scores]
    assert len(Path(table).read_text().splitlines()) == 1 + 44 + 9
    assert "NR: 1" in Path(scores).read_text()
    assert cli.run(["reading", "show", "cli", "--workspace", str(home.root)]) == 0
    assert "R2 did not end, and is in no mean" in capsys.readouterr().out
