"""REST, version 10: a module for each topic, each with its doors."""

from __future__ import annotations
