"""The page over a store, opened as a file with a real browser: found, compared, traced, copied."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from darkroom.folder_store import FolderStore
from darkroom.gallery import page as gallery
from darkroom.gallery.parts import link
from darkroom.image_file import facts
from darkroom.picture import Picture, Provenance
from darkroom.pipeline.pipeline import Pipeline
from darkroom.store import Fresh
from tests.browser import TALL, VIEW, chromium, page_of
from tests.conftest import encoded
from tests.server import environment, program

pytestmark = pytest.mark.drill

EVIL = "</script><script>window.hit=1</script><img src=x onerror=window.hit=2> &lt;b&gt; \"' ${x}"
SD35, CUT = "stability.sd3-5-large-v1:0", "stability.stable-image-remove-background-v1:0"
OUT, FAST = "stability.stable-outpaint-v1:0", "stability.stable-fast-upscale-v1:0"


def put(
    store: FolderStore, color: str, mode: str, day: int, parent: Picture | None = None, **how: Any
) -> Picture:
    """Store a picture of one color; a run has a folder of its own."""
    data = encoded(Image.new("RGBA" if color == "lime" else "RGB", (90, 60), color))
    parameters = how.pop("parameters", {})
    if parent:
        parameters["image"] = {"sha256": parent.sha256, "uri": parent.uri}
    provenance = Provenance(
        mode=mode,
        parameters=parameters,
        parents=(parent.sha256,) if parent else (),
        made_at=datetime(2026, 11, day, 12, day, tzinfo=UTC),
        **how,
    )
    fresh = Fresh(data, facts(data), provenance)
    folder = f"2026-11-{day:02}/{how.get('flow_run', 'single')}"
    return store.put(fresh.facts.sha256, [fresh], folder=folder, title=color)[0]


def fill(store: FolderStore) -> dict[str, Picture]:
    """A family of four generations, a picture of another run, and one with evil words."""
    made: dict[str, Picture] = {}
    words = {"prompt": "an OAK table", "seed": 5}
    made["root"] = put(
        store, "red", "text_to_image", 20, model=SD35, parameters=words, flow_run="blue-lion",
        price_usd=0.08,
    )  # fmt: skip
    made["cut"] = put(
        store, "lime", "remove_background", 21, made["root"], model=CUT, flow_run="blue-lion"
    )
    made["wide"] = put(
        store, "blue", "outpaint", 22, made["cut"], model=OUT, flow_run="blue-lion",
        parameters={"expand": {"left": 8, "right": 0, "up": 0, "down": 0}},
    )  # fmt: skip
    made["big"] = put(store, "teal", "upscale", 23, made["wide"], model=FAST, flow_run="red-fox")
    evil = {"prompt": EVIL, "negative_prompt": "a needle"}
    made["evil"] = put(
        store, "gray", "text_to_image", 24, model=SD35, parameters=evil, flow_run=f"run {EVIL}"
    )
    made["sheet"] = put(store, "pink", "contact_sheet", 25)
    return made


def damage(folder: Path) -> None:
    """Put into a store what does not belong there."""
    run = folder / "2026-11-21" / "blue-lion"
    (run / "half.png").write_bytes(b"x")
    (run / "half.png.json").write_text('{"uri')
    (run / "<img src=x onerror=window.hit=3>.png").write_bytes(b"x")
    (run / "folder.png").mkdir()
    (run / "loop").symlink_to(folder)


@dataclass(frozen=True)
class Made:
    """A store with its page."""

    store: FolderStore
    pictures: dict[str, Picture]
    file: Path
    found: gallery.Found

    def name(self, which: str) -> str:
        return self.store.name_of(self.pictures[which].uri) or ""

    def at(self, view: str, which: str) -> str:
        return f"{self.file.as_uri()}#{view}={quote(self.name(which), safe='')}"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A page over a small store with damage in it."""
    store = FolderStore(tmp_path_factory.mktemp("a store") / "pictures é")
    pictures = fill(store)
    broken = put(store, "olive", "text_to_image", 19)
    (store.folder / (store.name_of(broken.uri) or "")).write_bytes(b"no picture")
    damage(store.folder)
    before = {path: path.stat().st_mtime_ns for path in store.folder.rglob("*") if path.is_file()}
    found = gallery.gather(store)
    file = store.folder / "gallery.html"
    gallery.write(
        file, f"Studio {EVIL}", found, store,
        lambda entry: link(entry.picture.uri, file, store.folder),
    )  # fmt: skip
    assert {path: path.stat().st_mtime_ns for path in before} == before
    return Made(store, pictures, file, found)


@dataclass
class Seen:
    """The page in the browser, what it asked for, and what it complained of."""

    page: Page
    made: Made
    asked: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def shows(self, *names: str) -> None:
        """Wait until just those pictures are in the grid, in that order."""
        wanted = [
            re.compile(re.escape(quote(self.made.name(name), safe="").replace("%20", "+")))
            for name in names
        ]
        frames = self.page.locator("#grid .tile > .frame")
        expect(frames).to_have_count(len(names))
        for index, each in enumerate(wanted):
            expect(frames.nth(index)).to_have_attribute("href", each)

    def open(self, view: str, which: str) -> None:
        self.page.goto(self.made.at(view, which))
        expect(self.page.locator(f"#{view} h2")).to_be_visible()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def profile(browser: Browser) -> Iterator[BrowserContext]:
    profile = browser.new_context(viewport=VIEW, permissions=["clipboard-read"])
    profile.set_default_timeout(15_000)
    yield profile
    profile.close()


@pytest.fixture
def seen(profile: BrowserContext, made: Made, tmp_path: Path) -> Iterator[Seen]:
    """The page opened as a file; it asks nobody for anything, and runs nothing of its data."""
    with page_of(profile, tmp_path / "last-view.png") as page:
        seen = Seen(page, made)
        page.on("request", lambda request: seen.asked.append(request.url))
        page.on("console", lambda message: seen.said.append(message.text))
        page.on("pageerror", lambda error: seen.said.append(str(error)))
        page.goto(made.file.as_uri())
        yield seen
        assert page.evaluate("window.hit") is None
        assert seen.said == []
        assert [url for url in seen.asked if not url.startswith(("file:", "data:"))] == []


ALL = ("sheet", "evil", "big", "wide", "cut", "root")


def test_all_pictures_are_there_the_newest_first(seen: Seen, made: Made) -> None:
    """Good pictures are shown below their days, one without a thumbnail says why."""
    page = seen.page
    page.set_viewport_size(TALL)
    expect(page.locator("#count")).to_have_text("7 pictures")
    assert page.title() == f"Studio {EVIL}"
    assert page.locator(".top > p").inner_text() == (
        "7 pictures · 19 November 2026 to 25 November 2026 · $0.08 spent"
    )
    days = page.locator("#grid h2")
    expect(days).to_have_count(7)
    expect(days.first).to_have_text("25 November 2026")
    tiles = page.locator("#grid .tile")
    assert [each.split("\n")[-1] for each in tiles.all_inner_texts()] == [
        "contact_sheet",
        "text_to_image · sd3.5",
        "upscale · fast",
        "outpaint · outpaint",
        "remove_background · remove-bg",
        "text_to_image · sd3.5",
        "text_to_image",
    ]
    expect(tiles.last.locator(".none")).to_have_text("no picture that can be shown")
    # What nobody looks at is not loaded.
    assert [url for url in seen.asked if url.startswith("file:")] == [page.url]


def test_what_is_left_out_is_named_with_the_reason(seen: Seen, made: Made) -> None:
    """Damaged and foreign files stand on the page, each with why, and are no pictures of it."""
    page = seen.page
    expect(page.locator(".left-out summary")).to_have_text("5 files left out")
    page.locator(".left-out summary").click()
    told = "\n".join(page.locator(".left-out li").all_inner_texts())
    for words in (
        "half.png.json: it is half-written, or no JSON (EOF while parsing",
        "<img src=x onerror=window.hit=3>.png: nothing beside it says how it came to be",
        "folder.png/: a folder with the name of a picture",
        "loop/: ",
        "the picture is no picture that can be shown",
    ):
        assert words in told
    assert len(made.found.troubles) == 5


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("oak TABLE", ["root"]),
        ("needle", ["evil"]),
        ("onerror=window", ["evil"]),
        ("blue-lion", ["wide", "cut", "root"]),
        ("sd3.5 text_to", ["evil", "root"]),
        ("nowhere", []),
    ],
)
def test_a_search_finds_words(seen: Seen, text: str, names: list[str]) -> None:
    """Words are looked for in prompts, names, modes, models and runs; the address keeps them."""
    page = seen.page
    page.keyboard.press("/")
    page.keyboard.type(text)
    expect(page.locator("#count")).to_have_text(f"{len(names)} of 7 pictures")
    seen.shows(*names)
    assert page.locator("#nothing").is_visible() == (not names)
    kept = "text => new URLSearchParams(location.hash.slice(1)).get('q') === text"
    page.wait_for_function(kept, arg=text)
    page.reload()
    seen.shows(*names)
    expect(page.locator("#search")).to_have_value(text)


def test_menus_narrow_what_is_shown(seen: Seen) -> None:
    """Mode, model, run and days each narrow the pictures, together too, and Reset shows all."""
    page = seen.page
    assert page.locator("#mode option").all_inner_texts()[1] == "text_to_image (3)"
    page.locator("#mode").select_option("outpaint")
    seen.shows("wide")
    page.locator("#mode").select_option("")
    page.locator("#model").select_option("sd3.5")
    seen.shows("evil", "root")
    page.locator("#from").fill("2026-11-24")
    seen.shows("evil")
    page.locator("#model").select_option("none")
    seen.shows("sheet")
    page.get_by_role("button", name="Reset").click()
    page.locator("#run").fill("blue-lion")
    seen.shows("wide", "cut", "root")
    page.locator("#to").fill("2026-11-21")
    seen.shows("cut", "root")
    page.locator("#from").fill("2026-11-21")
    seen.shows("cut")
    page.go_back()
    seen.shows("cut", "root")
    page.get_by_role("button", name="Reset").click()
    expect(page.locator("#count")).to_have_text("7 pictures")


def test_two_pictures_side_by_side(seen: Seen) -> None:
    """What was chosen stays chosen when the grid changes, and is shown at full size."""
    page = seen.page
    boxes = page.locator("#grid .pick input")
    boxes.nth(0).check()
    page.locator("#search").fill("oak")
    seen.shows("root")
    boxes.nth(0).check()
    assert [url for url in seen.asked if url.endswith(".png")] == []
    page.get_by_role("button", name="Compare", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("[data-shown=full]")).to_have_count(2)
    assert [each.split("\n")[0] for each in dialog.locator("figcaption").all_inner_texts()] == [
        f"{made_name} contact_sheet · 90 × 60"  # noqa: RUF001
        if made_name != "an OAK table"
        else "an OAK table text_to_image · sd3.5 · 90 × 60"  # noqa: RUF001
        for made_name in (seen.made.name("sheet").rpartition("/")[2], "an OAK table")
    ]
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#grid .pick input:checked")).to_have_count(0)


def test_a_picture_opens_with_all_that_is_known(seen: Seen) -> None:
    """A click shows the picture at full size with its facts, and the way back keeps the search."""
    page = seen.page
    page.locator("#search").fill("oak")
    seen.shows("root")
    page.locator("#grid .frame").click()
    section = page.locator("#picture")
    expect(section.locator(".stage")).to_have_attribute("data-shown", "full")
    assert section.locator(".stage img").evaluate("i => i.naturalWidth") == 90
    told = dict(
        zip(
            section.locator("dt").all_inner_texts(),
            section.locator("dd").all_inner_texts(),
            strict=True,
        )
    )
    assert (told["prompt"], told["seed"], told["price"]) == ("an OAK table", "5", "$0.08")
    assert told["file"].endswith(".png")
    section.get_by_role("link", name="All pictures").click()
    seen.shows("root")
    expect(page.locator("#search")).to_have_value("oak")


def test_the_lineage_goes_to_the_root_and_back(seen: Seen) -> None:
    """From the last picture a walk over its ancestors ends at the root, and leads back again."""
    page = seen.page
    seen.open("picture", "big")
    page.get_by_role("link", name="Lineage").click()
    lineage = page.locator("#lineage")
    nodes = lineage.locator(".small")
    expect(nodes).to_have_count(4)
    expect(lineage.locator("path")).to_have_count(3)
    assert [each.split("\n")[0] for each in nodes.all_inner_texts()] == [
        "text_to_image · sd3.5",
        "remove_background · remove-bg",
        "outpaint · outpaint",
        "upscale · fast",
    ]
    expect(lineage.locator(".facts")).to_have_text("3 ancestors · nothing made from it")
    nodes.first.click()
    expect(lineage.locator(".facts")).to_have_text("No ancestors · 3 made from it")
    expect(lineage.locator("[aria-current]")).to_contain_text("an OAK table")
    nodes.last.click()
    expect(lineage.locator("[aria-current]")).to_contain_text("upscale")
    page.go_back()
    expect(lineage.locator("[aria-current]")).to_contain_text("text_to_image")
    lineage.get_by_role("link", name="Open picture").click()
    page.locator("#picture .relatives").get_by_text("remove_background").click()
    expect(page.locator("#picture .facts")).to_contain_text("remove_background")


def test_recipes_and_parameters_are_copied(seen: Seen) -> None:
    """What the clipboard gets is the pipeline that makes the picture, or its parameters as JSON."""
    page = seen.page
    seen.open("picture", "big")
    page.get_by_role("button", name="From the start").click()
    page.get_by_role("button", name="Copy recipe").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    text = page.evaluate("navigator.clipboard.readText()")
    steps = Pipeline.parse(text).steps
    assert list(steps) == ["text_to_image", "remove_background", "outpaint", "upscale"]
    page.get_by_role("button", name="Copy parameters").click()
    page.wait_for_function("navigator.clipboard.readText().then((text) => text.startsWith('{'))")
    told = json.loads(page.evaluate("navigator.clipboard.readText()"))
    assert (told["mode"], told["model"]) == ("upscale", FAST)
    seen.open("picture", "evil")
    expect(page.locator("#picture h2")).to_have_text(EVIL)
    made = Pipeline.parse(page.locator("#picture pre").inner_text())
    assert made.params["prompt"].default == EVIL


def test_it_fits_a_narrow_screen_and_the_dark(seen: Seen) -> None:
    """At 390 pixels nothing sticks out of any view, and the page is dark where the system is."""
    page = seen.page
    page.set_viewport_size({"width": 390, "height": 844})
    wide = "Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)"
    assert page.evaluate(wide) <= 390
    for view in ("picture", "lineage"):
        seen.open(view, "big")
        assert page.evaluate(wide) <= 390
    back = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(back)
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(back) != light
    page.emulate_media(color_scheme="light")


def test_only_what_is_in_view_is_drawn(profile: BrowserContext, tmp_path: Path) -> None:
    """Of many pictures those near the view are drawn; the others come when it gets to them."""
    store = FolderStore(tmp_path / "store")
    for number in range(160):
        color = f"#{number * 97 % 4096:03x}"
        put(store, color, "text_to_image", 1 + number // 60, parameters={"prompt": f"no. {number}"})
    found = gallery.gather(store, last=150)
    assert found.limits == ["the newest 150 of 160"]
    gallery.write(tmp_path / "g.html", "Many", found, store, lambda entry: "")
    with page_of(profile, tmp_path / "last-view.png") as page:
        page.goto((tmp_path / "g.html").as_uri())
        expect(page.locator("#count")).to_have_text("150 pictures")
        expect(page.locator(".limited")).to_contain_text("the newest 150 of 160")
        assert 5 < page.locator("#grid .tile").count() < 80
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        expect(page.locator("#grid .tile").last).to_contain_text("no. ")
        assert page.locator("#grid .tile").count() < 100
        page.locator("#grid .frame").last.click()
        expect(page.locator(".stage")).to_contain_text(
            "This is a thumbnail: the picture is at file:"
        )


def test_thumbnails_are_made_once(tmp_path: Path) -> None:
    """A second page is written without a look at the pictures, and is the same to the byte."""
    copy = FolderStore(tmp_path / "copy")
    (picture,) = copy.put("ab" * 32, [_fresh("navy")], folder="2026-11-20/a")
    gallery.write(tmp_path / "a.html", "A", gallery.gather(copy), copy, lambda entry: "")
    (copy.folder / (copy.name_of(picture.uri) or "")).write_bytes(b"no picture any more")
    found = gallery.gather(copy)
    gallery.write(tmp_path / "b.html", "A", found, copy, lambda entry: "")
    assert found.troubles == []
    assert (tmp_path / "b.html").read_bytes() == (tmp_path / "a.html").read_bytes()


def _fresh(color: str) -> Fresh:
    data = encoded(Image.new("RGB", (90, 60), color))
    return Fresh(data, facts(data), Provenance(mode="text_to_image"))


# The command


def test_the_command_writes_the_page(made: Made, tmp_path: Path) -> None:
    """It says where the page is, and names on stderr what is left out; --json says it as data."""
    env = environment(tmp_path)
    out = tmp_path / "page.html"
    words = ["flows.cli", "gallery", "--folder", str(made.store.folder), "--out", str(out)]
    with program([*words, "--since", "2026-11-22"], env, tmp_path / "a") as running:
        assert running.wait() == 0, running.err
        assert running.out == f"4 pictures (made since 22 November 2026): {out}\n"
        assert out.exists()
    with program([*words, "--json"], env, tmp_path / "b") as running:
        assert running.wait() == 0, running.err
        told = json.loads(running.out)
        assert (told["page"], told["pictures"], len(told["left_out"])) == (str(out), 7, 5)
    with program([*words, "--since", "soon"], env, tmp_path / "c") as running:
        assert running.wait() == 2
        assert "since = 'soon'" in running.err


def asked(url: str, path: str, host: str | None = None) -> tuple[int, bytes]:
    """The answer to a path that is sent as it is."""
    client = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
    client.putrequest("GET", path, skip_host=True)
    client.putheader("Host", host or urlsplit(url).netloc)
    client.endheaders()
    answer = client.getresponse()
    return answer.status, answer.read()


def test_served_to_this_computer_alone(made: Made, tmp_path: Path, profile: BrowserContext) -> None:
    """The page and its pictures are served; other files, other names and a taken port are not."""
    words = ["flows.cli", "gallery", "--folder", str(made.store.folder), "--serve", "--port"]
    env = environment(tmp_path) | {"PYTHONUNBUFFERED": "1"}
    with program([*words, "0"], env, tmp_path / "served") as running:
        while not (match := re.search(r"http://127\.0\.0\.1:\d+", running.out)):
            assert running.process.poll() is None, running.err
        url = match[0]
        with page_of(profile, tmp_path / "last-view.png") as page:
            page.goto(f"{url}/#picture={quote(made.name('root'), safe='')}")
            expect(page.locator(".stage")).to_have_attribute("data-shown", "full")
        name = quote(made.name("root"))
        data = made.store.load(made.name("root"))
        assert asked(url, f"/pictures/{name}") == (200, data)
        (made.store.folder.parent / "secret.png").write_bytes(b"secret")
        for path in (
            "/pictures/../secret.png",
            "/pictures/%2e%2e/secret.png",
            "/pictures/..%2fsecret.png",
            f"/pictures/{name}.json",
            "/pictures//etc/passwd",
            "/../secret.png",
            f"/pictures/x/../{name}",
        ):
            status, said = asked(url, path)
            assert (status, said == b"secret") == (404, False), path
        assert asked(url, "/", "evil.example")[0] == 403
        with socket.socket() as other, pytest.raises(OSError, match="refused"):
            other.connect(("127.0.0.2", urlsplit(url).port or 0))
        port = str(urlsplit(url).port)
        with program([*words, port], env, tmp_path / "taken") as second:
            assert second.wait() == 1
            assert f"Port {port} is taken by another program" in second.err
        running.signal(signal.SIGINT)
        assert running.wait(20) == 0
