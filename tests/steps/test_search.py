"""A search: what it tries, what a run is worth to it, that it goes on where it was, and what it never looks at."""

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from searching_in_place import (
    SMALL,
    SPACE,
    a_search,
    checkup,
    cohort,
    no_supervisor,
    search_here,
    workspace_with_squares,
)

from ganaug_core.config import configure
from ganaug_core.config.requests import Search
from ganaug_core.errors import CohortError, ConfigurationError, GanaugError, WorkspaceError
from ganaug_core.jobs import extension, runs, searches, store, worker
from ganaug_core.pipeline import StopRequested
from ganaug_core.records import HOLDOUT, TRAIN
from ganaug_core.records.training import LEAST_TRAINING
from ganaug_core.search import Range, named_or_file, objective, parsed, prepare, read_toml, space
from ganaug_core.search.identity import identity
from ganaug_core.search.study import Study
from ganaug_core.storage import holdout_log, locks
from ganaug_core.storage.workspace import Workspace
from ganaug_core.training.checkpoint_selection import SUSPECTED


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return workspace_with_squares(tmp_path / "workspace")


# names and spaces


def test_the_textbook_s_names_are_those_of_the_settings() -> None:
    changes = {"lr_g": 2e-4, "lr_d": "4e-4", "beta1": 0.5, "beta2": 0.999, "batch": 64, "latent": 100}
    config = configure("dcgan-64", changes)
    assert (config.generator_learning_rate, config.discriminator_learning_rate) == (2e-4, 4e-4)
    assert (config.betas, config.batch_size, config.architecture.settings["latent"]) == ((0.5, 0.999), 64, 100)


def test_one_beta_leaves_the_other_as_the_recipe_or_the_same_request_has_it() -> None:
    assert configure("dcgan-64", {"beta1": 0.0}).betas == (0.0, 0.999)
    assert configure("dcgan-64", {"betas": [0.1, 0.9], "beta1": 0.0}).betas == (0.0, 0.9)
    with pytest.raises(ConfigurationError, match="betas"):
        configure("dcgan-64", {"beta2": 2})


def test_the_textbook_s_grid_has_its_six_settings_and_every_point_can_be_trained() -> None:
    textbook = parsed(named_or_file("textbook"))
    assert list(textbook) == ["lr_g", "lr_d", "beta1", "beta2", "batch", "latent"]
    grid = space.points(textbook, seed=0)
    assert len({json.dumps(point) for point in grid}) == space.grid_size(textbook) == 64
    for point in grid:
        configure("recommended", point)
    assert space.points(textbook, seed=0) == grid != space.points(textbook, seed=1)


def test_a_file_says_values_and_ranges_and_dots_need_no_quotes(tmp_path: Path) -> None:
    file = tmp_path / "space.toml"
    file.write_text("batch_size = [16, 32]\nr1.gamma = { low = 0.1, high = 10.0, log = true }\nbetas = [[0.0, 0.9]]\n")
    assert parsed(named_or_file(str(file))) == {
        "batch_size": (16, 32),
        "r1.gamma": Range(0.1, 10.0, log=True),
        "betas": ("[0.0, 0.9]",),
    }
    assert space.grid_values(parsed({"r1.gamma": {"low": 0.1, "high": 10.0, "log": True}})) == {
        "r1.gamma": [0.1, pytest.approx(1.0), 10.0]
    }
    assert Range(1, 9).grid() == [1, 5, 9]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("batch_size = ", "not TOML"),
        ("", "no setting"),
        ("batch_size = 16", "no list of values"),
        ("batch_size = []", "no list of values"),
        ("batch_size = { low = 1 }", "not written like one"),
        ("batch_size = { low = 1, high = 2, middle = 3 }", "not written like one"),
        ("lr_g = { low = 0, high = 1, log = true }", "in powers"),
        ("lr_g = { low = 2, high = 1 }", "from 2 to 1"),
        ("images = [1, 2]", "the same in every run"),
        ("seed = [1, 2]", "the same in every run"),
        ("batch_size = [1979-05-27]", "no number, text"),
    ],
)
def test_a_space_that_is_none_is_refused_in_words(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        parsed(read_toml(text))


# what is refused before the first trial


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"space": {"no_such": [1]}}, "no_such"),
        ({"space": {"r1.no_such": [1]}}, "no_such"),
        ({"space": {"batch_size": [16, 1]}}, "batch_size = 1"),
        ({"space": {"lr_g": {"low": 0.1, "high": 2.0}}}, "lr_g = 2.0"),
        ({"space": {"loss": ["hinge", "wasserstein"], "terms": [""], "regularisers": ["r1", "lecam"]}}, "wasserstein"),
        ({"sampler": "luck"}, "no sampler named 'luck'"),
        ({"trials": 0}, "0 trials"),
        ({"recipe": "no-such"}, "no recipe"),
        ({"name": "n" * 95}, "too long"),
        ({"storage": "mysql://x/y"}, "begins with sqlite"),
        ({"storage": "postgresql://me:secret@host/db"}, "password"),
        ({"sampler": "grid", "space": {f"s{number}": list(range(10)) for number in range(5)}}, "10,000 are the most"),
    ],
)
def test_what_is_known_to_fail_is_refused_before_anything_is_made(
    workspace: Workspace, changes: dict[str, Any], said: str
) -> None:
    with no_supervisor(), pytest.raises(GanaugError, match=said) as refusal:
        store.submit(workspace, a_search(**changes))
    assert "secret" not in str(refusal.value)
    assert not workspace.names("sweeps")
    assert not store.jobs(workspace)


def test_a_tuning_share_that_judges_nothing_is_refused(workspace: Workspace) -> None:
    whole = cohort()
    roles = np.where(np.arange(len(whole)) % 2, TRAIN, HOLDOUT)
    workspace.keep(replace(whole, roles=roles, name="untuned"), "untuned")
    with pytest.raises(CohortError, match="12 patients"):
        prepare(workspace, a_search(cohort="untuned"))


def test_fewest_training_images_are_those_of_the_feature_spaces() -> None:
    from ganaug_core.encoders.fitted import FEWEST_IMAGES

    assert LEAST_TRAINING == FEWEST_IMAGES
    assert objective.SUSPECTED == SUSPECTED


def test_without_optuna_it_says_what_to_install(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ganaug_core.search.beginning.find_spec", lambda _: None)
    with pytest.raises(ConfigurationError, match=r"pip install \"ganaug\[search\]\""):
        prepare(workspace, a_search())


def test_a_value_that_only_the_part_refuses_ends_the_search_before_its_first_run(workspace: Workspace) -> None:
    request = a_search(space={"architecture.width": [8, 1]})
    with pytest.raises(ConfigurationError, match="width = 1"):
        search_here(workspace, request)
    assert not workspace.names("runs")


# what a run is worth


def test_a_run_is_worth_the_distance_of_its_kept_checkpoint_and_copying_is_a_veto() -> None:
    good = objective.worth([checkup(100, 9.0), checkup(200, 4.0), checkup(300, 3.5)], 200)
    assert good is not None
    assert (good.value, good.interval, good.images, good.veto) == (4.0, (3.0, 5.0), 200, "")
    copying = objective.worth([checkup(100, 1.0, copying_p=0.001)], 100)
    assert copying is not None
    assert "Copying is suspected" in copying.veto
    assert objective.worth([], None) is None


# a whole search


@pytest.fixture(scope="module")
def twelve(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A search of twelve real, tiny runs."""
    workspace = workspace_with_squares(tmp_path_factory.mktemp("twelve") / "workspace")
    search_here(workspace, a_search(trials=12))
    return workspace


def test_twelve_trials_are_twelve_ordinary_runs_with_their_settings(twelve: Workspace) -> None:
    found = searches.read(twelve, "sought")
    assert [trial.run for trial in found.trials] == [f"sought-{number:03d}" for number in range(12)]
    assert {trial.state for trial in found.trials} <= {"done", "vetoed"}
    assert len({json.dumps(dict(trial.settings)) for trial in found.trials}) == 12
    for trial in found.trials:
        run = runs.state(twelve, trial.run)
        config = twelve.manifest("runs", trial.run)["config"]
        checkups, kept = runs.checkups(twelve, trial.run)
        worth = objective.worth(checkups, kept)
        assert run.state == "done"
        assert run.generator == trial.run
        assert config["generator_learning_rate"] == trial.settings["lr_g"]
        assert config["batch_size"] == trial.settings["batch"]
        assert worth is not None
        assert (trial.value, trial.interval) == (worth.value, worth.interval)


def test_the_best_is_the_nearest_and_what_matters_is_named(twelve: Workspace) -> None:
    found = searches.read(twelve, "sought")
    best = found.best
    assert best is not None
    assert best.value == min(trial.value for trial in found.trials if trial.state == "done" and trial.value)
    assert set(found.importance) == set(SPACE)
    assert sum(found.importance.values()) == pytest.approx(1)
    document = found.as_json("done")
    assert document["schema"] == "ganaug.search/1"
    assert document["best"] == best.run
    assert all(trial["interval"] is None or best.value <= trial["interval"][1] for trial in document["trials"])


def test_nobody_looked_at_the_hold_out(twelve: Workspace, tmp_path: Path) -> None:
    record = twelve.cohort("squares")
    assert holdout_log.looks(twelve, record) == []
    spoilt = record.pixels.copy()
    spoilt[record.where(HOLDOUT)] = np.nan
    other = Workspace(tmp_path / "other")
    other.keep(replace(record, pixels=spoilt), "squares")
    search_here(other, a_search(trials=2))
    assert searches.read(other, "sought").trials == searches.read(twelve, "sought").trials[:2]


def test_the_same_request_finds_everything_done_and_a_longer_one_adds_to_it(twelve: Workspace) -> None:
    before = searches.read(twelve, "sought").trials
    search_here(twelve, a_search(trials=12))
    assert searches.read(twelve, "sought").trials == before
    search_here(twelve, a_search(trials=13))
    after = searches.read(twelve, "sought").trials
    assert after[:12] == before
    assert len(after) == 13


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"images": 320}, r"the budget in images \(was 160, is 320\)"),
        ({"space": {"batch": [8]}}, "the space"),
        ({"changes": {**SMALL, "ema_share": 0.1}}, "the same in every run"),
        ({"sampler": "random"}, r"was tpe, is random"),
        ({"recipe": "wgan-gp"}, "the recipe"),
        ({"seed": 1}, "the seed"),
    ],
)
def test_a_search_of_that_name_with_other_settings_is_refused(
    twelve: Workspace, changes: dict[str, Any], said: str
) -> None:
    with no_supervisor(), pytest.raises(ConfigurationError, match=said):
        store.submit(twelve, a_search(**{"trials": 14, **changes}))


def test_a_study_of_other_data_takes_no_trial(twelve: Workspace, tmp_path: Path) -> None:
    other = Workspace(tmp_path / "other")
    moved = replace(cohort(), digest="0" * 64)
    other.keep(moved, "squares")
    file = twelve.folder("sweeps", "sought") / "study.sqlite"
    request = a_search(trials=14, storage=f"sqlite:///{file}")
    with pytest.raises(ConfigurationError, match="the images"):
        search_here(other, request)
    assert not other.names("runs")


def test_the_best_goes_on_as_a_new_run_and_the_trial_stays_as_it_was(twelve: Workspace) -> None:
    best = searches.read(twelve, "sought").best
    assert best is not None
    before, _ = runs.checkups(twelve, best.run)
    request = extension.longer(twelve, best.run, "longer", images=480)
    with no_supervisor(), locks.hold(twelve.supervisor_lock, "The test"):
        store.submit(twelve, request)
        worker.run(twelve, store.claim(twelve, ("train",)).id)  # type: ignore[union-attr]
    after, _ = runs.checkups(twelve, "longer")
    assert runs.state(twelve, "longer").images >= 480
    assert runs.state(twelve, best.run).images < 480
    assert after[: len(before)] == before
    assert len(after) > len(before)
    assert runs.history(twelve, "longer")["images"][0] == runs.history(twelve, best.run)["images"][0]
    assert [name for _, name in twelve.dependents("runs", best.run)].count("longer") == 2  # the run and its generator


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"images": 100}, "160 images already"), ({"minutes": 5.0}, "counted in images")],
)
def test_going_on_needs_a_larger_budget_of_the_same_kind(twelve: Workspace, changes: dict[str, Any], said: str) -> None:
    with no_supervisor(), pytest.raises(GanaugError, match=said):
        store.submit(twelve, extension.longer(twelve, "sought-000", "more", **changes))


def test_going_on_with_other_settings_or_growing_networks_is_refused(twelve: Workspace) -> None:
    request = extension.longer(twelve, "sought-000", "more")
    with no_supervisor(), pytest.raises(GanaugError, match="other settings"):
        store.submit(twelve, replace(request, config={**request.config, "batch_size": 4}))


# runs that are played: what came of them is written by hand


class Played:
    """Trains no network: each run draws as well as its settings say, and looks after 11, 33 and 100 % of its budget."""

    def __init__(self, worth: dict[int, float], copying: tuple[int, ...] = (), ends: dict[int, str] | None = None):
        self.worth, self.copying, self.ends = worth, copying, ends or {}
        self.seen: dict[int, list[int]] = {}

    def __call__(self, workspace: Workspace, job: store.Job) -> None:
        number = int(job.name[-3:])
        folder = workspace.folder("runs", job.name)
        seen = self.seen.setdefault(number, [])
        with locks.hold(folder / "lock", job.name):
            store.begin(workspace, job.id)
            for share in (0.11, 0.33, 1.0):
                images = round(1000 * share)
                seen.append(images)
                p_value = 1e-4 if number in self.copying else 0.5
                line = {**checkup(images, self.worth[number] / share, p_value).plain(), "kept": images}
                with (folder / "checkups.jsonl").open("a") as file:
                    file.write(json.dumps(line) + "\n")
                (folder / "state.json").write_text(json.dumps({"images": images}))
                asked = store.progress(workspace, job.id, share, "", None)
                while asked == "run" and not self._looked(workspace, number, images):
                    time.sleep(0.01)
                    asked = store.progress(workspace, job.id, share, "", None)
                if asked != "run":
                    store.finish(workspace, job.id, "paused" if asked == "pause" else "stopped")
                    return
            end = self.ends.get(number, "done")
            store.finish(workspace, job.id, end, error=None if end == "done" else store.GONE)

    @staticmethod
    def _looked(workspace: Workspace, number: int, images: int) -> bool:
        """Whether the search has seen the checkpoint; one that was stopped just now never will."""
        return images in [trial.images for trial in searches.read(workspace, "sought").trials[number:]]


PLAYED = {"images": 1000, "space": {"batch": [8, 16, 32, 64]}, "sampler": "grid", "trials": 4}


def test_runs_that_are_behind_are_stopped_and_never_the_best(workspace: Workspace) -> None:
    worth = {number: 1.0 + (number % 3) for number in range(12)}
    grid = {"batch": [8, 16, 32, 64], "beta1": [0.0, 0.25, 0.5]}
    played = Played(worth)
    search_here(workspace, a_search(**{**PLAYED, "space": grid, "trials": 12}), played)
    found = searches.read(workspace, "sought")
    pruned = [trial for trial in found.trials if trial.state == "pruned"]
    assert 2 <= len(pruned) <= 8
    assert all(worth[trial.number] > 1.0 for trial in pruned)
    for trial in pruned:
        assert "behind other trials" in trial.why
        assert played.seen[trial.number][-1] in (110, 330)
        assert runs.state(workspace, trial.run).state == "stopped"
    assert found.best is not None
    assert worth[found.best.number] == 1.0


def test_without_pruning_every_run_has_its_budget(workspace: Workspace) -> None:
    played = Played({number: 9.0 - number for number in range(4)})
    search_here(workspace, a_search(**PLAYED, prune=False), played)
    assert all(seen == [110, 330, 1000] for seen in played.seen.values())


def test_a_run_that_copies_is_never_the_best_and_says_why(workspace: Workspace) -> None:
    played = Played({0: 1.0, 1: 5.0, 2: 6.0, 3: 7.0}, copying=(0,))
    search_here(workspace, a_search(**PLAYED, prune=False), played)
    found = searches.read(workspace, "sought")
    assert found.trials[0].state == "vetoed"
    assert "Copying is suspected" in found.trials[0].why
    assert found.best is not None
    assert found.best.number == 1


def test_a_grid_trains_every_point_once_and_no_more(workspace: Workspace) -> None:
    search_here(workspace, a_search(**{**PLAYED, "trials": 9}, prune=False), Played(dict.fromkeys(range(9), 1.0)))
    found = searches.read(workspace, "sought")
    assert sorted(trial.settings["batch"] for trial in found.trials) == [8, 16, 32, 64]
    assert found.asked == 4


def test_a_failed_run_is_a_trial_of_which_nothing_came(workspace: Workspace) -> None:
    played = Played(dict.fromkeys(range(4), 1.0), ends={1: "failed"})
    search_here(workspace, a_search(**PLAYED, prune=False), played)
    found = searches.read(workspace, "sought")
    assert [trial.state for trial in found.trials] == ["done", "failed", "done", "done"]
    assert found.trials[1].why == store.GONE["what"]


def test_a_search_that_is_stopped_lets_its_run_rest_and_goes_on_with_it(workspace: Workspace) -> None:
    request = a_search(**PLAYED, prune=False)

    def stop_at_the_second(share: float, message: str) -> None:
        if "trial 2" in message and runs.checkups(workspace, "sought-001")[0]:
            raise StopRequested("stop")

    played = Played(dict.fromkeys(range(4), 1.0))
    with pytest.raises(StopRequested):
        search_here(workspace, request, played, stop_at_the_second)
    assert runs.state(workspace, "sought-001").state == "paused"
    assert [trial.state for trial in searches.read(workspace, "sought").trials] == ["done", "running"]

    search_here(workspace, request, played)
    found = searches.read(workspace, "sought")
    assert [trial.run for trial in found.trials] == [f"sought-{number:03d}" for number in range(4)]
    assert {trial.state for trial in found.trials} == {"done"}


def test_a_search_with_places_for_several_keeps_them_full(workspace: Workspace) -> None:
    request = a_search(**PLAYED, prune=False, at_once=3)
    under_way: list[int] = []

    def count_them(share: float, message: str) -> None:
        assert 0 <= share <= 1
        trials = searches.read(workspace, "sought").trials
        under_way.append(sum(trial.state == "running" for trial in trials))

    search_here(workspace, request, Played(dict.fromkeys(range(4), 1.0)), count_them)
    assert max(under_way) == 3
    trials = searches.read(workspace, "sought").trials
    assert [trial.run for trial in trials] == [f"sought-{number:03d}" for number in range(4)]
    assert {trial.state for trial in trials} == {"done"}


def test_a_search_that_is_stopped_lets_all_its_runs_rest_and_goes_on_with_them(workspace: Workspace) -> None:
    request = a_search(**PLAYED, prune=False, at_once=3)

    def stop_with_three(share: float, message: str) -> None:
        if any(trial.images for trial in searches.read(workspace, "sought").trials):
            raise StopRequested("stop")

    played = Played(dict.fromkeys(range(4), 1.0))
    with pytest.raises(StopRequested):
        search_here(workspace, request, played, stop_with_three)
    states = [runs.state(workspace, f"sought-{number:03d}").state for number in range(3)]
    assert states == ["paused"] * 3
    search_here(workspace, request, played)
    trials = searches.read(workspace, "sought").trials
    assert [trial.run for trial in trials] == [f"sought-{number:03d}" for number in range(4)]
    assert {trial.state for trial in trials} == {"done"}


def test_a_search_killed_before_its_run_was_asked_for_asks_for_it_again(workspace: Workspace) -> None:
    request = a_search(**PLAYED, prune=False)
    with no_supervisor():
        store.submit(workspace, request)
    study = Study.open(workspace, request, identity(workspace.cohort("squares"), request))
    begun = study.next()
    assert begun is not None
    begun.name_run("sought-000")
    search_here(workspace, request, Played(dict.fromkeys(range(4), 1.0)))
    found = searches.read(workspace, "sought")
    assert [trial.number for trial in found.trials] == [0, 1, 2, 3]
    assert found.trials[0].settings == begun.settings


def test_a_run_that_somebody_stopped_or_removed_does_not_hold_the_search_up(workspace: Workspace) -> None:
    request = a_search(**PLAYED, prune=False)

    def meddle(workspace: Workspace, job: store.Job) -> None:
        if job.name.endswith("0"):
            played(workspace, job)
            return
        if job.name.endswith("1"):
            store.ask(workspace, job.id, "stop")
            store.finish(workspace, job.id, "stopped")
        else:
            store.finish(workspace, job.id, "failed")
            workspace.remove("runs", job.name)

    played = Played(dict.fromkeys(range(4), 1.0))
    search_here(workspace, request, meddle)
    found = searches.read(workspace, "sought")
    assert [trial.state for trial in found.trials] == ["done", "pruned", "failed", "failed"]
    assert "Somebody stopped" in found.trials[1].why
    assert found.best is not None
    assert found.best.number == 0


def test_a_name_that_a_run_has_already_gets_a_letter(workspace: Workspace) -> None:
    with no_supervisor():
        store.submit(workspace, _plain_run("sought-001"))
        job = store.find(workspace, "train", "sought-001")
        assert job is not None
        store.ask(workspace, job.id, "stop")
    (workspace.folder("runs", "sought-001") / "checkpoints").mkdir()
    (workspace.folder("runs", "sought-001") / "checkpoints" / "x.json").write_text("{}")

    search_here(
        workspace, a_search(**PLAYED, prune=False), lambda workspace, job: store.finish(workspace, job.id, "failed")
    )
    assert [trial.run for trial in searches.read(workspace, "sought").trials][1] == "sought-001-b"


def _plain_run(name: str) -> Any:
    from ganaug_core.config.requests import Train

    config = configure(images=1000, changes=SMALL).model_dump(mode="json")
    return Train(name=name, cohort="squares", config=config)


def test_a_storage_that_cannot_be_used_is_said_in_words(workspace: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "notes.sqlite"
    file.write_text("This is no database, but long enough to look like a damaged one. " * 20)
    with pytest.raises(WorkspaceError, match="storage of the search could not be used"):
        search_here(workspace, a_search(storage=f"sqlite:///{file}"))
    with pytest.raises(GanaugError, match=r"driver|storage"):
        search_here(workspace, a_search("apart", storage="postgresql+psycopg://nobody@127.0.0.1:1/none"))


def test_a_request_survives_the_job_table(workspace: Workspace) -> None:
    with no_supervisor():
        job = store.submit(workspace, a_search())
    assert store.get(workspace, job.id).request == a_search()
    assert isinstance(job.request, Search)


def test_two_processes_share_a_storage_and_no_trial_is_trained_twice(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shared.sqlite'}"
    script = Path(__file__).with_name("searching_in_place.py")
    workers = [
        subprocess.Popen([sys.executable, script, tmp_path / place, url, "12"], stderr=subprocess.PIPE, text=True)
        for place in ("one", "other")
    ]
    complaints = [process.communicate()[1] for process in workers]
    if any(process.returncode for process in workers):
        pytest.fail("\n".join(complaints))
    one, other = (Workspace(tmp_path / place) for place in ("one", "other"))
    found = [searches.read(one, "sought"), searches.read(other, "sought")]
    latest = max(found, key=lambda results: results.finished)
    assert [trial.number for trial in latest.trials] == list(range(12))
    assert len({json.dumps(dict(trial.settings)) for trial in latest.trials}) == 12
    trained = [len(place.names("runs")) for place in (one, other)]
    assert sum(trained) == 12
    assert min(trained) >= 1
    assert latest.best is not None
    assert latest.best.settings["batch"] == 4
