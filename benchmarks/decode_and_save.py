"""From InvokeModel to a picture's file: pictures a second of one core.

    .venv/bin/python -m benchmarks.decode_and_save [--json]

Both sides make the same boto3 call to the stand-in in another process (1.6 MB of PNG) and write the
picture to a file with the same call. Between them the plain side has the standard library's json
and base64; ours checks the request, parses, decodes, and finds out what the bytes say about
themselves, their SHA-256 among it. Counted is the processor time of the calling process.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from benchmarks import plain
from benchmarks.measure import Cost, cost_of, environment, in_turns, timed
from benchmarks.servers import folder, standin
from benchmarks.table import Line, alone


def measure(pictures: int = 200, rounds: int = 3) -> list[Line]:
    """Make pictures each way, in turns, in a new process each time."""
    with folder() as home, standin(home) as url:
        env = environment(home)

        def side(name: str) -> Callable[[], Cost]:
            given = {"side": name, "url": url, "home": str(home), "pictures": pictures}
            return lambda: cost_of(make, env, **given)

        sides = {name: side(name) for name in WAYS}
        best = in_turns(rounds, sides, lambda cost: cost.cpu)
    rates = {name: pictures / cost.cpu for name, cost in best.items()}
    beside = f"{rates['plain']:.0f} a second"

    def line(name: str, what: str, at_least: float | None = None) -> Line:
        ratio = rates[name] / rates["plain"]
        return Line(what, f"{rates[name]:.0f} a second", beside, ratio, at_least=at_least)

    return [
        line("ours", "decode and save: pictures a second of one core", 2.5),
        line("stored", "the same, kept durably in a store with provenance"),
    ]


def make(side: str, url: str, home: str, pictures: int) -> dict[str, Any]:
    """Make so many pictures one way in this process; gives the cost."""
    work = WAYS[side](plain.client(url), Path(home))
    work(pictures)  # whatever the first call has to load
    with timed() as cost:
        for number in range(pictures):
            work(number)
    return asdict(cost)


def _plain(bedrock: Any, home: Path) -> Callable[[int], None]:
    def once(number: int) -> None:
        data = plain.invoke(bedrock, plain.CORE, {"prompt": "a mug", "seed": number + 1})
        (home / f"{number}.png").write_bytes(data)

    return once


def _ours(bedrock: Any, home: Path) -> Callable[[int], None]:
    from darkroom import catalog, client
    from darkroom.modes.text_to_image import TextToImage
    from darkroom.store import read_local

    model = catalog.find("core")

    def once(number: int) -> None:
        request = TextToImage(prompt="a mug", seed=number + 1)
        answer = client.invoke(bedrock, request, model, load=read_local, region="us-west-2")
        (home / f"{number}.png").write_bytes(answer.pictures[0].data)

    return once


def _stored(bedrock: Any, home: Path) -> Callable[[int], None]:
    from darkroom import catalog, client
    from darkroom.folder_store import FolderStore
    from darkroom.modes.text_to_image import TextToImage
    from darkroom.picture import Provenance
    from darkroom.store import Fresh, read_local

    model = catalog.find("core")
    store = FolderStore(Path(mkdtemp(dir=home)))

    def once(number: int) -> None:
        request = TextToImage(prompt=f"a mug {number}", seed=number + 1)

        def call() -> list[Fresh]:
            answer = client.invoke(bedrock, request, model, load=read_local, region="us-west-2")
            told = Provenance(mode=request.mode, model=model.id, parameters=request.parameters())
            return [Fresh(each.data, each.facts, told) for each in answer.pictures]

        store.once(client.key(request, model, "bench"), call, folder="bench", title="a mug")

    return once


WAYS = {"plain": _plain, "ours": _ours, "stored": _stored}

if __name__ == "__main__":
    alone(measure)
