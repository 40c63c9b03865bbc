"""Secrets of sites at rest: sealed before they reach the database, opened in memory alone."""
