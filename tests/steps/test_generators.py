"""Generator files: written and read back, sampled, and refused in words when they are not what they say."""

import hashlib
import json
import os
import pickle
import re
import struct
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from small_cohort import squares

from ganaug_core import cli, generators
from ganaug_core.architectures.layers import draw_latents
from ganaug_core.config import RECIPES, configure
from ganaug_core.config.requests import TRUNCATIONS
from ganaug_core.errors import GeneratorError, WorkspaceError
from ganaug_core.generators import Generator, files, guard, stored
from ganaug_core.records.origin import Origin
from ganaug_core.storage.workspace import Workspace
from ganaug_core.training import Training

Header = dict[str, Any]


def training(recipe: str = "recommended") -> Training:
    config = configure(recipe, {"architecture.width": 16}, images=64, batch_size=8, threads=1, device="cpu")
    run = Training(squares(), config)
    run.advance(30)
    return run


@pytest.fixture(scope="module")
def run() -> Training:
    return training()


@pytest.fixture(scope="module")
def good(run: Training, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("generator") / "good.safetensors"
    generators.write(path, run.passport("small"), run.generator())
    return path


@pytest.fixture(scope="module")
def generator(good: Path) -> Generator:
    return generators.load(good)


# there and back


@pytest.mark.parametrize("recipe", sorted(RECIPES))
def test_a_generator_that_was_stopped_after_two_steps_is_one_and_draws(recipe: str, tmp_path: Path) -> None:
    config = configure(recipe, {"architecture.width": 16}, images=6400, batch_size=8, threads=1, device="cpu")
    run = Training(squares(), config)
    run.advance(2)
    generators.write(tmp_path / "g.safetensors", run.passport("small"), run.generator())
    back = generators.load(tmp_path / "g.safetensors")
    shown = run.networks.averaged_generator.eval()
    images = back.sample(np.array([0, 1, 0]), seed=3)
    latents = torch.randn(64, back.latent, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        ours = shown(latents, torch.tensor([0, 1, 0, *[0] * 61]))[:3].clamp(-1, 1)
    np.testing.assert_allclose(images, ours.numpy(), atol=1e-5)


def test_a_file_from_before_a_setting_was_there_is_read_with_what_was_done_then(tmp_path: Path) -> None:
    run, path = training(), tmp_path / "g.safetensors"
    generators.write(path, run.passport("small"), run.generator())
    now = generators.load(path).sample(np.array([0, 1]), seed=1)
    settings = {"width": 16, "latent": 64, "class_features": 32, "features": 128}
    card = run.passport("small").model_dump()["architecture"] | {"settings": settings}
    path.write_bytes(with_card(architecture=card)(path))
    assert np.array_equal(generators.load(path).sample(np.array([0, 1]), seed=1), now)


@pytest.mark.parametrize("recipe", ["recommended", "dcgan-64"])
def test_a_generator_comes_back_as_it_was(recipe: str, tmp_path: Path) -> None:
    run = training(recipe)
    path = tmp_path / "g.safetensors"
    generators.write(path, run.passport("small"), run.generator())
    back = generators.load(path)
    assert back.passport.model_copy(update={"tensors_sha256": None, "created": ""}) == run.passport("small").model_copy(
        update={"created": ""}
    )
    assert back.classes == ("side 4", "side 6")
    assert back.digest == back.passport.identity
    for name, weights in run.generator().items():
        assert np.array_equal(back.network.state_dict()[name].numpy(), weights)


def test_weights_that_are_no_numbers_are_not_written(run: Training, tmp_path: Path) -> None:
    weights = run.generator()
    weights["last.bias"][0] = np.nan
    with pytest.raises(GeneratorError, match=r"not written.*last.bias holds values that are not numbers") as caught:
        generators.write(tmp_path / "g.safetensors", run.passport("small"), weights)
    assert caught.value.code == "nonfinite"
    assert not (tmp_path / "g.safetensors").exists()


# sampling


def test_licence_measures_and_counts_do_not_change_which_generator_it_is(tmp_path: Path) -> None:
    run = training("recommended")
    card, weights = run.passport("small"), run.generator()
    path = tmp_path / "g.safetensors"
    generators.write(path, card, weights)
    first = generators.load(path)
    beside = {"licence": "CC0-1.0", "metrics": {"coverage": 0.5}, "patients": 7, "title": "Other", "images": 5}
    generators.write(path, card.model_copy(update=beside), weights)
    again = generators.load(path)
    assert again.passport.metrics == {"coverage": 0.5}
    assert again.digest == first.digest
    ids = [generators.draw(generator, "d", per_class=1).ids.tolist() for generator in (first, again)]
    assert ids[0] == ids[1]


@pytest.mark.parametrize("change", ["unit", "range", "classes", "weights"])
def test_unit_range_classes_and_weights_make_another_generator(change: str, tmp_path: Path) -> None:
    run = training("recommended")
    card, weights = run.passport("small"), run.generator()
    path = tmp_path / "g.safetensors"
    generators.write(path, card, weights)
    before = generators.load(path).digest
    unit = card.intensity
    cards = {
        "unit": card.model_copy(update={"intensity": unit.model_copy(update={"unit": "HU"})}),
        "range": card.model_copy(update={"intensity": unit.model_copy(update={"high": 300.0})}),
        "classes": card.model_copy(update={"classes": card.classes[::-1]}),
        "weights": card,
    }
    if change == "weights":
        name = next(iter(weights))
        weights = {**weights, name: weights[name] * np.float32(1.001)}
    generators.write(path, cards[change], weights)
    assert generators.load(path).digest != before


def test_a_generator_of_a_workspace_leaves_as_the_file_that_it_came_as(workspace: Workspace, tmp_path: Path) -> None:
    run = training("recommended")
    content = files.packed(run.passport("small"), run.generator())
    loaded = files.loads(content)
    stored.keep(workspace, "g", content, loaded.passport, Origin())
    assert set(path.name for path in workspace.folder("generators", "g").iterdir()) == {"manifest.json", stored.WEIGHTS}
    (tmp_path / "out.safetensors").write_bytes(stored.file_of(workspace, "g"))
    back = generators.load(tmp_path / "out.safetensors")
    assert (back.digest, back.passport) == (loaded.digest, loaded.passport)
    manifest = workspace.manifest("generators", "g")
    manifest["passport"]["metrics"] = {"coverage": 0.9}
    (workspace.folder("generators", "g") / "manifest.json").write_text(json.dumps(manifest))
    (tmp_path / "out.safetensors").write_bytes(stored.file_of(workspace, "g"))
    assert generators.load(tmp_path / "out.safetensors").passport.metrics == {"coverage": 0.9}


@pytest.mark.parametrize("damage", [b"", b"\x00" * 7, b"\xff" * 64, b"\x02" + b"\x00" * 7 + b"[]"])
def test_damaged_weights_of_a_workspace_are_refused_in_words(workspace: Workspace, damage: bytes) -> None:
    run = training("recommended")
    content = files.packed(run.passport("small"), run.generator())
    stored.keep(workspace, "g", content, files.loads(content).passport, Origin())
    (workspace.folder("generators", "g") / stored.WEIGHTS).write_bytes(damage)
    with pytest.raises((WorkspaceError, GeneratorError), match=r"damaged|tensors"):
        stored.load(workspace, "g")


def test_an_image_depends_on_seed_place_and_class_alone(generator: Generator) -> None:
    labels = np.arange(150) % 2
    many = generator.sample(labels, seed=5)
    assert many.shape == (150, 1, 16, 16)
    assert many.dtype == np.float32
    assert np.abs(many).max() <= 1
    assert np.array_equal(generator.sample(labels[:70], seed=5), many[:70])
    assert np.array_equal(generator.sample(labels[:1], seed=5), many[:1])
    changed = labels.copy()
    changed[3] = 1 - changed[3]
    differs = (generator.sample(changed, seed=5) != many).any((1, 2, 3))
    assert np.flatnonzero(differs).tolist() == [3]
    assert not np.array_equal(generator.sample(labels, seed=6), many)


def test_truncation_makes_images_more_alike(generator: Generator) -> None:
    labels = np.zeros(64, np.int64)
    spread = [generator.sample(labels, seed=0, truncation=psi).std(0).mean() for psi in (0.3, 1.0)]
    assert spread[0] < 0.6 * spread[1]


@pytest.fixture(scope="module")
def styled(tmp_path_factory: pytest.TempPathFactory) -> Generator:
    run, path = training("style-lite"), tmp_path_factory.mktemp("styled") / "generator.safetensors"
    generators.write(path, run.passport("styled"), run.generator())
    return generators.load(path)


def test_mixed_styles_are_a_square_whose_rows_share_the_coarse_and_columns_the_fine_style(styled: Generator) -> None:
    images = styled.mixed(1, seed=3, share=0.5).reshape(6, 6, -1)
    assert np.abs(images).max() <= 1
    assert np.array_equal(styled.mixed(1, seed=3, share=0.5).reshape(6, 6, -1), images)
    assert np.unique(images.reshape(36, -1), axis=0).shape[0] == 36
    mostly = [styled.mixed(1, seed=3, share=share).reshape(6, 6, -1) for share in (0.01, 0.99)]
    within_rows, within_columns = ([images.std(axis).mean() for images in mostly] for axis in (1, 0))
    assert within_rows[0] < within_rows[1]  # with hardly a layer from the column, a row is one image again and again
    assert within_columns[1] < within_columns[0]


def test_a_table_of_mixed_styles_says_so_in_its_record(styled: Generator) -> None:
    mixed = generators.draw(styled, "m", per_class=1, mixing=0.5, truncation=0.7)
    assert np.bincount(mixed.labels).tolist() == [36, 36]
    assert mixed.provenance["mixing"] == 0.5
    assert mixed.provenance["truncation"] == 0.7
    assert "mixing" not in generators.draw(styled, "s", per_class=1).provenance
    assert not set(mixed.ids) & set(generators.draw(styled, "s", per_class=36, truncation=0.7).ids)


def test_styles_are_mixed_where_there_are_styles_and_by_a_share(generator: Generator, styled: Generator) -> None:
    with pytest.raises(GeneratorError, match=r"not style-based. Train a generator with the recipe style-lite"):
        generator.mixed(0, seed=0, share=0.5)
    for share in (0.0, 1.0, float("nan")):
        with pytest.raises(GeneratorError, match=r"cannot be mixed"):
            styled.mixed(0, seed=0, share=share)


def test_no_label_gives_no_image(generator: Generator) -> None:
    assert generator.sample(np.zeros(0, np.int64), seed=0).shape == (0, 1, 16, 16)


@pytest.mark.parametrize("label", [-1, 2])
def test_an_unknown_label_is_refused_with_the_known_ones(label: int, generator: Generator) -> None:
    with pytest.raises(GeneratorError, match=r"2 classes, numbered from 0.*side 4, side 6"):
        generator.sample(np.array([0, label]), seed=0)


def test_published_truncations_redraw_beyond_a_limit_or_move_styles_to_their_mean(styled: Generator) -> None:
    network, latent = styled.network, styled.latent
    for threshold in (0.2, 1.0):
        drawn = draw_latents(network, latent, 64, torch.Generator().manual_seed(0), threshold, redraw=True)
        assert drawn.abs().max() <= threshold
        assert drawn.std() > 0.4 * threshold  # drawn anew, not cut: nothing heaps up at the limit
        assert (drawn.abs() > 0.999 * threshold).float().mean() < 0.02
    labels = np.zeros(20, np.int64)
    images = {
        psi: styled.sample(labels, seed=0, truncation=psi, truncation_by="mean_style") for psi in (0.001, 0.5, 1.0)
    }
    np.testing.assert_allclose(images[1.0], styled.sample(labels, seed=0), atol=1e-6)
    assert images[0.001].std(0).mean() < 0.02 * images[1.0].std(0).mean()  # all are the mean style's image
    ids = [set(generators.draw(styled, "s", per_class=2, truncation=0.5, truncation_by=way).ids) for way in TRUNCATIONS]
    assert not ids[0] & ids[1]
    assert not ids[1] & ids[2]


def test_a_mean_style_is_refused_where_there_are_no_styles(generator: Generator) -> None:
    with pytest.raises(GeneratorError, match=r"There is no mean style.*Truncate by scaled or redrawn"):
        generator.sample(np.array([0]), seed=0, truncation=0.5, truncation_by="mean_style")
    with pytest.raises(GeneratorError, match=r"Choose from: scaled, redrawn, mean_style"):
        generator.sample(np.array([0]), seed=0, truncation_by="clipped")


@pytest.mark.parametrize("truncation", [0.0, -1.0, float("nan"), 11.0])
def test_an_impossible_truncation_is_refused(truncation: float, generator: Generator) -> None:
    with pytest.raises(GeneratorError, match=r"truncation of"):
        generator.sample(np.array([0]), seed=0, truncation=truncation)


def test_drawn_samples_are_a_record_with_opaque_ids(generator: Generator) -> None:
    samples = generators.draw(generator, "s", per_class=5, seed=2)
    again = generators.draw(generator, "other", per_class=5, seed=2)
    assert samples.labels.tolist() == [0] * 5 + [1] * 5
    assert len(set(samples.ids)) == 10
    assert all(len(image_id) == 12 and int(image_id, 16) >= 0 for image_id in samples.ids)
    assert (samples.digest, samples.ids.tolist()) == (again.digest, again.ids.tolist())
    assert not set(samples.ids) & set(generators.draw(generator, "s", per_class=5, seed=3).ids)
    assert samples.provenance["cohort"] == generator.passport.cohort_digest
    assert samples.provenance["generator"] == generator.digest


def test_a_class_can_be_drawn_by_name(generator: Generator) -> None:
    samples = generators.draw(generator, "s", per_class=3, classes=["side 6"], seed=0)
    assert samples.labels.tolist() == [1, 1, 1]
    with pytest.raises(GeneratorError, match=r"no class named side 9. Choose from: side 4, side 6"):
        generators.draw(generator, "s", per_class=3, classes=["side 9"], seed=0)
    with pytest.raises(GeneratorError, match=r"0 images of a class cannot be drawn"):
        generators.draw(generator, "s", per_class=0, seed=0)


# files of others


def rewritten(
    good: Path, header: Callable[[Header], None], card: Callable[[Header], None] = lambda card: None
) -> bytes:
    """Return the good file with its header and passport changed."""
    content = good.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    described: Header = json.loads(content[8 : 8 + length])
    passport = json.loads(described["__metadata__"]["ganaug"])
    card(passport)
    described["__metadata__"]["ganaug"] = json.dumps(passport)
    header(described)
    text = json.dumps(described).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + content[8 + length :]


def with_card(**fields: Any) -> Callable[[Path], bytes]:
    return lambda good: rewritten(good, lambda header: None, lambda card: card.update(fields))


def with_architecture(**fields: Any) -> Callable[[Path], bytes]:
    return lambda good: rewritten(good, lambda header: None, lambda card: card["architecture"].update(fields))


def with_settings(**fields: Any) -> Callable[[Path], bytes]:
    return lambda good: rewritten(
        good, lambda header: None, lambda card: card["architecture"]["settings"].update(fields)
    )


def with_header(change: Callable[[Header], Any]) -> Callable[[Path], bytes]:
    return lambda good: rewritten(good, change)


def with_weights(change: Callable[[dict[str, torch.Tensor]], Any]) -> Callable[[Path], bytes]:
    """Return the file as its writer would have made it, with other weights and a right checksum."""

    def made(good: Path) -> bytes:
        tensors = safetensors.torch.load(good.read_bytes())
        change(tensors)
        bare = safetensors.torch.save(tensors)
        start = 8 + struct.unpack("<Q", bare[:8])[0]
        (length,) = struct.unpack("<Q", good.read_bytes()[:8])
        card = json.loads(json.loads(good.read_bytes()[8 : 8 + length])["__metadata__"]["ganaug"])
        card["tensors_sha256"] = hashlib.sha256(bare[start:]).hexdigest()
        return safetensors.torch.save(tensors, metadata={"ganaug": json.dumps(card)})

    return made


def zip_archive(good: Path) -> bytes:
    path = good.parent / "archive.pt"
    torch.save({"weight": torch.zeros(100)}, path)
    return path.read_bytes()


class Program:
    """A pickle that would write a file if anybody opened it."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("executed",)


def fill(value: float) -> Callable[[dict[str, torch.Tensor]], Any]:
    return lambda tensors: tensors["start.weight"].view(-1)[:1].fill_(value)


def silence(tensors: dict[str, torch.Tensor]) -> None:
    for tensor in tensors.values():
        tensor.zero_()


def ignore_class(tensors: dict[str, torch.Tensor]) -> None:
    tensors["classes.weight"].zero_()


def flipped(good: Path) -> bytes:
    content = bytearray(good.read_bytes())
    content[-1000] ^= 1
    return bytes(content)


def twice(good: Path) -> bytes:
    content = good.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    text = content[8 : 8 + length].rstrip()[:-1] + b',"last.bias":{}}'
    return struct.pack("<Q", len(text)) + text + content[8 + length :]


REFUSED: dict[str, tuple[str, Callable[[Path], bytes]]] = {
    "empty": ("size", lambda good: b""),
    "short": ("size", lambda good: good.read_bytes()[:15]),
    "text": ("foreign", lambda good: b"this is a readme, not a generator"),
    "numpy": ("foreign", lambda good: b"\x93NUMPY\x01\x00v\x00{'descr': '<f4'}" + bytes(100)),
    "program": ("pickle", lambda good: pickle.dumps([Program(), "padding"])),
    "torch archive": ("pickle", zip_archive),
    "header longer than the file": ("header", lambda good: struct.pack("<Q", 1 << 19) + good.read_bytes()[8:100]),
    "header of 4 GB": ("header", lambda good: struct.pack("<Q", 1 << 32) + good.read_bytes()[8:]),
    "header is no JSON": ("header", lambda good: struct.pack("<Q", 16) + b"{" + bytes(200)),
    "header too deep": ("header", lambda good: struct.pack("<Q", 600_000) + b'{"a":' * 120_000),
    "a key twice": ("header", twice),
    "no passport": ("no_passport", with_header(lambda header: header.pop("__metadata__"))),
    "somebody else's metadata": ("no_passport", with_header(lambda header: header.update(__metadata__={"a": "b"}))),
    "passport is text": ("passport", with_header(lambda header: header["__metadata__"].update(ganaug="hello"))),
    "passport with NaN": ("passport", with_header(lambda header: header["__metadata__"].update(ganaug='{"a":NaN}'))),
    "passport of 300 kB": ("passport", with_header(lambda header: header["__metadata__"].update(ganaug="x" * 300_000))),
    "unknown field": ("passport", with_card(run="rm -rf /")),
    "control character": ("passport", with_card(title="a\x00b")),
    "lone surrogate": ("passport", with_card(title="a\udce9")),
    "next schema": ("passport", with_card(schema_version=2)),
    "no class": ("passport", with_card(classes=[])),
    "no checksum": ("checksum", with_card(tensors_sha256=None)),
    "one class more": ("tensors", lambda good: with_card(classes=[{"name": n, "train": 1} for n in "abc"])(good)),
    "unknown architecture": ("architecture", with_architecture(name="transformer")),
    "unknown setting": ("architecture", with_settings(depth=3)),
    "endless width": ("architecture", with_settings(width=10**9)),
    "width in text": ("architecture", with_settings(width="16")),
    "a setting left out": (
        "architecture",
        lambda good: rewritten(good, lambda header: None, lambda card: card["architecture"]["settings"].pop("latent")),
    ),
    "image of a million rows": ("passport", with_architecture(rows=10**6)),
    "image of 17 rows": ("architecture", with_architecture(rows=17)),
    "another latent": ("tensors", with_settings(latent=32)),
    "a tensor renamed": ("tensors", with_header(lambda header: header.update(extra=header.pop("last.bias")))),
    "a tensor of integers": ("tensors", with_header(lambda header: header["last.bias"].update(dtype="I32"))),
    "a tensor without shape": ("tensors", with_header(lambda header: header["last.bias"].pop("shape"))),
    "a shape of text": ("tensors", with_header(lambda header: header["last.bias"].update(shape=["4"]))),
    "overlapping tensors": (
        "tensors",
        with_header(lambda header: header["last.bias"].update(data_offsets=header["start.bias"]["data_offsets"])),
    ),
    "a word more about a tensor": ("tensors", with_header(lambda header: header["last.bias"].update(run="rm -rf /"))),
    "a place in fractions": (
        "tensors",
        with_header(lambda header: header["last.bias"].update(data_offsets=[0.0, 4.0])),
    ),
    "a shape of truth": ("tensors", with_header(lambda header: header["last.bias"].update(shape=[True]))),
    "a spacing that no scanner has": ("passport", with_card(spacing_mm=[1e308, 1.0])),
    "more patients than people": ("passport", with_card(patients=10**18)),
    "endless images": ("passport", with_card(images=10**30)),
    "a range without end": (
        "passport",
        lambda good: rewritten(good, lambda header: None, lambda card: card["intensity"].update(high=1e300)),
    ),
    "one bit": ("checksum", flipped),
    "cut off": ("size", lambda good: good.read_bytes()[:-4]),
    "something appended": ("size", lambda good: good.read_bytes() + b"more"),
    "not a number": ("nonfinite", with_weights(fill(float("nan")))),
    "infinity": ("nonfinite", with_weights(fill(float("inf")))),
    "a huge weight": ("range", with_weights(fill(1e30))),
    "all zero": ("self_test", with_weights(silence)),
    "one image for every class": ("self_test", with_weights(ignore_class)),
}


@pytest.mark.parametrize("case", sorted(REFUSED))
def test_a_file_that_is_not_what_it_says_is_refused_in_words(
    case: str, good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, spoil = REFUSED[case]
    path = tmp_path / "suspect.safetensors"
    path.write_bytes(spoil(good))
    with pytest.raises(GeneratorError) as caught:
        generators.load(path)
    assert caught.value.code == code, str(caught.value)
    assert caught.value.what.endswith(".")
    assert caught.value.do
    assert not Path("executed").exists()


def test_a_pickle_is_named_as_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(pickle.dumps([Program()]) + bytes(20))
    with pytest.raises(GeneratorError, match=r"pickle or a PyTorch file, which can run programs.*was not opened"):
        generators.load(path)


def test_a_folder_and_a_missing_file_are_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(GeneratorError, match=r"not an ordinary file"):
        generators.load(tmp_path)
    with pytest.raises(GeneratorError, match=r"absent.safetensors cannot be read"):
        generators.load(tmp_path / "absent.safetensors")


def test_a_negative_variance_is_refused(tmp_path: Path) -> None:
    run = training("dcgan-64")
    path = tmp_path / "g.safetensors"
    generators.write(path, run.passport("small"), run.generator())
    path.write_bytes(with_weights(lambda tensors: tensors["layers.0.running_var"].fill_(-1))(path))
    with pytest.raises(GeneratorError, match=r"layers.0.running_var holds a negative variance"):
        generators.load(path)


def test_a_title_in_html_is_only_a_title(good: Path, tmp_path: Path) -> None:
    path = tmp_path / "g.safetensors"
    path.write_bytes(with_card(title="<script>alert(1)</script>")(good))
    assert generators.load(path).passport.title == "<script>alert(1)</script>"


def test_three_hundred_random_damages_never_cause_anything_but_a_refusal(good: Path, tmp_path: Path) -> None:
    content, chooser, path = good.read_bytes(), np.random.default_rng(0), tmp_path / "g.safetensors"
    start = 8 + struct.unpack("<Q", content[:8])[0]
    refused = 0
    for _ in range(300):
        damaged = bytearray(content)
        for place in chooser.integers(0, start if chooser.random() < 0.8 else len(content), 1 + chooser.integers(3)):
            damaged[place] = chooser.integers(256)
        path.write_bytes(damaged)
        try:
            generators.load(path)
        except GeneratorError:
            refused += 1
    assert refused > 200


# the guarded child


def test_a_good_file_passes_the_guard_with_the_bytes_that_were_checked(good: Path) -> None:
    content, passport = guard.checked(good)
    assert content == good.read_bytes()
    assert passport == generators.load(good).passport


@pytest.mark.parametrize("case", ["one bit", "cut off", "program", "no passport", "not a number"])
def test_what_is_refused_is_refused_by_the_guard_in_the_same_words(case: str, good: Path, tmp_path: Path) -> None:
    code, spoil = REFUSED[case]
    path = tmp_path / "suspect.safetensors"
    path.write_bytes(spoil(good))
    with pytest.raises(GeneratorError) as caught:
        guard.checked(path)
    assert caught.value.code == code
    with pytest.raises(GeneratorError, match=re.escape(caught.value.what)):
        generators.load(path)


def test_a_sparse_gigabyte_costs_no_memory(good: Path, tmp_path: Path) -> None:
    path = tmp_path / "sparse.safetensors"
    path.write_bytes(good.read_bytes())
    with path.open("r+b") as file:
        file.truncate(1 << 30)
    tracemalloc.start()
    with pytest.raises(GeneratorError, match="and its header tells of"):
        files.read(path)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 16 << 20


@pytest.mark.parametrize(
    ("program", "code"), [("raise SystemExit(9)", "crash"), ("print('{')", "crash"), ("while True: pass", "time")]
)
def test_a_check_that_dies_or_hangs_is_a_refusal(
    good: Path, monkeypatch: pytest.MonkeyPatch, program: str, code: str
) -> None:
    monkeypatch.setattr(guard, "SECONDS", 1.0)
    run = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda _, **how: run([sys.executable, "-c", program], **how))
    with pytest.raises(GeneratorError) as caught:
        guard.checked(good)
    assert caught.value.code == code


def test_a_file_that_changes_under_the_check_is_refused(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "g.safetensors"
    path.write_bytes(good.read_bytes())
    run = subprocess.run

    def then_changed(command: list[str], **how: Any) -> Any:
        answer = run(command, **how)
        path.write_bytes(flipped(good))
        return answer

    monkeypatch.setattr(subprocess, "run", then_changed)
    with pytest.raises(GeneratorError) as caught:
        guard.checked(path)
    assert caught.value.code == "changed"


def test_the_command_line_checks_in_the_guarded_child_too(
    good: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(files, "loads", lambda content: pytest.fail("checked in the process of the command"))
    arguments = ["generator", "import", str(good), "--name", "g", "--workspace", str(workspace.root)]
    assert cli.run(arguments) == 0
    assert workspace.names("generators") == ["g"]
