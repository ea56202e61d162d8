"""What an operator does: look whether all is well, back up, restore, move. `docs/operations.md` says how."""
