"""The Python package grpcio against a running server: every method, what is refused and how. Each test has vectors of its own."""
import hashlib
import os
import time
import unittest

import grpc
from grpc import StatusCode

from stubs import KEY, Refusal, channel, generation, health, health_pb2, models, parts, reflection_pb2, registry, steering_pb2, upload, vector_file
from stubs import generation_pb2 as g, models_pb2 as m, vectors_pb2 as v

STORY = dict(messages=[g.Message(role="user", content="Tell me a story.")], max_tokens=20, seed=1)
LONG = dict(prompt=[g.Prompt(text="Once")], n=16, max_tokens=400, ignore_eos=True)


def generate(**request):
    return generation.Generate(g.GenerateRequest(**request), metadata=KEY)


def stream(**request):
    return generation.GenerateStream(g.GenerateStreamRequest(**request), metadata=KEY)


def used(reference):
    """The version that a reference means to a generation."""
    return generate(**{**STORY, "max_tokens": 2}, steering_shorthand=reference).steering.applied[0].use.version


def get(reference):
    return registry.GetVector(v.GetVectorRequest(reference=reference), metadata=KEY)


class Case(unittest.TestCase):
    maxDiff = None

    def refused(self, code, call, *args, **kwargs):
        with self.assertRaises(grpc.RpcError) as caught:
            call(*args, **kwargs)
        refusal = Refusal(caught.exception)
        self.assertEqual(refusal.code, code, refusal.message)
        return refusal


class GenerationTests(Case):
    def test_a_stream_says_what_the_whole_answer_says(self):
        whole = generate(**STORY, n=2, logprobs=True, top_logprobs=2)
        messages = list(stream(**STORY, n=2, logprobs=True, top_logprobs=2))
        kinds = [message.WhichOneof("event") for message in messages]
        self.assertEqual((kinds[0], set(kinds[1:-1]), kinds[-1]), ("start", {"delta"}, "end"))
        self.assertEqual((messages[0].start.seed, messages[0].start.system_fingerprint), (1, whole.system_fingerprint))
        for choice in whole.choices:
            deltas = [message.delta for message in messages[1:-1] if message.delta.index == choice.index]
            self.assertEqual("".join(delta.text for delta in deltas), choice.text)
            self.assertEqual((deltas[-1].finish_reason, choice.finish_reason), (g.FINISH_REASON_LENGTH,) * 2)
            self.assertEqual([token for delta in deltas for token in delta.logprobs], list(choice.logprobs))
        self.assertEqual(messages[-1].end.usage, whole.usage)
        self.assertEqual(whole.usage.completion_tokens, 40)

    def test_every_way_to_say_the_same_steering_gives_the_same_text(self):
        full = generate(**STORY, steering=steering_pb2.SteeringSpec(use=[steering_pb2.VectorUse(vector="mood-sorrowful", strength=2)]))
        header, _ = generation.Generate.with_call(g.GenerateRequest(**STORY), metadata=[*KEY, ("x-steering", "2 mood-sorrowful")])
        others = [generate(**STORY, steering_shorthand="2 mood-sorrowful"), generate(**STORY, model="storyworld@mood-sorrowful:2"), header]
        plain = generate(**STORY)
        for other in others:
            self.assertEqual(other.choices[0].text, full.choices[0].text)
        self.assertNotEqual(plain.choices[0].text, full.choices[0].text)
        self.assertFalse(plain.HasField("steering"))
        applied = full.steering.applied[0]
        self.assertEqual((applied.use.vector, applied.use.strength, applied.use.op), ("mood-sorrowful", 2, steering_pb2.OP_ADD))
        self.assertEqual(applied.total.generated_tokens_steered, 19)  # the last token is not fed back

    def test_a_dry_run_plans_and_generates_nothing(self):
        spec = steering_pb2.SteeringSpec(dry_run=True, inline=[steering_pb2.InlineVector(layers=["3"], values=[0.5] * 256)])
        answer = generate(**STORY, steering=spec)
        self.assertEqual((len(answer.choices), answer.steering.plans[0].uses[0].edits[0].site), (0, "resid_post.3"))
        self.assertEqual([message.WhichOneof("event") for message in stream(**STORY, steering=spec)], ["start", "end"])

    def test_metadata_says_which_request_it_was_and_what_was_applied(self):
        call = generation.GenerateStream(g.GenerateStreamRequest(**STORY, steering_shorthand="2 polite"), metadata=[*KEY, ("x-request-id", "from-python-1")])
        initial = dict(call.initial_metadata())
        self.assertEqual((initial["x-request-id"], initial["x-seed"]), ("from-python-1", "1"))
        self.assertIn("polite", initial["x-steering-applied"])
        self.assertEqual(len(list(call)[-1].end.steering.applied), 1)

    def test_compressed_requests_are_answered_as_plain_ones(self):
        request = g.GenerateRequest(prompt=[g.Prompt(text="Once upon a time " * 20)], max_tokens=5, seed=2)
        packed = generation.Generate(request, metadata=KEY, compression=grpc.Compression.Gzip)
        self.assertEqual(packed.choices[0].text, generation.Generate(request, metadata=KEY).choices[0].text)


class RegistryTests(Case):
    def test_a_vector_is_registered_found_used_promoted_rolled_back_downloaded_and_archived(self):
        name, one, two = "python-life", vector_file(1), vector_file(2)
        first = upload(one, name=name, metadata={"made": "here"}, unit=steering_pb2.UNIT_TOKEN_NORM)
        second, again = upload(two, name=name, aliases=["canary"]), upload(two, name=name)
        self.assertEqual([answer.vector.summary.id for answer in (first, second, again)], [f"{name}@1", f"{name}@2", f"{name}@2"])
        self.assertEqual([answer.existing for answer in (first, second, again)], [False, False, True])

        listed = registry.ListVectors(v.ListVectorsRequest(name=name), metadata=KEY).vectors
        self.assertEqual([(item.id, list(item.aliases), item.origin) for item in listed], [(f"{name}@1", ["prod"], v.ORIGIN_UPLOAD), (f"{name}@2", ["canary"], v.ORIGIN_UPLOAD)])
        found = get(f"{name}@sha256:{first.vector.summary.sha256}")
        self.assertEqual((found.vector, found.report), (first.vector, first.report))
        self.assertEqual((found.vector.metadata["made"], found.vector.summary.unit, found.vector.tensors[0].width), ("here", steering_pb2.UNIT_TOKEN_NORM, 256))

        self.assertEqual((used(name), used(f"{name}@canary")), (1, 2))
        promoted = registry.PromoteVector(v.PromoteVectorRequest(name=name, from_alias="canary"), metadata=KEY).alias
        self.assertEqual((promoted.version, promoted.previous, used(name)), (2, 1, 2))
        back = registry.RollbackVector(v.RollbackVectorRequest(name=name), metadata=KEY).alias
        self.assertEqual((back.version, back.revision, used(name)), (1, 3, 1))

        messages = list(registry.DownloadVector(v.DownloadVectorRequest(reference=f"{name}@2"), metadata=KEY))
        data = b"".join(message.chunk for message in messages[1:-1])
        self.assertEqual((messages[0].header.vector.id, messages[0].header.size, messages[-1].sha256), (f"{name}@2", len(data), hashlib.sha256(data).hexdigest()))
        self.assertEqual(data[-1024:], two[-1024:])
        self.assertTrue(upload(data, name=name).existing)

        archive = lambda **what: registry.ArchiveVector(v.ArchiveVectorRequest(name=name, **what), metadata=KEY)
        self.assertEqual(self.refused(StatusCode.ABORTED, archive, version=1).reason, "VERSION_IN_USE")
        self.assertEqual((list(archive().versions), self.refused(StatusCode.NOT_FOUND, used, name).reason), ([1, 2], "VECTOR_NOT_FOUND"))
        self.assertEqual([item.archived for item in registry.ListVectors(v.ListVectorsRequest(name=name, archived=True), metadata=KEY).vectors], [True, True])

    def test_aliases_are_set_listed_and_removed_and_of_two_who_saw_the_same_revision_one_is_told(self):
        name = "python-alias"
        upload(vector_file(3), name=name), upload(vector_file(4), name=name)
        change = lambda version, seen: registry.SetAlias(v.SetAliasRequest(name=name, alias="beta", version=version, expected_revision=seen), metadata=KEY).alias
        remove = lambda seen: registry.DeleteAlias(v.DeleteAliasRequest(name=name, alias="beta", expected_revision=seen), metadata=KEY)
        aliases = lambda: [(item.alias, item.version) for item in registry.ListAliases(v.ListAliasesRequest(name=name), metadata=KEY).aliases]
        self.assertEqual((change(1, 0).revision, change(2, 1).revision), (1, 2))
        lost = self.refused(StatusCode.ABORTED, change, 1, 1)
        self.assertEqual((lost.reason, lost.info.domain), ("ALIAS_CHANGED", "steering.local"))
        self.assertEqual(aliases(), [("beta", 2), ("prod", 1)])
        self.refused(StatusCode.ABORTED, remove, 1)
        remove(2)
        self.assertEqual(aliases(), [("prod", 1)])

    def test_a_repeated_upload_with_its_key_is_answered_as_the_first_time(self):
        header = dict(name="python-key", idempotency_key=f"python-{os.getpid()}-{time.time()}")
        first, again = upload(vector_file(5), **header), upload(vector_file(5), **header)
        self.assertEqual((first.replayed, again.replayed, first.vector), (False, True, again.vector))
        self.assertEqual(self.refused(StatusCode.FAILED_PRECONDITION, upload, vector_file(6), **header).reason, "IDEMPOTENCY_KEY_REUSED")

    def test_validation_says_what_an_upload_would_do_and_does_not_do_it(self):
        validate = lambda data: registry.ValidateVector(parts(v.ValidateVectorRequest, data, name="python-valid"), metadata=KEY)
        good, narrow = validate(vector_file(7)), validate(vector_file(8, 40))
        self.assertEqual((good.valid, good.would_be, good.existing), (True, "python-valid@1", False))
        self.assertEqual((narrow.valid, narrow.HasField("would_be"), narrow.report.problems[0].field), (False, False, "tensors.resid_post.4"))
        self.refused(StatusCode.NOT_FOUND, get, "python-valid")

    def test_a_hash_may_be_in_capitals(self):
        *messages, digest = parts(v.ValidateVectorRequest, vector_file(10), name="python-capitals")
        capitals = v.ValidateVectorRequest(sha256=digest.sha256.upper())
        self.assertTrue(registry.ValidateVector(iter([*messages, capitals]), metadata=KEY).valid)

    def test_an_upload_that_is_not_whole_is_refused_by_name(self):
        header, chunk, digest = parts(v.UploadVectorRequest, vector_file(9)[:900], name="python-never")
        for messages, path, says in [
            ([], "header", "ended before its first message"),
            ([chunk, digest], "header", "is missing"),
            ([header, header], "header", "comes once"),
            ([header, v.UploadVectorRequest()], "part", "is empty"),
            ([header, chunk], "sha256", "is missing"),
            ([header, chunk, v.UploadVectorRequest(sha256="0" * 64)], "sha256", "changed on the way"),
            ([header, chunk, digest, chunk], "sha256", "comes last"),
            ([header, v.UploadVectorRequest(chunk=bytes((1 << 20) + 1))], "chunk", "at most 1048576"),
        ]:
            with self.subTest(path=path, says=says):
                refusal = self.refused(StatusCode.INVALID_ARGUMENT, registry.UploadVector, iter(messages), metadata=KEY)
                self.assertEqual(refusal.paths, [path])
                self.assertIn(says, refusal.message)
        for data, header, path in [(vector_file(9), {"name": "No Name"}, "name"), (vector_file(9, 40), {"name": "python-never"}, "tensors.resid_post.4")]:
            self.assertEqual(self.refused(StatusCode.INVALID_ARGUMENT, upload, data, **header).paths, [path])
        self.refused(StatusCode.NOT_FOUND, get, "python-never")


class RefusalTests(Case):
    def test_all_problems_of_a_request_come_at_once_with_their_paths(self):
        spec = steering_pb2.SteeringSpec(use=[steering_pb2.VectorUse(vector="mood-joyfull")])
        refusal = self.refused(StatusCode.INVALID_ARGUMENT, generate, **STORY, temperature=3, top_p=-1, steering=spec)
        self.assertEqual((refusal.reason, refusal.paths), ("INVALID_VALUE", ["temperature", "top_p", "steering.use[0].vector"]))
        self.assertIn("did you mean 'mood-joyful'", refusal.fields[2].description)
        self.assertTrue(refusal.info.metadata["request_id"])

    def test_what_is_not_there_is_unimplemented(self):
        for path in ("/steering.v1.Generation/Nothing", "/no.such.Service/Nothing"):
            self.refused(StatusCode.UNIMPLEMENTED, channel.unary_unary(path), b"", metadata=KEY)

    def test_who_has_no_key_is_told_so(self):
        self.assertEqual(self.refused(StatusCode.UNAUTHENTICATED, generation.Generate, g.GenerateRequest(**STORY)).reason, "INVALID_API_KEY")

    def test_a_deadline_ends_a_call_and_leaving_a_stream_is_harmless(self):
        self.refused(StatusCode.DEADLINE_EXCEEDED, generation.Generate, g.GenerateRequest(**LONG), metadata=KEY, timeout=0.2)
        running = stream(**LONG)
        next(running)
        running.cancel()
        self.refused(StatusCode.CANCELLED, list, running)
        self.assertEqual(generate(**STORY).usage.completion_tokens, 20)

    def test_a_message_of_more_than_32_mib_is_refused(self):
        self.refused(StatusCode.RESOURCE_EXHAUSTED, generate, prompt=[g.Prompt(text=" " * (33 << 20))])


class ModelsTests(Case):
    def test_models_are_listed_and_described_and_one_that_is_not_there_is_refused(self):
        first = models.ListModels(m.ListModelsRequest(), metadata=KEY).models[0]
        self.assertEqual((first.name, first.state), ("storyworld", m.MODEL_STATE_READY))
        details = models.GetModel(m.GetModelRequest(name=first.name), metadata=KEY).model.details
        self.assertEqual((details.family, details.blocks, len(details.sites)), ("llama", 8, 11))
        self.refused(StatusCode.NOT_FOUND, models.LoadModel, m.LoadModelRequest(name="no-such-model"), metadata=KEY)
        self.refused(StatusCode.NOT_FOUND, models.UnloadModel, m.UnloadModelRequest(name="no-such-model"), metadata=KEY)


class HealthAndReflectionTests(Case):
    def test_health_is_checked_listed_and_watched(self):
        services = ["", "google.longrunning.Operations", "model:storyworld", "steering.v1.Attributions", "steering.v1.Datasets", "steering.v1.Extractions", "steering.v1.Generation", "steering.v1.Models", "steering.v1.VectorRegistry"]
        status = health_pb2.HealthCheckResponse
        for service in services:
            self.assertEqual(health.Check(health_pb2.HealthCheckRequest(service=service)).status, status.SERVING)
        self.assertEqual(sorted(health.List(health_pb2.HealthListRequest()).statuses), services)
        self.refused(StatusCode.NOT_FOUND, health.Check, health_pb2.HealthCheckRequest(service="no.such.Service"))
        for service, expected in (("", status.SERVING), ("no.such.Service", status.SERVICE_UNKNOWN)):
            watch = health.Watch(health_pb2.HealthCheckRequest(service=service))
            self.assertEqual(next(watch).status, expected)
            watch.cancel()

    def test_reflection_lists_the_services_and_hands_out_their_files(self):
        ask = reflection_pb2.ServerReflectionRequest
        questions = [ask(list_services=""), ask(file_containing_symbol="steering.v1.VectorRegistry"), ask(file_containing_symbol="no.such.Symbol")]
        for version in ("v1", "v1alpha"):  # they have the same messages
            exchange = channel.stream_stream(f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo", ask.SerializeToString, reflection_pb2.ServerReflectionResponse.FromString)
            listed, file, unknown = exchange(iter(questions), metadata=KEY)
            self.assertLessEqual({"steering.v1.Generation", "steering.v1.VectorRegistry", "grpc.health.v1.Health"}, {service.name for service in listed.list_services_response.service})
            self.assertTrue(any(b"steering/v1/vectors.proto" in data for data in file.file_descriptor_response.file_descriptor_proto))
            self.assertEqual(unknown.error_response.error_code, StatusCode.NOT_FOUND.value[0])


if __name__ == "__main__":
    unittest.main()
