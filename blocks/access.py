"""From what a block says to a botocore session: whose credentials, which region, which role."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import boto3
import botocore.loaders
import botocore.session
from botocore.config import Config
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    Credentials,
    DeferredRefreshableCredentials,
)
from botocore.exceptions import ProfileNotFound
from botocore.tokens import FrozenAuthToken
from pydantic import SecretStr

from blocks.saved import find
from darkroom.errors import InvalidRequest, NoCredentials

REGION = "us-west-2"
"""Where all living image models are offered."""

WAYS_ON = """\
No AWS credentials were found. Two ways on:
  on AWS:      sign in (`aws configure`, `aws configure sso`, AWS_PROFILE, AWS_ACCESS_KEY_ID,
               AWS_BEARER_TOKEN_BEDROCK, a role), or name a saved Bedrock block: --bedrock NAME
  without AWS: --standin uses the local stand-in, which is free and draws its pictures itself"""

NOT_BY_API_KEY = """\
No AWS credentials were found for the bucket: a Bedrock API key opens Bedrock and nothing else.
Give the ImageStore block credentials with an access key, a profile or a role, or use a folder."""


@dataclass(frozen=True, repr=False)
class Access:
    """How to reach AWS.

    Attributes:
        region: None leaves it to the environment and the profile.
        profile: A profile of the shared files.
        file: The shared credentials file, if not the usual one.
        keys: Access key id, secret and session token.
        api_key: A Bedrock API key.
        role: Parameters of AssumeRole; None where no role is assumed.
        endpoint_url: Address of bedrock-runtime.
        options: More for the client: `verify`, `use_ssl`, `config`.
    """

    region: str | None = None
    profile: str | None = None
    file: str | None = None
    keys: tuple[str, str, str | None] | None = None
    api_key: SecretStr | None = None
    role: dict[str, Any] | None = None
    endpoint_url: str | None = None
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def _says_who(self) -> bool:
        return bool(self.keys or self.profile or self.file)

    def or_else(self, other: Access) -> Access:
        """This, with the `other` where this is silent. Credentials are never mixed."""
        who = self if self._says_who else other
        return replace(
            self,
            region=self.region or other.region,
            profile=who.profile,
            file=who.file,
            keys=who.keys,
            role=self.role or other.role,
            endpoint_url=self.endpoint_url or other.endpoint_url,
            options=other.options,
        )

    def client(self, service: str, endpoint_url: str | None, config: Config) -> Any:
        """A client for `service`.

        Raises:
            NoCredentials: There is nothing to sign with; the error says what to do.
            InvalidRequest: There is no such profile or file.
        """
        session = self.session()
        bedrock = service in ("bedrock", "bedrock-runtime")  # which an API key opens both
        signature = self.signature if bedrock else None
        bearer = bedrock and not signature and os.environ.get("AWS_BEARER_TOKEN_BEDROCK")
        if signature != "bearer" and not bearer and session.get_credentials() is None:
            raise NoCredentials(NOT_BY_API_KEY if self.api_key else WAYS_ON)
        if signature:
            config = config.merge(Config(signature_version=signature))
        options = {**self.options, "config": self.options.get("config", Config()).merge(config)}
        boto3_session = boto3.Session(botocore_session=session)
        return boto3_session.client(service, endpoint_url=endpoint_url, **options)

    @property
    def signature(self) -> str | None:
        """How Bedrock's calls are signed, if not as the environment says.

        Without it, AWS_BEARER_TOKEN_BEDROCK would win over keys that the block names.
        """
        if self.api_key:
            return "bearer"
        return "v4" if self._says_who or self.role else None

    def session(self) -> botocore.session.Session:
        """A session with these credentials, profile and region.

        Raises:
            NoCredentials: There is a role to assume, and nothing to assume it with.
            InvalidRequest: There is no such profile or file.
        """
        session = botocore.session.Session(profile=self._profile())
        if self.file:
            if not Path(self.file).expanduser().is_file():
                raise InvalidRequest.of(
                    "shared_credentials_file",
                    self.file,
                    "there is no such file on this computer",
                    "Correct it, or leave it empty for ~/.aws/credentials.",
                )
            session.set_config_variable("credentials_file", self.file)
        try:
            session.get_scoped_config()
        except ProfileNotFound as error:
            known = ", ".join(session.available_profiles) or "none"
            raise InvalidRequest.of(
                "profile_name" if self.profile else "AWS_PROFILE",
                session.get_config_variable("profile"),
                "the shared AWS files have no such profile",
                f"Profiles there: {known}. `aws configure` adds one.",
            ) from error
        session.register_component("data_loader", _loader(session.get_config_variable("data_path")))
        # botocore itself looks at AWS_DEFAULT_REGION only; every other AWS tool knows AWS_REGION.
        session.set_config_variable(
            "region",
            self.region
            or os.environ.get("AWS_REGION")
            or session.get_config_variable("region")
            or REGION,
        )
        if self.api_key:
            session.register_component("token_provider", _ApiKey(self.api_key))
        if self.keys:
            session.register_component("credential_provider", _Given(Credentials(*self.keys)))
        if self.role:
            self._assume(session, self.role)
        return session

    def _profile(self) -> str | None:
        if self.profile or not self.file:
            return self.profile
        # A profile that is named comes before keys in the environment, and so must a file.
        return botocore.session.Session().get_config_variable("profile") or "default"

    def _assume(self, session: botocore.session.Session, role: dict[str, Any]) -> None:
        provider = session.get_component("credential_provider")
        source = provider.load_credentials()
        if source is None:
            raise NoCredentials(WAYS_ON)
        fetcher = AssumeRoleCredentialFetcher(
            client_creator=session.create_client,
            source_credentials=source,
            role_arn=role["RoleArn"],
            extra_args=role,
        )
        renewing = DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")
        session.register_component("credential_provider", _Given(renewing))


@functools.cache
def _loader(data_path: str | None) -> botocore.loaders.Loader:
    """Reads AWS's descriptions of its services, once: each session would take 90 ms for that."""
    return botocore.loaders.create_loader(data_path)


class _ApiKey:
    """Gives botocore the block's API key, without the environment variable it looks for."""

    def __init__(self, key: SecretStr) -> None:
        self._key = key

    def load_token(self, **kwargs: object) -> FrozenAuthToken:
        return FrozenAuthToken(self._key.get_secret_value())


class _Given:
    """Gives botocore these credentials, wherever else it would look for some."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def load_credentials(self) -> Credentials:
        return self._credentials


def saved_access(name: str) -> Access:
    """What the AwsCredentials block of prefect-aws that is saved as `name` says.

    Raises:
        InvalidRequest: prefect-aws is not installed, or no such block is saved.
    """
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
            "aws_credentials_block",
            name,
            "no AwsCredentials block of that name is saved",
            "Save it, or leave the field empty.",
        )
    key, secret = saved.aws_access_key_id, saved.aws_secret_access_key
    if bool(key) != bool(secret):
        raise InvalidRequest.of(
            "aws_credentials_block",
            name,
            "it has half of a pair: access key ID and secret access key go together",
            "Give it both, or neither.",
        )
    options = saved.aws_client_parameters.get_params_override()
    endpoint_url = options.pop("endpoint_url", None)
    options.pop("api_version", None)  # it names one service's, and clients here are of several
    role = None
    if saved.assume_role_arn:
        role = {
            "RoleSessionName": "darkroom",
            **saved.assume_role_kwargs.get_params_override(),
            "RoleArn": saved.assume_role_arn,
        }
    return Access(
        region=saved.region_name,
        profile=saved.profile_name,
        keys=(key, secret.get_secret_value(), saved.aws_session_token) if key and secret else None,
        role=role,
        endpoint_url=endpoint_url,
        options=options,
    )
