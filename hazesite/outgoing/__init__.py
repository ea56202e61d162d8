"""What leaves the house: one row for each thing and target, written in the transaction of its cause.

A push message, a webhook, a mail is a `Delivery`. It exists if and only if its cause was committed, and the
unique key of transport, thing and target makes queueing it twice the same as once. A drainer in each
`manage.py worker` leases what is due, asks the transport whether it is still wanted (read already? deleted?
edited?), sends it outside of any transaction, and settles it under the lease it has.

So a delivery is made **at least once**: a drainer that is killed between sending and settling leaves a row
that another sends again when the lease ends. Receivers tell repetitions by the thing's id.
"""
