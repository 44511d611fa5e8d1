"""Pretrained spaces and those of a run: they run from a local file, and say in words why they cannot."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from ganaug_core import encoders, features, pipeline
from ganaug_core.architectures import ARCHITECTURES
from ganaug_core.config import configure
from ganaug_core.encoders import PRETRAINED, discriminator
from ganaug_core.encoders.pretrained import WEIGHTS, dinov2, weights
from ganaug_core.errors import EvidenceError
from ganaug_core.interfaces import silent
from ganaug_core.records import Cohort, Floats
from ganaug_core.records.origin import Origin
from ganaug_core.storage.workspace import Workspace
from ganaug_core.training import save_checkpoint
from tests.golden.test_pretrained import vision_transformer
from tests.steps.test_features import a_cohort, some_samples


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder of weights in a world without a network."""
    folder = tmp_path / "weights"
    monkeypatch.setenv("GANAUG_WEIGHTS", str(folder))

    def nowhere(*_: object, **__: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(weights.urllib.request, "urlopen", nowhere)
    return folder


def noise(count: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).uniform(-1, 1, (count, 1, 16, 16)).astype(np.float32)


def a_small_transformer(folder: Path, blocks: int = 2) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "dinov2.safetensors"
    save_file(vision_transformer(blocks=blocks), path)
    return path


@pytest.mark.parametrize("name", PRETRAINED)
def test_without_weights_every_pretrained_space_says_where_to_get_them(name: str, place: Path) -> None:
    with pytest.raises(EvidenceError, match=f"The encoder {name} needs weights") as caught:
        features.fit(a_cohort(), name)
    assert str(place) in caught.value.do
    assert WEIGHTS[name].files[0] in caught.value.do or "torch-fidelity" in caught.value.do
    ready, say, do = encoders.readiness()[name]
    assert not ready
    assert "not on this machine" in say
    assert str(place) in do


def test_what_is_fitted_on_the_cohort_is_always_ready() -> None:
    said = encoders.readiness()
    assert set(said) == {*encoders.ENCODERS, *PRETRAINED}
    assert all(said[name][0] and said[name][2] == "" for name in encoders.ENCODERS)


def test_a_local_file_makes_it_ready_and_features_are_kept_by_its_digest(place: Path, workspace: Workspace) -> None:
    path = a_small_transformer(place)
    assert encoders.readiness()["dinov2"] == (True, encoders.readiness()["dinov2"][1], "")
    assert str(path) in encoders.readiness()["dinov2"][1]
    cohort = a_cohort()
    fitted = features.fit(cohort, "dinov2", cache=workspace)
    values = features.of_cohort(cohort, fitted, workspace).values
    assert values.shape == (len(cohort), 128)
    assert np.isfinite(values).all()
    assert fitted.facts["weights_sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    state = {"sha256": np.frombuffer(bytes.fromhex(fitted.facts["weights_sha256"]), np.uint8)}
    again = PRETRAINED["dinov2"]().restore(state, fitted.shape, fitted.facts)
    assert again.digest == fitted.digest
    np.testing.assert_array_equal(again.encode(noise(2)[:, :, :12, :12]), fitted.encode(noise(2)[:, :, :12, :12]))


def test_other_weights_than_those_of_the_space_are_refused(place: Path) -> None:
    a_small_transformer(place)
    fitted = PRETRAINED["dinov2"]().fit(noise(8), np.zeros(8, np.int64))
    a_small_transformer(place, blocks=1)
    weights.read.cache_clear()
    with pytest.raises(EvidenceError, match="other ones than those"):
        fitted.encode(noise(2))


def test_a_file_that_holds_a_program_or_garbage_or_another_network_is_refused_in_words(place: Path) -> None:
    place.mkdir()
    labels = np.zeros(8, np.int64)
    for content in ("program", "garbage", "short"):
        path = place / "torchxrayvision.pt"
        if content == "program":
            torch.save(nn.Linear(2, 2), path)
        else:
            path.write_bytes(b"PK\x03\x04 nothing" if content == "short" else b"garbage")
        weights.read.cache_clear()
        with pytest.raises(EvidenceError, match="damaged or holds a program"):
            PRETRAINED["torchxrayvision"]().fit(noise(8), labels)
        path.unlink()
    save_file({"something": torch.zeros(3)}, place / "radimagenet.safetensors")
    weights.read.cache_clear()
    foreign = PRETRAINED["radimagenet"]().fit(noise(8), labels)
    with pytest.raises(EvidenceError, match="does not hold the weights of radimagenet"):
        foreign.encode(noise(2))


def test_what_is_fetched_is_checked_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANAUG_WEIGHTS", str(tmp_path / "here"))
    elsewhere = a_small_transformer(tmp_path / "there")
    sha256 = hashlib.sha256(elsewhere.read_bytes()).hexdigest()
    wanted = weights.Weights("dinov2", ("kept.safetensors",), "Ask somebody.", elsewhere.as_uri(), sha256)
    assert wanted.path() == tmp_path / "here" / "kept.safetensors"
    elsewhere.unlink()
    assert wanted.path().is_file()  # now from the folder
    wanted.path().unlink()
    with pytest.raises(EvidenceError, match="could not be reached"):
        wanted.path()
    elsewhere.write_bytes(b"something else")
    with pytest.raises(EvidenceError, match="is not the file that is wanted"):
        wanted.path()
    assert list((tmp_path / "here").iterdir()) == []


def test_the_usual_sources_name_a_digest() -> None:
    assert len(dinov2.WEIGHTS.sha256) == 64
    assert all(bool(entry.source) == bool(entry.sha256) == bool(entry.megabytes) for entry in WEIGHTS.values())


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_runs_discriminator_is_a_space_and_says_how_real_an_image_is(architecture: str) -> None:
    cohort = a_cohort()
    config = configure("recommended", minutes=1).model_dump(mode="json")
    config["architecture"] = {"name": architecture, "settings": {}}
    torch.manual_seed(0)
    network = ARCHITECTURES[architecture]().discriminator((1, 32, 32), 3)
    state = {"config": config, "images": 640, "networks": {"discriminator": network.state_dict()}}
    images = np.random.default_rng(0).uniform(-1, 1, (5, 1, 32, 32)).astype(np.float32)
    space = features.discriminator(state, (1, 32, 32), 3)
    values = space.encode(images)
    assert values.shape[0] == 5
    assert values.std(0).max() > 0
    assert space.facts["run_images"] == 640
    said = discriminator.logits(network, images, np.array([0, 1, 2, 0, 1]))
    assert said.shape == (5,)
    with torch.no_grad():
        expected = network(torch.from_numpy(images), torch.tensor([0, 1, 2, 0, 1])).numpy()
    np.testing.assert_allclose(said, expected, atol=1e-5)
    with pytest.raises(EvidenceError, match="discriminator for images of this size"):
        features.discriminator_logits({**state, "networks": {}}, cohort_of(cohort, images), np.arange(5))
    logits = features.discriminator_logits(state, cohort_of(cohort, images), np.arange(5))
    np.testing.assert_allclose(logits, expected[:5], atol=0.2)  # pixels of the cohort are 8-bit


def cohort_of(cohort: Cohort, images: Floats) -> Cohort:
    pixels = np.rint((images + 1) * 127.5).astype(np.uint8)
    return replace(cohort, pixels=pixels, labels=np.array([0, 1, 2, 0, 1]), roles=np.zeros(5, np.int64))


def test_a_discriminator_without_a_last_number_is_refused() -> None:
    with pytest.raises(EvidenceError, match="ends in no single number"):
        discriminator.watched(nn.Linear(4, 2), (1, 2, 2), 1, {})


def test_the_run_behind_samples_is_found_by_its_generator_and_missed_in_words(workspace: Workspace) -> None:
    cohort = cohort_of(a_cohort(5), np.random.default_rng(0).uniform(-1, 1, (5, 1, 32, 32)).astype(np.float32))
    synthetic = replace(some_samples(cohort.images(np.arange(4))), provenance={"generator": "abc"})
    with pytest.raises(EvidenceError, match="is not in this workspace"):
        pipeline.feature_space(workspace, cohort, synthetic, "discriminator", silent)
    config = configure("recommended", minutes=1).model_dump(mode="json")
    network = ARCHITECTURES[config["architecture"]["name"]]().discriminator((1, 32, 32), 3)
    state = {"config": config, "images": 64, "networks": {"discriminator": network.state_dict()}}
    workspace.write("runs", "mine", {"schema": "ganaug.run/1"}, identity="of the run")
    made_by = Origin(inputs={"run": "of the run"})
    workspace.write("generators", "mine", {"schema": "ganaug.generator/1"}, identity="abc", origin=made_by)
    save_checkpoint(workspace.folder("runs", "mine") / "checkpoints", state, 64)
    space = pipeline.feature_space(workspace, cohort, synthetic, "discriminator", silent)
    assert space.real.encoder == space.synthetic.encoder == "discriminator"
    assert len(space.synthetic.values) == 4
    np.testing.assert_allclose(space.real.values[:4], space.synthetic.values, atol=1e-4)
