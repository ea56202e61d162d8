"""Exact sets of visitors, as compressed bitmaps (Roaring). Adding sets up loses and estimates nothing.

Who was there in which hour of a day is one bitmap too: the hour stands in the upper five bits.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from pyroaring import BitMap

HOUR_BITS = 27
"""There may be 134 million visitors."""


def unpacked(stored: bytes | memoryview) -> BitMap:
    return BitMap.deserialize(bytes(stored))


def packed(visitors: BitMap) -> bytes:
    return bytes(visitors.serialize())


def together(sets: Iterable[BitMap]) -> BitMap:
    """A new set with all of them."""
    found = BitMap()
    for one in sets:
        found |= one
    return found


def in_hour(hour: int, visitors: Iterable[int]) -> BitMap:
    begin = hour << HOUR_BITS
    return BitMap([begin | visitor for visitor in visitors])


@cache
def _span(hour: int) -> BitMap:
    found = BitMap()
    found.add_range(hour << HOUR_BITS, (hour + 1) << HOUR_BITS)
    return found


def without_hour(by_hour: BitMap, hour: int) -> BitMap:
    return by_hour - _span(hour)


def of_hour(by_hour: BitMap, hour: int) -> BitMap:
    """Who was there in that hour."""
    return (by_hour & _span(hour)).shift(-(hour << HOUR_BITS))


def of_day(by_hour: BitMap) -> BitMap:
    if not by_hour:
        return BitMap()
    first, last = by_hour.min() >> HOUR_BITS, by_hour.max() >> HOUR_BITS
    return together(of_hour(by_hour, hour) for hour in range(first, last + 1))
