from __future__ import annotations

import dns.asyncresolver
import dns.exception
import dns.resolver
from rest_framework import serializers

from hazesite.fields import Strict, Text
from monitoring.settings_fields import Host
from monitoring.types.base import Context, Failed, MonitorType, Result, Watched

RECORDS = ("A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT")


class OfDns(Strict):
    record = serializers.ChoiceField(RECORDS, required=False)
    server = Host(max_length=255, required=False)
    expected = Text(max_length=500, required=False)


class Dns(MonitorType):
    """Up while a name has a record, and one that is as expected."""

    name = "dns"
    title = "DNS"
    needs = ("host",)
    options = OfDns
    connects = False

    async def check(self, watched: Watched, context: Context) -> Result:
        record, expected = watched.options.get("record", "A"), watched.options.get("expected", "")
        resolver = await self._resolver(watched, context)
        try:
            answer = await resolver.resolve(
                watched.host, record, lifetime=watched.timeout, search=False, raise_on_no_answer=False
            )
        except dns.resolver.NXDOMAIN as error:
            raise Failed("There is no such name") from error
        except (dns.resolver.NoNameservers, dns.resolver.LifetimeTimeout) as error:
            raise Failed(f"No name server answers: {error}"[:500], unreachable=True) from error
        except dns.exception.DNSException as error:
            raise Failed(str(error)[:500]) from error
        found = [rdata.to_text() for rdata in answer.rrset or ()]
        text = "\n".join(found)
        if not found:
            raise Failed(f"The name has no {record} record")
        if expected and not any(_same(expected, one) for one in found):
            raise Failed(f"None of the {record} records is as expected", answer=text)
        return Result(is_up=True, answer=text)

    async def _resolver(self, watched: Watched, context: Context) -> dns.asyncresolver.Resolver:
        server = watched.options.get("server", "")
        if not server:
            return dns.asyncresolver.Resolver()
        resolver = dns.asyncresolver.Resolver(configure=False)
        resolver.port = watched.port or 53
        resolver.nameservers = list(await context.connections.addresses(server, resolver.port))
        return resolver


def _same(expected: str, found: str) -> bool:
    """By a whole field of the record: names without their last dot, texts without their quotes."""
    wanted = expected.strip().strip('"').rstrip(".").casefold()
    text = found.casefold()
    fields = [text, text.strip('"'), *text.split()]
    return wanted in {field.rstrip(".") for field in fields}
