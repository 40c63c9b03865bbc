"""What goes wrong when a test says so: the kinds, their fields, and what still waits."""
