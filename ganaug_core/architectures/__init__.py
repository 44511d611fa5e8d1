"""Generators and discriminators that fit each other."""

from ganaug_core.architectures.dcgan import DCGAN
from ganaug_core.architectures.lite import Lite
from ganaug_core.architectures.mlp import MLP
from ganaug_core.architectures.noise import NoiseLite
from ganaug_core.architectures.progressive import Progressive
from ganaug_core.architectures.residual import Attention, BigGANLite, Residual
from ganaug_core.architectures.style import StyleLite
from ganaug_core.architectures.upsample import Upsample
from ganaug_core.interfaces import Architecture

ARCHITECTURES: dict[str, type[Architecture]] = {
    "attention": Attention,
    "biggan": BigGANLite,
    "dcgan": DCGAN,
    "lite": Lite,
    "mlp": MLP,
    "noise": NoiseLite,
    "progressive": Progressive,
    "residual": Residual,
    "style": StyleLite,
    "upsample": Upsample,
}
