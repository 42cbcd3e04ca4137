"""The page over a batch, written to the disk and opened with a real browser."""

from __future__ import annotations

import hashlib
import re
import threading
import time
import tracemalloc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import unquote

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from darkroom.batch import gallery
from darkroom.batch.row import Made, Result
from darkroom.errors import PictureMissing, StoreFailed
from darkroom.gallery.thumbs import Thumb, Thumbs
from darkroom.picture import local_path
from tests.browser import VIEW, chromium, links, page_of
from tests.conftest import encoded

pytestmark = pytest.mark.drill

EVIL = (
    "</script><script>window.hit=1</script><img src=x onerror=window.hit=2>"
    '"\' onmouseover="window.hit=3" </p></article></style><svg onload=window.hit=4> &lt;b&gt;'
)
CORE = "stability.stable-image-core-v1:1"


def made(step: str, uri: str, data: bytes = b"", **fields: object) -> Made:
    sha256 = hashlib.sha256(data or uri.encode()).hexdigest()
    known = {"media_type": "image/png", "width": 640, "height": 480, "model": CORE, **fields}
    return Made.model_validate({"step": step, "uri": uri, "sha256": sha256, **known})


def result(row: int, **fields: object) -> Result:
    return Result.model_validate({"row": row, "key": f"{row:x}", "status": "done", **fields})


def from_disk(picture: Made) -> bytes | None:
    """Reads as stores do."""
    path = local_path(picture.uri)
    if path is None:
        raise StoreFailed("no such bucket")
    if not path.exists():
        raise PictureMissing("gone")
    return path.read_bytes()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page over six rows of all kinds, with its pictures beside it and elsewhere."""
    home = tmp_path_factory.mktemp("gallery")
    elsewhere = tmp_path_factory.mktemp("else where")

    def put(folder: Path, name: str, color: str, size: tuple[int, int]) -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        alpha = Image.new("RGBA", size, (0, 0, 0, 0))
        alpha.paste(color, (0, 0, size[0] // 2, size[1]))
        path.write_bytes(encoded(alpha))
        return path

    def of(step: str, path: Path, **fields: object) -> Made:
        return made(step, path.as_uri(), path.read_bytes(), **fields)

    red = put(home, "store/a #1?&% ü.png", "red", (640, 480))
    blue = put(home, "store/blue.png", "blue", (1024, 512))
    lime = put(elsewhere, "lime.png", "lime", (333, 222))
    bad = home / "store" / "bad.png"
    bad.write_bytes(b"no picture")
    rows = [
        result(
            1,
            pictures=(
                of("scene", red, seed=7, price_usd=0.04),
                of("big", blue, price_usd=None),
                of("cut", lime, cached=True),
            ),
            values={
                "scene": "An OAK table",
                "long": "wet slate " * 100 + "needle",
                "strength": 0.5,
            },
            more={"sku": "MUG-1"},
            spent_usd=0.04,
            unpriced=1,
            calls=2,
            cached=1,
            seconds=3.21,
        ),
        result(2, status="failed", reason="Throttled: too many calls.", more={"sku": "MUG-2"}),
        result(3, status="filtered", reason="The result was stopped.", values={"scene": "a knife"}),
        result(4, status="stopped", reason="max_cost = $4 is reached."),
        result(
            5,
            pictures=(
                made("gone", (home / "store/gone.png").as_uri()),
                of("bad", bad),
                made("away", "s3://bucket/a key/<i>away.png"),
                made("script", "javascript:window.hit=5//", model=EVIL),
            ),
        ),
        result(6, status="failed", reason=EVIL, values={EVIL: EVIL}, more={"x": EVIL * 3}),
    ]
    gallery.write(home / "page" / "gallery.html", f"Autumn {EVIL}", rows, from_disk, root=home)
    return home


@dataclass
class Seen:
    """A page, what it asked for, and what it complained of."""

    page: Page
    folder: Path
    asked: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def shows(self, *rows: int) -> bool:
        """Wait until just those rows are shown."""
        # By what is hidden: the browser draws no text of cards that are out of sight.
        heads = self.page.locator("article:not([hidden]) h2")
        expect(heads).to_have_text([f"#{row}" for row in rows])
        return True

    def show(self, name: str) -> None:
        self.page.get_by_role("button", name=name).click()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def profile(browser: Browser) -> Iterator[BrowserContext]:
    profile = browser.new_context(viewport=VIEW)
    profile.set_default_timeout(10_000)
    yield profile
    profile.close()


@pytest.fixture
def seen(profile: BrowserContext, folder: Path, tmp_path: Path) -> Iterator[Seen]:
    """The page opened as a file; it neither complains nor runs what it was given."""
    with page_of(profile, tmp_path / "last-view.png") as page:
        seen = Seen(page, folder)
        page.on("request", lambda request: seen.asked.append(request.url))
        page.on("requestfailed", lambda lost: seen.refused.append(f"{lost.url} {lost.failure}"))
        page.on("console", lambda message: seen.said.append(message.text))
        page.on("pageerror", lambda error: seen.said.append(str(error)))
        page.goto((folder / "page/gallery.html").as_uri())
        yield seen
        assert page.evaluate("window.hit") is None
        assert seen.said == []
        assert [url for url in seen.asked if not url.startswith(("file:", "data:"))] == []


def test_the_page_says_what_came_of_the_batch(seen: Seen) -> None:
    """Title, counts, price with its unknown part, and a card for each row are there as text."""
    page = seen.page
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Autumn {EVIL}")
    assert page.title() == f"Autumn {EVIL}"
    assert page.locator(".top p").inner_text() == (
        "6 rows · 2 done · 1 filtered · 2 failed · 1 stopped · 7 pictures · "
        "$0.04 spent + 1 call of unknown price"
    )
    assert seen.shows(1, 2, 3, 4, 5, 6)
    first = page.locator("article").first
    assert first.locator(".badge").inner_text() == "done"
    assert first.locator(".facts").inner_text() == (
        "$0.04 + 1 call of unknown price · 1 cached · 3.2 s"
    )
    captions = [each.replace("\xa0", " ") for each in first.locator("figcaption").all_inner_texts()]
    assert captions == [
        "scene core · seed 7 · 640 × 480 · $0.04",  # noqa: RUF001
        "big core · 640 × 480 · price unknown",  # noqa: RUF001
        "cut core · 640 × 480 · cached",  # noqa: RUF001
    ]
    expect(page.locator("article").nth(1).locator(".reason")).to_have_text(
        "Throttled: too many calls."
    )
    # What is not asked for now is not loaded now.
    assert [url for url in seen.asked if url.startswith("file:")] == [page.url]


def test_a_button_shows_the_rows_of_its_status(seen: Seen) -> None:
    """Only those rows are seen, the address says so, and loaded anew it shows the same."""
    page = seen.page
    names = page.locator(".filters button").all_inner_texts()
    assert names == ["All 6", "Done 2", "Filtered 1", "Failed 2", "Stopped 1"]
    seen.show("Failed 2")
    assert seen.shows(2, 6)
    assert page.url.endswith("#status=failed")
    expect(page.locator("#count")).to_have_text("2 of 6 rows")
    page.reload()
    assert seen.shows(2, 6)
    pressed = page.locator("[aria-pressed=true]")
    expect(pressed).to_have_text("Failed 2")
    pressed.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert seen.shows(4)
    page.go_back()
    assert seen.shows(2, 6)
    seen.show("All 6")
    assert seen.shows(1, 2, 3, 4, 5, 6)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("oak TABLE", [1]),
        ("mug", [1, 2]),
        ("needle", [1]),
        ("throttled", [2]),
        ("#4", [4]),
        ("onerror=window", [6]),
        ("nowhere", []),
    ],
)
def test_a_search_finds_values_and_reasons(seen: Seen, text: str, rows: list[int]) -> None:
    """All words are looked for in values, what else the row says, and reasons, in any case."""
    page = seen.page
    page.keyboard.press("/")
    page.keyboard.type(text)
    expect(page.locator("#count")).to_have_text(f"{len(rows)} of 6 rows")
    assert seen.shows(*rows)
    assert page.locator("#nothing").is_visible() == (not rows)
    kept = "text => (new URLSearchParams(location.hash.slice(1)).get('q') || '') === text.trim()"
    page.wait_for_function(kept, arg=text)
    page.reload()
    assert seen.shows(*rows)
    assert page.locator("#search").input_value() == text


def test_search_and_status_go_together(seen: Seen) -> None:
    """A row must fit both."""
    seen.page.locator("#search").fill("mug")
    expect(seen.page.locator("#count")).to_have_text("2 of 6 rows")
    seen.show("Failed 2")
    assert seen.shows(2)


def test_links_lead_to_the_full_pictures(seen: Seen) -> None:
    """Within the root they are relative, elsewhere the file's URI, and what is no file has none."""
    found = links(seen.page)
    relative = [each for each in found if not each.startswith("file:")]
    assert [unquote(each) for each in relative] == [
        "../store/a #1?&% ü.png",
        "../store/blue.png",
        "../store/gone.png",
        "../store/bad.png",
    ]
    (absolute,) = set(found) - set(relative)
    assert absolute.endswith("/lime.png")
    for index, size in ((0, (640, 480)), (2, (333, 222))):
        with seen.page.expect_popup() as opened:
            seen.page.locator("article a").nth(index).click()
        image = opened.value.locator("img")
        image.wait_for()
        assert image.evaluate("i => [i.naturalWidth, i.naturalHeight]") == list(size)
        opened.value.close()
    away = seen.page.locator("figure", has_text="away")
    assert away.locator("a").count() == 0
    expect(away.locator("code")).to_have_text("s3://bucket/a key/<i>away.png")


def test_what_cannot_be_shown_says_so(seen: Seen) -> None:
    """A picture that is gone, broken or out of reach has words in its place, and no box."""
    frames = seen.page.locator("article").nth(4).locator(".frame")
    assert frames.all_inner_texts() == [
        "missing",
        "no picture that can be shown",
        "cannot be read: no such bucket",
        "cannot be read: no such bucket",
    ]
    assert seen.page.locator(".pick").count() == 3


def test_long_values_are_folded(seen: Seen) -> None:
    """Of a long value a part is seen, and all of it when it is opened."""
    details = seen.page.locator("article").first.locator("details")
    assert not details.locator("p").is_visible()
    details.locator("summary").focus()
    seen.page.keyboard.press("Enter")
    expect(details.locator("p")).to_be_visible()
    assert details.locator("p").inner_text().endswith("wet slate needle")


def chosen(seen: Seen, boxes: Sequence[int]) -> None:
    for index in boxes:
        seen.page.locator("article .pick input").nth(index).check()


def test_chosen_pictures_are_compared_at_full_size(seen: Seen) -> None:
    """The dialog has just those, each loaded whole when it opens; Escape closes it."""
    page = seen.page
    chosen(seen, [2])
    expect(page.get_by_role("button", name="Compare", exact=True)).to_be_disabled()
    chosen(seen, [0, 1])
    assert len([url for url in seen.asked if url.endswith(".png")]) == 0
    seen.show("Failed 2")  # what was chosen stays chosen
    page.get_by_role("button", name="Compare", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("[data-shown=full]")).to_have_count(3)
    sizes = dialog.locator("img").evaluate_all("l => l.map(i => [i.naturalWidth, i.naturalHeight])")
    assert sizes == [[333, 222], [640, 480], [1024, 512]]
    assert [each.split()[:2] for each in dialog.locator("figcaption").all_inner_texts()] == [
        ["#1", "cut"],
        ["#1", "scene"],
        ["#1", "big"],
    ]
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator(".panes img")).to_have_count(0)
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(".tray")).to_be_hidden()
    assert page.locator(".pick input:checked").count() == 0


def test_zooming_moves_all_panes(seen: Seen) -> None:
    """Wheel, keys and dragging change the view of one picture as of the others; Fit undoes it."""
    page = seen.page
    chosen(seen, [0, 1])
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.locator("[data-shown=full]")).to_have_count(2)

    def views() -> list[str]:
        found: list[str] = page.locator(".panes img").evaluate_all(
            "l => l.map(i => i.style.transform)"
        )
        assert len(set(found)) == 1
        return found[:1]

    fits = views()
    page.locator(".pane > div").first.hover(position={"x": 50, "y": 50})
    page.mouse.wheel(0, -400)
    page.wait_for_function("document.querySelector('#zoom').value !== 'fit'")
    near = views()
    assert near != fits
    page.mouse.down()
    page.mouse.move(20, 90)
    page.mouse.up()
    assert views() not in (fits, near)
    page.keyboard.press("+")
    assert page.locator("#zoom").inner_text() == "4.1 ×"  # noqa: RUF001
    page.get_by_role("button", name="Fit").click()
    assert views() == fits


def test_it_fits_a_narrow_screen(seen: Seen) -> None:
    """At 390 pixels nothing sticks out, neither of the page nor of the dialog."""
    page = seen.page
    page.set_viewport_size({"width": 390, "height": 844})
    wide = "Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)"
    assert page.evaluate(wide) <= 390
    chosen(seen, [0, 1, 2])
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.locator("[data-shown=full]")).to_have_count(3)
    for box in (each.bounding_box() for each in page.locator(".pane, dialog button").all()):
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390


def test_five_pictures_are_too_many(profile: BrowserContext, tmp_path: Path) -> None:
    """A fifth box cannot be ticked, and the page says why."""
    data = encoded(Image.new("RGB", (64, 64), "teal"))
    rows = [result(row, pictures=(made("a", "s3://b/a.png", data),)) for row in range(1, 7)]
    gallery.write(tmp_path / "g.html", "Six", rows, lambda picture: data)
    with page_of(profile, tmp_path / "last-view.png") as page:
        page.goto((tmp_path / "g.html").as_uri())
        for index in range(5):
            page.locator(".pick input").nth(index).click()
        assert page.locator(".pick input:checked").count() == 4
        expect(page.locator("#picked")).to_have_text("4 pictures at most")
        page.get_by_role("button", name="Compare", exact=True).click()
        assert page.locator(".pane img").count() == 4
        expect(page.locator(".pane").first).to_contain_text("a thumbnail")


def test_the_policy_stops_what_is_not_the_pages_own(seen: Seen) -> None:
    """Even a script that got into the page could not run, nor call anybody."""
    page = seen.page
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'),"
        "{textContent: 'window.hit = 6'}));"
        "new Image().src = 'http://127.0.0.1:9/x.png';"
        "fetch('http://127.0.0.1:9/').catch(() => {});"
    )
    deadline = time.monotonic() + 10
    while len(seen.said) < 3 and time.monotonic() < deadline:
        page.wait_for_timeout(20)
    assert page.evaluate("window.hit") is None
    assert len([each for each in seen.said if "Content Security Policy" in each]) >= 3
    # The browser tells of them, and sends none.
    away = [url for url in seen.asked if url.startswith("http")]
    assert {f"{url} csp" for url in away} <= set(seen.refused)
    seen.said.clear()
    seen.asked.clear()


def test_colors_follow_the_system(seen: Seen) -> None:
    """The page is dark where the system is."""
    back = "getComputedStyle(document.body).backgroundColor"
    light = seen.page.evaluate(back)
    seen.page.emulate_media(color_scheme="dark")
    assert seen.page.evaluate(back) != light
    seen.page.emulate_media(color_scheme="light")


def test_a_thumbnail_is_small_and_upright(tmp_path: Path) -> None:
    """Whatever the picture's kind: a WebP of at most 200 pixels and 6 KB, turned as EXIF says."""
    noise = Image.merge("RGB", [Image.effect_noise((200, 200), 200) for _ in range(3)])
    plain = Image.linear_gradient("L").resize((1200, 800))
    turned = Image.Exif()
    turned[0x0112] = 6
    clear = Image.new("RGBA", (900, 900), (0, 200, 0, 100))
    for data, size, alpha in (
        (encoded(noise), (100, 100), False),  # nothing is harder to make small
        (encoded(plain), (200, 133), False),
        (encoded(plain.convert("RGB"), "JPEG", exif=turned), (133, 200), False),
        (encoded(plain.convert("CMYK"), "JPEG"), (200, 133), False),
        (encoded(plain.convert("P")), (200, 133), False),
        (encoded(clear, icc_profile=b"x" * 50_000), (200, 200), True),
        (encoded(clear.quantize()), (200, 200), True),
        (encoded(Image.new("RGB", (64, 10)), "WEBP"), (64, 10), False),
    ):
        thumb = Thumbs().make(data)
        assert thumb.uri.startswith("data:image/webp;base64,")
        assert len(thumb.uri) <= 8_023
        assert (thumb.width, thumb.height, thumb.alpha) == (*size, alpha)


def test_a_picture_seen_lately_is_not_read_again() -> None:
    """Pictures with the same bytes share a thumbnail, until too many others came between."""
    read: list[str] = []

    def reads(name: str) -> bytes:
        read.append(name)
        return encoded(Image.new("RGB", (8, 8)))

    thumbs = Thumbs(kept=2)
    for name in ("a", "b", "a", "c", "a", "b"):
        assert isinstance(thumbs.of(name * 64, partial(reads, name)), Thumb)
    assert read == ["a", "b", "c", "b"]


@pytest.mark.parametrize("length", [0, 1, 8, 33, 60, 300])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_damaged_bytes_are_never_an_exception(kind: str, length: int) -> None:
    """A file that was cut off anywhere has words in its place."""
    noise = Image.effect_noise((64, 64), 90).convert("RGB")
    thumb = Thumbs().of("ab" * 32, lambda: encoded(noise, kind)[:length])
    assert thumb == "no picture that can be shown"


def test_a_page_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    """When the results break off the page is as it was, with nothing beside it."""

    def broken() -> Iterator[Result]:
        yield result(1)
        raise StoreFailed("gone")

    path = tmp_path / "g.html"
    gallery.write(path, "Old", [], lambda picture: None)
    before = path.read_bytes()
    with pytest.raises(StoreFailed, match="gone"):
        gallery.write(path, "New", broken(), lambda picture: None)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["g.html"]
    with pytest.raises(StoreFailed, match=r"g\.html/g\.html: cannot be written"):
        gallery.write(path / "g.html", "New", [], lambda picture: None)


def test_cards_are_in_the_order_of_the_results(tmp_path: Path) -> None:
    """Though several pictures are read at once, the rows stay in their order."""
    data = encoded(Image.new("RGB", (8, 8)))
    gate = threading.Event()

    def read(picture: Made) -> bytes:
        # The first picture comes only after the second: they are read side by side.
        assert gate.wait(10) if picture.step == "1" else (gate.set() or True)
        return data

    rows = [result(row, pictures=(made(str(row), f"s3://b/{row}"),)) for row in range(1, 30)]
    gallery.write(tmp_path / "g.html", "T", rows, read, thumbs=Thumbs(threads=2))
    found = re.findall(r"<h2>#(\d+)</h2>", (tmp_path / "g.html").read_text("utf-8"))
    assert [int(each) for each in found] == list(range(1, 30))


def test_half_a_character_does_not_stop_the_page(tmp_path: Path) -> None:
    """Text that no encoding can say, as file names may have, is shown as unknown."""
    given = {"values": {"image": "/srv/\udcff.jpg"}}
    gallery.write(tmp_path / "g.html", "T\ud800", [result(1, **given)], lambda picture: None)
    assert "/srv/&#56575;.jpg" in (tmp_path / "g.html").read_text("utf-8")


def peak(path: Path, rows: int, data: bytes) -> int:
    """Bytes of memory that it took to write a page of that many rows."""
    every = (
        result(row, values={"scene": "x" * 300}, pictures=(made("a", f"s3://b/{row}"),))
        for row in range(1, rows + 1)
    )
    tracemalloc.start()
    try:
        gallery.write(path, "Many", every, lambda picture: data, thumbs=Thumbs(threads=2))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    """A page of 3,000 rows with a picture each needs no more than one of 300."""
    data = encoded(Image.effect_noise((60, 60), 60))
    peak(tmp_path / "warm.html", 10, data)
    small = peak(tmp_path / "small.html", 300, data)
    large = peak(tmp_path / "large.html", 3_000, data)
    assert (tmp_path / "large.html").stat().st_size > 2 * large
    assert large < 1.3 * small
