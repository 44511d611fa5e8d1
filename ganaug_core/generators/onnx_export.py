"""A generator leaves as an ONNX graph, for programs that do not know ganaug.

    python -m ganaug_core.generators.onnx_export FILE OUT

The graph takes `latent` (n, length), Gaussian numbers, and `label` (n,), and makes `image` (n, channel, row, column)
in [-1, 1]; its passport lies in it as text. The graph is traced in a process of its own, which may take a while.
"""

import json
import sys
import tempfile
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from ganaug_core.architectures.layers import draw_latents
from ganaug_core.architectures.progressive import Growing
from ganaug_core.generators import files, onnx_network
from ganaug_core.generators.container import KEY
from ganaug_core.generators.onnx_graph import parsed, require_packages
from ganaug_core.generators.sampling import Generator

_MOST_AT_ONCE = 4096
_EXAMPLE = 4


def as_onnx(generator: Generator) -> bytes:
    """Return a generator as the bytes of an ONNX file; a network of another program leaves as it came.

    Raises:
        ConfigurationError: The packages are not installed.
    """
    require_packages()
    if isinstance(generator.network, onnx_network.OnnxNetwork):
        return generator.network.content
    network = _Drawn(generator.network).eval()
    latents = draw_latents(generator.network, generator.latent, _EXAMPLE)
    labels = torch.zeros(_EXAMPLE, dtype=torch.int64)
    any_number = {0: torch.export.Dim("n", min=1, max=_MOST_AT_ONCE)}
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")  # of the exporter, about packages that are not needed
        program = torch.export.export(network, (latents, labels), dynamic_shapes=(any_number, any_number), strict=True)
        exported = torch.onnx.export(
            program, input_names=["latent", "label"], output_names=["image"], dynamo=True, verbose=False
        )
        assert exported is not None
        path = Path(folder) / "generator.onnx"
        exported.save(path, external_data=False)
        model = parsed(path.read_bytes())
    entry = model.metadata_props.add()
    entry.key, entry.value = KEY, json.dumps(generator.passport.model_dump(mode="json"))
    for node in model.graph.node:  # where in our source an operation comes from; it holds paths of this machine
        del node.metadata_props[:]
    content: bytes = model.SerializeToString(deterministic=True)
    return content


class _Drawn(nn.Module):
    """A generator whose images are cut to [-1, 1], and whose size, where it grew, is a fixed one."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        if isinstance(network, Growing):
            grown = network.level()
            network.level = lambda: grown  # type: ignore[method-assign]
        self.network = network

    def forward(self, latent: Tensor, label: Tensor) -> Tensor:
        images: Tensor = self.network(latent, label).clamp(-1, 1)
        return images


if __name__ == "__main__":
    Path(sys.argv[2]).write_bytes(as_onnx(files.load(Path(sys.argv[1]))))
