"""The revisions; each is written by hand and never changed once released."""
