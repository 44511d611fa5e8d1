"""A feature map with what the audit of the same images says about it: suspected copies and missing groups."""

from dataclasses import replace

import streamlit as st

from ganaug_core.records import Audit, Map
from ganaug_core.ui.shared import words
from ganaug_core.ui.shared.components.feature_map import Group, feature_map

MOST_LINKS = 60


def show(name: str, map_: Map, audit: Audit | None, *, key: str, height: int = 560) -> None:
    """Show a map with what the audit says about it: suspected copies, or else missing groups, at first.

    Groups that another feature space found lie scattered here: they are named below. Hundreds of links would cover the
    map: they wait for their button.
    """
    modes = audit.missing_modes if audit else ()
    elsewhere = [number for number, mode in enumerate(modes) if mode.encoder != map_.encoder]
    groups = [
        replace(group, members=() if number in elsewhere else group.members)
        for number, group in enumerate(missing_groups(audit) if audit else [])
    ]
    suspects = [suspect for suspect in audit.suspects if suspect.is_listed] if audit else []
    copying = bool(audit and audit.verdicts["copying"].state in ("warn", "fail"))
    feature_map(
        map_,
        name,
        links=[(suspect.synthetic, suspect.real) for suspect in suspects],
        groups=groups,
        show_links=copying and len(suspects) <= MOST_LINKS,
        show_groups=len(elsewhere) < len(modes) and not copying,  # one story at a time
        key=key,
        height=height,
    )
    if elsewhere:
        encoders = {modes[number].encoder for number in elsewhere}
        spaces = sorted(words.ALIKE.get(encoder, encoder) for encoder in encoders)
        notes = ["The map of that feature space shows them together."] * bool(encoders - {words.WITNESS})
        notes += ["What is alike by a mixture lies together on no map."] * (words.WITNESS in encoders)
        st.text(
            f"{words.count(len(elsewhere), 'missing group lies', 'missing groups lie')} scattered here: their images "
            f"are alike {words.listing(spaces)}. {' '.join(notes)}"
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
