"""gRPC from Python: register a steering vector, generate with it, and archive it again. generate.sh makes the modules steering.v1 and google.rpc."""
import hashlib
import os
import sys
from pathlib import Path

import grpc
from google.protobuf import json_format
from google.rpc import error_details_pb2, status_pb2
from steering.v1 import generation_pb2, generation_pb2_grpc, steering_pb2, vectors_pb2, vectors_pb2_grpc

NAME = "example-python"
FILE = Path(__file__).parents[3] / "models/storyworld/vectors/mood-sorrowful.safetensors"
CHUNK = 64 * 1024  # At most 1 MiB.
KEY = os.environ.get("STEERING_API_KEY")
METADATA = [("authorization", f"Bearer {KEY}")] if KEY else []

# The same seed for every request, so that only the steering makes a difference.
STORY = dict(messages=[generation_pb2.Message(role="user", content="Tell me a story.")], max_tokens=120, temperature=0.7, seed=7)
STEERING = steering_pb2.SteeringSpec(use=[steering_pb2.VectorUse(vector=f"{NAME}@canary", strength=2)])


def upload_messages(header, data):
    """A header, the file in chunks, and the hash by which the server knows that all of it arrived."""
    yield vectors_pb2.UploadVectorRequest(header=header)
    for at in range(0, len(data), CHUNK):
        yield vectors_pb2.UploadVectorRequest(chunk=data[at:at + CHUNK])
    yield vectors_pb2.UploadVectorRequest(sha256=hashlib.sha256(data).hexdigest())


def violations(error):
    """What was wrong, field by field: google.rpc.Status with its details, which travels in a trailer."""
    for key, value in error.trailing_metadata():
        if key == "grpc-status-details-bin":
            for detail in status_pb2.Status.FromString(value).details:
                problems = error_details_pb2.BadRequest()
                if detail.Unpack(problems):
                    yield from problems.field_violations


def main(channel):
    generation = generation_pb2_grpc.GenerationStub(channel)
    registry = vectors_pb2_grpc.VectorRegistryStub(channel)

    header = vectors_pb2.UploadHeader(name=NAME, file_name=FILE.name, aliases=["canary"])
    registered = registry.UploadVector(upload_messages(header, FILE.read_bytes()), metadata=METADATA)
    known = " (the server had it already)" if registered.existing else ""
    print(f"registered {registered.vector.summary.id}{known}: {vectors_pb2.FileFormat.Name(registered.report.format)}, convention {registered.report.convention}")
    for item in registered.report.translations:
        print(f"  {item.source} -> {item.target} {item.note}")
    for warning in registered.report.warnings:
        print(f"  warning: {warning}")

    plain = generation.Generate(generation_pb2.GenerateRequest(**STORY), metadata=METADATA)
    print(f"\nunsteered:\n{plain.choices[0].text}")

    steered = generation.Generate(generation_pb2.GenerateRequest(**STORY, steering=STEERING), metadata=METADATA)
    print(f"\nsteered:\n{steered.choices[0].text}")
    print(f"\nreceipt:\n{json_format.MessageToJson(steered.steering, preserving_proto_field_name=True)}")

    print("\nsteered and streamed:")
    for message in generation.GenerateStream(generation_pb2.GenerateStreamRequest(**STORY, steering=STEERING), metadata=METADATA):
        print(message.delta.text, end="", flush=True)

    alias = registry.PromoteVector(vectors_pb2.PromoteVectorRequest(name=NAME, from_alias="canary"), metadata=METADATA).alias
    print(f"\n\n{alias.vector}@{alias.alias} is version {alias.version} now")

    print("\nwhat the server says to nonsense:")
    nonsense = steering_pb2.SteeringSpec(use=[steering_pb2.VectorUse(vector=NAME, strength=2, layers=["99"])])
    try:
        generation.Generate(generation_pb2.GenerateRequest(**{**STORY, "temperature": 3}, steering=nonsense), metadata=METADATA)
    except grpc.RpcError as error:
        for problem in violations(error):
            print(f"  {problem.field}: {problem.description}")

    archived = registry.ArchiveVector(vectors_pb2.ArchiveVectorRequest(name=NAME), metadata=METADATA)
    print(f"\narchived {NAME}, versions {', '.join(map(str, archived.versions))}")


if __name__ == "__main__":
    try:
        with grpc.insecure_channel(os.environ.get("STEERING_GRPC", "127.0.0.1:8081")) as channel:
            main(channel)
    except grpc.RpcError as error:
        sys.exit(f"{error.code().name}: {error.details()}")
