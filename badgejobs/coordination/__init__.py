"""What all workers share in Redis: each site's pace."""
