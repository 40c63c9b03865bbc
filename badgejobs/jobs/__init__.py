"""The Celery application: when the stages run, and when they run again."""
