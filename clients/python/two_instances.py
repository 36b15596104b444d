#!/usr/bin/env python3
"""Two instances on one PostgreSQL, each ended and started again in turn, under a client with the service config that is
published: no call fails, and nothing is written twice or lost.

    scripts/with-postgres env PYTHONPATH=gen python clients/python/two_instances.py target/debug/ballast
"""

import sys
from pathlib import Path

import grpc

import instances as both

SERVICE_CONFIG = Path(__file__).parent.parent / "service_config.json"


def main(binary: str) -> None:
    with both.two_instances(binary) as (database, instances):
        addresses = ",".join(f"127.0.0.1:{instance.port}" for instance in instances)
        channel = grpc.insecure_channel(
            f"ipv4:{addresses}",
            options=[
                ("grpc.service_config", SERVICE_CONFIG.read_text()),
                # Two addresses are no name of a server.
                ("grpc.default_authority", "localhost"),
                # As soon as an instance is back it is used again.
                ("grpc.initial_reconnect_backoff_ms", 100),
                ("grpc.min_reconnect_backoff_ms", 100),
                ("grpc.max_reconnect_backoff_ms", 500),
            ],
        )
        with channel:
            both.run(binary, database, instances, channel, "under a service config")


if __name__ == "__main__":
    main(sys.argv[1])
