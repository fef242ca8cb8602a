"""What is replaced is put back; what somebody else has replaced since is theirs."""

from __future__ import annotations

from sigtrace.probe.patching import Patches


class Base:
    def inherited(self):
        return "inherited"


class Owner(Base):
    def method(self):
        return "original"


class Bell:
    """A signal as Celery's are."""

    def __init__(self):
        self.receivers = []

    def connect(self, receiver, weak):
        assert weak is False
        self.receivers.append(receiver)

    def disconnect(self, receiver):
        self.receivers.remove(receiver)


def louder(original):
    return lambda self: original(self).upper()


def test_everything_is_put_back():
    before = dict(vars(Owner))
    bell, patches = Bell(), Patches()
    patches.wrap(Owner, "method", louder)
    patches.wrap(Owner, "method", lambda original: lambda self: original(self) + "!")
    patches.wrap(Owner, "inherited", louder)
    patches.set(Owner, "new", 1)
    patches.connect(bell, print)
    assert (Owner().method(), Owner().inherited(), vars(Owner)["new"]) == (
        "ORIGINAL!",
        "inherited",
        1,
    )
    assert Owner.method.__name__ == "method"
    assert bell.receivers == [print]
    patches.undo()
    assert dict(vars(Owner)) == before
    assert bell.receivers == []


def test_what_somebody_else_has_replaced_since_stays(monkeypatch):
    monkeypatch.setattr(Owner, "method", lambda self: "ours to replace")
    patches = Patches()
    patches.wrap(Owner, "method", louder)
    theirs = louder(Owner.method)
    monkeypatch.setattr(Owner, "method", theirs)
    patches.undo()
    assert vars(Owner)["method"] is theirs
