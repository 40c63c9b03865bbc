"""What a badge is earned by: values and pure functions, without I/O, clock or third party."""
