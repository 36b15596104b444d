#!/usr/bin/env python3
"""Uses a running server through the generated Python client, as an ERP would.

    python -m grpc_tools.protoc -I proto --python_out=gen --grpc_python_out=gen proto/ballast/v1/*.proto
    PYTHONPATH=gen python clients/python/smoke.py 127.0.0.1:50051
    BALLAST_TOKEN=… PYTHONPATH=gen python clients/python/smoke.py localhost:50051 ca.crt

The second form calls over TLS, trusting the authority in the file, with a token.
It leaves an account, a member and a few documents behind, under new ids on every run.
"""

import os
import sys
import uuid
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from ballast.v1 import (
    account_pb2,
    account_service_pb2,
    account_service_pb2_grpc,
    document_pb2,
    member_pb2,
    receivable_service_pb2,
    receivable_service_pb2_grpc,
    types_pb2,
)

TIMEOUT_SECONDS = 20
NANOS = 10**9


# ---- Values ------------------------------------------------------------------------------------


def money(amount: str, currency: str = "CNY") -> types_pb2.Money:
    """`money("-12.34")`: units and nanos have the same sign."""
    nanos = int(Decimal(amount).scaleb(9))
    sign = -1 if nanos < 0 else 1
    units, rest = divmod(abs(nanos), NANOS)
    return types_pb2.Money(currency_code=currency, units=sign * units, nanos=sign * rest)


def amount(value: types_pb2.Money) -> Decimal:
    return value.units + Decimal(value.nanos).scaleb(-9)


def day(value: date) -> types_pb2.Date:
    return types_pb2.Date(year=value.year, month=value.month, day=value.day)


# ---- Checks ------------------------------------------------------------------------------------


def check(what: str, got, want) -> None:
    if got != want:
        raise AssertionError(f"{what}: wanted {want!r}, got {got!r}")


class Refused:
    """A refusal, taken apart."""

    def __init__(self, error: grpc.RpcError):
        self.code = error.code()
        self.message = error.details()
        self.info = None
        self.violations: list[str] = []  # field paths
        status = rpc_status.from_call(error)  # also checks that it agrees with the code and message
        for detail in status.details if status else ():
            if detail.Is(error_details_pb2.ErrorInfo.DESCRIPTOR):
                self.info = error_details_pb2.ErrorInfo.FromString(detail.value)
            elif detail.Is(error_details_pb2.BadRequest.DESCRIPTOR):
                bad = error_details_pb2.BadRequest.FromString(detail.value)
                self.violations = [v.field for v in bad.field_violations]


@contextmanager
def refused(code: grpc.StatusCode, reason: str):
    """The call in the block must be refused with this code and reason; gives the `Refused`."""
    holder: list[Refused] = []
    try:
        yield holder
    except grpc.RpcError as error:
        it = Refused(error)
        check("code", it.code, code)
        if it.info is None:
            raise AssertionError(f"{code.name} without ErrorInfo: {it.message}") from error
        check("reason", (it.info.domain, it.info.reason), ("ballast", reason))
        holder.append(it)
    else:
        raise AssertionError(f"was to be refused with {code.name} {reason}, and was not")


# ---- What is tried -----------------------------------------------------------------------------


class Smoke:
    def __init__(self, channel: grpc.Channel):
        self.accounts = account_service_pb2_grpc.AccountServiceStub(channel)
        self.receivables = receivable_service_pb2_grpc.ReceivableServiceStub(channel)
        self.today = date.today()
        self.run = uuid.uuid4().hex[:12]
        self.account = f"accounts/smoke-{self.run}"

    def invoice(self, number: str, gross: types_pb2.Money, due: date) -> document_pb2.Document:
        return document_pb2.Document(
            key=document_pb2.DocumentKey(
                source_system="smoke", company_code="1000", document_no=f"{self.run}-{number}"
            ),
            kind=document_pb2.DOCUMENT_KIND_INVOICE,
            payer=self.account,
            document_date=day(self.today - timedelta(days=60)),
            gross=gross,
            instalments=[document_pb2.Instalment(due_date=day(due), amount=gross)],
        )

    def post(self, *documents: document_pb2.Document, request_id: str | None = None):
        return self.receivables.PostDocuments(
            receivable_service_pb2.PostDocumentsRequest(
                documents=documents, request_id=request_id or str(uuid.uuid4())
            ),
            timeout=TIMEOUT_SECONDS,
        )

    def risk(self):
        return self.receivables.GetReceivablesRisk(
            receivable_service_pb2.GetReceivablesRiskRequest(account=self.account),
            timeout=TIMEOUT_SECONDS,
        )

    # The methods below run in this order.

    def test_account_is_created_and_read(self):
        request = account_service_pb2.CreateAccountRequest(
            account_id=self.account.removeprefix("accounts/"),
            account=account_pb2.Account(
                display_name="上海远航机电有限公司",
                region_code="CN",
                external_refs=[account_pb2.ExternalRef(system="smoke", id=self.run)],
            ),
            request_id=str(uuid.uuid4()),
        )
        account = self.accounts.CreateAccount(request, timeout=TIMEOUT_SECONDS)
        check("name", account.name, self.account)
        check("display name", account.display_name, "上海远航机电有限公司")
        check("state", account.state, account_pb2.ACCOUNT_STATE_ACTIVE)
        check("has an etag", bool(account.etag), True)
        for name in (self.account, f"accounts/smoke~{self.run}"):
            got = self.accounts.GetAccount(
                account_service_pb2.GetAccountRequest(name=name), timeout=TIMEOUT_SECONDS
            )
            check(f"read as {name}", got, account)
        again = self.accounts.CreateAccount(request, timeout=TIMEOUT_SECONDS)
        check("the same request again", again, account)
        request.account.display_name = "另一家公司"
        with refused(grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_ID_REUSED"):
            self.accounts.CreateAccount(request, timeout=TIMEOUT_SECONDS)

    def test_invoices_show_in_the_risk(self):
        request_id = str(uuid.uuid4())
        documents = [
            self.invoice("1", money("1000.10"), self.today - timedelta(days=10)),
            self.invoice("2", money("0.90"), self.today + timedelta(days=30)),
        ]
        answer = self.post(*documents, request_id=request_id)
        posted = receivable_service_pb2.POST_OUTCOME_POSTED
        check("outcomes", [r.outcome for r in answer.results], [posted, posted])

        check("the same request again", self.post(*documents, request_id=request_id), answer)
        already = receivable_service_pb2.POST_OUTCOME_ALREADY_POSTED
        outcomes = [r.outcome for r in self.post(*documents).results]
        check("the same documents again", outcomes, [already, already])

        risk = self.risk()
        check("account", risk.account, self.account)
        check("currencies", [c.currency_code for c in risk.currencies], ["CNY"])
        cny = risk.currencies[0]
        check("balance", amount(cny.balance), Decimal("1001.00"))
        check("overdue", amount(cny.overdue), Decimal("1000.10"))
        check("not due", amount(cny.aging.not_due.amount), Decimal("0.90"))
        columns = sum((amount(b.amount) for b in cny.aging.buckets), amount(cny.aging.not_due.amount))
        check("the columns add up", columns, amount(cny.balance))
        check("worst item", cny.worst_items[0].document, answer.results[0].document)

    def test_aging_agrees_with_the_risk(self):
        aging = self.receivables.GetAging(
            receivable_service_pb2.GetAgingRequest(account=self.account), timeout=TIMEOUT_SECONDS
        )
        check("currencies", [c.currency_code for c in aging.currencies], ["CNY"])
        check("balance", amount(aging.currencies[0].balance), Decimal("1001.00"))

    def test_too_many_decimals_are_refused(self):
        before = self.risk().currencies[0].balance
        good = self.invoice("3", money("5.00"), self.today)
        bad = self.invoice("4", money("5.001"), self.today)
        del bad.instalments[:]  # so that one thing is wrong
        with refused(grpc.StatusCode.INVALID_ARGUMENT, "AMOUNT_PRECISION") as refusal:
            self.post(good, bad)
        check("violations", refusal[0].violations, ["documents[1].gross"])
        check("all or none", self.risk().currencies[0].balance, before)

    def test_a_member_is_recorded_and_stops_working(self):
        name = f"members/smoke-{self.run}"
        request = account_service_pb2.CreateMemberRequest(
            member_id=name.removeprefix("members/"),
            member=member_pb2.Member(
                display_name="王芳",
                external_refs=[account_pb2.ExternalRef(system="smoke", id=self.run)],
                manager="members/unassigned",
                competencies=member_pb2.MemberCompetencies(negotiation=4),
            ),
            request_id=str(uuid.uuid4()),
        )
        member = self.accounts.CreateMember(request, timeout=TIMEOUT_SECONDS)
        check("name", member.name, name)
        again = self.accounts.CreateMember(request, timeout=TIMEOUT_SECONDS)
        check("the same request again", again, member)
        got = self.accounts.GetMember(
            account_service_pb2.GetMemberRequest(name=f"members/smoke~{self.run}"),
            timeout=TIMEOUT_SECONDS,
        )
        check("read by its key", got, member)
        gone = self.accounts.DeactivateMember(
            account_service_pb2.DeactivateMemberRequest(name=name, reason="离职"),
            timeout=TIMEOUT_SECONDS,
        )
        check("state", gone.member.state, member_pb2.MEMBER_STATE_INACTIVE)
        with refused(grpc.StatusCode.FAILED_PRECONDITION, "STATE_WRONG") as refusal:
            self.accounts.DeactivateMember(
                account_service_pb2.DeactivateMemberRequest(name=name, reason="离职"),
                timeout=TIMEOUT_SECONDS,
            )
        check("allowed", refusal[0].info.metadata["allowed"], "ACTIVE")

    def test_unknown_account_is_not_found(self):
        name = f"accounts/nobody-{self.run}"
        with refused(grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND") as refusal:
            self.accounts.GetAccount(
                account_service_pb2.GetAccountRequest(name=name), timeout=TIMEOUT_SECONDS
            )
        check("resource", refusal[0].info.metadata["resource_name"], name)
        with refused(grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND"):
            self.receivables.GetReceivablesRisk(
                receivable_service_pb2.GetReceivablesRiskRequest(account=name),
                timeout=TIMEOUT_SECONDS,
            )


def open_channel(address: str, ca: str | None) -> grpc.Channel:
    # A proxy of the environment must not get between us and a server on this machine.
    options = [("grpc.enable_http_proxy", 0)]
    if ca is None:
        return grpc.insecure_channel(address, options=options)
    credentials = grpc.composite_channel_credentials(
        grpc.ssl_channel_credentials(Path(ca).read_bytes()),
        grpc.access_token_call_credentials(os.environ["BALLAST_TOKEN"]),
    )
    return grpc.secure_channel(address, credentials, options=options)


def refuse_strangers(address: str, ca: str) -> None:
    """Without the token, and without the authority, nobody is served."""
    request = account_service_pb2.GetAccountRequest(name="accounts/nobody")
    options = [("grpc.enable_http_proxy", 0)]
    trusted = grpc.ssl_channel_credentials(Path(ca).read_bytes())
    with grpc.secure_channel(address, trusted, options=options) as channel:
        accounts = account_service_pb2_grpc.AccountServiceStub(channel)
        with refused(grpc.StatusCode.UNAUTHENTICATED, "CREDENTIALS_MISSING"):
            accounts.GetAccount(request, timeout=TIMEOUT_SECONDS)
    with grpc.secure_channel(address, grpc.ssl_channel_credentials(), options=options) as channel:
        accounts = account_service_pb2_grpc.AccountServiceStub(channel)
        try:
            accounts.GetAccount(request, timeout=TIMEOUT_SECONDS)
        except grpc.RpcError as error:
            check("code", error.code(), grpc.StatusCode.UNAVAILABLE)
        else:
            raise AssertionError("a server of an unknown authority was trusted")


def main() -> int:
    if len(sys.argv) not in (2, 3):
        print("usage: smoke.py HOST:PORT [CA]", file=sys.stderr)
        return 2
    address, ca = sys.argv[1], sys.argv[2] if len(sys.argv) == 3 else None
    failed = 0
    if ca is not None:
        refuse_strangers(address, ca)
    with open_channel(address, ca) as channel:
        grpc.channel_ready_future(channel).result(timeout=TIMEOUT_SECONDS)
        smoke = Smoke(channel)
        for name, test in vars(Smoke).items():
            if not name.startswith("test_"):
                continue
            try:
                test(smoke)
                print(f"smoke.py: ok: {name}")
            except Exception as error:  # the next tests may still tell something
                failed += 1
                print(f"smoke.py: FAILED: {name}: {error}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
