"""A whole conversation as one document: what is in it, and how it is written down."""

from __future__ import annotations
