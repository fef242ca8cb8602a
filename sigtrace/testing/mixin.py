"""`SignalTestMixin`: assertions on signals for Django's and unittest's test cases."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from sigtrace.testing.assertions import ANY_SENDER, ExpectCalls, ExpectNumber, ExpectSignals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from unittest import TestCase

    from sigtrace.testing.trace import Trace

    _Base = TestCase
else:
    _Base = object


__unittest = True


class SignalTestMixin(_Base):
    """Assertions as context managers, sync and async, like Django's `assertNumQueries`.

    Each gives the `Trace` of its block, says nothing if the block raises, and else fails with the
    tree of what happened, the difference marked. Only what some receiver heard counts, and not what
    only Django's own receivers heard. See `sigtrace.trace` for what belongs to a block.

    >>> class ArticleTests(SignalTestMixin, TestCase):
    ...     def test_a_slug_is_filled(self):
    ...         with self.assertReceiverCalled("generate_slug", times=1):
    ...             Article.objects.create(title="Hello")
    """

    def assertSignals(self, expected: Iterable[Any], msg: object = None) -> Trace:  # noqa: N802
        """Expect exactly these sends, in the order in which they begin.

        An item is `"post_save"`, `"post_save blog.Article"`, or with the receiver that is called
        `"post_save blog.Article -> log_article"`; all items name a receiver, or none does. Instead
        of a text it may be a signal, or a tuple of signal, sender and receiver. Raises ValueError
        or TypeError for an item that cannot be read.
        """
        return ExpectSignals(self._failing(msg), expected)

    def assertNoSignals(self, msg: object = None) -> Trace:  # noqa: N802
        """Expect that no receiver hears anything; muted signals (`pre_init` …) are not recorded."""
        return ExpectSignals(self._failing(msg), ())

    def assertReceiverCalled(  # noqa: N802
        self,
        receiver: Callable[..., Any] | str,
        times: int | None = None,
        sender: Any = ANY_SENDER,
        msg: object = None,
    ) -> Trace:
        """Expect a receiver to be called: that many `times`, or at least once; for `sender` only.

        A receiver is the function, or its import path or the end of that; a sender the class or its
        label (`blog.Article`). Raises TypeError for what can be no receiver, TraceError for one
        that listens to muted signals only, and for `times` that are no number of calls.
        """
        return ExpectCalls(self._failing(msg), receiver, times, sender)

    def assertReceiverNotCalled(  # noqa: N802
        self,
        receiver: Callable[..., Any] | str,
        sender: Any = ANY_SENDER,
        msg: object = None,
    ) -> Trace:
        """Expect a receiver not to be called, for `sender` if one is given.

        Raises TraceError for a name that no connected receiver has, for a receiver that listens
        to muted signals only, which are not recorded, and for a sender that is none: a text that
        is neither the label of a model nor the name of another sender, an instance of a model, a
        lazy object. Raises TypeError for what can be no receiver.
        """
        return ExpectCalls(self._failing(msg), receiver, 0, sender)

    def assertNumReceiverCalls(self, number: int, msg: object = None) -> Trace:  # noqa: N802
        """Expect that many calls of receivers, whichever they are.

        Raises TraceError for what is no number of calls.
        """
        return ExpectNumber(self._failing(msg), number)

    def _failing(self, msg: object) -> Callable[[str], Any]:
        return partial(_fail, self, msg)


def _fail(case: TestCase, msg: object, text: str) -> None:
    __tracebackhide__ = True
    if msg is not None:
        # Behind the last line of a tree unittest's own way would hide it.
        text = f"{text}\n\n{msg}" if case.longMessage else str(msg)
    raise case.failureException(text)
