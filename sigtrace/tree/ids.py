"""A set of span ids that takes one bit for each."""

from __future__ import annotations


class SpanIds:
    """The ids that were added: of any form, but only `<process>-<number>` is cheap."""

    def __init__(self) -> None:
        self._bits: dict[str, bytearray] = {}
        self._others: set[str] = set()

    def add(self, span_id: str) -> None:
        process, _, number = span_id.rpartition("-")
        if not number.isdecimal() or len(number) > 8:
            self._others.add(span_id)
            return
        bits = self._bits.setdefault(process, bytearray())
        byte, bit = divmod(int(number), 8)
        if byte >= len(bits):
            bits.extend(bytes(byte + 1024 - len(bits)))
        bits[byte] |= 1 << bit

    def __contains__(self, span_id: str) -> bool:
        process, _, number = span_id.rpartition("-")
        if not number.isdecimal() or len(number) > 8:
            return span_id in self._others
        bits = self._bits.get(process, b"")
        byte, bit = divmod(int(number), 8)
        return byte < len(bits) and bool(bits[byte] & 1 << bit)
