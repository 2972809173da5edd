"""Which object this very one is: what was made of trials is remembered by them, without holding or hashing them."""

from itertools import count
from weakref import WeakKeyDictionary

from eegnets.trials import Trials

_next_number = count()
_numbers: WeakKeyDictionary[object, int] = WeakKeyDictionary()


def number(thing: object) -> int:
    """The number of this very object, which no other ever has, as another may have its `id` once it has gone."""
    if thing not in _numbers:
        _numbers.setdefault(thing, next(_next_number))
    return _numbers[thing]


BY_NUMBER = {Trials: number}  # for `hash_funcs` of Streamlit's caches
