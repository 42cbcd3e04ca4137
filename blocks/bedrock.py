"""Bedrock: credentials, region and endpoint, and the one client made of them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    DeferredRefreshableCredentials,
)
from botocore.exceptions import BotoCoreError
from botocore.tokens import FrozenAuthToken
from prefect.blocks.core import Block
from pydantic import Field, PrivateAttr, SecretStr, model_validator

from blocks.named import find
from darkroom.errors import InvalidRequest, NoCredentials, from_service

if TYPE_CHECKING:
    from darkroom.standin.server import StandIn

STANDIN = "standin"
"""The block name that means the local stand-in, where no block of that name is saved."""

WAYS_ON = """\
No AWS credentials were found. Two ways on:
  on AWS:      sign in (`aws configure`, `aws configure sso`, AWS_PROFILE, AWS_ACCESS_KEY_ID,
               AWS_BEARER_TOKEN_BEDROCK, a role), or name a saved Bedrock block: --bedrock NAME
  without AWS: --standin uses the local stand-in, which is free and draws its pictures itself"""


class Bedrock(Block):
    """How to reach Amazon Bedrock: credentials, region, endpoint.

    Leave all fields empty to use the credential chain of the AWS tools: environment, shared files
    with profiles (SSO and credential_process among them), container and instance roles. SAML and
    SSO users name a profile.

    Example:
        ```python
        from blocks import Bedrock

        Bedrock(region_name="us-west-2", profile_name="studio").save("default")
        client = Bedrock.load("default").get_client()
        ```
    """

    _block_type_name = "Bedrock"
    _block_type_slug = "darkroom-bedrock"
    _description = "Credentials, region and endpoint for image models on Amazon Bedrock."

    region_name: str | None = Field(
        None,
        title="Region",
        examples=["us-west-2"],
        description="AWS region. Empty: the profile's or AWS_REGION, else us-west-2, "
        "where all living image models are offered.",
    )
    profile_name: str | None = Field(
        None,
        title="Profile",
        description="Profile of the shared AWS files. For SAML or SSO sign-in: a profile with SSO "
        "or with credential_process.",
    )
    shared_credentials_file: str | None = Field(
        None,
        title="Credentials file",
        description="Where the shared credentials file is, if not ~/.aws/credentials.",
    )
    aws_access_key_id: str | None = Field(
        None, title="Access key ID", description="Access key, with its secret below."
    )
    aws_secret_access_key: SecretStr | None = Field(
        None, title="Secret access key", description="Belongs to the access key ID."
    )
    aws_session_token: SecretStr | None = Field(
        None, title="Session token", description="For temporary access keys."
    )
    bedrock_api_key: SecretStr | None = Field(
        None,
        title="Bedrock API key",
        description="A Bedrock API key (bearer token), instead of access keys.",
    )
    aws_credentials_block: str | None = Field(
        None,
        title="AwsCredentials block",
        description="Name of a saved AwsCredentials block of prefect-aws to take keys, profile, "
        "region and role from. Needs the extra darkroom[aws].",
    )
    role_arn: str | None = Field(
        None,
        title="Role to assume",
        description="ARN of a role to assume with these credentials. It is assumed again "
        "whenever it runs out.",
    )
    role_external_id: SecretStr | None = Field(
        None, title="External ID", description="What the role's owner asks for, if anything."
    )
    role_session_name: str = Field(
        "darkroom", title="Role session name", description="Names the session in AWS's logs."
    )
    endpoint_url: str | None = Field(
        None,
        title="Endpoint",
        description="Address of bedrock-runtime, if not AWS's own: a VPC endpoint, a gateway, or "
        "the stand-in.",
    )
    read_timeout: int = Field(
        300,
        ge=60,
        le=3600,
        title="Read timeout",
        description="Seconds to wait for an answer. Shorter than the model takes means paying "
        "for pictures that never arrive.",
    )
    max_connections: int = Field(
        32, ge=1, le=1000, title="Connections", description="Calls that can be under way at once."
    )
    allow_retired: bool = Field(
        False,
        title="Allow retired models",
        description="Call models that are past their end of life, where an arrangement with AWS "
        "or another endpoint still serves them.",
    )

    _clients: dict[str, Any] = PrivateAttr(default_factory=dict)
    _lock: threading.Lock = PrivateAttr(default_factory=threading.Lock)
    _standin: StandIn | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if bool(self.aws_access_key_id) != bool(self.aws_secret_access_key):
            raise ValueError("aws_access_key_id and aws_secret_access_key go together: set both")
        return self

    @classmethod
    def find(cls, name: str | None = None) -> Bedrock:
        """The block to use: the one saved as `name`, or as "default", or the plain AWS chain.

        The name "standin", where no such block is saved, is the local stand-in, started in this
        process. It is never chosen unless it is named.

        Raises:
            InvalidRequest: No block of that name is saved.
        """
        block = find(cls, name)
        if block is not None:
            return block
        if name == STANDIN:
            return in_process_standin()
        if name is not None:
            raise InvalidRequest.of(
                "bedrock", name, "no Bedrock block of that name is saved", "Save it, or name none."
            )
        return cls()

    @property
    def endpoint(self) -> str:
        """What tells one service from another: an address, or "standin"."""
        if self._standin is not None:
            return STANDIN
        return self._given.endpoint_url or f"bedrock-runtime.{self.region}"

    @property
    def region(self) -> str:
        """The region that calls are made in."""
        return str(self.get_client().meta.region_name)

    def get_client(self, service: str = "bedrock-runtime", endpoint_url: str | None = None) -> Any:
        """The boto3 client of this block and process; always the same one for a `service`.

        Retries of botocore's own are off for Bedrock: the orchestrator retries, where it is seen.

        Raises:
            NoCredentials: There is nothing to sign with; the error says what to do.
        """
        with self._lock:
            if service not in self._clients:
                with _named():
                    self._clients[service] = self._make_client(service, endpoint_url)
            return self._clients[service]

    def _make_client(self, service: str, endpoint_url: str | None) -> Any:
        given = self._given
        session = given._session()
        runtime = service == "bedrock-runtime"
        token = session.get_auth_token(signing_name="bedrock") if runtime else None
        if not (token or session.get_credentials()):
            raise NoCredentials(WAYS_ON)
        config = Config(
            retries={"total_max_attempts": 1} if runtime else {"mode": "standard"},
            read_timeout=given.read_timeout,
            connect_timeout=10,
            max_pool_connections=given.max_connections,
        )
        return boto3.Session(
            botocore_session=session,
            region_name=given.region_name or session.get_config_variable("region") or "us-west-2",
        ).client(
            service, config=config, endpoint_url=given.endpoint_url if runtime else endpoint_url
        )

    def _session(self) -> botocore.session.Session:
        session = botocore.session.Session(profile=self.profile_name)
        if self.shared_credentials_file:
            session.set_config_variable("credentials_file", self.shared_credentials_file)
        if self.aws_access_key_id and self.aws_secret_access_key:
            token = self.aws_session_token
            session.set_credentials(
                self.aws_access_key_id,
                self.aws_secret_access_key.get_secret_value(),
                token.get_secret_value() if token else None,
            )
        if self.bedrock_api_key:
            session.register_component("token_provider", _ApiKey(self.bedrock_api_key))
        if self.role_arn:
            self._assume(session, self.role_arn)
        return session

    def _assume(self, session: botocore.session.Session, role_arn: str) -> None:
        source = session.get_credentials()
        if source is None:
            raise NoCredentials(WAYS_ON)
        extra = {"RoleSessionName": self.role_session_name}
        if self.role_external_id:
            extra["ExternalId"] = self.role_external_id.get_secret_value()
        fetcher = AssumeRoleCredentialFetcher(
            client_creator=session.create_client,
            source_credentials=source,
            role_arn=role_arn,
            extra_args=extra,
        )
        # botocore offers no public way to give a session credentials that renew themselves; its
        # own resolver sets the same attribute.
        session._credentials = DeferredRefreshableCredentials(
            method="assume-role",
            refresh_using=fetcher.fetch_credentials,
            time_fetcher=lambda: datetime.now(UTC),
        )

    @cached_property
    def _given(self) -> Bedrock:
        """This block, with what an AwsCredentials block of prefect-aws says where it is silent."""
        name = self.aws_credentials_block
        if not name:
            return self
        try:
            from prefect_aws import AwsCredentials
        except ImportError as error:
            raise InvalidRequest.of(
                "aws_credentials_block",
                name,
                "prefect-aws is not installed",
                'Install it: pip install "darkroom[aws]".',
            ) from error
        saved = find(AwsCredentials, name)
        if saved is None:
            raise InvalidRequest.of(
                "aws_credentials_block", name, "no AwsCredentials block of that name is saved"
            )
        theirs = {
            "region_name": saved.region_name,
            "profile_name": saved.profile_name,
            "aws_access_key_id": saved.aws_access_key_id,
            "aws_secret_access_key": saved.aws_secret_access_key,
            "aws_session_token": saved.aws_session_token and SecretStr(saved.aws_session_token),
            "role_arn": saved.assume_role_arn,
            "endpoint_url": saved.aws_client_parameters.endpoint_url,
        }
        return self.model_copy(
            update={field: theirs[field] for field in theirs if getattr(self, field) is None}
        )


@contextmanager
def _named() -> Iterator[None]:
    """Name what botocore raises while a session or client is being made."""
    try:
        yield
    except BotoCoreError as error:
        raise from_service(error) or InvalidRequest(str(error)) from error


class _ApiKey:
    """Gives botocore the block's API key, without the environment variable it looks for."""

    def __init__(self, key: SecretStr) -> None:
        self._key = key

    def load_token(self, **kwargs: object) -> FrozenAuthToken:
        return FrozenAuthToken(self._key.get_secret_value())


_in_process: Bedrock | None = None
_starting = threading.Lock()


def in_process_standin() -> Bedrock:
    """A block for the stand-in of this process, which is started at the first call."""
    from darkroom.standin.server import StandIn

    global _in_process
    with _starting:
        if _in_process is None:
            standin = StandIn()
            standin.start()
            _in_process = Bedrock(
                region_name="us-west-2",
                endpoint_url=standin.url,
                aws_access_key_id="standin",
                aws_secret_access_key=SecretStr("standin"),
                allow_retired=True,
            )
            _in_process._standin = standin
        return _in_process
