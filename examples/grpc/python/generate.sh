#!/usr/bin/env bash
# Makes the Python modules of the protos, beside this script. With pip's grpcio-tools: python3 -m grpc_tools.protoc instead of protoc and its --plugin.
cd "$(dirname "$0")" && protoc --proto_path=../../../protos --python_out=. --grpc_python_out=. --plugin=protoc-gen-grpc_python="$(command -v grpc_python_plugin)" \
  steering/v1/{steering,generation,vectors}.proto google/rpc/{status,error_details}.proto
