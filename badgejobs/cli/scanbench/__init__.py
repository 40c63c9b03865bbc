"""The scans measured: a whole history read for the first time, and what is new in a large one."""
