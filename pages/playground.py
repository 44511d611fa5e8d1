"""Playground page: a generator in the plane, where every mode can be counted."""

import streamlit as st

from ganaug_core.ui.pages.playground import playground_page

st.title("Playground")
st.write(
    "The truth is a ring of eight small clouds. Both generators have the same networks and see the same points; the "
    "loss, the penalty and the optimiser differ. Press **Play**, or drag the slider."
)
left, right = st.columns(2)
with left:
    playground_page.play("ring-minimax", "Minimax, the game of the theory")
with right:
    playground_page.play("ring-recommended", "Pairing with R1 and R2")
st.write(
    "**What to take home.** In the minimax game the generator learns only while the discriminator is unsure. Once the "
    "discriminator is right everywhere, its answer is flat, no gradient comes back, and modes that were lost stay "
    "lost. The recommended game compares each generated point with a real one and keeps the discriminator's slope "
    "small, so there is always a way towards the missing clouds."
)
