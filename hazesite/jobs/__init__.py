"""Work for later, as rows of our own database, behind the Tasks API.

A job is a row of the transaction that wants it: it exists if and only if its cause was committed. Workers
on any number of hosts lease jobs, renew the lease while they work, and a *fence* (a number that grows with
each lease) keeps a worker that was frozen from completing what another has taken over. So a job runs **at
least once**; handlers are idempotent.
"""
