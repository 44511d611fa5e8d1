"""Generators and discriminators that fit each other."""

from ganaug_core.architectures.dcgan import DCGAN
from ganaug_core.architectures.lite import Lite
from ganaug_core.interfaces import Architecture

ARCHITECTURES: dict[str, type[Architecture]] = {"dcgan": DCGAN, "lite": Lite}
