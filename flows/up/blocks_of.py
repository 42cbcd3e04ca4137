"""The blocks "default" of an `up`: saved where there are none, and kept where a person has been."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from blocks import Bedrock, ImageStore
from blocks.access import REGION
from blocks.prefect_pace import PREFECT, PrefectPace, limit_name
from blocks.saved import find
from darkroom import catalog
from darkroom.errors import DarkroomError, InvalidRequest, NoCredentials

NAME = "default"


@dataclass(frozen=True)
class Service:
    """What the Bedrock block is to reach: AWS, or a stand-in.

    Attributes:
        standin: Address of the stand-in; "" for AWS.
        quota: Calls a minute of each of the stand-in's models; None for no limit.
    """

    standin: str = ""
    quota: int | None = None

    def block(self) -> Bedrock:
        """The block that reaches it."""
        pace = SecretStr(PREFECT)
        if not self.standin:
            return Bedrock(shared_pace=pace)
        models = catalog.models().values()
        return Bedrock(
            region_name=REGION,
            endpoint_url=self.standin,
            aws_access_key_id="standin",
            aws_secret_access_key=SecretStr("standin"),
            # One place for all models, as no account on AWS has it.
            regions={row.id: row.regions[0] for row in models if REGION not in row.regions},
            quotas={row.id: self.quota for row in models} if self.quota else {},
            shared_pace=pace,
            allow_retired=True,
        )

    def noted(self) -> dict[str, Any]:
        """As it is kept for the next time."""
        return asdict(self)

    def __str__(self) -> str:
        held = f", {self.quota} calls a minute of each model" if self.quota else ""
        return f"the stand-in at {self.standin}{held}" if self.standin else "Amazon Bedrock"


@dataclass(frozen=True)
class Found:
    """What came of the Bedrock block.

    Attributes:
        told: What it reaches, in a few words.
        notes: What a person should know.
        block: The block; None where it cannot be used as it is saved.
    """

    told: str
    notes: tuple[str, ...] = ()
    block: Bedrock | None = None


def bedrock(wanted: Service, before: Service | None) -> Found:
    """Save the Bedrock block if there is none, or if it is as an earlier `up` has saved it.

    Args:
        wanted: What it is to reach.
        before: What the `up` before this one wanted.
    """
    try:
        there = find(Bedrock, NAME)
    except InvalidRequest as error:
        return Found("as you saved it", (str(error),))
    made = wanted.block()
    if there is None or same(there, made):
        if there is None:
            made.save(NAME)
        return Found(str(wanted), _credentials(made), made)
    if not any(same(there, each.block()) for each in (Service(), before) if each):
        return Found("as you saved it", _kept(there, wanted), there)
    made.save(NAME, overwrite=True)
    return Found(str(wanted), (*_switched(wanted, before), *_credentials(made)), made)


def _kept(there: Bedrock, wanted: Service) -> tuple[str, ...]:
    if not wanted.standin or there.endpoint_url == wanted.standin:
        return ()
    return (
        "The Bedrock block 'default' was changed by a person, so it is kept: it does not reach "
        f"the stand-in. Set its endpoint to {wanted.standin}, or delete it and start again.",
    )


def _switched(wanted: Service, before: Service | None) -> tuple[str, ...]:
    was = before if before and before.standin and not wanted.standin else None
    if was:
        return (
            "The Bedrock block 'default' reached the stand-in until now. Without --standin it "
            "reaches Amazon Bedrock, where calls are paid for.",
        )
    return (f"The Bedrock block 'default' now reaches {wanted}.",)


def _credentials(block: Bedrock) -> tuple[str, ...]:
    """Say so where nothing would sign a call."""
    try:
        block.get_client()
    except NoCredentials:
        return (
            "No AWS credentials were found, so calls will fail. Sign in as for the AWS tools and "
            "start again, or put credentials into the Bedrock block 'default'; --standin needs "
            "none.",
        )
    except DarkroomError as error:
        return (str(error),)
    return ()


def store(folder: Path) -> str:
    """Save the ImageStore block if there is none; gives where the pictures are."""
    try:
        there = find(ImageStore, NAME)
    except InvalidRequest as error:
        return str(error)
    if there is None:
        there = ImageStore(folder=str(folder))
        there.save(NAME)
    return there.folder or there.open().uri


def limits(block: Bedrock) -> int:
    """Make the quota limits that a block's calls will ask for; give how many were made.

    Those of a block that shares no pace by Prefect, or whose region nobody knows yet, are made
    with the first call.
    """
    pace = block.shared_pace
    if pace is None or pace.get_secret_value() != PREFECT:
        return 0
    shared, made, today = PrefectPace(), 0, catalog.today()
    for row in catalog.models().values():
        quota = block.quotas.get(row.id, None if block.endpoint_url else row.quota_per_minute)
        if quota is None or (row.status(today) == "retired" and not block.endpoint_url):
            continue
        made += shared.ensure(limit_name(row, region_of(block, row.id), block.endpoint_url), quota)
    return made


def region_of(block: Bedrock, model_id: str) -> str:
    """Where a block calls a model, found without signing anything."""
    access = block.access()
    return block.regions.get(model_id) or str(access.session().get_config_variable("region"))


def same(one: Bedrock, other: Bedrock) -> bool:
    """Whether two blocks say the same."""
    fields = type(one).model_fields
    return all(getattr(one, name) == getattr(other, name) for name in fields)
