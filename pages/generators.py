"""Generators page: what each one is, and images drawn from it."""

import streamlit as st

from ganaug_core.ui import ask, passports, show

st.title("Generators")
for kind in ("generator_import", "samples_import"):
    show.watch(kind)
name = ask.generator()
if name is None:
    st.info(
        "There is no generator yet. Train one, or bring one that was made elsewhere.", icon=":material/arrow_forward:"
    )
    show.link("training", "Train a generator")
else:
    passports.passport(name)
    passports.download(name)
    passports.drawing(name)

st.divider()
with st.expander("Bring a generator file", icon=":material/upload_file:"):
    passports.bring_generator()
with (
    st.expander("Bring synthetic images made by any other program", icon=":material/add_photo_alternate:"),
    show.guarded(),
):
    passports.bring_images()
