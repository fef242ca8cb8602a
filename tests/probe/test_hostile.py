"""Objects that defend themselves, sizes and depths at their limits: the target does what it did."""

from __future__ import annotations

import json

import django
import pytest

needs_async = pytest.mark.skipif(django.VERSION < (5, 0), reason="Django 5.0 brought asend")

# Whatever is asked of such an object is written down, and raises.
HOSTILE = """
asked = []
def refuse(name):
    def method(self, *args, **kwargs):
        asked.append(name); raise RuntimeError(name)
    return method
DUNDERS = ["__repr__", "__str__", "__eq__", "__ne__", "__lt__", "__bool__", "__len__", "__iter__",
    "__getattr__", "__getattribute__", "__call__", "__format__", "__reduce_ex__", "__index__",
    "__int__", "__float__", "__contains__", "__getitem__", "__next__", "__enter__", "__await__",
    "__fspath__", "__bytes__", "__dir__", "__sizeof__", "__copy__", "__deepcopy__", "__instancecheck__"]
methods = {name: refuse(name) for name in DUNDERS}
methods["__hash__"] = object.__hash__
methods["__class__"] = property(refuse("__class__"))
methods["__dict__"] = property(refuse("__dict__"))
methods["__wrapped__"] = methods["func"] = methods["_meta"] = property(refuse("property"))
Hostile = type("Hostile", (), dict(methods))
class Meta(type):
    for name in ("__repr__", "__eq__", "__hash__", "__instancecheck__", "__subclasscheck__",
                 "__getattr__", "__bool__", "__len__", "__iter__"):
        locals()[name] = refuse("Meta." + name)
    __hash__ = type.__hash__
HostileClass = Meta("HostileClass", (), {})
HostileList = type("HostileList", (list,), {k: v for k, v in methods.items() if k != "__call__"})
HostileDict = type("HostileDict", (dict,), {k: v for k, v in methods.items() if k != "__call__"})
HostileStr = type("HostileStr", (str,), {k: v for k, v in methods.items() if k not in ("__hash__", "__eq__")})
HostileInt = type("HostileInt", (int,), dict(methods))
"""


def test_hostile_objects_as_arguments_and_senders(twice):
    done = twice(
        HOSTILE
        + """
opened = Signal()
@receiver(opened)
def hears(sender, **kwargs): pass
things = [Hostile(), HostileClass, HostileList([1]), HostileDict(a=1), HostileStr("x"), HostileInt(3)]
for each in things:
    opened.send(None, one=each, many=[each], named={"key": each}, pair=(each, each), instance=each)
    opened.send_robust(None, instance=each)
print(asked)
import traceback
# Of a sender Django itself asks a few things, and then what is asked is the same.
for each in things:
    try: opened.send(each)
    except RuntimeError: traceback.print_exc(file=sys.stdout)
print(asked)
class Unhashable:
    def __hash__(self): raise TypeError("no hash")
unhashable = Unhashable()
for signal in (opened, Signal(use_caching=True)):
    signal.connect(hears)
    try: print(len(signal.send(unhashable)))
    except TypeError: traceback.print_exc(file=sys.stdout)
"""
    )
    assert len(done.trace.spans("receiver")) >= 12
    assert done.trace.spans("send")[0]["arguments"]["one"] == "<__main__.Hostile>"


def test_hostile_fields_receivers_and_exceptions(twice):
    done = twice(
        HOSTILE
        + """
import logging
logging.disable()
class HostileError(Exception):
    __str__ = __repr__ = __eq__ = refuse("error")
    args = property(refuse("args")); __cause__ = property(refuse("cause"))
class Receiver:
    def __call__(self, **kwargs): called.append(1)
    __eq__ = refuse("__eq__"); __hash__ = object.__hash__; __repr__ = __str__ = refuse("__repr__")
    __bool__ = __len__ = refuse("__bool__")
    def __getattr__(self, name):
        if not name.startswith("__") and name != "_sigtrace": missing.append(name)
        raise AttributeError(name)
called, missing = [], []
opened = Signal()
each = Receiver()
opened.connect(each)
@receiver(opened)
def fails(sender, **kwargs):
    if sender: raise HostileError(Hostile())
print(len(opened.send(None)), [type(result).__name__ for _, result in opened.send_robust(1)])
try: opened.send(1)
except HostileError as error: print("raised")
@receiver([pre_save, post_save], sender=Book)
def changes(instance, signal, **kwargs):
    instance.note = Hostile(); instance.shelf_note = HostileList()
    if signal is pre_save: instance.pages = 5
    instance.__dict__["title_" + str(len(vars(instance)))] = Hostile()
book = Book(title="x"); book.first = Hostile(); book.save()
print(asked, len(called), book.pages)
""",
        values="all",
    )
    assert [c["exception"] for c in done.trace.spans("receiver", name="__main__.fails")] == [
        *(None, "__main__.HostileError", "__main__.HostileError"),
    ]
    first = done.trace.spans("receiver", name="__main__.changes")[0]
    assert first["changes"]["pages"] == [0, 5]


def test_bytes_surrogates_and_control_characters(twice):
    done = twice(
        r"""
opened = Signal()
@receiver(opened)
def hears(sender, **kwargs): pass
odd = ["\ud800", "\udfff\ud800x", "\x00\x1b[31m\r\n\u2028\u202e\x9b", "\U0001f600" * 3, "\"\\", b"\xff\x00",
       bytearray(b"\xff"), memoryview(b"x"), "\udcff.txt"]
for each in odd:
    opened.send(None if isinstance(each, (bytearray, memoryview)) else each, value=each, **{"name\ud800\n": each})
exec("def \u00fcml\u00e4ut(**kwargs): pass")
umlaut = locals()["\u00fcml\u00e4ut"]
umlaut.__qualname__ = "a\ud800\x1b]0;x\x07"
opened.connect(umlaut)
opened.send(None)
Book.objects.create(title="\x1b[2J\u202e")
print(Book.objects.filter(title="\x1b[2J\u202e").count())
try: Book.objects.create(title="\ud800")
except UnicodeEncodeError: print("refused")
""",
        values="all",
    )
    for path in done.trace.processes:
        data = path.read_bytes()
        assert data.isascii()
        assert not set(data) & (set(range(32)) - {10} | {127})
        for line in data.decode("ascii").splitlines():
            json.loads(line)
    sends = done.trace.spans("send", name="opened")
    assert sends[1]["arguments"]["value"] == "\udfff\ud800x"
    assert sends[-1]["receivers"][-1] == "__main__.a\ud800\x1b]0;x\x07"


def test_a_hundred_megabytes_cost_nothing(twice):
    done = twice(
        """
import resource
opened = Signal()
@receiver(opened)
def hears(**kwargs): pass
big = "x" * 100_000_000
many = [0] * 12_000_000
wide = 1 << 800_000_000
raw = bytes(100_000_000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for _ in range(3):
    opened.send(None, big=big, raw=raw, many=many, wide=wide, nested=[[many]])
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(after - before < 20_000 or after - before)
@receiver(pre_save, sender=Book)
def fills(instance, **kwargs): instance.title = big
try:
    with transaction.atomic():
        Book(title="x").save_base()
        raise KeyError
except KeyError: print(len(big))
"""
    )
    assert done.trace.spans("send")[0]["arguments"]["big"] == "x" * 80 + "…"
    assert sum(path.stat().st_size for path in done.trace.processes) < 100_000


def test_recursion_to_pythons_limit(twice):
    done = twice(
        """
opened = Signal()
depth = reached = 0
@receiver(opened)
def again(**kwargs):
    global depth, reached
    depth += 1
    try:
        reached = max(depth, reached)
        opened.send(None)
    finally: depth -= 1
def spiral(n):
    try: opened.send(None)
    except RecursionError: return 1
    return 0
for limit in (180, 333, 1000):
    sys.setrecursionlimit(limit)
    reached = 0
    print(spiral(0), depth, reached > 20)
sys.setrecursionlimit(1000)
@receiver(post_save, sender=Book)
def saves(instance, **kwargs): instance.save()
book = Book(title="x")
try: book.save()
except RecursionError: print("too deep", depth)
post_save.disconnect(saves, sender=Book); opened.disconnect(again)
opened.connect(print, weak=False)
Book.objects.create(title="and on")
""",
        values="all",
    )
    trace = done.trace
    ids = [line["id"] for line in trace.lines("end")]
    assert len(set(ids)) == len(ids)
    begun = {line["id"] for line in trace.lines("begin")}
    assert trace.spans("save")[-1]["exception"] is None
    assert begun - set(ids) == set()
    errors = {span["exception"] for span in trace.spans("receiver", name="__main__.again")}
    assert errors == {"RecursionError"}


def test_generators_that_end_in_another_context(twice):
    done = twice(
        """
import contextvars, threading
opened, inner = Signal(), Signal()
@receiver(inner)
def heard(**kwargs): pass
def generator():
    try:
        with transaction.atomic():
            Book.objects.create(title="in a generator")
            inner.send(1)
            yield 1
            inner.send(2)
            yield 2
    finally:
        inner.send(3)
@receiver(opened)
def starts(kept, **kwargs):
    each = generator(); next(each); kept.append(each)
def closes(each):
    opened.connect(ends); opened.send(None, kept=[], each=each); opened.disconnect(ends)
def ends(each=None, **kwargs):
    if each is not None: each.close()
kept = []
for _ in range(4): opened.send(None, kept=kept)
contextvars.copy_context().run(next, kept[0])
contextvars.copy_context().run(kept[0].close)
contextvars.Context().run(kept[1].close)
opened.disconnect(starts)
closes(kept[2])
kept[3].close()
Book.objects.create(title="after")
print(Book.objects.count(), connection.in_atomic_block)
inner.send(9)
""",
    )
    trace = done.trace
    ids = [line["id"] for line in trace.lines("end")]
    assert len(set(ids)) == len(ids)
    assert {line["id"] for line in trace.lines("begin")} <= set(ids)
    last = trace.spans("send", name="inner")[-1]
    assert (last["sender"], last["parent"], last["transaction"]) == ("int 9", None, None)
    after = trace.spans("save")[-1]
    assert (after["parent"], after["transaction"]) == (None, None)


@needs_async
def test_asynchronous_generators_that_end_in_another_task(twice):
    done = twice(
        """
opened, inner = Signal(), Signal()
@receiver(inner)
async def heard(**kwargs): await asyncio.sleep(0)
async def generator():
    try:
        await inner.asend(1)
        yield 1
        await inner.asend(2)
        yield 2
    finally:
        await inner.asend(3)
kept = []
@receiver(opened)
async def starts(**kwargs):
    each = generator(); await anext(each); kept.append(each)
async def main():
    await opened.asend(None); await opened.asend(None)
    await asyncio.create_task(kept[0].aclose())
    await asyncio.create_task(kept[1].__anext__())
    await kept[1].aclose()
    await opened.asend(None)
    kept.clear(); gc.collect(); await asyncio.sleep(0.01)
    await inner.asend(9)
asyncio.run(main())
"""
    )
    trace = done.trace
    ids = [line["id"] for line in trace.lines("end")]
    assert len(set(ids)) == len(ids)
    assert {line["id"] for line in trace.lines("begin")} <= set(ids)
    last = trace.spans("send", name="inner")[-1]
    assert (last["sender"], last["parent"]) == ("int 9", None)


def test_a_clock_that_steps_back(twice):
    done = twice(
        """
import time
opened = Signal()
@receiver(opened)
def hears(**kwargs): pass
opened.send(1)
wall = time.time
time.time_ns, time.time = (lambda: 1_000_000_000), (lambda: 1.0)
opened.send(2)
child = os.fork()
if not child: opened.send(3); os._exit(0)
os.waitpid(child, 0)
opened.send(4)
"""
    )
    sends = done.trace.spans("send")
    senders = [send["sender"] for send in sends]
    assert senders == ["int 1", "int 2", "int 3", "int 4"], "in the order of their times"
    assert all(span["duration_ns"] >= 0 for span in done.trace.lines("end"))
