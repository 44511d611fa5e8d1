"""Own components: plain JavaScript without a build step. Images reach them by route, never in their data."""
