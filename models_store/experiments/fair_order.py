"""The order of what waits among owners: nobody waits for one owner's hundred, whatever their priorities."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, zip_longest
from typing import NamedTuple


class Waiting(NamedTuple):
    """`turn` as in the index. `owner` is "" for none."""

    id: str
    turn: float
    owner: str


def fair_order(
    waiting: Iterable[Waiting],
    last_starts: Mapping[str, int],
    asked: Callable[[Waiting], tuple[float, str]] = lambda each: (0.0, each.id),
) -> Iterator[Waiting]:
    """`waiting` is in order of turn. Owners take turns, first those for whom the longest time nothing was started; each
    owner's keep their order. `last_starts` grow with time, and so does what `asked` returns of each: ids of experiments
    do, and their `turn` does not."""
    by_owner: defaultdict[str, list[Waiting]] = defaultdict(list)
    for each in waiting:
        by_owner[each.owner].append(each)

    def key(owner: str) -> tuple[int, tuple[float, str]]:
        # Of owners for whom nothing was started yet, the one who has waited longest.
        return last_starts.get(owner, 0), min(map(asked, by_owner[owner]))

    rounds = zip_longest(*(by_owner[owner] for owner in sorted(by_owner, key=key)))
    yield from (each for each in chain.from_iterable(rounds) if each is not None)
