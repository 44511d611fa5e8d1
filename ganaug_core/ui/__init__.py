"""The only code that knows Streamlit: what the pages in `pages/` are made of."""
