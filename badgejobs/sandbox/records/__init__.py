"""Records as Wix's lists show them: kept, filtered, sorted, and seen a little late."""
