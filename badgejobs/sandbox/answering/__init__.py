"""How an answer leaves: as it is, or as a fault makes of it."""
