"""The web app: `ganaug app`, `streamlit run app.py`, `python app.py` or `uvicorn app:app`."""

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from ganaug_core.server import SCRIPT, options

# `streamlit run` looks for this very call in the source, so it must stay literal.
app = st.App(SCRIPT, **options())

if get_script_run_ctx(suppress_warning=True) is not None:  # a host, or a test, runs this file as the script
    from ganaug_core.ui.shared import frame

    frame.run()
elif __name__ == "__main__":
    app.run()
