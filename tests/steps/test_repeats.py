"""Several draws and several trainings: what the document gains, by which rule verdicts join, what is refused."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats
from small_cohort import squares

from ganaug_core import cli, pipeline
from ganaug_core.audit import repeats
from ganaug_core.audit.repeats import over_all
from ganaug_core.audit.sentences import VERDICTS
from ganaug_core.cli import sources
from ganaug_core.config import configure
from ganaug_core.config.requests import AuditSamples, Sample, Train
from ganaug_core.records import Audit, Verdict
from ganaug_core.storage.workspace import Workspace

Ask = Callable[..., tuple[int, dict[str, Any], str]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with squares, three trainings of one recipe and one of another."""
    workspace = Workspace(tmp_path_factory.mktemp("repeats"))
    workspace.keep(squares((30, 30)), "squares")
    recipes = (("a", 1, {}), ("b", 2, {}), ("c", 3, {}), ("other", 4, {"batch_size": 16}), ("again", 1, {}))
    for name, seed, changes in recipes:
        config = configure(
            images=64, seed=seed, threads=1, device="cpu", changes={"architecture.width": 8, "batch_size": 8, **changes}
        )
        pipeline.train(workspace, Train(cohort="squares", name=name, config=config.model_dump(mode="json")))
    return workspace


@pytest.fixture
def ask(home: Workspace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Return a function that audits a few images with --json and returns status, document and what was said."""
    monkeypatch.setattr(sources, "MOST_PER_CLASS", 12)
    monkeypatch.setattr(sources, "LEAST_PER_CLASS", 12)

    def run(*arguments: str) -> tuple[int, dict[str, Any], str]:
        capsys.readouterr()
        ending = ("--encoder", "pixels", "--workspace", str(home.root), "--json", "-")
        status = cli.run(["audit", "squares", *arguments, *ending])
        captured = capsys.readouterr()
        return status, dict(json.loads(captured.out)), captured.err

    return run


def verdicts(*states: str, p: tuple[float | None, ...] = ()) -> list[Verdict]:
    ps = p or (0.5,) * len(states)
    return [Verdict(state, "", "", p_corrected=value) for state, value in zip(states, ps, strict=True)]


@pytest.mark.parametrize(
    ("states", "p", "expected"),
    [
        ("pass pass warn", (0.6, 0.6, 0.02), ("pass", 0.06)),  # once in three is chance
        ("pass pass fail", (0.6, 0.6, 0.001), ("fail", 0.003)),  # but not so strongly
        ("pass pass fail", (0.6, 0.6, 0.009), ("warn", 0.027)),
        ("warn warn pass", (0.04, 0.03, 0.6), ("warn", 0.09)),  # what most say holds, whatever the correction
        ("fail fail fail", (0.009, 0.009, 0.009), ("fail", 0.027)),
        ("pass fail", (0.5, None), ("fail", 1.0)),  # a broken rule has no p: one copy is a copy
        ("warn fail pass pass pass", (0.04, 0.03, 0.5, 0.5, 0.5), ("pass", 0.15)),
        ("pass not_assessable", (0.5, None), ("pass", 1.0)),
        ("not_assessable not_assessable pass", (None, None, 0.6), ("not_assessable", 1.0)),
        ("not_assessable warn pass", (None, 0.04, 0.6), ("not_assessable", 0.12)),
        ("not_assessable not_assessable", (None, None), ("not_assessable", None)),
    ],
)
def test_the_worse_of_what_most_say_and_of_the_smallest_corrected_p(
    states: str, p: tuple[float | None, ...], expected: tuple[str, float | None]
) -> None:
    state, smallest = over_all(verdicts(*states.split(), p=p))
    assert (state, smallest) == (expected[0], expected[1] if expected[1] is None else pytest.approx(expected[1]))


@pytest.mark.parametrize("count", [2, 3, 5])
@pytest.mark.parametrize("shared", [0.0, 0.5, 0.99])
def test_more_draws_do_not_raise_more_false_alarms(count: int, shared: float) -> None:
    """One real hold-out makes the p of several draws dependent, more or less: normal scores with a common part."""
    random = np.random.default_rng(0)
    common, own = random.normal(size=(2000, 1)), random.normal(size=(2000, count))
    p_values = stats.norm.sf(np.sqrt(shared) * common + np.sqrt(1 - shared) * own)
    alarms = worst = 0
    for row in p_values:
        states = ["fail" if p < 0.01 else "warn" if p < 0.05 else "pass" for p in row]
        alarms += over_all(verdicts(*states, p=tuple(row)))[0] != "pass"
        worst += set(states) != {"pass"}
    assert alarms / 2000 < 0.065
    if shared < 0.9:
        assert worst / 2000 > 0.08  # what the worst of them says without correction


def test_no_p_over_draws_is_smaller_than_the_smallest_of_them() -> None:
    random = np.random.default_rng(1)
    for _ in range(50):
        p_values = random.random(4) ** 3
        _, p = over_all(verdicts("pass", "pass", "pass", "pass", p=tuple(p_values)))
        assert p is not None
        assert p >= p_values.min()


def test_the_first_draw_is_the_audit_and_says_how_the_others_differ(ask: Ask, home: Workspace) -> None:
    status, document, said = ask("a", "--samples", "3", "--seed", "5")
    assert status == 0
    draws = document["draws"]
    assert (draws["between"], draws["n"]) == ("draws", 3)
    assert [audit["seed"] for audit in draws["audits"]] == [5, 6, 7]
    assert document["synthetic"]["name"] == draws["audits"][0]["synthetic"] == "a-12-seed5"
    assert document["seed"] == 5
    assert document["command"].startswith("ganaug")
    assert len({audit["hash"] for audit in draws["audits"]}) == 3
    for name in VERDICTS:
        states = [audit["verdicts"][name] for audit in draws["audits"]]
        assert draws["verdicts"][name]["states"] == {
            state: states.count(state) for state in ("pass", "warn", "fail", "not_assessable")
        }
    assert all(number["spread"] >= 0 for number in draws["measurements"])
    assert any(number["spread"] > 0 for number in draws["measurements"])
    assert "further draws of this generator" in draws["measurements"][0]["interval_method"]
    assert "over 3 draws" in said
    assert "95 % interval between draws" in said
    assert "Holm's correction over their number" in said
    _, first, _ = ask("a", "--seed", "5")
    assert "draws" not in first
    assert {key: first[key] for key in ("verdicts", "measurements")} == {
        key: document[key] for key in ("verdicts", "measurements")
    }


def test_draws_and_audits_that_are_there_are_found_again(
    ask: Ask, home: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ask("b", "--samples", "2")[0] == 0
    made: list[AuditSamples] = []
    audit_samples = pipeline.audit_samples

    def noted(workspace: Workspace, request: AuditSamples, *report: Any) -> str:
        made.append(request)
        return audit_samples(workspace, request, *report)

    monkeypatch.setattr(pipeline, "audit_samples", noted)
    assert ask("b", "--samples", "3")[1]["draws"]["n"] == 3
    assert [home.samples(request.samples).provenance["seed"] for request in made] == [2]
    assert [request.seed for request in made] == [0]  # the audit's own seed stays


def test_trainings_of_one_recipe_are_compared(ask: Ask) -> None:
    for arguments in (("--runs", "a", "b", "c"), ("a", "--runs", "a", "b", "c")):
        status, document, said = ask(*arguments)
        assert status == 0
        draws = document["draws"]
        assert (draws["between"], draws["n"]) == ("trainings", 3)
        assert [audit["synthetic"] for audit in draws["audits"]] == [f"{name}-12-seed0" for name in "abc"]
        assert "further trainings" in draws["measurements"][0]["interval_method"]
        assert "over 3 trainings" in said


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("a", "b"), "configuration", "of one SYNTHETIC, and 2 are given: a and b"),
        (("a", "--runs"), "configuration", "--runs compares trainings, and a is one"),
        (("--runs", "a", "b", "--samples", "2"), "configuration", "two kinds of repetition"),
        (("--runs", "a", "other"), "other_recipe", "they differ in batch_size"),
        (("--runs", "a", "again"), "same_seed", "two were trained with the same seed"),
        (("--runs", "a", "nobody"), "no_generator", "nobody is no generator of this workspace"),
        (("a-3-seed0", "--samples", "2"), "no_generator", "a-3-seed0 is no generator of this workspace"),
        (("a", "--samples", "0"), "usage", "--samples"),
    ],
)
def test_what_cannot_be_repeated_is_refused_in_words(
    ask: Ask, home: Workspace, arguments: tuple[str, ...], code: str, words: str
) -> None:
    pipeline.sample(home, Sample(generator="a", per_class=3))
    status, document, _ = ask(*arguments)
    assert (status, document["error"]["code"]) == (2, code)
    assert words in document["error"]["what"]
    assert document["error"]["do"]


def test_a_folder_cannot_be_drawn_again_and_a_file_has_no_recipe(ask: Ask, home: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "theirs"
    for name in home.cohort("squares").classes:
        (folder / name).mkdir(parents=True)
    for arguments in ((str(folder), "--samples", "2"), ("--runs", "a", str(folder))):
        assert ask(*arguments)[1]["error"]["code"] == "no_generator"
    origin = home.reference("generators", "c").origin
    home.write(
        "generators",
        "brought",
        home.manifest("generators", "c"),
        origin=replace(origin, inputs={}, names={}),
    )
    _, document, _ = ask("--runs", "a", "brought")
    assert (document["error"]["code"], "nobody knows its recipe" in document["error"]["what"]) == ("no_run", True)


def test_membership_is_asked_for_of_every_draw(ask: Ask) -> None:
    _, document, said = ask("c", "--samples", "2", "--membership")
    assert "needs 20 training patients and as many held-out ones of the same class; there are" in said
    assert len(document["membership"]) == 1
    _, foreign, _ = ask("c-12-seed0")  # those with more than was asked for are not found for a single one
    assert foreign["membership"] == []


def test_an_audit_made_before_membership_could_be_asked_for_is_found(home: Workspace) -> None:
    request = AuditSamples(cohort="squares", samples=pipeline.sample(home, Sample(generator="a", per_class=3)))
    assert "membership" not in pipeline.outcome(home, request).origin.settings
    asked = pipeline.outcome(home, replace(request, membership=True))
    assert asked.origin.settings["membership"] is True
    assert asked.key != pipeline.outcome(home, request).key


def test_mean_spread_and_interval_are_those_of_students_t(home: Workspace) -> None:
    name = pipeline.sample(home, Sample(generator="a", per_class=12))
    request = AuditSamples(cohort="squares", samples=name, encoders=("pixels",))
    first = home.audit(pipeline.audit_samples(home, request))
    number = replace(first.measurements[0], class_name=None)
    made = [replace(first, measurements=(replace(number, value=value), number)) for value in (1.0, 2.0, 6.0)]
    alone: Audit = replace(first, measurements=(replace(number, name="met once"),))
    document = repeats.as_json([*made, alone], "draws", [0, 1, 2, 3])
    measured, again = document["measurements"]  # what two audits lack has no spread
    assert (measured["n"], measured["mean"]) == (3, 3)
    assert measured["spread"] == pytest.approx(np.sqrt(7))
    low, high = measured["interval"]
    assert (high + low) / 2 == pytest.approx(3)
    assert high - low == pytest.approx(2 * 4.302653 * np.sqrt(7 / 3))
    assert again["spread"] == 0
