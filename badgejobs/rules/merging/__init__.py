"""One pack of rules for many sites, and what each of them says otherwise."""

from badgejobs.rules.merging.merged import Merged, Text, merged, read_merged

__all__ = ["Merged", "Text", "merged", "read_merged"]
