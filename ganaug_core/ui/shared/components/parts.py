"""A component has one script and one style: they are put together here from small files, without a build step."""

from pathlib import Path

from ganaug_core.server import scripts

FOLDER = Path(__file__).parent


def script(family: str, *names: str) -> str:
    """Return the parts of a family as one script: they are declarations, and the last one exports a function."""
    return "\n".join((FOLDER / f"{family}_parts" / f"{name}.js").read_text("utf-8") for name in names)


def loader(family: str, script: str) -> str:
    """Return the few lines that fetch a script by its address: Streamlit sends them with every answer."""
    address = scripts.address(family, script)
    return f'const {{ default: show }} = await import(location.origin + "{address}")\nexport default show\n'


def style(family: str) -> str:
    return (FOLDER / f"{family}_parts" / f"{family}.css").read_text("utf-8")
