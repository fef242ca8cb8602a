"""Writes a dispatch_uid without the addresses of objects, which no other process shares."""

from __future__ import annotations

import re
from types import MethodType
from typing import TYPE_CHECKING, Any

from ..events import ADDRESS

if TYPE_CHECKING:
    from collections.abc import Collection

# Nobody counts so far to name a receiver; below it is an address only where it is known as one.
_CERTAIN = 1 << 32
# What `repr` says of an object is one for certain.
_NUMBER = re.compile("(?P<repr>(?<= at )0x[0-9a-fA-F]+)|0x[0-9a-f]+|[0-9]+")


def addresses_of(*connected: Any) -> frozenset[int]:
    """Return the `id()` of each, and of the function and the instance of a bound method."""
    found = {id(one) for one in connected}
    for one in connected:
        if type(one) is MethodType:
            found |= {id(one.__self__), id(one.__func__)}
    return frozenset(found)


def without_addresses(uid: Any, addresses: Collection[int]) -> Any:
    """Return what is told of a number or a text: ADDRESS for each address in it.

    `addresses` are those of the signal, the receiver and the sender.
    """
    if type(uid) is int:
        return ADDRESS if uid in addresses or uid >= _CERTAIN else uid
    if type(uid) is str:
        known = {text for one in addresses for text in (str(one), hex(one))}
        return _NUMBER.sub(
            lambda found: ADDRESS if found["repr"] or found[0] in known else found[0], uid
        )
    return uid
