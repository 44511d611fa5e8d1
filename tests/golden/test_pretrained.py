"""The pretrained networks compute what their originals compute: same random weights, same images, same numbers.

The real weights cannot be shipped, so the originals were given the weights of `state` and the images of `pictures`
once, and what they said is written down here: torch-fidelity 0.4.0 (Inception), the ResNet50 of
Warvito/radimagenet-models and a Sequential of its layers with the strides of torchvision (RadImageNet), the DenseNet of
torchxrayvision 1.0, all with torch 2.13 on a CPU. DINOv2 is compared with torch's own transformer layers.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from ganaug_core.encoders.pretrained import chest_xray, dinov2, inception, radimagenet
from ganaug_core.encoders.pretrained.layers import resized

pytestmark = pytest.mark.numerical

Shapes = Mapping[str, tuple[int, ...]]


def pictures(side: int = 40) -> Tensor:
    """Return two grey images in [-1, 1]: waves that cross, with a bright corner."""
    line = torch.linspace(0, 6, side)
    waves = torch.sin(line)[:, None] * torch.cos(2 * line) * 0.8
    first = waves.clone()
    first[:8, :8] = 1
    return torch.stack([first, waves.flip(1)])[:, None]


def state(shapes: Shapes) -> dict[str, Tensor]:
    """Return weights that keep the signal alive: convolutions of He's scale, norms near 1, the same on any machine."""
    random = np.random.default_rng(0)
    result = {}
    for name, shape in shapes.items():
        values = random.standard_normal(shape)
        if len(shape) > 1:
            values *= np.sqrt(2 / np.prod(shape[1:]))
        elif name.endswith("running_var"):
            values = 1 + 0.1 * np.abs(values)
        else:
            values = 0.1 * values + (name.endswith("weight"))
        result[name] = torch.from_numpy(values.astype(np.float32))
    return result


def norm(name: str, width: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    for tensor in ("weight", "bias", "running_mean", "running_var"):
        yield f"{name}.{tensor}", (width,)


def summary(features: Tensor) -> list[float]:
    """Return the mean, the deviation, and the difference of the two images at a few places."""
    chosen = (features[0] - features[1])[[0, 1, 10, 100, -1]]
    return [float(features.mean()), float(features.std()), *chosen.tolist()]


# Inception

POOLS = {"5b": 32, "5c": 64, "5d": 64}
WIDTHS = {"6b": 128, "6c": 160, "6d": 160, "6e": 192}


def inception_shapes() -> Shapes:
    layers: list[tuple[str, int, int, tuple[int, int]]] = [
        ("Conv2d_1a_3x3", 3, 32, (3, 3)),
        ("Conv2d_2a_3x3", 32, 32, (3, 3)),
        ("Conv2d_2b_3x3", 32, 64, (3, 3)),
        ("Conv2d_3b_1x1", 64, 80, (1, 1)),
        ("Conv2d_4a_3x3", 80, 192, (3, 3)),
    ]

    def block(name: str, *rows: tuple[str, int, int, tuple[int, int]]) -> None:
        layers.extend((f"Mixed_{name}.{row[0]}", *row[1:]) for row in rows)

    width = 192
    for name, pool in POOLS.items():
        block(
            name,
            ("branch1x1", width, 64, (1, 1)),
            ("branch5x5_1", width, 48, (1, 1)),
            ("branch5x5_2", 48, 64, (5, 5)),
            ("branch3x3dbl_1", width, 64, (1, 1)),
            ("branch3x3dbl_2", 64, 96, (3, 3)),
            ("branch3x3dbl_3", 96, 96, (3, 3)),
            ("branch_pool", width, pool, (1, 1)),
        )
        width = 224 + pool
    block("6a", ("branch3x3", 288, 384, (3, 3)), ("branch3x3dbl_1", 288, 64, (1, 1)))
    block("6a", ("branch3x3dbl_2", 64, 96, (3, 3)), ("branch3x3dbl_3", 96, 96, (3, 3)))
    for name, narrow in WIDTHS.items():
        block(name, ("branch1x1", 768, 192, (1, 1)), ("branch7x7_1", 768, narrow, (1, 1)))
        block(name, ("branch7x7_2", narrow, narrow, (1, 7)), ("branch7x7_3", narrow, 192, (7, 1)))
        block(name, ("branch7x7dbl_1", 768, narrow, (1, 1)), ("branch7x7dbl_2", narrow, narrow, (7, 1)))
        block(name, ("branch7x7dbl_3", narrow, narrow, (1, 7)), ("branch7x7dbl_4", narrow, narrow, (7, 1)))
        block(name, ("branch7x7dbl_5", narrow, 192, (1, 7)), ("branch_pool", 768, 192, (1, 1)))
    block("7a", ("branch3x3_1", 768, 192, (1, 1)), ("branch3x3_2", 192, 320, (3, 3)))
    block("7a", ("branch7x7x3_1", 768, 192, (1, 1)), ("branch7x7x3_2", 192, 192, (1, 7)))
    block("7a", ("branch7x7x3_3", 192, 192, (7, 1)), ("branch7x7x3_4", 192, 192, (3, 3)))
    for name, wide in (("7b", 1280), ("7c", 2048)):
        block(name, ("branch1x1", wide, 320, (1, 1)), ("branch3x3_1", wide, 384, (1, 1)))
        block(name, ("branch3x3_2a", 384, 384, (1, 3)), ("branch3x3_2b", 384, 384, (3, 1)))
        block(name, ("branch3x3dbl_1", wide, 448, (1, 1)), ("branch3x3dbl_2", 448, 384, (3, 3)))
        block(name, ("branch3x3dbl_3a", 384, 384, (1, 3)), ("branch3x3dbl_3b", 384, 384, (3, 1)))
        block(name, ("branch_pool", wide, 192, (1, 1)))
    shapes: dict[str, tuple[int, ...]] = {}
    for name, inputs, outputs, kernel in layers:
        shapes[f"{name}.conv.weight"] = (outputs, inputs, *kernel)
        shapes.update(norm(f"{name}.bn", outputs))
    return shapes


# RadImageNet


def resnet_shapes(*, biases: bool) -> Shapes:
    shapes: dict[str, tuple[int, ...]] = {}

    def layer(convolution: str, name: str, inputs: int, outputs: int, side: int) -> None:
        shapes[f"{convolution}.weight"] = (outputs, inputs, side, side)
        if biases:
            shapes[f"{convolution}.bias"] = (outputs,)
        shapes.update(norm(name, outputs))

    layer("conv1", "bn1", 3, 64, 7)
    inputs = 64
    for stage, depth in enumerate((3, 4, 6, 3), 1):
        width = 32 << stage
        for block in range(depth):
            name = f"layer{stage}.{block}"
            layer(f"{name}.conv1", f"{name}.bn1", inputs, width, 1)
            layer(f"{name}.conv2", f"{name}.bn2", width, width, 3)
            layer(f"{name}.conv3", f"{name}.bn3", width, 4 * width, 1)
            if block == 0:
                layer(f"{name}.downsample.0", f"{name}.downsample.1", inputs, 4 * width, 1)
            inputs = 4 * width
    return shapes


# torchxrayvision


def densenet_shapes() -> Shapes:
    shapes: dict[str, tuple[int, ...]] = {"features.conv0.weight": (64, 1, 7, 7), **dict(norm("features.norm0", 64))}
    width = 64
    for stage, depth in enumerate((6, 12, 24, 16), 1):
        for block in range(1, depth + 1):
            name = f"features.denseblock{stage}.denselayer{block}"
            shapes.update(norm(f"{name}.norm1", width))
            shapes[f"{name}.conv1.weight"] = (128, width, 1, 1)
            shapes.update(norm(f"{name}.norm2", 128))
            shapes[f"{name}.conv2.weight"] = (32, 128, 3, 3)
            width += 32
        if stage < 4:
            shapes.update(norm(f"features.transition{stage}.norm", width))
            shapes[f"features.transition{stage}.conv.weight"] = (width // 2, width, 1, 1)
            width //= 2
    shapes.update(norm("features.norm5", width))
    return shapes


GOLDEN = {
    "inception": (0.18863401, 0.25646603, -6.0635e-05, 0.00334638, 0.00795242, -0.00063695, -0.00039530),
    "inception, 350 px": (0.18861760, 0.25636730, -0.00180472, 0.00129332, -0.00085127, 0.00093248, -0.00098747),
    "radimagenet, Keras": (47.567726, 49.144161, 0.27680206, -0.88069534, 0.69954681, 5.6691818, 5.9876518),
    "radimagenet, PyTorch": (74.017990, 74.290924, -0.67573166, 1.0587807, 2.1078796, 7.5001984, 8.6880722),
    "torchxrayvision": (144.84494, 185.66618, 0.01673681, -0.12812147, 0.0, 56.723145, -1.3787518),
}


@torch.inference_mode()
def test_inception_is_the_one_of_torch_fidelity_for_small_and_large_images() -> None:
    weights = state(inception_shapes())
    assert summary(inception.features(weights, pictures())) == pytest.approx(GOLDEN["inception"], rel=1e-4, abs=3e-6)
    values = summary(inception.features(weights, pictures(350)))
    assert values == pytest.approx(GOLDEN["inception, 350 px"], rel=1e-4, abs=3e-6)


@torch.inference_mode()
def test_radimagenet_reads_both_files_that_are_in_use() -> None:
    values = summary(radimagenet.features(state(resnet_shapes(biases=True)), pictures()))
    assert values == pytest.approx(GOLDEN["radimagenet, Keras"], rel=1e-4, abs=1e-3)
    places = {name: index for index, name in radimagenet._SEQUENCE.items()}
    named = {}
    for key, value in state(resnet_shapes(biases=False)).items():
        layer, _, rest = key.partition(".")
        named[f"backbone.{places[layer]}.{rest}"] = value
    values = summary(radimagenet.features(named, pictures()))
    assert values == pytest.approx(GOLDEN["radimagenet, PyTorch"], rel=1e-4, abs=1e-3)


@torch.inference_mode()
def test_the_densenet_is_the_one_of_torchxrayvision() -> None:
    values = summary(chest_xray.features(state(densenet_shapes()), pictures()))
    assert values == pytest.approx(GOLDEN["torchxrayvision"], rel=1e-4, abs=1e-3)


def vision_transformer(width: int = 128, blocks: int = 2, grid: int = 37) -> dict[str, Tensor]:
    shapes: dict[str, tuple[int, ...]] = {
        "cls_token": (1, 1, width),
        "pos_embed": (1, grid * grid + 1, width),
        "patch_embed.proj.weight": (width, 3, 14, 14),
        "patch_embed.proj.bias": (width,),
        "norm.weight": (width,),
        "norm.bias": (width,),
    }
    for number in range(blocks):
        for name, outputs, inputs in (
            ("attn.qkv", 3 * width, width),
            ("attn.proj", width, width),
            ("mlp.fc1", 4 * width, width),
            ("mlp.fc2", width, 4 * width),
        ):
            shapes[f"blocks.{number}.{name}.weight"] = (outputs, inputs)
            shapes[f"blocks.{number}.{name}.bias"] = (outputs,)
        for name in ("norm1.weight", "norm1.bias", "norm2.weight", "norm2.bias", "ls1.gamma", "ls2.gamma"):
            shapes[f"blocks.{number}.{name}"] = (width,)
    return state(shapes)


@torch.inference_mode()
def test_dinov2_is_a_stack_of_torchs_own_transformer_layers() -> None:
    weights = vision_transformer()
    layers = []
    for number in (0, 1):
        layer = nn.TransformerEncoderLayer(128, 2, 512, 0.0, "gelu", 1e-6, batch_first=True, norm_first=True).eval()
        own = {key.removeprefix(f"blocks.{number}."): value for key, value in weights.items()}
        first, second = own["ls1.gamma"], own["ls2.gamma"]  # the scale after each half is a scale of its last layer
        layer.load_state_dict(
            {
                "self_attn.in_proj_weight": own["attn.qkv.weight"],
                "self_attn.in_proj_bias": own["attn.qkv.bias"],
                "self_attn.out_proj.weight": own["attn.proj.weight"] * first[:, None],
                "self_attn.out_proj.bias": own["attn.proj.bias"] * first,
                "linear1.weight": own["mlp.fc1.weight"],
                "linear1.bias": own["mlp.fc1.bias"],
                "linear2.weight": own["mlp.fc2.weight"] * second[:, None],
                "linear2.bias": own["mlp.fc2.bias"] * second,
                **{
                    f"norm{half}.{tensor}": own[f"norm{half}.{tensor}"]
                    for half in (1, 2)
                    for tensor in ("weight", "bias")
                },
            }
        )
        layers.append(layer)
    mean, spread = (
        torch.tensor(constants).view(1, 3, 1, 1) for constants in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    )
    inputs = ((resized(pictures().expand(-1, 3, -1, -1), 224) + 1) / 2 - mean) / spread
    patches = torch.nn.functional.conv2d(
        inputs, weights["patch_embed.proj.weight"], weights["patch_embed.proj.bias"], 14
    )
    tokens = torch.cat([weights["cls_token"].expand(2, -1, -1), patches.flatten(2).transpose(1, 2)], 1)
    tokens = tokens + dinov2._places(weights["pos_embed"], 16)
    for layer in layers:
        tokens = layer(tokens)
    expected = torch.nn.functional.layer_norm(tokens[:, 0], (128,), weights["norm.weight"], weights["norm.bias"], 1e-6)
    torch.testing.assert_close(dinov2.features(weights, pictures()), expected, rtol=1e-4, atol=1e-4)


def test_the_embedding_of_places_is_kept_where_the_grid_is_the_same_and_smooth_where_it_is_not() -> None:
    ramp = torch.arange(37.0).repeat(37, 1).reshape(1, -1, 1)
    embedding = torch.cat([torch.full((1, 1, 1), -5.0), ramp], 1)
    smaller = dinov2._places(embedding, 16)
    assert smaller.shape == (1, 257, 1)
    assert float(smaller[0, 0]) == -5
    row = smaller[0, 1:17, 0]
    assert torch.diff(row[2:-2]).mean() == pytest.approx(37 / 16.1, rel=4e-3)
    assert float(row[0]) == pytest.approx(0.5 * 37 / 16.1 - 0.5, abs=0.1)
