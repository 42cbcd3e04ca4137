"""Stores keep their promise: what was paid for is kept, found again, and paid for once."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from darkroom.errors import PictureMissing, StoreFailed
from darkroom.folder_store import FolderStore
from darkroom.picture import Picture, local_path
from darkroom.store import Fresh, Store
from tests.disk import mounted
from tests.s3 import aws, bucket_of, fresh

ROOT = Path(__file__).parent.parent
KEY = "ab" * 32
OTHER = "cd" * 32


@pytest.fixture(autouse=True)
def _rescued_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rescued pictures go where tests are tidied up."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """The address of an S3."""
    with aws() as url:
        yield url


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A store of each kind, empty."""
    if request.param == "folder":
        return FolderStore(tmp_path / "a 100% störe")
    name = f"pictures-{abs(hash(request.node.name)) % 10**9}"
    return bucket_of(request.getfixturevalue("s3"), name, "campaigns/2026").open()


def never() -> list[Fresh]:
    """Fails: this must not be paid for."""
    raise AssertionError("paid for")


def visible(folder: Path) -> list[str]:
    """The files in a folder that are not the store's own."""
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in names if not name.startswith(".darkroom/"))


# What every store does


def test_bytes_come_back_as_they_were_put(store: Store) -> None:
    """A picture's bytes and facts are those that were put, and its URI is in the store."""
    (picture,) = store.put(KEY, [fresh()], folder="2026-11-21/blue-lion", title="An oak table!")
    assert store.read(picture) == fresh().data
    assert (picture.sha256, picture.size) == (fresh().facts.sha256, (16, 16))
    assert picture.uri == store.uri_of(
        f"2026-11-21/blue-lion/text_to_image-an-oak-table-{picture.sha256[:10]}.png"
    )
    assert picture.uri.startswith(store.uri)
    assert store.uri_of(store.name_of(picture.uri) or "") == picture.uri


def test_provenance_is_beside_the_picture(store: Store) -> None:
    """Each picture has a JSON file beside it that says the same as the picture itself."""
    (picture,) = store.put(KEY, [fresh()], folder="run")
    beside = store.load(f"{store.name_of(picture.uri)}.json")
    assert Picture.model_validate_json(beside) == picture
    assert picture.provenance == fresh().provenance


def test_a_request_is_remembered(store: Store) -> None:
    """What answered a request is recalled by its key, all of it and in order, and no other key."""
    assert store.recall(KEY) is None
    pictures = store.put(KEY, [fresh(1), fresh(2), fresh(3)], folder="run")
    assert store.recall(KEY) == pictures
    assert [each.provenance.seed for each in pictures] == [1, 2, 3]
    assert store.recall(OTHER) is None


def test_twins_of_one_answer_are_both_given(store: Store) -> None:
    """Two pictures of an answer that are alike share their file, and both are given."""
    pictures = store.put(KEY, [fresh(1), fresh(1)], folder="run")
    assert len(pictures) == 2
    assert store.recall(KEY) == pictures


def test_a_changed_picture_is_not_recalled_nor_replaced(store: Store) -> None:
    """A picture that somebody changed stays as it is; the request is answered anew beside it."""
    first, second = store.put(KEY, [fresh(1), fresh(2)], folder="run")
    store.write(store.name_of(second.uri) or "", b"edited by hand")
    assert store.recall(KEY) is None
    again = store.once(KEY, lambda: [fresh(1), fresh(2)], folder="run")
    assert again[0] == first
    assert again[1].uri != second.uri
    assert store.load(store.name_of(second.uri) or "") == b"edited by hand"
    assert store.read(again[1]) == fresh(2).data
    assert store.once(KEY, never, folder="run") == again


def test_a_damaged_memory_is_none(store: Store) -> None:
    """What cannot be read as a memory counts as never asked."""
    store.write(f".darkroom/requests/{KEY[:2]}/{KEY}.json", b"[{")
    assert store.recall(KEY) is None


def test_create_never_replaces(store: Store) -> None:
    """Of all who create the same name at once one wins, and nobody replaces it; write does."""
    values = [b"%d" % number * 1000 for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda value: store.create("a/name.png", value), values))
    kept = store.load("a/name.png")
    assert kept in values
    store.create("a/name.png", b"late")
    assert store.load("a/name.png") == kept
    store.write("a/name.png", b"replaced")
    assert store.load("a/name.png") == b"replaced"
    assert store.length("a/name.png") == 8


def test_a_deleted_picture_is_missing(store: Store) -> None:
    """A name with nothing under it has no length and raises PictureMissing, which names it."""
    assert store.length("run/gone.png") is None
    with pytest.raises(PictureMissing, match=r"run/gone\.png"):
        store.load("run/gone.png")
    gone = Picture(**dict(fresh().facts), uri=store.uri_of("run/gone.png"))
    with pytest.raises(PictureMissing, match=r"run/gone\.png"):
        store.read(gone)


def test_a_picture_of_another_store(store: Store, tmp_path: Path) -> None:
    """Local files can be read through every store, buckets of others cannot."""
    path = tmp_path / "other 50%25 #1? ü.png"
    path.write_bytes(fresh().data)
    assert store.read(Picture(**dict(fresh().facts), uri=path.as_uri())) == fresh().data
    with pytest.raises(PictureMissing, match=r"s3://elsewhere/x\.png is not in the store at"):
        store.read(Picture(**dict(fresh().facts), uri="s3://elsewhere/x.png"))


def test_threads_that_ask_the_same_pay_once(store: Store) -> None:
    """Eight threads ask for the same at once: one pays, and all get the same pictures."""
    paid: list[int] = []

    def make() -> list[Fresh]:
        paid.append(1)
        time.sleep(0.1)
        return [fresh(1), fresh(2)]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: store.once(KEY, make, folder="run"), range(8)))
    assert len(paid) == 1
    assert all(answer == answers[0] for answer in answers)


def test_different_requests_do_not_wait(store: Store) -> None:
    """Requests that differ are under way at the same time."""
    both = threading.Barrier(2, timeout=10)

    def make(number: int) -> list[Fresh]:
        both.wait()
        return [fresh(number)]

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(store.once, KEY, lambda: make(1), folder="run")
        two = pool.submit(store.once, OTHER, lambda: make(2), folder="run")
        assert one.result()[0].sha256 != two.result()[0].sha256


def test_a_failed_call_frees_its_key(store: Store) -> None:
    """An error of the service passes through, leaves no memory, and the next one may ask."""
    with pytest.raises(AssertionError, match="paid for"):
        store.once(KEY, never, folder="run")
    assert store.recall(KEY) is None
    assert len(store.once(KEY, lambda: [fresh()], folder="run")) == 1


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("", ""),
        ("../../etc/passwd\\..\\x:y*?", "-etc-passwd-x-y"),
        ("Ein Öltisch, 檜の机", "-ein-öltisch-檜の机"),
        ("🪑\ud800\x00\n", ""),
        ("x" * 10_000, "-" + "x" * 40),
        ("檜" * 10_000, "-" + "檜" * 40),
    ],
    ids=["empty", "slashes", "unicode", "unprintable", "long", "long-unicode"],
)
def test_names_from_odd_prompts(store: Store, title: str, words: str) -> None:
    """Whatever the prompt is, the name is readable, short, in its folder, and round-trips."""
    (picture,) = store.put(KEY, [fresh()], folder="run", title=title)
    name = f"run/text_to_image{words}-{picture.sha256[:10]}.png"
    assert picture.uri == store.uri_of(name)
    assert store.read(picture) == fresh().data
    assert store.recall(KEY) == [picture]


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("2026-11-21/../../../tmp/x", "2026-11-21/tmp/x/"),
        ("/etc/", "etc/"),
        ("day/50% off: 'sale'?", "day/50-off-sale/"),
        ("", ""),
        ("é" * 500, "é" * 60 + "/"),
    ],
    ids=["dots", "absolute", "signs", "empty", "long"],
)
def test_folders_from_odd_run_names(store: Store, folder: str, name: str) -> None:
    """Whatever somebody calls a flow run, its folder is in the store and has a usable name."""
    (picture,) = store.put(KEY, [fresh()], folder=folder)
    assert picture.uri == store.uri_of(f"{name}text_to_image-{picture.sha256[:10]}.png")
    assert store.read(picture) == fresh().data


def test_check_passes_where_one_can_write(store: Store) -> None:
    """A store that can be written says nothing, however many ask at once."""
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda _: store.check(), range(16))) == [None] * 16


def test_names_below_a_folder_come_in_order(store: Store) -> None:
    """All names below a folder are given in order by name, subfolders in their places."""
    rows = ["rows/1.json", "rows/a-b.json", "rows/a.json", "rows/a/1.json", "rows/ab.json"]
    rows += ["rows/.hidden/é ü+%20&#.json", "rows/10.json", "rows/ab.json.mask.png", "rows/é.json"]
    for name in [*rows, "rows.json", "rows-2/1.json", "other/1.json"]:
        store.write(name, b"1")
    assert list(store.names("rows/")) == sorted(rows)
    assert list(store.names("rows")) == sorted(rows)
    assert list(store.names("rows/a/")) == ["rows/a/1.json"]
    assert list(store.names("")) == sorted([*rows, "rows.json", "rows-2/1.json", "other/1.json"])
    assert all(store.load(name) == b"1" for name in store.names("rows/"))


def test_a_folder_that_is_not_there_has_no_names(store: Store) -> None:
    """Neither a store with nothing in it, nor a missing folder, nor a file's name has any names."""
    assert list(store.names("")) == []
    store.write("rows/1.json", b"1")
    assert list(store.names("row/")) == []
    assert list(store.names("rows/1.json/")) == []


def test_what_is_directly_in_a_folder(store: Store) -> None:
    """Files and folders of one folder come in order by name, folders with a slash at their end."""
    for name in ("rows.json", "rows/a.png", "rows/a/1.png", "rows/a/b/2.png", "rows/é b/3.png"):
        store.write(name, b"1")
    assert list(store.inside("")) == ["rows.json", "rows/"]
    assert list(store.inside("rows")) == ["rows/a.png", "rows/a/", "rows/é b/"]
    assert list(store.inside("rows/a/")) == ["rows/a/1.png", "rows/a/b/"]
    assert list(store.inside("row/")) == []


def test_what_is_removed_is_gone(store: Store) -> None:
    """A removed name has nothing under it, others stay, and removing it again is no error."""
    for name in ("rows/1.json", "rows/10.json"):
        store.write(name, b"1")
    for name in ("rows/1.json", "rows/1.json", "never/there.json", "rows/10.json/below"):
        store.remove(name)
    assert list(store.names("")) == ["rows/10.json"]
    assert store.length("rows/1.json") is None
    store.create("rows/1.json", b"2")
    assert store.load("rows/1.json") == b"2"


# What a folder does


@pytest.fixture
def folder(tmp_path: Path) -> FolderStore:
    """A store in a folder."""
    return FolderStore(tmp_path / "store")


def test_a_moved_store_still_remembers(folder: FolderStore, tmp_path: Path) -> None:
    """A store that was moved finds its pictures in their new place, and pays for nothing."""
    (before,) = folder.put(KEY, [fresh()], folder="run")
    moved = FolderStore(folder.folder.rename(tmp_path / "elsewhere"))
    (after,) = moved.once(KEY, never, folder="run")
    assert after.uri == before.uri.replace("/store/", "/elsewhere/")
    assert moved.read(after) == fresh().data


def test_pictures_are_readable_by_whom_the_umask_says(folder: FolderStore) -> None:
    """A picture has the mode that any new file has, not the private one of temporary files."""
    (picture,) = folder.put(KEY, [fresh()], folder="run")
    path = local_path(picture.uri)
    assert path
    plain = folder.folder / "plain"
    plain.touch()
    assert path.stat().st_mode == plain.stat().st_mode


def test_nothing_is_left_but_pictures(folder: FolderStore) -> None:
    """After the work there are pictures and their provenance; no locks, no parts."""
    for number in range(5):
        folder.once(f"{number:064x}", lambda number=number: [fresh(number)], folder="run")
    assert len(visible(folder.folder)) == 10
    assert not list(folder.folder.rglob("*.lock"))
    assert not list(folder.folder.rglob("*.part"))


def test_half_written_files_have_no_name(folder: FolderStore) -> None:
    """What a killed process left half-written is not among the names, whatever else is."""
    folder.write("rows/whole.part", b"1")
    (folder.folder / "rows" / ".0123456789abcdef.part").write_bytes(b"ha")
    assert list(folder.names("rows/")) == ["rows/whole.part"]


def test_a_link_to_where_it_is_ends_no_listing(folder: FolderStore) -> None:
    """A link to a folder above it is an error that names it, and stands among the names."""
    folder.write("day/run/1.png", b"1")
    (folder.folder / "day" / "run" / "above").symlink_to(folder.folder)
    (folder.folder / "day" / "self").symlink_to("self")
    assert list(folder.inside("day/")) == ["day/run/", "day/self"]
    assert list(folder.inside("day/run/")) == ["day/run/1.png", "day/run/above/"]
    with pytest.raises(StoreFailed, match=r"run/above: is a link to a folder that it is in"):
        list(folder.inside("day/run/above/"))


def test_names_come_as_they_are_asked_for(folder: FolderStore) -> None:
    """The first names are given without a look into the folders that come later."""
    folder.write("rows/a/1.json", b"1")
    folder.write("rows/b/1.json", b"1")
    names = folder.names("rows/")
    assert next(names) == "rows/a/1.json"
    folder.write("rows/b/2.json", b"1")
    assert list(names) == ["rows/b/1.json", "rows/b/2.json"]


def test_a_folder_that_cannot_be_listed(folder: FolderStore) -> None:
    """A folder that is there and cannot be listed is an error that names it, not an empty one."""
    folder.folder.mkdir()
    (folder.folder / "rows").symlink_to("rows")  # root may list every folder, but not this one
    with pytest.raises(StoreFailed, match=r"store/rows.*: cannot be listed \(Too many levels"):
        list(folder.names("rows/"))


def test_a_folder_is_not_removed_as_a_name(folder: FolderStore) -> None:
    """To remove a folder by its name is an error, and what is in it stays."""
    folder.write("rows/1.json", b"1")
    with pytest.raises(StoreFailed, match=r"store/rows: cannot be removed"):
        folder.remove("rows")
    assert folder.load("rows/1.json") == b"1"


def test_a_place_that_cannot_be_a_folder(tmp_path: Path) -> None:
    """Below a regular file nothing can be stored: nothing is paid for, and the place is named."""
    (tmp_path / "file").write_text("")
    store = FolderStore(tmp_path / "file" / "store")
    with pytest.raises(StoreFailed, match=r"file/store.*cannot be written \(Not a directory\)"):
        store.once(KEY, never, folder="run")
    with pytest.raises(StoreFailed, match=r"file/store.*cannot be written \(Not a directory\)"):
        store.check()


def test_an_unreadable_memory_is_not_taken_for_none(folder: FolderStore) -> None:
    """A memory that is there and cannot be read stops the request before it is paid for again."""
    folder.put(KEY, [fresh()], folder="run")
    memory = folder.folder / f".darkroom/requests/{KEY[:2]}/{KEY}.json"
    memory.unlink()
    memory.mkdir()  # root may read every file, but nobody can read a folder
    with pytest.raises(StoreFailed, match=r"cannot be read \(Is a directory\)") as caught:
        folder.once(KEY, never, folder="run")
    assert not isinstance(caught.value, PictureMissing)


def test_paid_pictures_are_rescued(folder: FolderStore) -> None:
    """When the store fails after the call, the pictures are elsewhere and the error says where."""
    folder.folder.mkdir()
    (folder.folder / "run").write_text("a file where the folder should be")
    with pytest.raises(StoreFailed, match=r"cannot be written .* were saved in (\S+)\.$") as caught:
        folder.once(KEY, lambda: [fresh(1), fresh(2)], folder="run")
    rescued = Path(str(caught.value).split("saved in ")[1].rstrip("."))
    saved = sorted(rescued.glob("*.png"))
    assert [path.read_bytes() for path in saved] == [fresh(1).data, fresh(2).data]
    assert json.loads((rescued / f"{saved[0].name}.json").read_text())["seed"] == 1
    assert folder.recall(KEY) is None


def test_what_cannot_be_written_down_is_rescued_too(folder: FolderStore) -> None:
    """A provenance that JSON cannot say costs the provenance, not the picture."""
    odd = fresh()
    odd.provenance.parameters["prompt"] = "\ud800"
    with pytest.raises(StoreFailed, match="were saved in") as caught:
        folder.once(KEY, lambda: [odd], folder="run")
    rescued = Path(str(caught.value).split("saved in ")[1].rstrip("."))
    assert [path.read_bytes() for path in rescued.glob("*.png")] == [odd.data]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MB; skips where one may not be mounted."""
    with mounted(tmp_path, "size=1m") as disk:
        yield disk


def test_a_full_disk_is_noticed_before_paying(small_disk: Path) -> None:
    """Where an answer may not fit, nothing is paid for, and the error says what is free."""
    store = FolderStore(small_disk / "store")
    with pytest.raises(StoreFailed, match=r"1 MB are free, and an answer can take 25 MB\. Make"):
        store.once(KEY, never, folder="run")


LIMITED = """
import resource, sys, tempfile
from pathlib import Path
from darkroom.errors import StoreFailed
from darkroom.folder_store import FolderStore

tempfile.tempdir = sys.argv[1]

def make():
    resource.setrlimit(resource.RLIMIT_FSIZE, (50, resource.RLIM_INFINITY))
    return [fresh()]

try:
    FolderStore(Path(sys.argv[1]) / "store").once("ab" * 32, make, folder="run")
except StoreFailed as error:
    print(error)
"""


def test_a_disk_that_fills_up_meanwhile(tmp_path: Path) -> None:
    """When nothing can be written anywhere any more, the error says both, and no half is left."""
    told = run(FRESH + LIMITED, str(tmp_path))
    assert "cannot be written (File too large). Nor could the pictures be saved elsewhere" in told
    assert visible(tmp_path / "store") == []


# What it survives: processes of their own, which know darkroom and nothing else

FRESH = """
import io
from PIL import Image
from darkroom.image_file import facts
from darkroom.picture import Provenance
from darkroom.store import Fresh

def fresh(number=1):
    out = io.BytesIO()
    Image.new("RGB", (16, 16), (number, 0, 99)).save(out, "PNG")
    return Fresh(out.getvalue(), facts(out.getvalue()), Provenance(mode="m", seed=number))
"""

ASKER = """
import os, sys, time
from pathlib import Path
from darkroom.folder_store import FolderStore

folder, hold = Path(sys.argv[1]), float(sys.argv[2])

def make():
    with (folder / "paid").open("a") as paid:
        paid.write(f"{os.getpid()}\\n")
    time.sleep(hold)
    return [fresh(1), fresh(2)]

print("ready", flush=True)
sys.stdin.readline()
print([each.uri for each in FolderStore(folder / "store").once("ab" * 32, make, folder="run")])
"""


def start(program: str, *arguments: str) -> subprocess.Popen[str]:
    """Start a Python program in the project's folder."""
    command = [sys.executable, "-c", program, *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, text=True, stdin=pipe, stdout=pipe, stderr=pipe)


def run(program: str, *arguments: str) -> str:
    """Run a Python program; what it printed."""
    with start(program, *arguments) as process:
        told, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    return told


def test_processes_that_ask_the_same_pay_once(tmp_path: Path) -> None:
    """Four processes ask for the same at once: one pays, and all get the same pictures."""
    askers = [start(FRESH + ASKER, str(tmp_path), "0.3") for _ in range(4)]
    for asker in askers:
        assert asker.stdout
        assert asker.stdout.readline() == "ready\n"
    answers = {asker.communicate("go\n", timeout=30)[0] for asker in askers}
    assert len(answers) == 1
    assert answers.pop().count("file://") == 2
    assert len((tmp_path / "paid").read_text().splitlines()) == 1


def test_a_killed_process_frees_its_lock(tmp_path: Path) -> None:
    """Who is killed while the call is under way blocks nobody; the next one pays and goes on."""
    with start(FRESH + ASKER, str(tmp_path), "60") as asker:
        assert asker.stdin
        asker.stdin.write("go\n")
        asker.stdin.flush()
        until = time.monotonic() + 30
        while not (tmp_path / "paid").exists():
            assert time.monotonic() < until
            time.sleep(0.01)
        asker.send_signal(signal.SIGKILL)
    store = FolderStore(tmp_path / "store")
    began = time.monotonic()
    assert len(store.once(KEY, lambda: [fresh()], folder="run")) == 1
    assert time.monotonic() - began < 5
    assert not list(store.folder.rglob("*.lock"))


KILLED = """
import hashlib, json, os, shutil, signal, sys
from pathlib import Path
from darkroom.folder_store import FolderStore

KEY = "ab" * 32
answer = [fresh(1), fresh(2)]
base = Path(sys.argv[1])

def file_operation(function):
    owner = type(getattr(function, "__self__", None)).__module__
    return owner == "_io" or function.__module__ in ("posix", "_io", "fcntl")

def put_until(store, count):
    left = count
    def watch(frame, event, function):
        nonlocal left
        if event == "c_call" and file_operation(function):
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.setprofile(watch)
    store.once(KEY, lambda: answer, folder="day/run", title="a table")
    sys.setprofile(None)

def whole(path):
    data = path.read_bytes()
    if path.suffix == ".json":
        return bool(json.loads(data))
    beside = path.with_name(path.name + ".json")
    return hashlib.sha256(data).hexdigest()[:10] in path.name and beside.exists()

points, recalled, last = 0, 0, None
while True:
    store = FolderStore(base / str(points))
    child = os.fork()
    if not child:
        put_until(store, points)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    files = [p for p in store.folder.rglob("*") if p.is_file() and p.suffix in (".png", ".json")]
    assert all(map(whole, files)), (points, files)
    found = store.recall(KEY)
    if found is not None:
        recalled += 1
        assert [store.read(each) for each in found] == [each.data for each in answer], points
    paid = []
    again = store.once(KEY, lambda: paid.append(1) or answer, folder="day/run", title="a table")
    assert [store.read(each) for each in again] == [each.data for each in answer], points
    assert bool(paid) == (found is None), points
    assert not list(store.folder.rglob("*.lock")), points
    shutil.rmtree(store.folder)
    if status == 0:
        break
    assert os.WTERMSIG(status) == signal.SIGKILL
    points += 1
print(json.dumps({"points": points, "recalled": recalled}))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks, to be quick")
def test_a_kill_at_any_moment_leaves_nothing_half(tmp_path: Path) -> None:
    """Killed before any of its file operations, a store shows no half file and tells no lie."""
    memory = Path("/dev/shm")  # a disk under load would take a minute for all these fsyncs
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else tmp_path) as folder:
        counted: dict[str, Any] = json.loads(run(FRESH + KILLED, folder))
    assert counted["points"] > 60
    assert 2 < counted["recalled"] < counted["points"] / 2


def test_a_lock_that_is_not_granted(folder: FolderStore) -> None:
    """Where the system grants no lock nothing is paid for, and its reason is given."""
    locks = folder.folder / ".darkroom" / "locks"
    (locks / f"{KEY}.lock").mkdir(parents=True)
    with pytest.raises(StoreFailed, match=os.strerror(errno.EISDIR)):
        folder.once(KEY, never, folder="run")
