"""Wix's webhooks in, as hints: what may have changed is noted, and the truth is read back.

A webhook may come late, twice, out of order or never. Nothing of what it says is recorded but
which resource of which app to read; whatever it brings is found without it too, only later.
"""
