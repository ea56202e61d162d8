"""Who of staff did what: one log, written in the transaction of each deed, that nobody can change.

Services publish events, and subscribers of each app (`<app>/audit.py`) call `record`; a service without an
event calls it itself. People are named by their key alone (`person_ref`), and texts and secrets not at all,
so an entry never has to be changed when somebody is erased. The database refuses changes too, by triggers:
what it lets through is blanking an address, and deleting what a row of `AuditRetention` names.
"""
