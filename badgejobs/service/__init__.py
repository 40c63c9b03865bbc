"""The embedded broker and the processes that run beside each other."""
