"""Playground page: generators in the plane, where every mode can be counted."""

import streamlit as st

from ganaug_core.ui.pages.playground import playground_page
from ganaug_core.ui.shared import show

st.title("Playground")
playground_page.show_games()
show.link("lessons", "The same ring, learnt by a VAE, an autoregressive and a diffusion model", lesson="four_models")
