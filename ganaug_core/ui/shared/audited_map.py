"""A feature map with what the audit of the same images says about it: suspected copies and missing groups."""

from typing import Any

from ganaug_core.records import Audit, Map
from ganaug_core.ui.shared import words
from ganaug_core.ui.shared.components.feature_map import Group, feature_map


def show(name: str, map_: Map, audit: Audit | None, **options: Any) -> None:
    """Show a map with what the audit says about it: suspected copies, or else missing groups, at first.

    Args:
        options: What `feature_map` takes besides.
    """
    suspects = [suspect for suspect in audit.suspects if suspect.is_listed] if audit else []
    copying = bool(audit and audit.verdicts["copying"].state in ("warn", "fail")) and options.get("opened") is None
    feature_map(
        map_,
        name,
        links=[(suspect.synthetic, suspect.real) for suspect in suspects],
        groups=missing_groups(audit) if audit else [],
        show_links=copying,
        show_groups=bool(audit and audit.missing_modes) and not copying,  # one story at a time
        **options,
    )


def missing_groups(audit: Audit) -> list[Group]:
    """Return the groups of real images that the generator makes too rarely, with the deficit in words."""
    return [
        Group(
            f"{words.clean(mode.class_name)}: {words.percent(mode.synthetic_share)} instead of "
            f"{words.percent(mode.real_share)}",
            mode.members or mode.exemplars,
        )
        for mode in audit.missing_modes
    ]
