"""What a sandbox holds at first, and how real history arrives in it."""
