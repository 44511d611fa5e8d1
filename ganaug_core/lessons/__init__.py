"""What is taught: failures and cures in one changed setting, with the seeds that show it, and their texts."""

from ganaug_core.lessons.plane import LESSONS, OPENING
from ganaug_core.lessons.rule import Lesson, Outcome, Signature, kept_outcome

__all__ = ["LESSONS", "OPENING", "Lesson", "Outcome", "Signature", "kept_outcome"]
