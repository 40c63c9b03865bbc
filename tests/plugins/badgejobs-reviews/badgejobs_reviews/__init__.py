"""Reviews of Wix Stores, as a source for badgejobs."""
