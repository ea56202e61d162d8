"""Adding up: uses and sessions by day and hour, errors by day, how tickets went.

Everything here may be run at any time and again, by several processes too: what is added up anew replaces
what was there. The answers (`analytics.answers`) read nothing but what is made here.
"""
