"""One attempt: a check within its deadline, and a sentence for whatever went wrong."""

from __future__ import annotations

import asyncio
import errno
import os
import ssl
from dataclasses import replace

import aiohttp
import structlog

from hazesite.outbound import AddressRefused
from monitoring.connecting import NameNotFound
from monitoring.engine.network import is_loopback
from monitoring.types import Context, Failed, Result, Watched, types
from monitoring.web_requests import parsed

logger = structlog.get_logger(__name__)
OURS = frozenset(
    {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.ETIMEDOUT, errno.EADDRNOTAVAIL}
)
"""Errors that this host's own network may be the reason of. A refusal came from over there."""


async def attempt(watched: Watched, context: Context) -> Result:
    """Never raises, but for being cancelled. With the time it took."""
    kind = types().get(watched.type)
    if kind is None:
        return Result(is_up=None, error=f"There is no type of monitors called {watched.type} here")
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        async with asyncio.timeout(watched.timeout):
            result = await kind.check(watched, context)
    except Failed as failed:
        result = failed.result
    except Exception as error:
        result = _failure(error, watched)
    if kind.timed and result.response_ms is None and _is_answer(result):
        result = replace(result, response_ms=round((loop.time() - began) * 1000, 3))
    return result


def _is_answer(result: Result) -> bool:
    return result.is_up is not None and bool(result.is_up or result.status_code)


def _failure(error: Exception, watched: Watched) -> Result:
    if isinstance(error, TimeoutError):
        return Result(is_up=False, error=f"No answer within {watched.timeout:g} s", unreachable=True)
    if isinstance(error, AddressRefused):
        return Result(is_up=False, error=f"Not watched from here: {error}")
    cause = _cause(error)
    if sentence := _certificate(cause):
        return Result(is_up=False, error=sentence)
    if isinstance(cause, (OSError, aiohttp.ClientError)):
        return Result(is_up=False, error=_sentence(cause)[:500], unreachable=_may_be_ours(cause))
    logger.error("check_failed_itself", monitor=watched.monitor_id, type=watched.type, exc_info=error)
    return Result(is_up=None, error=f"The check itself failed: {type(error).__name__}")


def _cause(error: Exception) -> Exception:
    """Of what aiohttp wraps."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return error.certificate_error
    return error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error


def _certificate(cause: Exception) -> str:
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"The certificate is not trusted: {cause.verify_message}"
    return f"The certificate is not trusted: {cause}" if isinstance(cause, ssl.CertificateError) else ""


def _sentence(cause: Exception) -> str:
    if isinstance(cause, NameNotFound):
        return f"The name is not known: {cause}"
    if isinstance(cause, aiohttp.ServerDisconnectedError):
        return "The connection was closed without an answer"
    if isinstance(cause, aiohttp.ClientPayloadError):
        return "The answer was cut off"
    if isinstance(cause, ssl.SSLError):
        return f"TLS: {cause.reason or cause}"
    if isinstance(cause, OSError) and cause.errno and cause.errno > 0:
        return os.strerror(cause.errno)
    return str(cause) or type(cause).__name__


def _may_be_ours(cause: Exception) -> bool:
    return isinstance(cause, NameNotFound) or (isinstance(cause, OSError) and cause.errno in OURS)


def needs_network(watched: Watched) -> bool:
    """Whether a failure may be one of this host's own network."""
    kind = types().get(watched.type)
    host = host_of(watched)
    return kind is not None and bool(host) and not is_loopback(host)


def host_of(watched: Watched) -> str:
    """Whom a check bothers: for the limit of how many at once."""
    return parsed(watched.url).host or "" if watched.url else watched.host
