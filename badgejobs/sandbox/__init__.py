"""A Wix that runs here, for the demo, for tests and for trying rules."""
