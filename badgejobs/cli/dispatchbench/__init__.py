"""A fleet that is played: the real dispatcher and its SQL, and workers that take virtual time."""
