"""Networks that somebody else trained: their architecture is here, their numbers are fetched or given as a file."""

from ganaug_core.encoders.pretrained import chest_xray, dinov2, inception, radimagenet
from ganaug_core.encoders.pretrained.chest_xray import ChestXray
from ganaug_core.encoders.pretrained.dinov2 import DINOv2
from ganaug_core.encoders.pretrained.inception import Inception
from ganaug_core.encoders.pretrained.radimagenet import RadImageNet

__all__ = ["WEIGHTS", "ChestXray", "DINOv2", "Inception", "RadImageNet"]

WEIGHTS = {module.WEIGHTS.encoder: module.WEIGHTS for module in (inception, dinov2, radimagenet, chest_xray)}
