from __future__ import annotations

import ssl
from datetime import datetime

from cryptography import x509
from django.utils.translation import gettext_lazy as _

from hazesite.fields import Strict, Whole
from monitoring.types.base import Context, Failed, MonitorType, Result, Watched

DAYS = 14


class OfTls(Strict):
    certificate_days = Whole(min_value=1, max_value=365, required=False)


class Tls(MonitorType):
    """Up while the certificate is good, and for some days more."""

    name = "tls"
    title = _("Certificate")
    needs = ("host",)
    options = OfTls
    usual_port = 443

    async def check(self, watched: Watched, context: Context) -> Result:
        trust = context.connections.trust
        _reader, writer = await context.connections.open(
            watched.host, watched.port or self.usual_port, ssl=trust
        )
        tls: ssl.SSLObject = writer.get_extra_info("ssl_object")
        expires_at = expiry(tls.getpeercert(binary_form=True))
        writer.transport.abort()
        require_days(expires_at, watched.options.get("certificate_days", DAYS), context.now())
        return Result(is_up=True, certificate_expires_at=expires_at)


def expiry(certificate: bytes | None) -> datetime | None:
    """When a certificate (DER) ends; None where there is none, or it cannot be read."""
    try:
        return x509.load_der_x509_certificate(certificate).not_valid_after_utc if certificate else None
    except ValueError:
        return None


def require_days(expires_at: datetime | None, days: int | None, now: datetime) -> None:
    """Raises `Failed`."""
    if expires_at is None or days is None:
        return
    left = (expires_at - now).total_seconds() / 86400
    if left < days:
        sentence = f"The certificate expires in {left:.1f} days" if left > 0 else "The certificate expired"
        raise Failed(sentence, certificate_expires_at=expires_at)
