"""Wix's REST API: bodies and paths, the meaning of answers, credentials, and a thin client."""
