// gRPC from Node: register a steering vector, generate with it, and archive it again.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

const root = (path) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const protos = ["steering/v1/generation.proto", "steering/v1/vectors.proto", "google/rpc/status.proto", "google/rpc/error_details.proto"];
const definition = loadSync(protos, { includeDirs: [root("protos")], keepCase: true, longs: Number, enums: String, defaults: true });
const { Generation, VectorRegistry } = grpc.loadPackageDefinition(definition).steering.v1;

const address = process.env.STEERING_GRPC ?? "127.0.0.1:8081";
const generation = new Generation(address, grpc.credentials.createInsecure());
const registry = new VectorRegistry(address, grpc.credentials.createInsecure());
const metadata = new grpc.Metadata();
if (process.env.STEERING_API_KEY) metadata.set("authorization", `Bearer ${process.env.STEERING_API_KEY}`);

const name = "example-node";
const file = readFileSync(root("models/storyworld/vectors/mood-sorrowful.safetensors"));
const chunkSize = 64 * 1024; // At most 1 MiB.

// The same seed for every request, so that only the steering makes a difference.
const story = { messages: [{ role: "user", content: "Tell me a story." }], max_tokens: 120, temperature: 0.7, seed: 7 };
const steering = { use: [{ vector: `${name}@canary`, strength: 2 }] };

// Calls with one answer, as promises.
const call = (client, method, request) =>
  new Promise((resolve, reject) => client[method](request, metadata, (error, answer) => (error ? reject(error) : resolve(answer))));

// A header, the file in chunks, and the hash by which the server knows that all of it arrived.
const upload = (header, bytes) =>
  new Promise((resolve, reject) => {
    const stream = registry.UploadVector(metadata, (error, answer) => (error ? reject(error) : resolve(answer)));
    stream.write({ header });
    for (let at = 0; at < bytes.length; at += chunkSize) stream.write({ chunk: bytes.subarray(at, at + chunkSize) });
    stream.write({ sha256: createHash("sha256").update(bytes).digest("hex") });
    stream.end();
  });

// What was wrong, field by field: google.rpc.Status with its details, which travels in a trailer.
const violations = (error) =>
  error.metadata.get("grpc-status-details-bin")
    .flatMap((bytes) => definition["google.rpc.Status"].deserialize(bytes).details)
    .filter((detail) => detail.type_url.endsWith("/google.rpc.BadRequest"))
    .flatMap((detail) => definition["google.rpc.BadRequest"].deserialize(detail.value).field_violations);

try {
  const { vector, existing, report } = await upload({ name, file_name: "mood-sorrowful.safetensors", aliases: ["canary"] }, file);
  console.log(`registered ${vector.summary.id}${existing ? " (the server had it already)" : ""}: ${report.format}, convention ${report.convention}`);
  for (const { source, target, note } of report.translations) console.log(`  ${source} -> ${target} ${note ?? ""}`);
  for (const warning of report.warnings) console.log(`  warning: ${warning}`);

  const plain = await call(generation, "Generate", story);
  console.log(`\nunsteered:\n${plain.choices[0].text}`);

  const steered = await call(generation, "Generate", { ...story, steering });
  console.log(`\nsteered:\n${steered.choices[0].text}`);
  console.log(`\nreceipt:\n${JSON.stringify(steered.steering)}`);

  console.log("\nsteered and streamed:");
  for await (const message of generation.GenerateStream({ ...story, steering }, metadata)) process.stdout.write(message.delta?.text ?? "");

  const { alias } = await call(registry, "PromoteVector", { name, from_alias: "canary" });
  console.log(`\n\n${alias.vector}@${alias.alias} is version ${alias.version} now`);

  console.log("\nwhat the server says to nonsense:");
  const refused = await call(generation, "Generate", { ...story, temperature: 3, steering: { use: [{ vector: name, strength: 2, layers: ["99"] }] } }).catch((error) => error);
  for (const { field, description } of violations(refused)) console.log(`  ${field}: ${description}`);

  const archived = await call(registry, "ArchiveVector", { name });
  console.log(`\narchived ${name}, versions ${archived.versions.join(", ")}`);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
