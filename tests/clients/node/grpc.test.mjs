// The npm package "@grpc/grpc-js" against a running server: every method, what is refused and how. Each test has vectors of its own.
import assert from "node:assert/strict";
import test, { after } from "node:test";
import grpc from "@grpc/grpc-js";
import { Generation, call, collect, connect, definition, generation, health, metadata, models, parts, reflection, refusal, registry, send, sha256, upload, vectorFile } from "./grpc.mjs";

const story = { messages: [{ role: "user", content: "Tell me a story." }], max_tokens: 20, seed: 1 };
const long = { prompt: [{ text: "Once" }], n: 16, max_tokens: 400, ignore_eos: true };
const stream = (request, headers = metadata(), options = {}) => generation.GenerateStream(request, headers, options);
const use = async (reference) => (await call(generation, "Generate", { ...story, max_tokens: 2, steering_shorthand: reference })).steering.applied[0].use.version;

test("a stream says what the whole answer says", async () => {
  const request = { ...story, n: 2, logprobs: true, top_logprobs: 2 };
  const whole = await call(generation, "Generate", request);
  const messages = await collect(stream(request));
  const deltas = messages.map(({ delta }) => delta).filter(Boolean);

  assert.equal(messages[0].start.model, whole.model);
  assert.equal(messages[0].start.seed, 1);
  for (const { index, text, finish_reason, logprobs } of whole.choices) {
    const own = deltas.filter((delta) => delta.index === index);
    assert.equal(own.map((delta) => delta.text).join(""), text);
    assert.equal(own.at(-1).finish_reason, finish_reason);
    assert.deepEqual(own.flatMap((delta) => delta.logprobs), logprobs);
    assert.deepEqual([logprobs.length, logprobs[0].top_logprobs.length], [20, 2]);
  }
  assert.deepEqual(messages.at(-1).end.usage, whole.usage);
  assert.equal(whole.usage.completion_tokens, 40);
});

test("text prompts are continued, and may be echoed", async () => {
  const { choices } = await call(generation, "Generate", { prompt: [{ text: "Once upon a" }, { token_ids: { ids: [5, 6, 7] } }], max_tokens: 4, echo: true, temperature: 0 });
  assert.equal(choices.length, 2);
  assert.ok(choices[0].text.startsWith("Once upon a time"));
  assert.equal(choices[0].finish_reason, "FINISH_REASON_LENGTH");
});

test("every way to say the same steering gives the same text", async () => {
  const full = await call(generation, "Generate", { ...story, steering: { use: [{ vector: "mood-sorrowful", strength: 2 }] } });
  const others = [
    await call(generation, "Generate", { ...story, steering_shorthand: "2 mood-sorrowful" }),
    await call(generation, "Generate", { ...story, model: "storyworld@mood-sorrowful:2" }),
    await call(generation, "Generate", story, { headers: metadata({ "x-steering": "2 mood-sorrowful" }) }),
  ];
  const plain = await call(generation, "Generate", story);

  for (const other of others) assert.equal(other.choices[0].text, full.choices[0].text);
  assert.notEqual(plain.choices[0].text, full.choices[0].text);
  assert.equal(plain.steering, null);
  const { use: applied, total } = full.steering.applied[0];
  assert.deepEqual([applied.vector, applied.strength, applied.unit, applied.op], ["mood-sorrowful", 2, "UNIT_RAW", "OP_ADD"]);
  assert.equal(total.generated_tokens_steered, 19); // the last token is not fed back
});

test("an inline vector is the same as bytes and as numbers, and a dry run plans it", async () => {
  const values = Array.from({ length: 256 }, (_, i) => Math.fround(Math.cos(i)));
  const inline = (tensor) => ({ ...story, steering: { inline: [{ name: "mine", layers: ["3"], strength: 4, ...tensor }] } });
  const numbers = await call(generation, "Generate", inline({ values }));
  const bytes = await call(generation, "Generate", inline({ shape: [256], data: Buffer.from(Float32Array.from(values).buffer) }));
  const request = inline({ values });
  const planned = await call(generation, "Generate", { ...request, steering: { ...request.steering, dry_run: true } });

  assert.equal(numbers.choices[0].text, bytes.choices[0].text);
  assert.equal(numbers.steering.applied[0].use.vector, "mine");
  assert.equal(planned.choices.length, 0);
  assert.equal(planned.steering.plans[0].uses[0].edits[0].site, "resid_post.3");
});

test("metadata says which request it was and what was applied", async () => {
  const { headers } = await call(generation, "Generate", { ...story, steering_shorthand: "2 polite" }, { headers: metadata({ "x-request-id": "from-node-1" }) });
  assert.deepEqual(headers.get("x-request-id"), ["from-node-1"]);
  assert.deepEqual(headers.get("x-seed"), ["1"]);
  assert.match(headers.get("x-steering-applied")[0], /polite/);
  const refused = await refusal(call(generation, "Generate", { ...story, temperature: 3 }, { headers: metadata({ "x-request-id": "from-node-2" }) }));
  assert.equal(refused.info.metadata.request_id, "from-node-2");
});

test("a vector is registered, found, used, promoted, rolled back, downloaded and archived", async () => {
  const name = "node-life", [one, two] = [vectorFile(1), vectorFile(2)];
  const first = await upload({ name, metadata: { made: "here" }, unit: "UNIT_TOKEN_NORM" }, one);
  const second = await upload({ name, aliases: ["canary"] }, two);
  const again = await upload({ name }, two);
  assert.deepEqual([first.vector.summary.id, second.vector.summary.id, again.vector.summary.id], [`${name}@1`, `${name}@2`, `${name}@2`]);
  assert.deepEqual([first.existing, second.existing, again.existing], [false, false, true]);
  assert.deepEqual([first.report.format, first.report.translations[0].target], ["FILE_FORMAT_SAFETENSORS", "resid_post.4"]);

  const { vectors } = await call(registry, "ListVectors", { name });
  assert.deepEqual(vectors.map(({ id, aliases, origin }) => [id, aliases, origin]), [[`${name}@1`, ["prod"], "ORIGIN_UPLOAD"], [`${name}@2`, ["canary"], "ORIGIN_UPLOAD"]]);
  assert.ok((await call(registry, "ListVectors", {})).vectors.some(({ id, origin }) => id === "polite@1" && origin === "ORIGIN_SHIPPED"));
  const { vector, report } = await call(registry, "GetVector", { reference: `${name}@sha256:${first.vector.summary.sha256}` });
  assert.deepEqual(vector, first.vector);
  assert.deepEqual(report, first.report);
  assert.deepEqual([vector.metadata.made, vector.summary.unit, vector.tensors[0].width], ["here", "UNIT_TOKEN_NORM", 256]);

  assert.deepEqual([await use(name), await use(`${name}@canary`)], [1, 2]);
  const promoted = await call(registry, "PromoteVector", { name, from_alias: "canary" });
  assert.deepEqual([promoted.alias.version, promoted.alias.previous, await use(name)], [2, 1, 2]);
  const back = await call(registry, "RollbackVector", { name });
  assert.deepEqual([back.alias.version, back.alias.revision, await use(name)], [1, 3, 1]);

  const [{ header }, ...rest] = await collect(registry.DownloadVector({ reference: `${name}@2` }, metadata()));
  const file = Buffer.concat(rest.slice(0, -1).map(({ chunk }) => chunk));
  assert.deepEqual([header.vector.id, header.size, rest.at(-1).sha256], [`${name}@2`, file.length, sha256(file)]);
  assert.deepEqual(file.subarray(-1024), two.subarray(-1024));
  assert.equal((await upload({ name }, file)).existing, true);
  const gguf = await collect(registry.DownloadVector({ reference: `${name}@2`, format: "FILE_FORMAT_GGUF" }, metadata()));
  assert.equal(gguf[1].chunk.toString("latin1", 0, 4), "GGUF");

  assert.equal((await refusal(call(registry, "ArchiveVector", { name, version: 1 }))).reason, "VERSION_IN_USE");
  assert.deepEqual((await call(registry, "ArchiveVector", { name })).versions, [1, 2]);
  assert.equal((await refusal(use(name))).code, "NOT_FOUND");
  assert.deepEqual((await call(registry, "ListVectors", { name, archived: true })).vectors.map(({ archived }) => archived), [true, true]);
});

test("aliases are set, listed and removed, and of two who saw the same revision one is told", async () => {
  const name = "node-alias";
  for (const seed of [3, 4]) await upload({ name }, vectorFile(seed));
  const set = await call(registry, "SetAlias", { name, alias: "beta", version: 1, expected_revision: 0 });
  assert.deepEqual([set.alias.revision, set.alias.version], [1, 1]);
  await call(registry, "SetAlias", { name, alias: "beta", version: 2, expected_revision: 1 });
  for (const expected_revision of [0, 1]) {
    const lost = await refusal(call(registry, "SetAlias", { name, alias: "beta", version: 1, expected_revision }));
    assert.deepEqual([lost.code, lost.reason, lost.info.domain], ["ABORTED", "ALIAS_CHANGED", "steering.local"]);
  }
  assert.equal((await refusal(call(registry, "PromoteVector", { name, version: 2, expected_revision: 7 }))).code, "ABORTED");
  assert.deepEqual((await call(registry, "ListAliases", { name })).aliases.map(({ alias, version }) => [alias, version]), [["beta", 2], ["prod", 1]]);
  assert.equal((await refusal(call(registry, "DeleteAlias", { name, alias: "beta", expected_revision: 1 }))).code, "ABORTED");
  await call(registry, "DeleteAlias", { name, alias: "beta", expected_revision: 2 });
  assert.deepEqual((await call(registry, "ListAliases", { name })).aliases.map(({ alias }) => alias), ["prod"]);
  assert.equal((await refusal(call(registry, "RollbackVector", { name }))).reason, "NOTHING_TO_ROLL_BACK");
});

test("a repeated upload with its key is answered as the first time", async () => {
  const header = { name: "node-key", idempotency_key: `node-${process.pid}-${Date.now()}` };
  const first = await upload(header, vectorFile(5));
  const again = await upload(header, vectorFile(5));
  const other = await refusal(upload(header, vectorFile(6)));
  assert.deepEqual([first.replayed, again.replayed, first.existing, again.existing], [false, true, false, false]);
  assert.deepEqual(again.vector, first.vector);
  assert.deepEqual([other.code, other.reason], ["FAILED_PRECONDITION", "IDEMPOTENCY_KEY_REUSED"]);
});

test("validation says what an upload would do, and does not do it", async () => {
  const name = "node-valid";
  const good = await send("ValidateVector", parts({ name }, vectorFile(7)));
  const narrow = await send("ValidateVector", parts({ name }, vectorFile(8, 40)));
  const garbage = await send("ValidateVector", parts({ name }, Buffer.from("not a vector at all")));
  assert.deepEqual([good.valid, good.would_be, good.existing], [true, `${name}@1`, false]);
  assert.deepEqual([narrow.valid, narrow.would_be, narrow.report.problems[0].field], [false, undefined, "tensors.resid_post.4"]);
  assert.match(narrow.report.problems[0].message, /40.*256/);
  assert.deepEqual([garbage.valid, garbage.report.problems.length], [false, 1]);
  assert.equal((await refusal(call(registry, "GetVector", { reference: name }))).code, "NOT_FOUND");
});

const [header, chunk, hash] = parts({ name: "node-never" }, vectorFile(9).subarray(0, 900));
for (const [what, messages, path, says] of [
  ["nothing", [], "header", /ended before its first message/],
  ["no header", [chunk, hash], "header", /is missing/],
  ["a second header", [header, header], "header", /comes once/],
  ["an empty message", [header, {}], "part", /is empty/],
  ["no hash", [header, chunk], "sha256", /is missing/],
  ["a wrong hash", [header, chunk, { sha256: sha256("other") }], "sha256", /changed on the way/],
  ["data after the hash", [header, chunk, hash, chunk], "sha256", /comes last/],
  ["a chunk of more than 1 MiB", [header, { chunk: Buffer.alloc((1 << 20) + 1) }], "chunk", /at most 1048576/],
  ["a name that is none", parts({ name: "No Name" }, vectorFile(9)), "name", /expected/],
  ["a site that is none", parts({ name: "node-never", sites: ["nowhere"] }, vectorFile(9)), "sites[0]", /resid_post/],
  ["another format", parts({ name: "node-never", format: "FILE_FORMAT_NPZ" }, vectorFile(9)), null, /npz/i],
  ["a vector for another model", parts({ name: "node-never" }, vectorFile(9, 40)), "tensors.resid_post.4", /256/],
])
  test(`an upload with ${what} is refused by name`, async () => {
    const refused = await refusal(send("UploadVector", messages));
    assert.equal(refused.code, "INVALID_ARGUMENT");
    if (path) assert.deepEqual(refused.paths, [path]);
    assert.match(refused.message, says);
    assert.equal((await refusal(call(registry, "GetVector", { reference: "node-never" }))).code, "NOT_FOUND");
  });

test("all problems of a request come at once, with their paths", async () => {
  const refused = await refusal(call(generation, "Generate", { ...story, temperature: 3, top_p: -1, steering: { use: [{ vector: "mood-joyfull", layers: ["99"] }] } }));
  assert.deepEqual([refused.code, refused.reason], ["INVALID_ARGUMENT", "INVALID_VALUE"]);
  assert.deepEqual(refused.paths, ["temperature", "top_p", "steering.use[0].vector"]);
  assert.match(refused.fields[2].description, /did you mean 'mood-joyful'/);
  assert.equal((await refusal(collect(stream({ ...story, top_p: -1 })))).paths[0], "top_p");
});

test("what a newer client asks for is refused by its number", async () => {
  const { path, requestSerialize, responseDeserialize } = definition["steering.v1.Generation"].Generate;
  const newer = (request) => Buffer.concat([requestSerialize(request), Buffer.from([0xf0, 0x01, 0x05])]); // field 30, a varint
  const refused = await refusal(new Promise((resolve, reject) => generation.makeUnaryRequest(path, newer, responseDeserialize, story, metadata(), (error, answer) => (error ? reject(error) : resolve(answer)))));
  assert.deepEqual([refused.code, refused.paths[0], refused.fields[0].reason], ["INVALID_ARGUMENT", "30", "UNKNOWN_FIELD"]);
});

for (const path of ["/steering.v1.Generation/Nothing", "/no.such.Service/Nothing"])
  test(`${path} is not implemented`, async () => {
    const nothing = () => Buffer.alloc(0);
    const refused = await refusal(new Promise((resolve, reject) => generation.makeUnaryRequest(path, nothing, nothing, {}, metadata(), (error, answer) => (error ? reject(error) : resolve(answer)))));
    assert.equal(refused.code, "UNIMPLEMENTED");
  });

test("who has no key is told so", async () => {
  const refused = await refusal(call(generation, "Generate", story, { headers: new grpc.Metadata() }));
  assert.deepEqual([refused.code, refused.reason], ["UNAUTHENTICATED", "INVALID_API_KEY"]);
  assert.equal((await call(health, "Check", {}, { headers: new grpc.Metadata() })).status, "SERVING");
});

test("a deadline ends a call, and leaving a stream is harmless", async () => {
  assert.equal((await refusal(call(generation, "Generate", long, { deadline: Date.now() + 200 }))).code, "DEADLINE_EXCEEDED");
  const running = stream(long);
  const refused = await refusal((async () => { for await (const { delta } of running) if (delta) running.cancel(); })());
  assert.equal(refused.code, "CANCELLED");
  assert.equal((await call(generation, "Generate", story)).usage.completion_tokens, 20);
});

test("a message of more than 32 MiB is refused", async () => {
  const refused = await refusal(call(generation, "Generate", { prompt: [{ text: " ".repeat(33 << 20) }] }));
  assert.equal(refused.code, "RESOURCE_EXHAUSTED");
});

// Answers come compressed in every test: the package says that it takes gzip.
test("compressed requests are answered as plain ones", async () => {
  const packing = connect(Generation, { "grpc.default_compression_algorithm": grpc.compressionAlgorithms.gzip });
  const request = { prompt: [{ text: "Once upon a time ".repeat(20) }], max_tokens: 5, seed: 2 };
  assert.equal((await call(packing, "Generate", request)).choices[0].text, (await call(generation, "Generate", request)).choices[0].text);
  packing.close();
});

test("models are listed and described, and one that is not there is refused", async () => {
  const [{ name, state }] = (await call(models, "ListModels", {})).models;
  assert.deepEqual([name, state], ["storyworld", "MODEL_STATE_READY"]);
  const { details } = (await call(models, "GetModel", { name })).model;
  assert.deepEqual([details.family, details.blocks, details.sites.length], ["llama", 8, 11]);
  for (const verb of ["LoadModel", "UnloadModel"]) assert.equal((await refusal(call(models, verb, { name: "no-such-model" }))).code, "NOT_FOUND");
});

test("health is checked, listed and watched", async () => {
  const services = ["", "google.longrunning.Operations", "model:storyworld", "steering.v1.Attributions", "steering.v1.Datasets", "steering.v1.Extractions", "steering.v1.Generation", "steering.v1.Models", "steering.v1.VectorRegistry"];
  for (const service of services) assert.equal((await call(health, "Check", { service })).status, "SERVING");
  assert.deepEqual((({ statuses }) => Object.keys(statuses).sort())(await call(health, "List", {})), services);
  assert.equal((await refusal(call(health, "Check", { service: "no.such.Service" }))).code, "NOT_FOUND");
  for (const [service, status] of [["", "SERVING"], ["no.such.Service", "SERVICE_UNKNOWN"]]) {
    const watch = health.Watch({ service }, metadata()).on("error", () => {});
    assert.equal((await watch[Symbol.asyncIterator]().next()).value.status, status);
    watch.cancel();
  }
});

for (const version of ["v1", "v1alpha"])
  test(`reflection ${version} lists the services and hands out their files`, async () => {
    // Both versions have the same messages.
    const { requestSerialize, responseDeserialize } = definition["grpc.reflection.v1.ServerReflection"].ServerReflectionInfo;
    const exchange = reflection.makeBidiStreamRequest(`/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`, requestSerialize, responseDeserialize, metadata());
    for (const question of [{ list_services: "" }, { file_containing_symbol: "steering.v1.VectorRegistry.UploadVector" }, { file_by_filename: "steering/v1/steering.proto" }, { file_containing_symbol: "no.such.Symbol" }]) exchange.write(question);
    exchange.end();
    const [list, file, named, unknown] = await collect(exchange);
    const names = list.list_services_response.service.map(({ name }) => name);
    for (const name of ["steering.v1.Generation", "steering.v1.VectorRegistry", "grpc.health.v1.Health"]) assert.ok(names.includes(name), name);
    assert.ok(file.file_descriptor_response.file_descriptor_proto.some((bytes) => bytes.includes("steering/v1/vectors.proto") && bytes.includes("UploadVector")));
    assert.ok(named.file_descriptor_response.file_descriptor_proto.some((bytes) => bytes.includes("VectorUse")));
    assert.equal(unknown.error_response.error_code, grpc.status.NOT_FOUND);
  });

after(() => [generation, registry, health, reflection].forEach((client) => client.close()));
