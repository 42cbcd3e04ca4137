"""Bedrock: credentials, region and endpoint, and the one client made of them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated, Any, Self

from botocore.config import Config
from botocore.exceptions import BotoCoreError
from pydantic import Field, HttpUrl, PrivateAttr, SecretStr, field_validator, model_validator

from blocks import by_model
from blocks.access import Access, saved_access
from blocks.saved import Address, Kept, Saved, find, saved_as
from darkroom import catalog
from darkroom.catalog import Model, Price
from darkroom.errors import InvalidRequest, from_service

Calls = Annotated[int, Field(ge=1)]
Dollars = Annotated[float, Field(ge=0)]

AWS = re.compile(r"\.amazonaws\.com(\.cn)?(:\d+)?$")
"""The end of an endpoint of AWS's own."""

STANDIN = "standin"
"""The block name that means the local stand-in, where no block of that name is saved."""


class Bedrock(Saved):
    """How to reach Amazon Bedrock: credentials, region, endpoint.

    Leave all fields empty to use the credential chain of the AWS tools: environment, shared files
    with profiles (SSO and credential_process among them), container and instance roles. SAML and
    SSO users name a profile.

    Example:
        ```python
        from blocks import Bedrock

        Bedrock(region_name="us-west-2", profile_name="studio").save("BLOCK_NAME")
        bedrock = Bedrock.load("BLOCK_NAME")
        client = bedrock.get_client()
        ```
    """

    _block_type_name = "Bedrock"
    _block_type_slug = "darkroom-bedrock"
    _description = "Credentials, region and endpoint for image models on Amazon Bedrock."
    _documentation_url = HttpUrl(
        "https://docs.aws.amazon.com/bedrock/latest/userguide/security-iam.html"
    )

    region_name: str | None = Field(
        None,
        title="Region",
        examples=["us-west-2"],
        description="AWS region. Empty: the profile's or AWS_REGION, else us-west-2, "
        "where all living image models are offered.",
    )
    regions: dict[str, str] = Field(
        default_factory=dict,
        title="Regions by model",
        examples=[{"nova-canvas": "us-east-1"}],
        description="Regions for single models (by id or short name), where they are called in "
        "another one.",
    )
    inference_profiles: dict[str, str] = Field(
        default_factory=dict,
        title="Inference profiles by model",
        examples=[
            {"core": "arn:aws:bedrock:us-west-2:123456789012:application-inference-profile/a1b2c3"}
        ],
        description="Ids or ARNs of inference profiles to call single models by, such as "
        "application inference profiles that tag costs.",
    )
    quotas: dict[str, Calls] = Field(
        default_factory=dict,
        title="Quotas by model",
        examples=[{"core": 120}],
        description="Calls a minute that the account may make, where they differ from AWS's "
        "defaults. Calls wait for their turn. At other endpoints than AWS's own only those named "
        "here are held back.",
    )
    shared_pace: SecretStr | None = Field(
        None,
        title="Shared pace",
        description="What holds all processes of this account to the quotas together. prefect: the "
        "limits on the page Concurrency, for one machine. Or the address of a Redis "
        "(redis://HOST:6379/0) that several machines share, one database an account.",
    )
    prices: dict[str, Dollars] = Field(
        default_factory=dict,
        title="Prices by model",
        examples=[{"core": 0.03}],
        description="US dollars per picture, where they differ from the catalog's: for plans, "
        "budgets and reports.",
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
        description="A Bedrock API key (bearer token), instead of access keys. It opens Bedrock "
        "only: a bucket needs other credentials.",
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
        "darkroom",
        title="Role session name",
        pattern=r"^[\w+=,.@-]{2,64}$",
        description="Names the session in AWS's logs.",
    )
    endpoint_url: Address | None = Field(
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

    guardrail: str | None = Field(
        None,
        max_length=2048,
        title="Guardrail",
        description="Id or ARN of a guardrail that every call goes through.",
    )
    guardrail_version: str = Field(
        "DRAFT",
        title="Guardrail version",
        pattern=r"^(DRAFT|[1-9][0-9]{0,7})$",
        description='"DRAFT" or a number.',
    )

    _clients: Kept = PrivateAttr(default_factory=Kept)
    _stands_in: bool = PrivateAttr(False)

    @field_validator("region_name")
    @classmethod
    def _region(cls, value: str | None) -> str | None:
        return by_model.region(value) if value else value

    @field_validator("regions")
    @classmethod
    def _regions(cls, values: dict[str, str]) -> dict[str, str]:
        return by_model.regions(values)

    @field_validator("inference_profiles")
    @classmethod
    def _profiles(cls, values: dict[str, str]) -> dict[str, str]:
        return by_model.profiles(values)

    @field_validator("quotas", "prices")
    @classmethod
    def _numbers(cls, values: dict[str, float]) -> dict[str, float]:
        return by_model.numbers(values)

    @field_validator("role_arn")
    @classmethod
    def _role(cls, value: str | None) -> str | None:
        if value and not re.fullmatch(r"arn:[^:]+:iam::\d{12}:role/.+", value):
            raise ValueError(f"{value!r} is no role: arn:aws:iam::123456789012:role/NAME is one")
        return value

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if bool(self.aws_access_key_id) != bool(self.aws_secret_access_key):
            raise ValueError("aws_access_key_id and aws_secret_access_key go together: set both")
        if self.aws_session_token and not self.aws_access_key_id:
            raise ValueError("aws_session_token belongs to an access key: set aws_access_key_id")
        if self.role_external_id and not self.role_arn:
            raise ValueError("role_external_id belongs to a role: set role_arn")
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
            from blocks.standin import in_process_standin

            return in_process_standin()
        if name is not None:
            raise InvalidRequest.of(
                "bedrock", name, "no Bedrock block of that name is saved", saved_as(cls)
            )
        return cls()

    @property
    def endpoint(self) -> str:
        """What tells one service from another: its address, or "standin"."""
        return STANDIN if self._stands_in else str(self.get_client().meta.endpoint_url).rstrip("/")

    @property
    def service(self) -> str:
        """What answers a request: the endpoint, behind the guardrail if there is one.

        Pictures that were made without a guardrail are no answer to a request behind it.
        """
        if not self.guardrail:
            return self.endpoint
        return f"{self.endpoint} {self.guardrail}:{self.guardrail_version}"

    @property
    def region(self) -> str:
        """The region that calls are made in."""
        return str(self.get_client().meta.region_name)

    def model(self, name: str) -> Model:
        """The catalog's row for a name, called in the way that this block says.

        Args:
            name: What `darkroom.catalog.find` knows, or one of the inference profiles.

        Raises:
            UnknownModel: There is none.
        """
        owners = {profile: model for model, profile in self.inference_profiles.items()}
        row = catalog.find(owners.get(name.strip(), name))
        if row.id in self.prices:
            row = row.model_copy(update={"prices": (Price(usd=self.prices[row.id]),)})
        if row.id in self.quotas:
            row = row.model_copy(update={"quota_per_minute": self.quotas[row.id]})
        profile = self.inference_profiles.get(row.id)
        if profile is None or row.called_as:
            return row
        return row.called(profile)

    def quota_of(self, model: Model) -> int | None:
        """The calls a minute that `model` is held to; None for no limit.

        What AWS allows by default holds at AWS's own endpoints only.
        """
        if model.id in self.quotas or self.own_endpoint is None:
            return self.quotas.get(model.id, model.quota_per_minute)
        return None

    @property
    def own_endpoint(self) -> str | None:
        """The address that is called, where it is not AWS's own."""
        return None if AWS.search(self.endpoint) else self.endpoint

    def region_of(self, model: Model) -> str:
        """The region that `model` is called in."""
        return self.regions.get(model.id) or self.region

    def client_of(self, model: Model) -> Any:
        """The boto3 client to call `model` with."""
        return self.get_client(region=self.regions.get(model.id))

    @property
    def options(self) -> dict[str, str]:
        """What InvokeModel is told beside the body: the guardrail, and to say what it found."""
        if not self.guardrail:
            return {}
        return {
            "guardrailIdentifier": self.guardrail,
            "guardrailVersion": self.guardrail_version,
            "trace": "ENABLED",
        }

    def get_client(
        self,
        service: str = "bedrock-runtime",
        endpoint_url: str | None = None,
        region: str | None = None,
    ) -> Any:
        """The boto3 client of this block and process; always the same one for a `service`.

        Retries of botocore's own are off for Bedrock: the orchestrator retries, where it is seen.

        Args:
            service: The client's AWS service.
            endpoint_url: Its address, if not AWS's own; Bedrock's is a field of the block.
            region: Another region than the block's.

        Raises:
            NoCredentials: There is nothing to sign with; the error says what to do.
            InvalidRequest: A field names what is not there.
        """
        # The fields are part of the key: a block that was changed gets another client. So is the
        # process: a connection must not be shared with a fork.
        values = self.__dict__.values()
        fields = (tuple(value.items()) if isinstance(value, dict) else value for value in values)
        key = (os.getpid(), service, endpoint_url, region, *fields)
        with self._clients.lock:
            if key not in self._clients:
                with _named():
                    self._clients[key] = self._make_client(service, endpoint_url, region)
            return self._clients[key]

    def _make_client(self, service: str, endpoint_url: str | None, region: str | None) -> Any:
        access = self.access()
        if region:
            access = replace(access, region=region)
        if self.aws_credentials_block:
            access = access.or_else(saved_access(self.aws_credentials_block))
        runtime = service == "bedrock-runtime"
        config = Config(
            retries={"total_max_attempts": 1} if runtime else {"mode": "standard"},
            read_timeout=self.read_timeout,
            connect_timeout=10,
            max_pool_connections=self.max_connections,
            tcp_keepalive=True,  # else a gateway on the way may forget a call that takes minutes
        )
        return access.client(service, access.endpoint_url if runtime else endpoint_url, config)

    def access(self) -> Access:
        """Whose credentials and which place the fields of this block say."""
        keys = None
        if self.aws_access_key_id and self.aws_secret_access_key:
            token = self.aws_session_token
            keys = (
                self.aws_access_key_id,
                self.aws_secret_access_key.get_secret_value(),
                token.get_secret_value() if token else None,
            )
        role = None
        if self.role_arn:
            role = {"RoleArn": self.role_arn, "RoleSessionName": self.role_session_name}
            if self.role_external_id:
                role["ExternalId"] = self.role_external_id.get_secret_value()
        return Access(
            region=self.region_name,
            profile=self.profile_name,
            file=self.shared_credentials_file,
            keys=keys,
            api_key=self.bedrock_api_key,
            role=role,
            endpoint_url=self.endpoint_url,
        )


@contextmanager
def _named() -> Iterator[None]:
    """Name what botocore raises while a session or client is being made."""
    try:
        yield
    except BotoCoreError as error:
        raise from_service(error) or InvalidRequest(str(error)) from error
