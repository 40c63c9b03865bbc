"""The stages: scan, decide, assign, provision, reconcile. Plain functions over ports."""
