"""What a result was made from, and how: the only way to find it again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ganaug_core.records.digest import digest_of

KEY_LENGTH = 24


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What a result was made from.

    Attributes:
        inputs: Identity of each input by its part in the work (`cohort`, `samples`, `generator`, `run`), 64 hex digits.
        settings: All else that its numbers depend on, JSON values.
        revision: Of the method, raised whenever its numbers change (`config.revisions`).
        names: What the inputs were called at that time; for people, nothing is found by it.
    """

    inputs: dict[str, str] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    revision: int = 1
    names: dict[str, str] = field(default_factory=dict)

    def key(self, kind: str) -> str:
        """Return the name of the result in the workspace: 24 hex digits that tell inputs, settings and method."""
        return digest_of(kind, self.inputs, self.settings, self.revision)[:KEY_LENGTH]

    def agrees(self, inputs: Mapping[str, str], settings: Mapping[str, Any], revision: int | None) -> bool:
        """Whether it was made from exactly these inputs, with at least these settings, by this revision of the method.

        Args:
            settings: Those that matter to the one who asks; others may be anything.
            revision: None takes every revision.
        """
        same = self.inputs == dict(inputs) and revision in (None, self.revision)
        return same and all(self.settings.get(name) == value for name, value in settings.items())
