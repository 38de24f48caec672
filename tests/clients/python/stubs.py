"""Connects to a running server, for the tests. STEERING_GRPC is its address, STEERING_API_KEY its key. The modules of the protos are made for each run."""
import hashlib
import json
import math
import os
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import grpc

_ROOT = Path(__file__).parents[3]
_modules = tempfile.TemporaryDirectory()
subprocess.run(
    ["protoc", *(f"--proto_path={_ROOT / folder}" for folder in ("protos", "protos/grpc", "tests/clients/protos")),
     f"--python_out={_modules.name}", f"--grpc_python_out={_modules.name}", f"--plugin=protoc-gen-grpc_python={shutil.which('grpc_python_plugin')}",
     # Without its first folder: the package grpc would hide it.
     "steering/v1/steering.proto", "steering/v1/generation.proto", "steering/v1/vectors.proto", "steering/v1/models.proto", "google/rpc/status.proto", "google/rpc/error_details.proto",
     "health/v1/health.proto", "reflection.proto"], check=True)
sys.path.insert(0, _modules.name)

import reflection_pb2  # noqa: E402
from google.rpc import error_details_pb2, status_pb2  # noqa: E402
from health.v1 import health_pb2, health_pb2_grpc  # noqa: E402
from steering.v1 import generation_pb2, generation_pb2_grpc, models_pb2, models_pb2_grpc, steering_pb2, vectors_pb2, vectors_pb2_grpc  # noqa: E402

KEY = [("authorization", f"Bearer {os.environ['STEERING_API_KEY']}")]
channel = grpc.insecure_channel(os.environ["STEERING_GRPC"])
generation = generation_pb2_grpc.GenerationStub(channel)
registry = vectors_pb2_grpc.VectorRegistryStub(channel)
models = models_pb2_grpc.ModelsStub(channel)
health = health_pb2_grpc.HealthStub(channel)


def parts(message, data, **header):
    """The messages of an upload, in chunks of 1000 bytes."""
    yield message(header=vectors_pb2.UploadHeader(**header))
    for at in range(0, len(data), 1000):
        yield message(chunk=data[at:at + 1000])
    yield message(sha256=hashlib.sha256(data).hexdigest())


def upload(data, **header):
    return registry.UploadVector(parts(vectors_pb2.UploadVectorRequest, data, **header), metadata=KEY)


def vector_file(seed, width=256):
    """A safetensors file with one direction; another seed gives another content."""
    values = struct.pack(f"<{width}f", *(math.cos(seed * 1000 + i * i) for i in range(width)))
    header = json.dumps({"resid_post.4": {"dtype": "F32", "shape": [width], "data_offsets": [0, 4 * width]}}).encode()
    return struct.pack("<Q", len(header)) + header + values


class Refusal:
    """What a failed call says; its google.rpc.Status comes in a trailer."""

    def __init__(self, error):
        self.code, self.message, self.info, self.fields = error.code(), error.details(), None, []
        for key, value in error.trailing_metadata() or ():
            if key == "grpc-status-details-bin":
                for detail in status_pb2.Status.FromString(value).details:
                    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
                    if detail.Unpack(info):
                        self.info = info
                    if detail.Unpack(bad):
                        self.fields = list(bad.field_violations)
        self.reason, self.paths = self.info and self.info.reason, [field.field for field in self.fields]
