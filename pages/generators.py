"""Generators page: what each one is, images drawn from it, and what other programs made."""

import streamlit as st

from ganaug_core.ui import ask, passports, show

st.title("Generators")
show.collect("import_generator")
passports.collect_images()
name = ask.generator()
if name is None:
    st.info(
        "There is no generator yet. Train one, or bring one that was made elsewhere.", icon=":material/arrow_forward:"
    )
    show.link("training", "Train a generator")
else:
    with show.guarded_part():
        passports.card_of(name)
        passports.download(name)
        passports.drawing(name)
        passports.mixing(name)

st.divider()
unfolded = show.news("import_generator")
with st.expander("Bring a generator file", expanded=unfolded, icon=":material/upload_file:"), show.guarded():
    show.tell("import_generator")
    passports.bring_generator()
unfolded = show.news("import_samples") or passports.brought() is not None
with (
    st.expander("Bring synthetic images of another program", expanded=unfolded, icon=":material/add_photo_alternate:"),
    show.guarded(),
):
    show.tell("import_samples")
    passports.bring_images()
