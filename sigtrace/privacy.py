"""Which values are hidden by the name under which they stand, and argv without its secrets.

A name is split into whole lowercase words: at everything that is no letter, and where camel case
turns (`apiKey2` is `api`, `key`). It is hidden if one of its words is in `WORDS`, if two words that
stand side by side make one of `COMPOUNDS` (`session_id`), or if the whole name is in `WHOLE`.
So `author` is not `auth`, `keyword` is not `key`, and the title of a conference's session is shown
while `session`, `session_key` and `sessionid` are not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .events import HIDDEN

CODE = "<code>"
"""What stands where a program was given on the command line."""

WORDS = frozenset(
    """
    password passwords passwd passwds pwd pw passphrase passphrases passcode passcodes pgpassword
    userpassword dbpassword secret secrets clientsecret secretkey
    token tokens jwt bearer nonce csrf xsrf csrftoken csrfmiddlewaretoken authtoken accesstoken
    refreshtoken apitoken key keys apikey apikeys privatekey accesskey
    auth oauth authorization authorisation authentication authenticator
    credential credentials creds dsn signature signatures salt salts hmac
    otp totp hotp mfa pin pins puk cvv cvc cvn
    ssn nin iban bic card cards cardnumber creditcard passport
    email emails mail mails phone phones telephone
    cookie cookies sessionid sessionkey private
    birthday birthdate dob
    """.split()
)
COMPOUNDS = frozenset(
    """
    sessionid sessiondata passphrase passcode password recoverycode recoverycodes backupcode
    backupcodes verificationcode accountnumber routingnumber taxid nationalid bankaccount
    dateofbirth
    """.split()
)
WHOLE = frozenset(("session", "sid", "pass"))

_CODE_FLAGS = ("--command", "--eval")
_INTERPRETERS = ("python", "pypy", "bash", "sh", "dash", "zsh", "shell", "psql")


def hides(name: str, redact: tuple[str, ...] = (), show: tuple[str, ...] = ()) -> bool:
    """Say whether the value that stands under `name` must not be written.

    `redact` and `show` are names or globs of the project, compared without case: `redact` (a whole
    name, one word of it, or a glob) wins over `show` (a whole name or a glob), which wins over the
    built-in list. A name in `show` lets no longer one through: `key` keeps `api_key` hidden.
    """
    parts = words(name)
    lowered = name.lower()
    if redact and any(p.lower() in parts or _matches(lowered, p.lower()) for p in redact):
        return True
    if show and any(_matches(lowered, p.lower()) for p in show):
        return False
    if lowered in WHOLE or not WORDS.isdisjoint(parts):
        return True
    return any(a + b in COMPOUNDS for a, b in zip(parts, parts[1:], strict=False))


def words(name: str) -> list[str]:
    """Split a name into lowercase words: `HTTPAuthToken2` gives `http`, `auth`, `token`."""
    found: list[str] = []
    current = ""
    for position, char in enumerate(name):
        if not char.isalpha():
            if current:
                found.append(current.lower())
            current = ""
            continue
        if current and char.isupper():
            after = name[position + 1 : position + 2]
            if not current[-1].isupper() or after.islower():
                found.append(current.lower())
                current = ""
        current += char
    if current:
        found.append(current.lower())
    return found


def filter_argv(
    argv: Sequence[str], redact: tuple[str, ...] = (), show: tuple[str, ...] = ()
) -> list[str]:
    """Return `argv` as it may be written: `--api-key=…`, `--password x`, `TOKEN=…`, the credentials
    in a URL or a header, and code after `-c` are replaced. When in doubt it hides.
    """
    filtered: list[str] = []
    hide_next = code_next = False
    for position, word in enumerate(argv):
        before = argv[position - 1] if position else ""
        if hide_next and not _is_option(word):
            filtered.append(HIDDEN)
            hide_next = False
        elif code_next and (_runs_code(argv, position) or not _is_plain(word)):
            filtered.append(CODE)
            code_next = False
        else:
            hide_next = _takes_secret(word, redact, show)
            code_next = word in _CODE_FLAGS or _is_code_flag(word)
            if before == "--":
                hide_next = False
            filtered.append(_filter_word(word, redact, show))
    return filtered


def _filter_word(word: str, redact: tuple[str, ...], show: tuple[str, ...]) -> str:
    flag, equals, value = word.partition("=")
    if equals and flag in _CODE_FLAGS and not _is_plain(value):
        return flag + "=" + CODE
    if word.startswith("-c") and len(word) > 2 and not _is_plain(word[2:]):
        return "-c" + CODE
    word = _filter_urls(word)
    for name, end in _named_values(word):
        if hides(name, redact, show) and end < len(word):
            return word[:end] + HIDDEN
    return word


def _named_values(word: str) -> Iterator[tuple[str, int]]:
    """Yield each (name, index of its value) of `name=…`, `"name": …` and `Header: …` in a word."""
    start = 0
    for position, char in enumerate(word):
        if char.isalnum() or char in "_-":
            continue
        after = word[position + 1 : position + 2]
        quoted = char in "\"'" and after == ":"
        heads = start == 0 or after in (" ", '"', "'")
        colon = char == ":" and heads and after not in (":", "/")
        if char == "=" or quoted or colon:
            end = position + 1 + quoted
            while word[end : end + 1] in (" ", '"', "'"):
                end += 1
            yield word[start:position].lstrip("-"), end
        start = position + 1


def _filter_urls(word: str) -> str:
    """Hide the credentials in each `scheme://user:password@host` of a word."""
    head, mark, rest = word.partition("://")
    if not mark:
        return word
    authority = rest
    for stop in ("/", "?", "#", " "):
        authority = authority.partition(stop)[0]
    # An @ after the first slash may still end a password that holds that slash unescaped.
    user, at, host = authority.rpartition("@")
    tail = rest[len(authority) :]
    if not at and "@" in tail and ":" in authority and not authority.rpartition(":")[2].isdigit():
        user, at, tail = authority, "@", tail.rpartition("@")[2]
        host = ""
    if not at:
        return head + mark + authority + _filter_urls(tail)
    name, colon, _ = user.partition(":")
    shown = name + colon + HIDDEN if colon else HIDDEN
    return head + mark + shown + at + host + _filter_urls(tail)


def _takes_secret(word: str, redact: tuple[str, ...], show: tuple[str, ...]) -> bool:
    """Whether the next word is the value of this option, and secret."""
    name = word.lstrip("-")
    if name == word or not name or "=" in name or " " in name or name.startswith("no-"):
        return False
    return hides(name, redact, show)


def _is_option(word: str) -> bool:
    # A short one only: generated secrets may begin with a dash.
    return word.startswith("--") or (word.startswith("-") and len(word) == 2)


def _is_code_flag(word: str) -> bool:
    """`-c`, or letters that take no value before it: `-Ic`, `-lc`."""
    return word[:1] == "-" and word[-1:] == "c" and word[1:].isalpha()


def _runs_code(argv: Sequence[str], position: int) -> bool:
    """Whether the `-c` before `position` belongs to an interpreter or to Django's shell."""
    before = next((word for word in reversed(argv[: position - 1]) if word[:1] != "-"), "")
    return not before or before.replace("\\", "/").rpartition("/")[2].startswith(_INTERPRETERS)


def _is_plain(word: str) -> bool:
    """A file's or a module's name or a number, and so no program."""
    return all(char.isalnum() or char in "_-./:\\" for char in word)


def _matches(name: str, pattern: str) -> bool:
    if name == pattern:
        return True
    if not any(char in pattern for char in "*?["):
        return False
    import fnmatch  # brings `re`, which neither side needs otherwise

    return fnmatch.fnmatchcase(name, pattern)
