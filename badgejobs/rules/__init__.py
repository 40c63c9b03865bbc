"""The rules file: safe YAML in, milestones out."""
