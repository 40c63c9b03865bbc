"""Where activities come from: one module a source."""
