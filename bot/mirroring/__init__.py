"""Tickets on both sides: what is said and done here is told there, and what is said there is stored here."""
