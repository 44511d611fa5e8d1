"""Generators page: what each one is, images drawn from it, and what other programs made."""

import streamlit as st

from ganaug_core.ui.pages.generators import bringing, generators_page, handed_over, passport_card
from ganaug_core.ui.shared import choosers, job_progress, show

title, chooser = st.columns([2, 8], vertical_alignment="center")
title.title("Generators")
job_progress.collect("import_generator")
job_progress.collect("import_network")
bringing.collect_imported_images()
with chooser:
    name = choosers.generator()
if name is None:
    st.info(
        "There is no generator yet. Train one, or bring one that was made elsewhere.", icon=":material/arrow_forward:"
    )
    show.link("training", "Train a generator")
else:
    with show.guarded_part():
        passport_card.card(name)
        generators_page.download_button(name)
        generators_page.draw_images(name)
        generators_page.mix_styles(name)

st.divider()
unfolded = job_progress.has_news("import_generator")
with st.expander("Bring a generator file", expanded=unfolded, icon=":material/upload_file:"), show.guarded():
    job_progress.show_running("import_generator")
    bringing.bring_generator()
unfolded = job_progress.has_news("import_network") or bool(st.session_state.get("network-path"))
with (
    st.expander("Bring a network of another program (ONNX)", expanded=unfolded, icon=":material/hub:"),
    show.guarded(),
):
    job_progress.show_running("import_network")
    bringing.bring_network()
unfolded = job_progress.has_news("import_samples") or bringing.last_imported() is not None
with (
    st.expander("Bring synthetic images of another program", expanded=unfolded, icon=":material/add_photo_alternate:"),
    show.guarded(),
):
    job_progress.show_running("import_samples")
    bringing.bring_images()
with (
    st.expander("Open what a colleague handed over", expanded=handed_over.is_opened(), icon=":material/move_to_inbox:"),
    show.guarded(),
):
    handed_over.open_file()
