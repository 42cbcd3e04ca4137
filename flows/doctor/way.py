"""How a block reaches Bedrock, and who answers: what the doctor asks its questions through."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr

from blocks import Bedrock
from blocks.access import WAYS_ON, Access, saved_access
from darkroom.errors import DarkroomError, NoCredentials, Unreachable, from_service
from flows.doctor.finding import brief, plain_url

PATIENCE = 5
"""Seconds to wait for an answer of whoever is asked."""

BEARER = "AWS_BEARER_TOKEN_BEDROCK"
AWS_OWN = re.compile(r"bedrock-runtime(-fips)?\.[a-z0-9-]+\.(amazonaws\.com(\.cn)?|api\.aws)")
KEPT = {"env", "explicit", "shared-credentials-file", "config-file"}
"""botocore's names for credentials that are at hand; the others are fetched when they are used."""
_SECRET_VARIABLES = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")


class Refused(Exception):
    """A question to AWS that was not answered.

    Attributes:
        told: The error, in our terms.
        code: The service's code for it; "" where it is not the service's.
    """

    def __init__(self, told: DarkroomError, code: str = "") -> None:
        super().__init__(told, code)
        self.told = told
        self.code = code


@contextmanager
def asking() -> Iterator[None]:
    """Name what a question to AWS raises; what is nobody's answer is raised as it is."""
    try:
        yield
    except DarkroomError as error:
        raise Refused(error) from error
    except Exception as error:
        told = from_service(error)
        if told is None:
            raise
        response = getattr(error, "response", None) or {}
        raise Refused(told, str(response.get("Error", {}).get("Code", ""))) from error


@dataclass(frozen=True)
class Answer:
    """Who answers at an address.

    Attributes:
        trouble: Why nobody does; "" where somebody does.
        is_standin: Whether it is Darkroom's stand-in.
        untrusted: Whether it answers, with a certificate that nothing here vouches for.
    """

    trouble: str = ""
    is_standin: bool = False
    untrusted: bool = False


class Way:
    """How a block reaches Bedrock, as far as that is known without asking anybody.

    Raises:
        InvalidRequest: A field, or the environment, names a profile or file that is not there.
    """

    def __init__(self, block: Bedrock) -> None:
        # A call of the doctor's that takes minutes says no more than one that is given up.
        self.block = block.model_copy(update={"read_timeout": PATIENCE})
        own = block.access()
        saved = block.aws_credentials_block
        self.access: Access = own.or_else(saved_access(saved)) if saved else own
        self.session: Any = self.access.session()
        self._own = own

    @cached_property
    def region(self) -> str:
        """The block's region."""
        return str(self.session.get_config_variable("region"))

    @property
    def region_from(self) -> str:
        """What says so: the order of `Access`, and then botocore's."""
        if self._own.region:
            return "from the block"
        if self.access.region:
            return "from the AwsCredentials block"
        for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
            if os.environ.get(name):
                return f"from {name}"
        if self.session.get_scoped_config().get("region"):
            return f"from {self.profile}"
        return "because nothing names another"

    @property
    def profile(self) -> str:
        """The profile, in words."""
        return f"profile {self.session.get_config_variable('profile') or 'default'}"

    @cached_property
    def endpoint(self) -> str:
        """Where calls go."""
        if self.access.endpoint_url:
            return self.access.endpoint_url
        return str(self.session.create_client("bedrock-runtime").meta.endpoint_url)

    @property
    def endpoint_from(self) -> str:
        """What says so."""
        if self.access.endpoint_url:
            return "the block" if self._own.endpoint_url else "the AwsCredentials block"
        for name in ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "AWS_ENDPOINT_URL"):
            if os.environ.get(name) == self.endpoint:
                return name
        return "AWS's own" if self.is_aws else f"{self.profile} in the AWS config file"

    @property
    def is_aws(self) -> bool:
        """Whether calls go straight to AWS."""
        return bool(AWS_OWN.fullmatch(urlsplit(self.endpoint).hostname or ""))

    @property
    def api_key(self) -> str | None:
        """The Bedrock API key that calls are made with, if they are."""
        if self.access.api_key:
            return self.access.api_key.get_secret_value()
        return None if self.access.signature else os.environ.get(BEARER)

    @cached_property
    def answer(self) -> Answer:
        """Who answers at the endpoint."""
        return self.ask(self.endpoint, own=not self.is_aws)

    @property
    def control(self) -> str | None:
        """The endpoint to list models at; None is the one that the AWS tools would choose."""
        return self.endpoint if self.answer.is_standin else None

    def ask(self, url: str, *, own: bool = False) -> Answer:
        """Find out who answers at an address; where it may be our `own`, whether it is."""
        try:
            found = httpx.get(
                f"{url.rstrip('/')}/_standin/health" if own else url,
                timeout=PATIENCE,
                verify=self._verify if url.startswith("https:") else False,
            )
        except httpx.TimeoutException:
            return Answer(f"no answer within {PATIENCE} s")
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            return Answer(brief(error), untrusted="CERTIFICATE_VERIFY_FAILED" in str(error))
        try:
            ours = own and found.json().get("ok") is True
        except (ValueError, AttributeError):
            ours = False
        return Answer(is_standin=ours)

    def client(self, service: str, endpoint_url: str | None = None, region: str = "") -> Any:
        """The block's client of a `service` that answers at all.

        Raises:
            Unreachable: It does not. boto3 would try for half a minute.
            NoCredentials: There is nothing to sign with.
        """
        client = self.block.get_client(service, endpoint_url, region or None)
        url = str(client.meta.endpoint_url)
        if trouble := self.ask(url).trouble:
            raise Unreachable(f"{plain_url(url)} cannot be reached: {trouble}")
        return client

    @cached_property
    def _verify(self) -> ssl.SSLContext | bool:
        """What botocore would trust."""
        chosen = self.access.options.get("verify")
        if chosen is None:
            variable = self.session.get_config_variable("ca_bundle")
            chosen = variable or os.environ.get("REQUESTS_CA_BUNDLE")
        return (
            ssl.create_default_context(cafile=chosen)
            if isinstance(chosen, str)
            else (chosen is not False)
        )

    @property
    def secrets(self) -> set[str]:
        """All that must not be shown."""
        fields = [value for value in self.block.__dict__.values() if isinstance(value, SecretStr)]
        found = {each.get_secret_value() for each in fields}
        found |= {os.environ.get(name, "") for name in (BEARER, *_SECRET_VARIABLES)}
        found |= {each for each in (self.access.keys or ())[1:] if each}
        with suppress(Refused):
            keys = None if self.access.role else self._credentials()
            if keys is not None and keys.method in KEPT:
                found |= {keys.secret_key or "", keys.token or ""}
        # Shorter ones are made up, for a service that takes any, and may be words of the language.
        return {each for each in found if len(each) >= 12}

    def _credentials(self) -> Any:
        with asking():
            return self.session.get_credentials()

    def who(self) -> str:
        """Where the credentials come from.

        Raises:
            Refused: There are none.
        """
        if self.api_key:
            return "API key of the block" if self.access.api_key else f"API key from {BEARER}"
        if self.access.role:
            return f"role {self.access.role['RoleArn']}"
        keys = self._credentials()
        if keys is None:
            raise Refused(NoCredentials(WAYS_ON))
        source = {
            "env": "environment",
            "explicit": "keys of the block"
            if self._own.keys
            else "keys of an AwsCredentials block",
            "iam-role": "role of this machine",
            "container-role": "role of this container",
            "sso": f"{self.profile}, signed in with SSO",
            "custom-process": f"{self.profile}, from its credential_process",
            "assume-role": f"{self.profile}, with a role",
            "assume-role-with-web-identity": "role by web identity",
        }.get(keys.method, self.profile)
        # Of a short one, as made-up keys are, the last four characters would be all of it.
        if keys.method in KEPT and len(keys.access_key) >= 16:
            source += f", key …{keys.access_key[-4:]}"
        return source
