"""`python -m ganaug_core.cli` is `ganaug`."""

from ganaug_core.cli import main

main()
