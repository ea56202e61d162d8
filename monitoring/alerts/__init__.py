"""From what the engine found out to whoever is to hear of it.

* `queueing`: events become rows of the outgoing ledger, in the transaction of the result.
* `clock`: what time brings: escalation, reminders, children whose parent is back.
* `decisions`: what is still to be said of something at the moment of sending. `outlook`: for many at once.
* `wording`: the words. `transports`, and a module for each of them: the ways out.
* `configs`: what a channel of each type needs to know.
"""
