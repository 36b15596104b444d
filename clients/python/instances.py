"""What tests of two instances share: servers as processes on one PostgreSQL, callers, and what must hold afterwards."""

import os
import signal
import socket
import subprocess
import threading
import time
import uuid
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import grpc

from ballast.v1 import (
    account_pb2,
    account_service_pb2,
    account_service_pb2_grpc,
    document_pb2,
    receivable_service_pb2,
    receivable_service_pb2_grpc,
    types_pb2,
)

ENDS = 12
CALLERS = 4
TIMEOUT_SECONDS = 30


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def new_database() -> str:
    """The URL of an empty database of the server that the tests have."""
    server = os.environ["BALLAST_TEST_POSTGRES_URL"]
    name = f"two_instances_{uuid.uuid4().hex}"
    psql = Path(os.environ["BALLAST_TEST_PG_BIN"]) / "psql"
    subprocess.run([psql, server, "-qc", f'CREATE DATABASE "{name}"'], check=True)
    base, _, options = server.partition("?")
    url = f"{base.rpartition('/')[0]}/{name}"
    return f"{url}?{options}" if options else url


class Instance:
    """A server as a process, on a port of its own."""

    def __init__(self, binary: str, database: str):
        self.binary, self.database, self.port = binary, database, free_port()
        self.process = None

    def start(self) -> None:
        env = {
            **os.environ,
            "BALLAST_DATABASE_URL": self.database,
            "BALLAST_DATABASE_POSTGRES_CONNECTIONS_MAX": "6",
            "BALLAST_LOG_LEVEL": "warn",
            "BALLAST_SERVER_SHUTDOWN_NOTICE_MS": "500",
        }
        command = [self.binary, "serve", "--insecure", "--listen", f"127.0.0.1:{self.port}"]
        self.process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)
        # It says where it listens once it does.
        if not self.process.stdout.readline():
            raise AssertionError("an instance did not start")

    def end(self) -> None:
        process, self.process = self.process, None
        process.send_signal(signal.SIGTERM)
        status = process.wait(timeout=60)
        if status != 0:
            raise AssertionError(f"an instance ended with {status}")


@contextmanager
def two_instances(binary: str):
    """Both, and the URL of their database; ended, whatever happens."""
    database = new_database()
    instances = [Instance(binary, database) for _ in range(2)]
    try:
        for instance in instances:
            instance.start()
        yield database, instances
    finally:
        for instance in instances:
            if instance.process:
                instance.end()


class Caller(threading.Thread):
    """Creates accounts and posts an invoice to each, as long as it may; keeps what went wrong."""

    def __init__(self, channel: grpc.Channel, stop: threading.Event):
        super().__init__()
        self.accounts = account_service_pb2_grpc.AccountServiceStub(channel)
        self.receivables = receivable_service_pb2_grpc.ReceivableServiceStub(channel)
        self.stop, self.made, self.failed = stop, [], []

    def run(self) -> None:
        while not self.stop.is_set():
            account = f"a-{uuid.uuid4().hex}"
            try:
                self.once(account)
                self.made.append(account)
            except grpc.RpcError as error:
                self.failed.append(f"{error.code()} {error.details()}")

    def once(self, account: str) -> None:
        create = account_service_pb2.CreateAccountRequest(
            account_id=account,
            account=account_pb2.Account(display_name=account),
            request_id=str(uuid.uuid4()),
        )
        self.accounts.CreateAccount(create, timeout=TIMEOUT_SECONDS)
        today = date.today()
        day = types_pb2.Date(year=today.year, month=today.month, day=today.day)
        invoice = document_pb2.Document(
            key=document_pb2.DocumentKey(source_system="ERP", document_no=account),
            kind=document_pb2.DOCUMENT_KIND_INVOICE,
            payer=f"accounts/{account}",
            document_date=day,
            gross=types_pb2.Money(currency_code="USD", units=1),
        )
        post = receivable_service_pb2.PostDocumentsRequest(
            documents=[invoice], request_id=str(uuid.uuid4())
        )
        self.receivables.PostDocuments(post, timeout=TIMEOUT_SECONDS)
        get = account_service_pb2.GetAccountRequest(name=f"accounts/{account}")
        self.accounts.GetAccount(get, timeout=TIMEOUT_SECONDS)


def all_accounts(channel: grpc.Channel) -> set[str]:
    stub = account_service_pb2_grpc.AccountServiceStub(channel)
    found, token = set(), ""
    while True:
        request = account_service_pb2.ListAccountsRequest(page_size=1000, page_token=token)
        page = stub.ListAccounts(request, timeout=TIMEOUT_SECONDS)
        found |= {account.name.removeprefix("accounts/") for account in page.accounts}
        token = page.next_page_token
        if not token:
            return found


def open_dollars(channel: grpc.Channel) -> int:
    stub = receivable_service_pb2_grpc.ReceivableServiceStub(channel)
    whole = receivable_service_pb2.GetAgingRequest(account="accounts/-")
    aging = stub.GetAging(whole, timeout=TIMEOUT_SECONDS)
    return sum(one.balance.units for one in aging.currencies)


def run(binary: str, database: str, instances: list[Instance], channel: grpc.Channel, what: str) -> None:
    """Ends each in turn and starts it again while callers call; then holds what they were told against what is there."""
    stop = threading.Event()
    callers = [Caller(channel, stop) for _ in range(CALLERS)]
    for caller in callers:
        caller.start()
    for turn in range(ENDS):
        instance = instances[turn % 2]
        instance.end()
        instance.start()
        time.sleep(1.5)
    stop.set()
    for caller in callers:
        caller.join()
    failed = [what for caller in callers for what in caller.failed]
    made = {account for caller in callers for account in caller.made}
    if failed:
        raise AssertionError(f"{len(failed)} calls failed of {3 * len(made)}: {failed[:5]}")
    if all_accounts(channel) != made or open_dollars(channel) != len(made):
        raise AssertionError("something was written twice, or lost")
    if len(made) < 10 * ENDS:
        raise AssertionError(f"only {len(made)} accounts: the load was none")
    for instance in instances:
        instance.end()
    env = {**os.environ, "BALLAST_DATABASE_URL": database, "BALLAST_LOG_LEVEL": "warn"}
    subprocess.run([binary, "verify"], env=env, check=True, stdout=subprocess.DEVNULL)
    print(f"two instances {what}, {ENDS} ends: {3 * len(made)} calls, none failed")
