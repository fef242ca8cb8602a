"""Receivers that come, go and die while signals are sent, and lists that somebody else has put there."""

from __future__ import annotations

import django
import pytest

needs_async = pytest.mark.skipif(django.VERSION < (5, 0), reason="Django 5.0 brought asend")


def called(trace) -> list[list[str]]:
    """Whom each send has called, by the last part of their names."""
    return [[name.rpartition(".")[2] for name in span["receivers"]] for span in trace.spans("send")]


@pytest.mark.parametrize("caching", [True, False])
def test_weak_receivers_die_before_between_and_during_sends(twice, caching):
    done = twice(
        f"opened = Signal(use_caching={caching})\n"
        """
import weakref
class Listener:
    def hears(self, sender, **kwargs):
        calls.append(self.name)
        for name in kills.pop(self.name, ()): listeners.pop(name); gc.collect()
    def __init__(self, name): self.name = name; opened.connect(self.hears)
calls, kills = [], {}
listeners = {name: Listener(name) for name in "abcde"}
def send():
    calls.clear()
    results = opened.send(Book)
    print(calls, [receiver.__self__.name for receiver, _ in results], opened.has_listeners(Book))
    del results
    print(len(opened._live_receivers(Book)[0] if django.VERSION >= (5,) else
              opened._live_receivers(Book)), len(opened.receivers))
send()
del listeners["a"]; gc.collect(); send()
kills["b"] = "cd"; send()
kills["e"] = "e"; send(); send()
dead = [weakref.ref(each) for each in listeners.values()]
listeners.clear(); gc.collect(); print([each() for each in dead]); send()
print(opened.send_robust(Book), opened.has_listeners(Book))
import traceback
for call in (opened.has_listeners, opened.send, opened.send_robust, opened.connect):
    try: print(call([]))
    except TypeError: traceback.print_exc(file=sys.stdout)
"""
    )
    # Who dies while it is sent is called all the same: Django holds on to it until the end.
    assert [len(names) for names in called(done.trace)] == [5, 4, 4, 2, 1]


def test_connecting_and_disconnecting_during_a_send(twice):
    done = twice(
        """
opened = Signal()
def first(step, **kwargs):
    if step == 1: print(opened.disconnect(third), opened.connect(fourth), opened.connect(fourth))
    if step == 2: print(opened.disconnect(first), opened.has_listeners())
    if step == 3: print(opened.receivers.clear(), opened.sender_receivers_cache.clear())
def second(step, **kwargs):
    if step == 4: opened.connect(first); print(len(opened.send(None, step=5)))
def third(step, **kwargs): pass
def fourth(step, **kwargs): pass
for each in (first, second, third): opened.connect(each)
for step in range(6): print([each.__name__ for each, _ in opened.send(None, step=step)])
opened.disconnect(fourth); opened.disconnect(first); print(opened.disconnect(second))
print(opened.send(None, step=9), opened.has_listeners())
"""
    )
    assert called(done.trace) == [
        ["first", "second", "third"],
        ["first", "second", "third"],
        ["first", "second", "fourth"],
        ["second", "fourth"],
        ["second", "fourth"],
        ["second", "fourth", "first"],
        ["second", "fourth", "first"],
    ]


def test_lists_that_somebody_else_has_put_there(twice):
    done = twice(
        """
class Watched(list):
    def __iter__(self): seen.append("iter"); return super().__iter__()
seen = []
opened = Signal()
def first(**kwargs): return 1
def second(**kwargs): return 2
opened.connect(first); opened.connect(second)
kept = opened.receivers
opened.receivers = []; print(opened.send(None), opened.has_listeners())
opened.receivers = kept[1:]; opened.sender_receivers_cache.clear(); print(len(opened.send(None)))
opened.receivers = Watched(kept); print(len(opened.send(None)), len(opened.send_robust(None)), seen)
opened.receivers = kept; print(opened.send(None) == [(first, 1), (second, 2)])
muted, pre_save.receivers = pre_save.receivers, []
Book.objects.create(title="muted")
pre_save.receivers = muted
post_init.receivers = [((1, 2), first)]
try: Book(title="x")
except Exception as error: print(type(error).__name__)
"""
    )
    assert called(done.trace) == [["second"], *[["first", "second"]] * 3]


def test_has_listeners_and_the_live_list_are_no_calls(twice):
    done = twice(
        """
opened = Signal()
def first(sender, **kwargs): print(opened.has_listeners(), opened.has_listeners(Book))
opened.connect(first, sender=Book)
print(opened.has_listeners(), opened.has_listeners(Book), opened.has_listeners(Shelf))
live = opened._live_receivers(Book)
print(type(live).__name__, [type(each).__name__ for each in live], len(list(live)))
sync = live if isinstance(live, list) else live[0]
print([each is first for each in sync], sorted(sync, key=id) == [first], first in sync)
print(post_save.has_listeners(Book), post_init.has_listeners(Book))
print(len(opened.send(Book)), opened.send(Shelf))
"""
    )
    assert called(done.trace) == [["first"]]
    assert len(done.trace.spans("receiver")) == 1


def test_subclasses_as_projects_have_them(twice):
    done = twice(
        """
class PluginSignal(Signal):
    '''Active plugins only, in the order of their modules; results as a chain.'''
    def _is_active(self, sender, receiver): return receiver.__module__ in sender
    def _sorted(self, sender):
        live = self._live_receivers(sender)
        live = live if isinstance(live, list) else live[0]
        return sorted((r for r in live if self._is_active(sender, r)),
                      key=lambda r: (r.__module__, r.__qualname__, r.__name__))
    def send(self, sender, **named):
        return [(r, r(signal=self, sender=sender, **named)) for r in self._sorted(sender)]
    def send_chained(self, sender, chain_kwarg_name, **named):
        response = named.get(chain_kwarg_name)
        for r in self._sorted(sender):
            named[chain_kwarg_name] = response
            response = r(signal=self, sender=sender, **named)
        return response
    def send_robust(self, sender, **named):
        responses = []
        for r in self._sorted(sender):
            try: responses.append((r, r(signal=self, sender=sender, **named)))
            except Exception as error: responses.append((r, error))
        return responses
class Ordered(Signal):
    def _live_receivers(self, sender):
        live = super()._live_receivers(sender)
        if isinstance(live, list): return live[::-1]
        return live[0][::-1], live[1]
    @staticmethod
    def send_nowhere(sender): return sender
    @classmethod
    def send_class(cls): return cls.__name__
    sender_of = property(lambda self: "property")
def make(module, value):
    def hears(sender, value=0, **kwargs):
        if value == "raise": raise KeyError(module)
        return value * 10 + number
    number = value
    hears.__module__ = module
    return hears
plugins, ordered = PluginSignal(), Ordered()
receivers = [make("b.plugin", 2), make("c.plugin", 3), make("a.plugin", 1)]
for each in receivers: plugins.connect(each); ordered.connect(each)
hidden = {"a.plugin", "b.plugin"}
print(all(r is receivers[n] for (r, _), n in zip(plugins.send(hidden), (2, 0), strict=True)))
print(plugins.send_chained(hidden, "value", value=4), PluginSignal.send.__qualname__)
print([type(result).__name__ for _, result in plugins.send_robust(hidden, value="raise")])
try: plugins.send(hidden, value="raise")
except KeyError as error: print(error)
print([receivers.index(r) for r, _ in ordered.send(None)], Ordered.send_nowhere(1))
print(Ordered.send_class(), ordered.sender_of, len(ordered.send_robust(None)))
""",
        values="all",
    )
    spans = done.trace.spans("send")
    assert [span["method"] for span in spans] == [
        *("send", "send_chained", "send_robust", "send", "send", "send_robust"),
    ]
    calls = [[c["exception"] for c in done.trace.children(span)] for span in spans]
    assert calls == [
        *([None, None], [None, None], ["KeyError", "KeyError"], ["KeyError"]),
        *([None] * 3, [None] * 3),
    ]


@needs_async
def test_a_subclass_with_an_asynchronous_send_of_its_own(twice):
    done = twice(
        """
class Queued(Signal):
    async def asend(self, sender, **named):
        sync, others = self._live_receivers(sender)
        found = [(each, await each(signal=self, sender=sender, **named)) for each in others[::-1]]
        return found + [(each, each(signal=self, sender=sender, **named)) for each in sync]
    async def asend_one(self, sender):
        return await self._live_receivers(sender)[1][0](signal=self, sender=sender)
opened, inner = Queued(), Signal()
@receiver(inner)
def heard(**kwargs): pass
@receiver(opened)
async def one(**kwargs): await asyncio.sleep(0); inner.send(1); return 1
@receiver(opened)
async def two(**kwargs): await inner.asend(2); return 2
@receiver(opened)
def three(**kwargs): return 3
print([(each.__name__, result) for each, result in asyncio.run(opened.asend(None))])
print(asyncio.run(opened.asend(None)) == [(two, 2), (one, 1), (three, 3)])
print(asyncio.run(opened.asend_one(None)))
"""
    )
    first, _, chained = (s for s in done.trace.spans("send") if s["name"] == "opened")
    names = [call["name"].rpartition(".")[2] for call in done.trace.children(first)]
    assert names == ["two", "one", "three"]
    assert (chained["method"], len(done.trace.children(chained))) == ("asend_one", 1)
    for send in done.trace.spans("send", name="inner"):
        (parent,) = done.trace.spans("receiver", id=send["parent"])
        assert parent["name"] == f"__main__.{ {'int 1': 'one', 'int 2': 'two'}[send['sender']] }"
