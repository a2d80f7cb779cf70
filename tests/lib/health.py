#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A gRPC server with a health service, by grpcio: `health.py PORT [PEM]`.

What it says of a service is in the service's name: "" and "good" are SERVING, "bad" NOT_SERVING, "new" UNKNOWN, "slow"
never answers, "loud" answers with more than a healthy server would; others are not known. Prints "ready".
"""

import sys
import time
from concurrent import futures

import grpc

WORDS = {b"": b"\x08\x01", b"good": b"\x08\x01", b"bad": b"\x08\x02", b"new": b"", b"loud": b"\x12\xff\x01" + b"x" * 255}


def check(request, context):
    name = request[2:]
    if name == b"slow":
        time.sleep(3600)
    if name not in WORDS:
        context.abort(grpc.StatusCode.NOT_FOUND, "unknown service")
    return WORDS[name]


def main():
    port, pem = sys.argv[1], sys.argv[2:]
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=16))
    if "--empty" not in pem:
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(
            "grpc.health.v1.Health", {"Check": grpc.unary_unary_rpc_method_handler(check)}),))
    if pem and pem[0] != "--empty":
        with open(pem[0], "rb") as file:
            both = file.read()
        server.add_secure_port(f"127.0.0.1:{port}", grpc.ssl_server_credentials([(both, both)]))
    else:
        server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    print("ready", flush=True)
    server.wait_for_termination()


main()
