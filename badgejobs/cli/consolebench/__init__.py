"""A large record to look at, and what each page of the console takes of it."""
