"""The Streamlit script. It does not lie beside `pages/`: there, Streamlit would open pages without running it first."""

from ganaug_core.ui.shared import frame

frame.run()
