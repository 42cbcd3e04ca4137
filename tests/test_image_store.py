"""ImageStore: a folder or a bucket, chosen in a form, opened without a surprise."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import cloudpickle
import httpx
import pytest
from pydantic import ValidationError

from blocks import Bedrock, ImageStore
from blocks.image_store import S3Store
from darkroom.errors import InvalidRequest, NoCredentials, PictureMissing, StoreFailed
from darkroom.folder_store import FolderStore
from darkroom.store import Fresh
from tests.s3 import SHARED, aws, bucket_of, fresh

KEY = "ab" * 32


@pytest.fixture(autouse=True)
def _rescued_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rescued pictures go where tests are tidied up."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """The address of an S3."""
    with aws() as url:
        yield url


def never() -> list[Fresh]:
    """Fails: this must not be paid for."""
    raise AssertionError("paid for")


def test_nothing_filled_in_is_the_default_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty block is the folder `pictures` in Darkroom's home, and opening it makes nothing."""
    monkeypatch.setenv("DARKROOM_HOME", str(tmp_path / "home"))
    store = ImageStore().open()
    assert isinstance(store, FolderStore)
    assert store.folder == tmp_path / "home" / "pictures"
    assert not (tmp_path / "home").exists()


def test_a_folder_may_begin_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tilde in the folder is the home of who runs it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    store = ImageStore(folder=" ~/pictures ").open()
    assert isinstance(store, FolderStore)
    assert store.folder == tmp_path / "pictures"


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"folder": "/a", "bucket": "abc"}, "folder and bucket exclude each other: set one"),
        ({"prefix": "campaigns"}, "belong to a bucket: set it"),
        ({"bucket": "s3://abc/campaigns"}, "give its name without s3://, and the rest as prefix"),
        ({"bucket": "abc", "s3_endpoint_url": "minio:9000"}, "begins with http:// or https://"),
        ({"bucket": "abc", "prefx": "x"}, "ImageStore has no such field; did you mean prefix?"),
    ],
)
def test_what_does_not_fit_is_refused(fields: dict[str, str], told: str) -> None:
    """A block that could not do what its fields say is refused, with the way out."""
    with pytest.raises(ValidationError, match=told):
        ImageStore.model_validate(fields)


def test_a_bucket_is_opened_without_a_call() -> None:
    """Opening a bucket needs neither credentials nor a connection, and gives one store."""
    block = ImageStore(
        bucket="abc", prefix="/campaigns/2026/", s3_endpoint_url="http://127.0.0.1:9"
    )
    store = block.open()
    assert store.uri == "s3://abc/campaigns/2026"
    assert store is block.open()
    assert block.model_copy(update={"bucket": "abcd"}).open().uri == "s3://abcd/campaigns/2026"
    assert ImageStore(bucket="abc").open().uri_of("x.png") == "s3://abc/x.png"


def test_a_bucket_without_credentials_says_both_ways_on(prefect_api: None) -> None:
    """Where no credentials are found nothing is paid for, and the error says what to do."""
    store = ImageStore(bucket="abc", s3_endpoint_url="http://127.0.0.1:9").open()
    with pytest.raises(NoCredentials, match="Two ways on"):
        store.once(KEY, never, folder="run")


def test_a_bedrock_api_key_does_not_open_a_bucket() -> None:
    """An API key alone is refused for a bucket, with the reason and what would do."""
    block = ImageStore(bucket="abc", credentials=Bedrock(bedrock_api_key="key"))  # type: ignore[arg-type]
    with pytest.raises(NoCredentials, match="opens Bedrock and nothing else"):
        block.open().check()


def test_s3_gets_names_types_and_conditions(s3: str) -> None:
    """Objects lie under the prefix with their media type, and only the memory may be replaced."""
    block = bucket_of(s3, "contents", "/campaigns/")
    block.open().put(KEY, [fresh()], folder="run", title="An oak table")
    client = SHARED.get_client("s3", endpoint_url=s3)
    kinds = {
        each["Key"]: client.head_object(Bucket="contents", Key=each["Key"])["ContentType"]
        for each in client.list_objects_v2(Bucket="contents")["Contents"]
    }
    name = f"campaigns/run/text_to_image-an-oak-table-{fresh().facts.sha256[:10]}.png"
    assert kinds == {
        f"campaigns/.darkroom/requests/ab/{KEY}.json": "application/json",
        f"{name}.json": "application/json",
        name: "image/png",
    }


def test_a_missing_bucket_is_no_missing_picture(s3: str) -> None:
    """A bucket that is not there stops the request before anything is paid for."""
    store = S3Store("not-there", "", SHARED, s3)
    with pytest.raises(
        StoreFailed, match=r"s3://not-there/.* cannot be read: .*NoSuchBucket"
    ) as it:
        store.once(KEY, never, folder="run")
    assert not isinstance(it.value, PictureMissing)
    with pytest.raises(StoreFailed, match="cannot be written"):
        store.check()


def test_an_s3_that_is_away(tmp_path: Path) -> None:
    """Where S3 does not answer, the error is a StoreFailed that names the object."""
    store = S3Store("abc", "", SHARED, "http://127.0.0.1:9")
    with pytest.raises(StoreFailed, match=r"s3://abc/x\.png cannot be read: Could not connect"):
        store.length("x.png")


def test_pictures_that_s3_does_not_take_are_rescued(s3: str) -> None:
    """When the bucket goes away during the call, the paid picture is saved on this computer."""
    store = bucket_of(s3, "short-lived").open()

    def make() -> list[Fresh]:
        client = SHARED.get_client("s3", endpoint_url=s3)
        client.delete_object(Bucket="short-lived", Key=".darkroom/writable")
        client.delete_bucket(Bucket="short-lived")
        return [fresh()]

    with pytest.raises(StoreFailed, match=r"NoSuchBucket.* were saved in") as caught:
        store.once(KEY, make, folder="run")
    rescued = Path(str(caught.value).split("saved in ")[1].rstrip("."))
    assert [path.read_bytes() for path in rescued.glob("*.png")] == [fresh().data]


def test_more_names_than_a_page_of_s3_holds(s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names come page by page, in order, without the empty objects that stand for folders."""
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "10")  # of this S3; AWS gives 1000
    block = bucket_of(s3, "pages", "/campaigns/")
    client = SHARED.get_client("s3", endpoint_url=s3)
    client.put_object(Bucket="pages", Key="campaigns/rows/")
    client.put_object(Bucket="pages", Key="rows/elsewhere.json")
    names = [f"rows/{number:04}.json" for number in range(15)]
    for name in names:
        client.put_object(Bucket="pages", Key=f"campaigns/{name}")
    pages: list[object] = []
    client.meta.events.register(
        "after-call.s3.ListObjectsV2", lambda **more: pages.append(more), unique_id="pages"
    )
    found = block.open().names("rows/")
    assert next(found) == names[0]
    assert len(pages) == 1
    assert list(found) == names[1:]
    assert len(pages) == 2
    client.meta.events.unregister("after-call.s3.ListObjectsV2", unique_id="pages")


def test_listing_a_missing_bucket_is_an_error(s3: str) -> None:
    """The names of a bucket that is not there cannot be listed: it is not taken for empty."""
    store = S3Store("not-there", "", SHARED, s3)
    with pytest.raises(StoreFailed, match=r"s3://not-there/rows/ cannot be listed: .*NoSuchBucket"):
        list(store.names("rows/"))


def test_an_s3_that_denies_says_which_right_it_takes() -> None:
    """Who may only read objects is told the right that listing and removing take."""
    with aws() as url:
        bucket_of(url, "strict").open().write("rows/1.json", b"1")
        key = _reader(url)
        block = Bedrock(
            region_name="us-west-2",
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
        )
        store = S3Store("strict", "", block, url)
        httpx.post(f"{url}/moto-api/reset-auth", content="0")
        try:
            assert store.load("rows/1.json") == b"1"
            with pytest.raises(StoreFailed, match=r"strict/rows/ .* It takes s3:ListBucket on str"):
                list(store.names("rows/"))
            with pytest.raises(StoreFailed, match=r"1\.json .* It takes s3:DeleteObject on strict"):
                store.remove("rows/1.json")
        finally:
            httpx.post(f"{url}/moto-api/reset-auth", content="inf")


def _reader(url: str) -> dict[str, str]:
    """The access key of a new user who may get objects, and nothing else."""
    client = SHARED.get_client("iam", endpoint_url=url)
    client.create_user(UserName="reader")
    allowed = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    client.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=policy)
    key: dict[str, str] = client.create_access_key(UserName="reader")["AccessKey"]
    return key


def test_one_block_opens_several_endpoints(s3: str) -> None:
    """Stores that share credentials each reach their own address."""
    here = bucket_of(s3, "shared").open()
    there = S3Store("shared", "", SHARED, "http://127.0.0.1:9")
    here.write("x", b"here")
    with pytest.raises(StoreFailed, match=r"127\.0\.0\.1:9"):
        there.write("x", b"there")
    assert here.load("x") == b"here"


def test_a_bucket_block_survives_pickling(s3: str) -> None:
    """A block whose store is open can be pickled, and opens the same store elsewhere."""
    block = bucket_of(s3, "pickled")
    block.open().write("x", b"1")
    again = cloudpickle.loads(cloudpickle.dumps(block))
    assert again == block
    assert again.open().load("x") == b"1"


def test_saved_with_its_credentials_by_reference(prefect_api: None, s3: str) -> None:
    """A saved block refers to its saved credentials, and both come back by the store's name."""
    bucket_of(s3, "by-name")
    credentials = SHARED.model_copy()
    credentials.save("bucket-owner", overwrite=True)
    owner = Bedrock.load("bucket-owner")
    ImageStore(bucket="by-name", s3_endpoint_url=s3, credentials=owner).save("studio")
    found = ImageStore.find("studio")
    assert found.credentials == owner
    found.open().write("x", b"1")
    assert found.open().load("x") == b"1"
    assert "no-secret" not in repr(found) + found.model_dump_json()


def test_the_block_named_default_is_the_default(prefect_api: None, tmp_path: Path) -> None:
    """Without a name the block saved as "default" is used, and the plain one if there is none."""
    assert ImageStore.find() == ImageStore()
    ImageStore(folder=str(tmp_path)).save("default")
    try:
        assert ImageStore.find().folder == str(tmp_path)
    finally:
        ImageStore.delete("default")


def test_an_unknown_name_is_said(prefect_api: None) -> None:
    """A name that nobody saved is an error that names it, not the default folder."""
    with pytest.raises(InvalidRequest, match="store = 'nowhere': no ImageStore block of that name"):
        ImageStore.find("nowhere")


def test_provenance_has_no_secrets(s3: str) -> None:
    """What a store writes has nothing of the credentials in it."""
    store = bucket_of(s3, "discreet").open()
    (picture,) = store.put(KEY, [fresh()], folder="run")
    told = store.load(f"{store.name_of(picture.uri)}.json").decode()
    assert json.loads(told)["provenance"]["seed"] == 1
    assert "AKIDEXAMPLE" not in told
    assert "no-secret" not in told
