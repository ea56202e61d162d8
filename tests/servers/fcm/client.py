"""Google's own library, sent to an FCM of ours. What it has no option for is set on its private parts."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import firebase_admin
import requests
from firebase_admin import App, credentials, messaging
from firebase_admin._http_client import HttpxAsyncClient
from firebase_admin._retry import HttpxRetry

from tests.servers.fcm import FcmServer

numbers = itertools.count()


def app_at(
    server: FcmServer,
    account: dict[str, str] | None = None,
    project_id: str | None = None,
    timeout: float = 10,
) -> App:
    """An app of its own name; `account` is that of the server when left out."""
    certificate = credentials.Certificate(account or server.credentials)
    options = {"httpTimeout": timeout} | ({"projectId": project_id} if project_id else {})
    app = firebase_admin.initialize_app(certificate, options, name=f"app-{next(numbers)}")
    redirect(app, server.api_url)
    return app


def redirect(app: App, api_url: str) -> None:
    """Of `send`, `send_each` and `send_each_async`; topics have an address of their own in the library."""
    service = messaging._get_messaging_service(app)
    service._fcm_url = f"{api_url}/v1/projects/{app.project_id}/messages:send"


def never_retry(app: App, api_url: str, at_once: int = 20) -> None:
    """Each send makes one attempt, and has a connection for each of `at_once` threads."""
    service = messaging._get_messaging_service(app)
    adapter = requests.adapters.HTTPAdapter(pool_maxsize=at_once, max_retries=0)
    service._client.session.mount(api_url, adapter)
    service._async_client = HttpxAsyncClient(
        credential=service._credential,
        retry_config=HttpxRetry(max_retries=0),
        timeout=service._client.timeout,
    )


def leave(app: App) -> None:
    """Closes the connections of threads; the library would close those of a loop in another loop."""
    service = messaging._get_messaging_service(app)
    service.close = service._client.close
    firebase_admin.delete_app(app)


def message_to(token: str, data: dict[str, str] | None = None, **more: Any) -> messaging.Message:
    """Set afterwards, as naming the token to the constructor is deprecated in favour of installation ids."""
    message = messaging.Message(
        data=data or {"title": "A ticket", "body": "It broke", "ticket_id": "7"}, **more
    )
    message.token = token
    return message


async def by_send(app: App, message: messaging.Message, dry_run: bool = False) -> str:
    return await asyncio.to_thread(messaging.send, message, dry_run, app)


async def by_send_each(app: App, message: messaging.Message, dry_run: bool = False) -> str:
    return result_of(await asyncio.to_thread(messaging.send_each, [message], dry_run, app))


async def by_send_each_async(app: App, message: messaging.Message, dry_run: bool = False) -> str:
    return result_of(await messaging.send_each_async([message], dry_run, app))


def result_of(batch: messaging.BatchResponse) -> str:
    (response,) = batch.responses
    if response.exception:
        raise response.exception
    return str(response.message_id)


WAYS = (by_send, by_send_each, by_send_each_async)
"""The three ways the library has, each giving the message's name or raising what went wrong."""
