"""Networks of other programs come as ONNX, ours leave as ONNX; what cannot be used is refused in words."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from onnx_networks import CLASSES, LENGTH, SIDE, network, saved, tensor, value
from small_cohort import squares

from ganaug_core import cli, pipeline
from ganaug_core.architectures import ARCHITECTURES
from ganaug_core.architectures.layers import draw_latents
from ganaug_core.architectures.progressive import Growing
from ganaug_core.config import configure
from ganaug_core.config.requests import ImportNetwork, ImportSamples, Sample
from ganaug_core.errors import ConfigurationError, GeneratorError
from ganaug_core.generators import (
    Generator,
    files,
    guard,
    model_card,
    model_scripts,
    nearest_latent,
    onnx_export,
    onnx_graph,
    onnx_network,
    stored,
)
from ganaug_core.generators.latent_recipes import Drawn, Plain
from ganaug_core.generators.latent_space import LatentSpace
from ganaug_core.generators.onnx_claim import claim
from ganaug_core.generators.onnx_network import OnnxNetwork
from ganaug_core.generators.selection import selected
from ganaug_core.records.origin import Origin
from ganaug_core.storage.database import Decision
from ganaug_core.storage.workspace import Workspace
from ganaug_core.training import Training
from ganaug_core.ui.shared.looking import decisions
from ganaug_core.writers import marks


@pytest.fixture
def home(tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path / "home")
    workspace.keep(squares(), "squares", origin=Origin())
    return workspace


def brought(home: Workspace, path: Path, **said: Any) -> Generator:
    request = ImportNetwork(path=str(path), name="theirs", imitated="squares", network_range=(0.0, 1.0), **said)
    pipeline.import_network(home, request)
    return stored.load(home, "theirs")


def tried(path: Path, *, title: str = "theirs") -> Generator:
    """Return what the child of the guard makes of a file, made here: starting one for each case takes too long."""
    said = claim(squares(), ImportNetwork(path=str(path), name=title, imitated="squares", network_range=(0.0, 1.0)))
    model = onnx_graph.read(path)
    content = model.SerializeToString()
    return files.loads(files.packed_network(onnx_network.passport_of(model, content, said), content))


# in


@pytest.mark.parametrize(
    ("kind", "batch", "layout"),
    [("integer", "n", "nchw"), ("one-hot", "n", "nhwc"), ("integer", 3, "nhw"), ("none", 1, "nchw")],
)
def test_a_network_of_another_program_draws_what_it_draws_there(
    home: Workspace, tmp_path: Path, kind: str, batch: int | str, layout: str
) -> None:
    path = saved(network(kind, batch=batch, layout=layout), tmp_path)
    classes = CLASSES[:1] if kind == "none" else CLASSES
    loaded = brought(home, path, class_names=classes)
    labels = np.arange(5) % len(classes)
    images = loaded.sample(labels, seed=4)
    latents = torch.randn(64, LENGTH, generator=torch.Generator().manual_seed(4))[:5].numpy()
    given = {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(path).graph.initializer}
    told = 0 if kind == "none" else given["table"][labels]
    expected = 1 / (1 + np.exp(-(latents @ given["w"] + told))) * 2 - 1
    np.testing.assert_allclose(images.reshape(5, -1), expected, atol=1e-5)
    card = loaded.passport
    assert (card.cohort_digest, card.software, loaded.classes) == (None, "ONNX, another program 1.5", classes)
    drawn = pipeline.sample(home, Sample(generator="theirs", per_class=3))
    record = home.samples(drawn)
    assert record.source == "generator"
    assert record.provenance["cohort"] is None, "an audit takes training and tuning images as seen"
    content = stored.file_of(home, "theirs")
    assert files.loads(content).digest == loaded.digest, "it leaves as a generator file and comes back"
    assert onnx.load_model_from_string(onnx_export.as_onnx(loaded)) == onnx.load(path), "or as the file that it was"


def test_its_latent_space_can_be_explored_as_far_as_the_network_goes(tmp_path: Path) -> None:
    mixed = Plain(Drawn(0, 0), tuple(zip(CLASSES, (0.3, 0.7), strict=True)))
    spaces = [LatentSpace(tried(saved(network(kind), tmp_path))) for kind in ("one-hot", "integer")]
    ends = [spaces[0].images([Plain(Drawn(0, 0), ((name, 1.0),))])[0] for name in CLASSES]
    logits = [np.log((image + 1) / (1 - image)) for image in (*ends, spaces[0].images([mixed])[0])]
    np.testing.assert_allclose(logits[2], 0.3 * logits[0] + 0.7 * logits[1], atol=1e-3)
    with pytest.raises(GeneratorError, match="nothing between two classes"):
        spaces[1].images([mixed])
    assert len(spaces[1].directions("side 4").shares)
    with pytest.raises(GeneratorError, match="network of another program"):
        nearest_latent.search(spaces[1].generator, squares(), str(squares().ids[0]), "found")


def with_node(kind: str, domain: str = "", **attributes: Any) -> Any:
    model = network()
    model.graph.node.insert(0, helper.make_node(kind, ["z"], ["extra"], domain=domain, **attributes))
    if domain:
        model.opset_import.append(helper.make_opsetid(domain, 1))
    return model


def with_loop() -> Any:
    names = ["i", "go", "x"]
    kinds = (TensorProto.INT64, TensorProto.BOOL, TensorProto.FLOAT)
    body = helper.make_graph(
        [helper.make_node("Identity", [name], [f"{name}2"]) for name in names[1:]],
        "body",
        [value(name, kind) for name, kind in zip(names, kinds, strict=True)],
        [value("go2", TensorProto.BOOL), value("x2", TensorProto.FLOAT)],
    )
    model = network()
    model.graph.initializer.extend([tensor("many", np.int64(1 << 62)), tensor("yes", np.array(True))])
    model.graph.node.insert(0, helper.make_node("Loop", ["many", "yes", "w"], ["out"], body=body))
    return model


def with_data_at(place: str) -> Any:
    model = network()
    weights = model.graph.initializer[0]
    content = weights.raw_data
    weights.ClearField("raw_data")
    weights.data_location = TensorProto.EXTERNAL
    for key, text in (("location", place), ("offset", "0"), ("length", str(len(content)))):
        entry = weights.external_data.add()
        entry.key, entry.value = key, text
    return model


def with_input(name: str) -> Any:
    model = network()
    model.graph.input.append(value(name, TensorProto.FLOAT, 1))
    return model


def too_large() -> Any:
    model = network()
    model.graph.initializer.append(tensor("many", np.array([1 << 13, 1 << 12, SIDE, SIDE], np.int64)))
    model.graph.node[-1].output[0] = "small"
    model.graph.node.append(helper.make_node("Expand", ["small", "many"], ["img"]))
    return model


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (lambda: with_node("Draw", "evil.example"), r"operations of another library: evil.example.Draw"),
        (with_loop, r"has a loop \(Loop\), whose end nobody can foresee"),
        (lambda: with_data_at("../secret.bin"), r"lie outside its folder \(../secret.bin\)"),
        (lambda: with_data_at("/etc/hostname"), r"lie outside its folder"),
        (lambda: with_data_at("weights.bin"), r"weights.bin, which is not beside it"),
        (lambda: network(layout="flat"), r"nothing there can be the image"),
        (lambda: with_input("psi"), r"Besides latent vector and class it takes psi"),
        (lambda: network("none"), r"takes no class, and 2 classes are said"),
        (lambda: network(uses_class=False), r"ignores the class"),
    ],
)
def test_what_could_harm_or_is_no_generator_is_refused_in_words(tmp_path: Path, model: Any, says: str) -> None:
    with pytest.raises(GeneratorError, match=says):
        tried(saved(model(), tmp_path))


def test_one_that_takes_too_much_memory_is_refused(home: Workspace, tmp_path: Path) -> None:
    with pytest.raises(GeneratorError, match=r"stopped while it drew|may need too much memory"):
        brought(home, saved(too_large(), tmp_path))
    assert not home.names("generators")


def test_what_is_no_onnx_file_is_refused(tmp_path: Path) -> None:
    for content in (b"", b"no graph", b"\x80\x04K\x01.", saved(network(), tmp_path).read_bytes()[:200]):
        path = tmp_path / "bad.onnx"
        path.write_bytes(content)
        with pytest.raises(GeneratorError, match="This ONNX file is refused"):
            tried(path)


def test_one_that_takes_too_long_is_refused(home: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "SECONDS", 0.2)
    with pytest.raises(GeneratorError, match="could not be checked within"):
        brought(home, saved(network(), tmp_path))


def test_numbers_that_lie_beside_the_graph_are_taken_in(home: Workspace, tmp_path: Path) -> None:
    weights = network().graph.initializer[0].raw_data
    path = saved(with_data_at("weights.bin"), tmp_path)
    (tmp_path / "weights.bin").write_bytes(weights)
    images = brought(home, path).sample(np.array([0, 1]), seed=0)
    (tmp_path / "weights.bin").unlink()
    assert np.array_equal(stored.load(home, "theirs").sample(np.array([0, 1]), seed=0), images)


def test_size_classes_and_names_are_checked_against_the_cohort(home: Workspace, tmp_path: Path) -> None:
    path = saved(network(), tmp_path)
    with pytest.raises(GeneratorError, match="not different classes of squares"):
        brought(home, path, class_names=("side 4", "side 9"))
    with pytest.raises(GeneratorError, match="It has no 'w'; it has z"):
        onnx_graph.ports(network(), 2, latent="w")
    assert "z (float, any x 4), y (int32, any)" in guard.described(path)


def test_a_missing_package_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match=r"not installed: onnx, onnxruntime, onnxscript") as caught:
        onnx_graph.require_packages()
    assert 'pip install "ganaug[onnx]"' in caught.value.do


# out


@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
def test_every_architecture_leaves_as_the_same_network(name: str) -> None:
    torch.manual_seed(0)
    smaller = {"width": 8} if "width" in ARCHITECTURES[name].__dataclass_fields__ else {}
    part = ARCHITECTURES[name](**smaller)
    ours = part.generator((1, SIDE, SIDE), 2).eval().requires_grad_(False)
    if isinstance(ours, Growing):
        ours.grow(0.6)
    card = Training(squares(), configure("recommended", {}, images=64, device="cpu")).passport("small")
    content = onnx_export.as_onnx(Generator(card, "", part.latent, ours))
    model = onnx_graph.parsed(content)
    onnx_graph.check(model)
    theirs = OnnxNetwork(content, onnx_graph.ports(model, 2), 2, (-1.0, 1.0))
    latents, labels = draw_latents(ours, part.latent, 7), torch.tensor([0, 1, 1, 0, 1, 0, 0])
    assert float((theirs(latents, labels) - ours(latents, labels).clamp(-1, 1)).abs().max()) < 1e-4
    assert json.loads(model.metadata_props[0].value)["title"] == "small"
    assert str(Path(__file__).parents[2]).encode() not in content, "where the source lies is nobody's business"


def test_a_generator_goes_out_and_comes_back_by_the_command_line(home: Workspace, tmp_path: Path) -> None:
    config = configure("recommended", {"architecture.width": 16}, images=64, batch_size=8, threads=1, device="cpu")
    run = Training(squares(), config)
    run.advance(30)
    content = files.packed(run.passport("ours"), run.generator())
    stored.keep(home, "ours", content, files.loads(content).passport, Origin())
    path = tmp_path / "out.onnx"
    place = ["--workspace", str(home.root)]
    assert cli.run(["generator", "export", "ours", str(path), *place]) == 0
    assert cli.run(["generator", "import", str(path), "--name", "back", *place]) != 0, "it does not say what it shows"
    assert cli.run(["generator", "import", str(path), "--name", "back", "--cohort", "squares", *place]) == 0
    labels = np.array([0, 1, 1])
    images = [stored.load(home, name).sample(labels, seed=9) for name in ("ours", "back")]
    np.testing.assert_allclose(images[0], images[1], atol=1e-4)
    card = path.with_suffix(".md").read_text("utf-8")
    assert card.startswith("---\nlicense: other\n")
    assert "| 0 | side 4 |" in card
    for kept_back in (run.passport("ours").cohort_name, str(run.passport("ours").cohort_digest)):
        assert kept_back not in card.replace("squares of", "")
    assert "on what it was trained is not known here" in model_card.card(stored.passport(home, "back"))


# scripts


@pytest.mark.parametrize("program", model_scripts.PROGRAMS)
def test_a_script_is_whole_and_short(program: str) -> None:
    text = model_scripts.text(program)
    compile(text, program, "exec")
    assert len(text.splitlines()) <= 45
    assert "network=digest" in text


def test_what_a_script_draws_says_network_seed_and_truncation(home: Workspace, tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (6, SIDE, SIDE), np.uint8)
    arrays: dict[str, Any] = {"images": images, "labels": [*CLASSES] * 3, "seeds": [7, 8, 9, 10, 11, 12]}
    np.savez(tmp_path / "drawn.npz", truncation=0.7, network="ab" * 32, **arrays)
    request = ImportSamples(source=str(tmp_path / "drawn.npz"), cohort="squares", name="theirs")
    record = home.samples(pipeline.import_samples(home, request))
    assert marks.origin(record) == {"generator": "ab" * 32, "seed": "not known", "truncation": "0.7"}
    chosen = selected(record, record.ids[[4, 1]].tolist(), "chosen")
    assert marks.seeds(chosen) == ["8", "11"]
    decided = [Decision(record.digest, record.name, str(record.ids[2]), "A", "reject", "", "2026")]
    assert ",".join(["ab" * 32, "9"]) in decisions.table(record, decided)
