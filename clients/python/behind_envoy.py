#!/usr/bin/env python3
"""Two instances on one PostgreSQL behind Envoy as clients/envoy.yaml configures it: each is ended and started again in turn, and
no call of a client that knows nothing of it fails; and whoever speaks no gRPC is answered in JSON, errors with their details.

    scripts/with-postgres env PYTHONPATH=gen python clients/python/behind_envoy.py target/debug/ballast
"""

import json
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from contextlib import contextmanager
from pathlib import Path

import grpc

import instances as both

CONFIG = Path(__file__).parent.parent / "envoy.yaml"


@contextmanager
def envoy(binary: str, instances: list[both.Instance]):
    """A proxy before these, by the configuration that is published; answers its port."""
    port = both.free_port()
    text = CONFIG.read_text()
    ports = ["8080", "50051", "50052"]
    for known, ours in zip(ports, [port, *(instance.port for instance in instances)]):
        if text.count(f"port_value: {known} ") != 1:
            raise AssertionError(f"{CONFIG} does not name the port {known} once")
        text = text.replace(f"port_value: {known} ", f"port_value: {ours} ")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "envoy.yaml").write_text(text)
        descriptors = [binary, "descriptors", "--out", "ballast.binpb"]
        subprocess.run(descriptors, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        # Several may run on one machine: without an id of its own, each would end the one before.
        command = ["envoy", "-c", "envoy.yaml", "--use-dynamic-base-id", "--concurrency", "1", "-l", "error"]
        process = subprocess.Popen(command, cwd=folder)
        try:
            yield port
        finally:
            process.terminate()
            process.wait(timeout=60)


def post(port: int, method: str, request: dict) -> tuple[int, dict]:
    """What is answered to JSON, with its status."""
    url = f"http://127.0.0.1:{port}/ballast.v1.{method}"
    headers = {"content-type": "application/json"}
    asked = urllib.request.Request(url, json.dumps(request).encode(), headers)
    try:
        with urllib.request.urlopen(asked, timeout=both.TIMEOUT_SECONDS) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def in_json(port: int) -> None:
    """An account is made, read, and one that is not there asked for, by a caller that has no client."""
    account = f"j-{uuid.uuid4().hex}"
    create = {
        "account_id": account,
        "account": {"display_name": "\u5b81\u6ce2\u8fdc\u6d0b"},
        "request_id": account,
    }
    status, made = post(port, "AccountService/CreateAccount", create)
    assert status == 200 and made["name"] == f"accounts/{account}", made
    status, read = post(port, "AccountService/GetAccount", {"name": made["name"]})
    assert status == 200 and read["display_name"] == create["account"]["display_name"], read

    status, error = post(port, "AccountService/GetAccount", {"name": "accounts/nobody"})
    details = {detail["@type"].rpartition("/")[2]: detail for detail in error["details"]}
    assert status == 404, (status, error)
    assert details["google.rpc.ErrorInfo"]["reason"] == "RESOURCE_NOT_FOUND", error
    assert details["google.rpc.ResourceInfo"]["resource_name"] == "accounts/nobody", error
    status, error = post(port, "AccountService/GetAccount", {})
    fields = [
        violation["field"]
        for detail in error["details"]
        for violation in detail.get("field_violations", [])
    ]
    assert status == 400 and fields == ["name"], (status, error)
    print("in JSON: an account made and read, errors told with their details")


def until_served(channel: grpc.Channel) -> None:
    """The proxy listens, and has found an instance that serves."""
    for _ in range(300):
        try:
            both.all_accounts(channel)
            return
        except grpc.RpcError:
            time.sleep(0.1)
    raise AssertionError("nobody is served through the proxy")


def main(binary: str) -> None:
    binary = str(Path(binary).resolve())
    with both.two_instances(binary) as (database, instances):
        with envoy(binary, instances) as port:
            # A client that repeats nothing by itself.
            options = [("grpc.enable_retries", 0)]
            with grpc.insecure_channel(f"127.0.0.1:{port}", options=options) as channel:
                until_served(channel)
                both.run(binary, database, instances, channel, "behind a proxy")
                for instance in instances:
                    instance.start()
                until_served(channel)
            in_json(port)


if __name__ == "__main__":
    main(sys.argv[1])
