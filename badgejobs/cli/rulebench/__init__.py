"""The evaluation measured: the same work done by us, by plain loops, and by SQL."""
