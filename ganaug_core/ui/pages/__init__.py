"""One room a page, named as the page in `pages/`."""
