"""Cohort + TrainingConfig -> an iterator of Progress, and the averaged generator.

`Training` tells the story; `parts` builds what the configuration names, `training_images` draws batches,
`adversarial_step` trains both networks once, `schedule` changes settings over the run, `devices` chooses where,
`checkpoints` keeps the state.
"""

from ganaug_core.training.checkpoints import latest_checkpoint, save_checkpoint
from ganaug_core.training.parts import resolve
from ganaug_core.training.run import Training

__all__ = ["Training", "latest_checkpoint", "resolve", "save_checkpoint"]
