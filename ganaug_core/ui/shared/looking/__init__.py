"""Looking: what the workbench shows of one set of synthetic images and their cohort, on every page that opens it."""
