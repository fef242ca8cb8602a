"""Sends and receivers: which were called, in which order, with what, and what they did."""

from __future__ import annotations

import django
import pytest

from sigtrace.events import sender_kind

needs_async = pytest.mark.skipif(django.VERSION < (5, 0), reason="Django 5.0 brought asend")

OWN_SIGNAL = """
opened = Signal()
def first(sender, **kwargs): return 1
def second(sender, **kwargs): return 2
opened.connect(first, dispatch_uid="one")
opened.connect(second)
"""


def test_a_custom_signal_with_its_arguments_and_receivers_in_order(twice):
    done = twice(
        OWN_SIGNAL
        + 'print(opened.send("door", key_count=3, who="me") == [(first, 1), (second, 2)])'
    )
    assert done.traced.stdout == "True\n"
    send = done.trace.span("send")
    assert send["signal"] == "__main__.opened"
    assert send["sender"] == "'door'"
    assert send["arguments"] == {"key_count": "***", "who": "me"}
    assert send["receivers"] == ["__main__.first", "__main__.second"]
    assert send["not_reached"] == []
    assert send["method"] == "send"
    assert (send["file"], send["origin"]) == ("script.py", "own")
    first, second = done.trace.spans("receiver")
    assert (first["index"], first["dispatch_uid"]) == (0, "one")
    assert (second["index"], second["dispatch_uid"]) == (1, None)
    assert first["parent"] == second["parent"] == send["id"]


def test_a_uid_tells_no_address(twice):
    done = twice(
        """
opened = Signal()
def first(sender, **kwargs): ...
def second(sender, **kwargs): ...
def third(sender, **kwargs): ...
opened.connect(first, dispatch_uid=id(first))
opened.connect(second, dispatch_uid=f"second at {id(second)}")
opened.connect(third, dispatch_uid=12345)
opened.send(None)
"""
    )
    told = [span["dispatch_uid"] for span in done.trace.spans("receiver")]
    assert told == ["<id>", "second at <id>", 12345]


def test_who_is_connected_to_any_sender_says_so(twice):
    done = twice(
        "class Method:\n"
        "    def heard(self, **kwargs): pass\n"
        "kept = Method()\n"
        "def one(**kwargs): pass\n"
        "def other(**kwargs): pass\n"
        "opened = Signal()\n"
        "opened.connect(one)\n"
        "opened.connect(kept.heard, dispatch_uid='m')\n"
        "opened.connect(other, sender=Book)\n"
        "opened.send(Book)\n"
        "opened.connect(other)\n"
        "opened.disconnect(one)\n"
        "opened.connect(one, sender=Book)\n"
        "opened.send(Book)\n"
    )
    said = [
        (span["name"].rpartition(".")[2], span["any_sender"])
        for span in done.trace.spans("receiver")
    ]
    assert said[:3] == [("one", True), ("heard", True), ("other", False)]
    assert ("one", False) in said[3:]
    assert ("other", True) in said[3:]


def test_what_nobody_hears_is_only_counted(twice):
    done = twice(
        'quiet = Signal()\nfor _ in range(7): quiet.send(None)\nBook.objects.create(title="x")'
    )
    assert done.trace.spans("send") == []
    unheard = done.trace.lines("counts")[-1]["unheard"]
    assert unheard["__main__.quiet"] == 7
    assert unheard["django.db.models.signals.pre_save"] == 1


def test_a_sender_with_caching_that_nobody_hears_is_counted_each_time(twice):
    done = twice(
        "loud = Signal(use_caching=True)\n"
        "loud.connect(print, sender=Book, weak=False)\n"
        "for _ in range(5): loud.send(Shelf)"
    )
    assert done.trace.lines("counts")[-1]["unheard"]["__main__.loud"] == 5
    assert done.trace.spans("send") == []


def test_an_exception_ends_the_send_and_names_whom_it_did_not_reach(twice):
    done = twice(
        """
opened = Signal()
@receiver(opened)
def fine(**kwargs): pass
@receiver(opened)
def broken(**kwargs): raise LookupError("secret words")
@receiver(opened)
def late(**kwargs): pass
import traceback
try: opened.send(None)
except LookupError: traceback.print_exc(file=sys.stdout)
"""
    )
    send = done.trace.span("send")
    assert send["exception"] == "LookupError"
    assert send["receivers"] == ["__main__.fine", "__main__.broken"]
    assert send["not_reached"] == ["__main__.late"]
    assert [span["exception"] for span in done.trace.spans("receiver")] == [None, "LookupError"]
    assert "secret words" not in "".join(path.read_text() for path in done.trace.processes)


def test_send_robust_says_what_it_swallowed_and_not_what_was_returned(twice):
    done = twice(
        """
opened = Signal()
@receiver(opened)
def broken(**kwargs): raise LookupError("x")
@receiver(opened)
def returns(**kwargs): return ValueError("not raised")
print([(each.__name__, type(result).__name__) for each, result in opened.send_robust(None)])
"""
    )
    broken, returns = done.trace.spans("receiver")
    assert (broken["exception"], broken["swallowed"]) == ("LookupError", True)
    assert (returns["exception"], returns["swallowed"]) == (None, False)
    assert done.trace.span("send")["exception"] is None
    assert done.trace.span("send")["method"] == "send_robust"


def test_nested_sends_are_children_of_the_receiver(twice):
    done = twice(
        """
outer, inner = Signal(), Signal()
@receiver(outer)
def relay(**kwargs): inner.send(None)
@receiver(inner)
def end(**kwargs): pass
outer.send(None)
"""
    )
    trace = done.trace
    relay = trace.span("receiver", name="__main__.relay")
    inner = trace.span("send", name="inner")
    assert inner["parent"] == relay["id"]
    assert trace.span("receiver", name="__main__.end")["parent"] == inner["id"]


def test_changed_fields_by_the_receiver_that_changed_them(twice):
    done = twice(
        """
@receiver(pre_save, sender=Book)
def shout(instance, **kwargs): instance.title = instance.title.upper()
@receiver(pre_save, sender=Book)
def same(instance, **kwargs): instance.title = "".join(instance.title)
@receiver(pre_save, sender=Book)
def count(instance, **kwargs): instance.pages += 1; instance.note = "no field"
Book(title="quiet").save()
"""
    )
    changes = {span["name"]: span["changes"] for span in done.trace.spans("receiver")}
    assert changes == {
        "__main__.shout": {"title": ["quiet", "QUIET"]},
        "__main__.same": {},
        "__main__.count": {"pages": [0, 1]},
    }


def test_odd_receivers_have_names_and_places(twice):
    done = twice(
        """
import functools
opened = Signal()
def plain(extra=None, **kwargs): pass
def decorate(function):
    @functools.wraps(function)
    def wrapper(**kwargs): return function(**kwargs)
    return wrapper
@decorate
def decorated(**kwargs): pass
class Machine:
    def __call__(self, **kwargs): pass
    def method(self, **kwargs): pass
    def __eq__(self, other): raise RuntimeError("compared")
    __hash__ = object.__hash__
machine = Machine()
partial = functools.partial(plain, extra=1)
anonymous = lambda **kwargs: None
for each in (partial, decorated, machine, machine.method, anonymous): opened.connect(each)
print(len(opened.send(None)))
"""
    )
    assert [span["receiver"] for span in done.trace.spans("receiver")] == [
        "__main__.plain",
        "__main__.decorated",
        "__main__.Machine.__call__",
        "__main__.Machine.method",
        "__main__.<lambda>",
    ]
    assert {span["file"] for span in done.trace.spans("receiver")} == {"script.py"}


def test_which_receivers_of_a_send_are_the_same_once_more(twice):
    done = twice(
        """
import functools
opened = Signal()
def plain(**kwargs): pass
class Machine:
    def __call__(self, **kwargs): pass
    def method(self, **kwargs): pass
    def __getattr__(self, name): raise RuntimeError("asked")
def make():
    def made(**kwargs): pass
    return made
first, second = Machine(), Machine()
def connect(receiver, uid=None): opened.connect(receiver, weak=False, dispatch_uid=uid)
for each in (first.method, second.method, make(), make()): connect(each)
for _ in range(2): connect(functools.partial(plain))
print(len(opened.send(None)))
connect(plain, "a")
connect(plain, "b")
connect(first.method, "c")
print(len(opened.send(None)))
"""
    )
    assert [send["repeats"] for send in done.trace.spans("send")] == [{}, {"7": 6, "8": 0}]


def test_a_subclass_with_a_send_of_its_own_that_sorts_and_filters(twice):
    done = twice(
        """
class Sorted(Signal):
    def send(self, sender, **named):
        live = self._live_receivers(sender)
        live = live[0] if isinstance(live, tuple) else live
        for each in sorted(live, key=lambda r: (r.__module__, r.__name__)):
            if each.__name__ != "skipped":
                named.setdefault("calls", []).append((each, each(signal=self, sender=sender, **named)))
        return named["calls"]
    def send_chained(self, sender, value):
        for each in sorted(super()._live_receivers(sender)[0] if django.VERSION >= (5,) else
                           self._live_receivers(sender), key=lambda r: r.__name__):
            value = each(signal=self, sender=sender, value=value)
        return value
chain = Sorted()
def b(value=1, **kwargs): return (value or 0) + 1
def a(value=1, **kwargs): return (value or 0) * 10
def skipped(value=1, **kwargs): return value
for each in (b, skipped, a): chain.connect(each)
results = chain.send(None)
print([r is f for (r, _), f in zip(results, (a, b))], chain.send_chained(None, 4))
"""
    )
    assert done.traced.stdout == "[True, True] 41\n"
    own, chained = done.trace.spans("send")
    assert own["receivers"] == ["__main__.a", "__main__.b"]
    assert own["not_reached"] == ["__main__.skipped"]
    assert (chained["method"], chained["receivers"]) == (
        "send_chained",
        ["__main__.a", "__main__.b", "__main__.skipped"],
    )


def test_a_call_is_written_alike_whoever_makes_it(twice):
    done = twice(
        """
class Own(Signal):
    def send(self, sender, **named):
        live = self._live_receivers(sender)
        each = live if type(live) is list else live[0]
        return [(one, one(signal=self, sender=sender, **named)) for one in each]
plain, own = Signal(), Own()
def hears(**kwargs): pass
def changes(instance, **kwargs): instance.title = "new"
for signal in (plain, own):
    signal.connect(hears, dispatch_uid="once")
    signal.connect(changes)
    signal.send(None, instance=Book(pk=7))
"""
    )
    begun = [line for line in done.trace.lines("begin") if line["kind"] == "receiver"]
    ended = [line for line in done.trace.lines("end") if line["kind"] == "receiver"]
    for lines in (begun, ended):
        assert len(lines) == 4
        # The order of the fields too: who skims lines relies on it.
        assert {tuple(line) for line in lines} == {tuple(lines[0])}
    its_own = ("id", "parent", "time", "duration_ns", "signal")
    by_django, by_itself = (
        [{key: line[key] for key in line if key not in its_own} for line in half]
        for half in (ended[:2], ended[2:])
    )
    assert by_django == by_itself
    assert [line["changes"] for line in by_django] == [{}, {"title": ["", "new"]}]


def test_a_subclass_may_treat_its_receivers_as_the_list_that_they_are(twice):
    done = twice(
        """
def sync(live): return live if type(live) is list else live[0]
class Popped(Signal):
    def send(self, sender, **named):
        live, responses = sync(self._live_receivers(sender)), []
        while live: responses.append(live.pop(0)(sender=sender, **named))
        return responses
class Copied(Signal):
    def send(self, sender, **named):
        live = sync(self._live_receivers(sender)).copy()
        print(first in live, live.index(second), live == [first, bound.method, second], len(live))
        return [(each, each(sender=sender, **named)) for each in live + []]
class Ranked(Signal):
    def send(self, sender, **named):
        live = sync(self._live_receivers(sender))
        live.sort(key=ranks.__getitem__)
        print([weakref.ref(each)() is each for each in live])
        live.remove(first)
        print([each.__name__ for each in live], {*live} == {second, bound.method})
        print([isinstance(each, type(first)) for each in live], *map(inspect.signature, live))
        return [(each, each(sender=sender, **named)) for each in live]
class Bound:
    def method(self, **kwargs): return 2
import inspect, weakref
bound = Bound()
def first(**kwargs): return 1
def second(**kwargs): return 3
ranks = {first: 3, bound.method: 2, second: 1}
for cls in (Popped, Copied, Ranked):
    signal = cls()
    for each in (first, bound.method, second): signal.connect(each)
    results = signal.send(None)
    print([type(each[0]).__name__ for each in results if type(each) is tuple], results == results[:])
print(results == [(second, 3), (bound.method, 2)])
"""
    )
    all_three = ["__main__.first", "__main__.Bound.method", "__main__.second"]
    assert [send["receivers"] for send in done.trace.spans("send")] == [
        all_three,
        all_three,
        ["__main__.second", "__main__.Bound.method"],
    ]


@pytest.mark.parametrize(
    "asks", ["self.has_listeners(sender)", "any(self._live_receivers(sender))"]
)
def test_a_subclass_that_asks_who_listens_before_it_calls_its_base(twice, asks):
    done = twice(
        f"""
class Asks(Signal):
    def send(self, sender, **named):
        return super().send(sender, **named) if {asks} else []
    def send_robust(self, sender, **named):
        return super().send_robust(sender, **named) if {asks} else []
signal = Asks()
def heard(**kwargs): return 1
def fails(**kwargs): raise ValueError
signal.connect(heard)
print(signal.send(None) == [(heard, 1)])
signal.connect(fails)
print([each for each, _ in signal.send_robust(None)] == [heard, fails])
"""
    )
    plain, robust = done.trace.spans("send")
    assert (plain["receivers"], plain["not_reached"]) == (["__main__.heard"], [])
    assert robust["receivers"] == ["__main__.heard", "__main__.fails"]
    assert [call["swallowed"] for call in done.trace.spans("receiver")] == [False, False, True]


def test_what_stands_for_a_receiver_is_taken_for_it(twice):
    done = twice(
        """
import asyncio, copy, inspect, pickle, types
def sync(live): return live if type(live) is list else live[0] + live[1]
class Once(Signal):
    def send(self, sender, **named):
        live = sync(self._live_receivers(sender))
        responses = [each(sender=sender, **named) for each in live]
        for each in live: print(self.disconnect(each))
        for each in live: relayed.connect(each)
        return {each: [response] for each, response in zip(live, responses)}, tuple(live), live and live[0]
class Described(Signal):
    def send(self, sender, **named):
        for each in sync(self._live_receivers(sender)):
            asked = inspect.signature(each).parameters
            print(each(**{name: value for name, value in named.items() if name in asked}))
            print(f"{each}" == str(each), bool(each), copy.copy(each) == each, each.__call__(user=1))
        return [each for each in sorted(sync(self._live_receivers(sender)))]
class Handler:
    rank = 0
    def __call__(self, user=None, **kwargs): return user
    def method(self, **kwargs): return 2
    def __lt__(self, other): return self.rank < other.rank
    def __str__(self): return "a handler"
    def __bool__(self): return False
def plain(**kwargs): return pickle
once, relayed, described = Once(), Signal(), Described()
first, second = Handler(), Handler()
second.rank = -1
for each in (plain, first, first.method): once.connect(each)
by_receiver, listed, one = once.send(None)
print([key is value for key, value in zip(by_receiver, (plain, first))], listed[0] is one is plain)
print(once.send(None), len(relayed.send(None)))
for each in (first, second): described.connect(each)
print([each is known for each, known in zip(described.send(None, user=7), (second, first))])
class Pickled(Signal):
    def send(self, sender): return [pickle.loads(pickle.dumps(each)) for each in sync(self._live_receivers(sender))]
pickled = Pickled()
pickled.connect(plain)
print(pickled.send(None)[0] is plain)
async def waits(**kwargs): return 42
class Mixed(Signal):
    async def asend(self, sender):
        found = [each() for each in sync(self._live_receivers(sender))]
        return [await each if inspect.iscoroutine(each) and isinstance(each, types.CoroutineType) else each for each in found]
mixed = Mixed()
for each in (plain, waits): mixed.connect(each)
responses = asyncio.run(mixed.asend(None))
for each in responses:
    if inspect.iscoroutine(each): each.close()
print(responses[1] if django.VERSION >= (5,) else 42)
"""
    )
    assert done.traced.stdout.endswith("True\n42\n")
    names = [call["receiver"] for call in done.trace.spans("receiver")]
    assert names[:3] == ["__main__.plain", "__main__.Handler.__call__", "__main__.Handler.method"]


def test_what_a_send_left_to_be_called_later_leaves_nothing_behind(twice):
    done = twice(
        """
from concurrent.futures import ThreadPoolExecutor
def sync(live): return live if type(live) is list else live[0]
class Queued(Signal):
    waiting = []
    def send(self, sender): self.waiting.extend(sync(self._live_receivers(sender)))
    def flush(self):
        while self.waiting: self.waiting.pop()()
class Pooled(Signal):
    def send(self, sender): return [pool.submit(each).result() for each in sync(self._live_receivers(sender))]
class Kept(Signal):
    kept = {}
    def send(self, sender):
        for each in sync(self._live_receivers(sender)): self.kept.setdefault(each, each)()
def heard(**kwargs): pass
queued, pooled, kept, plain = Queued(), Pooled(), Kept(), Signal()
[signal.connect(heard) for signal in (queued, pooled, kept, plain)]
queued.send(None)
queued.flush()
plain.send(None)
with ThreadPoolExecutor(1) as pool:
    pooled.send(None)
    pool.submit(plain.send, None).result()
kept.send(None)
kept.send(None)
"""
    )
    sends = {send["id"]: send for send in done.trace.spans("send")}
    assert len({line["id"] for line in done.trace.lines("begin") if line["kind"] == "send"}) == 5
    assert [send["parent"] for send in sends.values()] == [None] * 6
    heard = [sends[call["parent"]]["signal"] for call in done.trace.spans("receiver")]
    assert sorted(heard) == [
        f"__main__.{name}" for name in ("kept", "kept", "plain", "plain", "pooled", "queued")
    ]


def test_whom_a_subclass_calls_out_of_sight_is_said_not_to_be_known(twice):
    done = twice(
        """
class Looks(Signal):
    def send(self, sender):
        Signal().send(None)
        return [entry[1]()() for entry in self.receivers]
class Lazy(Signal):
    def send(self, sender):
        live = self._live_receivers(sender)
        yield from (each() for each in (live if type(live) is list else live[0]))
class Published(Signal):
    def publish(self, sender):
        live = self._live_receivers(sender)
        return [each() for each in (live if type(live) is list else live[0])]
def heard(**kwargs): plain.send(None)
def quiet(**kwargs): pass
class Asked(Signal):
    def count(self, sender): return len(self._live_receivers(sender))
    def listening(self, sender):
        live = self._live_receivers(sender)
        self.kept = iter(live if type(live) is list else live[0])
        return live if type(live) is list else live[0]
looks, lazy, published, plain, asked = Looks(), Lazy(), Published(), Signal(), Asked()
asked.connect(quiet)
[signal.connect(heard) for signal in (looks, lazy, published)]
plain.connect(quiet)
looks.send(None)
print(asked.count(None), [each() for each in asked.listening(None)], [each() for each in list(asked.kept)])
print(list(lazy.send(None)), published.publish(None))
len(plain._live_receivers(None))
"""
    )
    counts = done.trace.lines("counts")[-1]
    unseen = {f"__main__.{name}": 1 for name in ("looks", "lazy", "plain")}
    unseen["__main__.asked"] = 2
    assert counts["unseen"] == unseen
    assert "__main__.looks" not in counts["unheard"]
    sends = {send["signal"]: send for send in done.trace.spans("send")}
    assert (sends["__main__.looks"]["receivers"], sends["__main__.looks"]["not_reached"]) == (
        [],
        [],
    )
    assert "__main__.asked" not in sends
    assert "__main__.asked" not in counts["unheard"]
    published = sends["__main__.published"]
    assert (published["method"], published["receivers"]) == ("publish", ["__main__.heard"])


def test_a_subclass_that_calls_its_base_is_one_send(twice):
    done = twice(
        """
class Counted(Signal):
    def send(self, *args, **kwargs):
        self.sent = getattr(self, "sent", 0) + 1
        return super().send(*args, **kwargs)
    def _live_receivers(self, sender):
        live = super()._live_receivers(sender)
        if isinstance(live, tuple):
            return [r for r in live[0] if r is not hidden], live[1]
        return [r for r in live if r is not hidden]
signal = Counted()
def hidden(**kwargs): print("never")
def seen(**kwargs): print("seen")
signal.connect(hidden); signal.connect(seen)
print(signal.send(None) == [(seen, None)], signal.sent)
"""
    )
    assert done.trace.span("send")["receivers"] == ["__main__.seen"]
    assert len(done.trace.spans("receiver")) == 1


def test_what_nobody_hears_of_a_subclass_that_calls_its_base_is_counted_once(twice):
    done = twice(
        """
class Relayed(Signal):
    def send(self, sender, **named): return super().send(sender, **named)
class Twice(Relayed):
    def send(self, sender, **named): return super().send(sender, **named)
class Own(Signal):
    def send(self, sender, **named): return []
signals = [cls(use_caching=caching) for cls in (Relayed, Twice, Own) for caching in (False, True)]
relayed, relayed_cached, twice, twice_cached, own, own_cached = signals
def five_times(signal):
    signal.connect(print, sender=Book, weak=False)
    for _ in range(5): signal.send(Shelf)
for number in range(6): five_times(signals[number])
"""
    )
    unheard = done.trace.lines("counts")[-1]["unheard"]
    names = ["relayed", "relayed_cached", "twice", "twice_cached", "own", "own_cached"]
    assert [unheard[f"__main__.{name}"] for name in names] == [5] * 6
    assert done.trace.spans("send") == []


def test_a_subclass_that_calls_a_subclass_that_calls_its_base_is_one_send(twice):
    done = twice(
        """
class Relayed(Signal):
    def send(self, sender, **named): return super().send(sender, **named)
class Twice(Relayed):
    def send(self, sender, **named): return super().send(sender, **named)
signal = Twice()
def heard(**kwargs): print("heard")
signal.connect(heard)
signal.send(None)
"""
    )
    assert done.trace.span("send")["receivers"] == ["__main__.heard"]
    assert len(done.trace.spans("receiver")) == 1


def test_looking_at_live_receivers_calls_nobody(twice):
    done = twice(
        OWN_SIGNAL
        + """
@receiver(opened)
def looks(**kwargs):
    live = opened._live_receivers(None)
    print(type(live).__name__, opened.has_listeners(), len(list(live)))
opened.send(None)
print(type(opened._live_receivers(None)).__name__)
"""
    )
    assert done.trace.span("send")["receivers"][-1] == "__main__.looks"
    assert len(done.trace.spans("receiver")) == 3


def test_mock_patch_of_send_with_and_without_autospec(twice):
    done = twice(
        OWN_SIGNAL
        + """
from unittest import mock
with mock.patch("django.dispatch.Signal.send", autospec=True) as fake:
    opened.send(1, a=2)
    print(fake.call_count)
with mock.patch.object(Signal, "send", return_value="fake") as fake:
    print(opened.send(1))
print(len(opened.send(1)))
"""
    )
    assert len(done.trace.spans("send")) == 1


def test_replaced_receivers_and_disconnecting_during_a_send(twice):
    done = twice(
        OWN_SIGNAL
        + """
@receiver(opened)
def leaves(**kwargs): print(opened.disconnect(leaves), opened.disconnect(second))
print(len(opened.send(None)), len(opened.send(None)))
kept, opened.receivers = opened.receivers, []
print(opened.send(None))
opened.receivers = kept
del first; gc.collect()
print(len(opened.send(None)))
"""
    )
    assert [len(span["receivers"]) for span in done.trace.spans("send")] == [3, 1]


def test_lazy_objects_and_query_sets_stay_unevaluated(twice):
    done = twice(
        """
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy
def boom(): raise RuntimeError("evaluated")
lazy = SimpleLazyObject(boom)
class Hostile:
    def __repr__(self): raise RuntimeError("repr")
    __str__ = __eq__ = __repr__
    __hash__ = None
    def __getattribute__(self, name): raise RuntimeError(name)
    __class__ = property(lambda self: boom())
opened = Signal()
opened.connect(lambda **kwargs: print(sorted(kwargs)), weak=False)
opened.send(Book, lazy=lazy, hostile=Hostile(), rows=Book.objects.all(), text=gettext_lazy("x"),
            many=[1, 2], wide=10 ** 400, odd="\\ud800", raw=b"ab", nan=float("nan"),
            book=Book(pk=3), cls=Book, long="x" * 200)
print(len(connection.queries), lazy._wrapped is not None)
"""
    )
    assert done.trace.span("send")["arguments"] == {
        "lazy": "<django.utils.functional.SimpleLazyObject>",
        "hostile": "<__main__.Hostile>",
        "rows": "<QuerySet library.Book>",
        "text": "<django.utils.functional.lazy.<locals>.__proxy__>"
        if django.VERSION < (5, 0)
        else done.trace.span("send")["arguments"]["text"],
        "many": "<list 2>",
        "wide": "<int 1329 bits>",
        "odd": "\ud800",
        "raw": "<bytes 2>",
        "nan": "nan",
        "book": "library.Book pk=3",
        "cls": "<class library.models.Book>",
        "long": "x" * 80 + "…",
    }


@pytest.mark.parametrize(
    ("values", "changes", "book"),
    [
        ("none", {"title": None}, "library.Book"),
        ("all", {"title": ["t", "u"]}, "library.Book pk=None"),
    ],
)
def test_values_none_and_all(twice, values, changes, book):
    done = twice(
        """
@receiver(pre_save, sender=Book)
def change(instance, **kwargs): instance.title = "u"
Book(title="t").save()
opened = Signal()
opened.connect(lambda **kwargs: None, weak=False)
opened.send(None, token="x", flag=True)
""",
        values=values,
    )
    assert done.trace.spans("receiver")[0]["changes"] == changes
    save, own = (send["arguments"] for send in done.trace.spans("send"))
    assert (save["instance"], save["raw"]) == (book, False)
    assert own == {"token": None if values == "none" else "x", "flag": True}


@pytest.mark.parametrize(
    ("values", "message"), [("none", None), ("redacted", None), ("all", "the very words")]
)
def test_the_message_of_an_exception_is_recorded_only_with_all_values(twice, values, message):
    done = twice(
        """
opened = Signal()
@receiver(opened)
def broken(**kwargs): raise LookupError("the very words")
opened.send_robust(None)
""",
        values=values,
    )
    span = done.trace.span("receiver")
    assert span["exception"] == "LookupError"
    assert span.get("exception_message") == message
    text = "".join(path.read_text() for path in done.trace.processes)
    assert ("the very words" in text) is (message is not None)


@needs_async
def test_concurrent_async_receivers_have_their_own_children(twice):
    done = twice(
        """
opened, inner = Signal(), Signal()
@receiver(inner)
def heard(**kwargs): pass
def events(): return [asyncio.Event() for _ in range(3)]
@receiver(opened)
async def one(events, **kwargs):
    two_began, one_sent, two_sent = events
    await two_began.wait()
    await inner.asend("one")
    one_sent.set()
    await two_sent.wait()
    return 1
@receiver(opened)
async def two(events, **kwargs):
    two_began, one_sent, two_sent = events
    two_began.set()
    await one_sent.wait()
    await inner.asend("two")
    two_sent.set()
    return 2
@receiver(opened)
def sync(**kwargs): inner.send("sync")
async def main():
    print([result for _, result in await opened.asend(None, events=events())])
    done = await opened.asend_robust(None, events=events())
    print([(r is one) or (r is two) or (r is sync) for r, _ in done])
asyncio.run(main())
print(len(opened.send(None, events=events())), len(opened.send_robust(None, events=events())))
"""
    )
    trace = done.trace
    sends = trace.spans("send", signal="__main__.opened")
    assert [send["method"] for send in sends] == ["asend", "asend_robust", "send", "send_robust"]
    for send in sends:
        calls = {span["name"]: span for span in trace.children(send)}
        assert set(calls) == {"__main__.one", "__main__.two", "__main__.sync"}
        assert calls["__main__.one"]["mode"] == "async"
        for name, call in calls.items():
            (below,) = trace.children(call)
            assert below["sender"] == f"'{name.removeprefix('__main__.')}'"
            assert below["parent"] == call["id"]
        one, two = calls["__main__.one"], calls["__main__.two"]
        assert two["time"] < one["time"] + one["duration_ns"]
    assert len({span["id"] for span in trace.lines("end")}) == len(trace.lines("end"))


@needs_async
def test_async_errors_and_cancellation(twice):
    done = twice(
        """
opened = Signal()
@receiver(opened)
async def broken(**kwargs):
    await asyncio.sleep(0)
    raise LookupError("x")
@receiver(opened)
async def slow(**kwargs): await asyncio.sleep(5)
async def main():
    import traceback
    try: await asyncio.wait_for(opened.asend(None), 1)
    except LookupError: traceback.print_exc(file=sys.stdout)
    opened.disconnect(broken)
    try: await asyncio.wait_for(opened.asend(None), 0.05)
    except asyncio.TimeoutError: print("timed out")
asyncio.run(main())
"""
    )
    assert done.trace.spans("receiver", name="__main__.broken")[0]["exception"] == "LookupError"
    kinds = {span["exception"] for span in done.trace.spans("receiver", name="__main__.slow")}
    assert kinds <= {"asyncio.exceptions.CancelledError", "GeneratorExit"}
    begun = {line["id"] for line in done.trace.lines("begin")}
    assert begun == {line["id"] for line in done.trace.lines("end")} & begun


@needs_async
def test_an_async_receiver_cancelled_before_its_first_step_was_not_called(twice):
    done = twice(
        """
opened = Signal()
@receiver(opened)
async def cancels(**kwargs):
    for task in asyncio.all_tasks() - {asyncio.current_task()}: task.cancel()
@receiver(opened)
async def cancelled(**kwargs): print("never")
async def main():
    task = asyncio.ensure_future(opened.asend(None))
    await asyncio.wait([task])
    print(task.cancelled())
try: asyncio.run(main())
except asyncio.CancelledError: print("cancelled")
""",
    )
    assert "never" not in done.traced.stdout
    (call,) = done.trace.lines("end", kind="receiver")
    assert call["name"] == "__main__.cancels"
    assert {line["id"] for line in done.trace.lines("begin", kind="receiver")} == {call["id"]}
    assert done.trace.span("send")["not_reached"] == ["__main__.cancelled"]


def test_muted_signals_are_recorded_only_on_request(twice):
    source = """
@receiver(post_init, sender=Book)
def built(**kwargs): pass
Book(title="x")
"""
    assert twice(source).trace.spans("send") == []
    assert twice(source, all_signals=True).trace.span("send")["signal"].endswith(".post_init")


def test_a_signal_without_a_module_is_named_by_its_line(twice):
    done = twice(
        "signals = [Signal()]\nsignals[0].connect(print, weak=False)\nprint()\nsignals[0].send(0)",
        compare=False,
    )
    (send,) = done.trace.spans("send")
    assert send["signal"].startswith("__main__.<Signal at script.py:")


@pytest.mark.parametrize("how", ["in place", "a new list"])
def test_another_tool_that_wraps_the_live_receivers(twice, how):
    done = twice(
        OWN_SIGNAL
        + f"how = {how!r}\n"
        + """
import functools
theirs = Signal._live_receivers
def wrap(each):
    @functools.wraps(each)
    def wrapped(**kwargs): return each(**kwargs) * 10
    return wrapped
def _live_receivers(self, sender):
    live = theirs(self, sender)
    sync = live[0] if isinstance(live, tuple) else live
    if how == "in place":
        for number, each in enumerate(sync): sync[number] = wrap(each)
    else:
        sync = [wrap(each) for each in sync]
    return (sync, live[1]) if isinstance(live, tuple) else sync
Signal._live_receivers = _live_receivers
print([(each.__name__, result) for each, result in opened.send(None)])
"""
    )
    assert done.traced.stdout == "[('first', 10), ('second', 20)]\n"
    assert done.trace.span("send")["not_reached"] == []
    names = [span["name"] for span in done.trace.spans("receiver")]
    assert names == ["__main__.first", "__main__.second"]


def test_the_tracer_keeps_nothing_alive(twice):
    twice(
        """
import weakref
opened = Signal()
tasks = []
class Thing: pass
async def wait(): await asyncio.sleep(0.05)
def starts(thing, **kwargs): tasks.append(asyncio.get_running_loop().create_task(wait()))
def fails(thing, **kwargs): raise KeyError
async def main():
    thing, book = Thing(), Book(title="x")
    seen = [weakref.ref(thing), weakref.ref(book)]
    opened.connect(starts)
    opened.send(None, thing=thing, instance=book)
    opened.connect(fails)
    try: opened.send(None, thing=thing)
    except KeyError: pass
    del thing, book
    print([each() for each in seen])
    await asyncio.gather(*tasks)
gc.disable()
asyncio.run(main())
"""
    )


def test_a_sender_that_is_a_value_has_a_name(twice):
    source = """
import decimal, enum
opened = Signal()
@receiver(opened)
def heard(**kwargs): pass
class Door(enum.StrEnum): OPEN = "open"
senders = None, 7, True, 2.5, "a b", Door.OPEN, b"x", decimal.Decimal("1.5"), (1, 2), sys, Book(pk=7)
for each in senders: opened.send(each)
"""
    shown, hidden = (
        [send["sender"] for send in twice(source, values=values).trace.spans("send")]
        for values in ("redacted", "none")
    )
    numbers = ["int 7", "bool true", "float 2.5"]
    others = ["<bytes 1>", "decimal.Decimal 1.5", "<tuple 2>", "sys", "library.Book pk=7"]
    assert shown == [None, *numbers, "'a b'", "'open'", *others]
    # None alone is nobody, and what is left of the others is what a reader makes of a value.
    assert hidden == [None, *map(sender_kind, shown[1:])]
    assert hidden[1:6] == ["<int>", "<bool>", "<float>", "<str>", "<str>"]
    assert hidden[6:] == ["<bytes 1>", "<decimal.Decimal>", "<tuple 2>", "sys", "<library.Book>"]
