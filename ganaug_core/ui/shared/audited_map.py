"""A feature map with what the audit of the same images says about it: suspected copies and missing groups."""

from typing import Any

from ganaug_core.records import Audit, Map
from ganaug_core.ui.shared import words
from ganaug_core.ui.shared.components.feature_map import Group, feature_map


def show(name: str, drawn: Map, audit: Audit | None, **more: Any) -> None:
    """Show a map with what the audit says about it: suspected copies, or else missing groups, at first.

    Args:
        more: What `feature_map` takes besides.
    """
    suspects = [each for each in audit.suspects if each.is_listed] if audit else []
    copying = bool(audit and audit.verdicts["copying"].state in ("warn", "fail")) and more.get("opened") is None
    feature_map(
        drawn,
        name,
        links=[(each.synthetic, each.train) for each in suspects],
        groups=missing_groups(audit) if audit else [],
        show_links=copying,
        show_groups=bool(audit and audit.missing_modes) and not copying,  # one story at a time
        **more,
    )


def missing_groups(audit: Audit) -> list[Group]:
    """Return the groups of real images that the generator makes too rarely, with the deficit in words."""
    return [
        Group(
            f"{words.clean(each.class_name)}: {words.percent(each.synthetic_share)} instead of "
            f"{words.percent(each.real_share)}",
            each.members or each.exemplars,
        )
        for each in audit.missing_modes
    ]
