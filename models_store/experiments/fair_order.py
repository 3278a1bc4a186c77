"""The order of what waits among owners: nobody waits for one owner's hundred."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, groupby, zip_longest
from typing import NamedTuple

from models_store.experiments.index_entries import rank_of


class Waiting(NamedTuple):
    """`turn` as in the index. `owner` is "" for none."""

    id: str
    turn: float
    owner: str


def fair_order(waiting: Iterable[Waiting], last_starts: Mapping[str, int]) -> Iterator[Waiting]:
    """`waiting` is in order of turn. Within a rank owners take turns, first those for whom the longest time
    nothing was started; each owner's keep their order. `last_starts` grow with time."""
    for _, ranked in groupby(waiting, key=lambda each: rank_of(each.turn)):
        by_owner: defaultdict[str, list[Waiting]] = defaultdict(list)
        for each in ranked:
            by_owner[each.owner].append(each)
        # Stable: of owners for whom nothing was started yet, the one who has waited longest.
        owners = sorted(by_owner, key=lambda owner: last_starts.get(owner, 0))
        rounds = zip_longest(*(by_owner[owner] for owner in owners))
        yield from (each for each in chain.from_iterable(rounds) if each is not None)
