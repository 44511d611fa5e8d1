"""What is chosen stands in the address, so that a link, a reload and the back button show the same."""

import streamlit as st

IMAGE = "image"  # key of the image that a page looks at


def settle(key: str) -> str:
    """Bring the address and the widget with that key together, and return what is chosen, empty for nothing.

    Call it before the widget is drawn. A link that brings something new wins; otherwise the address follows the widget.
    """
    written = f"{key}-in-address"
    in_address = st.query_params.get(key, "")
    if in_address and (
        in_address != st.session_state.get(written) or key not in st.session_state
    ):  # a link, or a new page
        st.session_state[key] = in_address
    chosen: str = st.session_state.get(key) or ""
    if chosen != in_address:
        if chosen:
            st.query_params[key] = chosen
        else:
            st.query_params.pop(key, None)
    st.session_state[written] = chosen
    return chosen
