"""Monitors and channels out of files, and into them.

* `portable`: our own format, by names instead of keys.  * `kuma`: what a backup of Uptime Kuma says, in it.
* `plan`: what a file would do here, and doing it.
"""
