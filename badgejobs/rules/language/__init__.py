"""The models of the language: what a rules file may say, one module a subject."""
