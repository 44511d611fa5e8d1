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
show.folded(
    "Bring a generator file",
    bringing.bring_generator,
    icon=":material/upload_file:",
    news=job_progress.has_news("import_generator"),
    is_form=True,
)
show.folded(
    "Bring a network of another program (ONNX)",
    bringing.bring_network,
    icon=":material/hub:",
    news=job_progress.has_news("import_network") or bringing.has_network(),
    is_form=True,
)
show.folded(
    "Bring synthetic images of another program",
    bringing.bring_images,
    icon=":material/add_photo_alternate:",
    news=job_progress.has_news("import_samples") or bringing.last_imported() is not None,
    is_form=True,
)
show.folded(
    "Open what a colleague handed over",
    handed_over.open_file,
    icon=":material/move_to_inbox:",
    news=handed_over.is_opened(),
    is_form=True,
)
