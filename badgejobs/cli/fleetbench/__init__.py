"""A fleet of sites in real processes, measured from outside."""
