// The gRPC services of a running server, for the tests. STEERING_GRPC is its address, STEERING_API_KEY its key.
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

const folder = (path) => fileURLToPath(new URL(path, import.meta.url));
const protos = ["steering/v1/generation.proto", "steering/v1/vectors.proto", "steering/v1/models.proto", "google/rpc/status.proto", "google/rpc/error_details.proto", "grpc/health/v1/health.proto", "reflection.proto"];
export const definition = loadSync(protos, { includeDirs: [folder("../../../protos"), folder("../protos")], keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true });
const services = grpc.loadPackageDefinition(definition);

export const connect = (Service, options) => new Service(process.env.STEERING_GRPC, grpc.credentials.createInsecure(), options);
export const Generation = services.steering.v1.Generation;
export const generation = connect(Generation);
export const registry = connect(services.steering.v1.VectorRegistry);
export const models = connect(services.steering.v1.Models);
export const health = connect(services.grpc.health.v1.Health);
export const reflection = connect(services.grpc.reflection.v1.ServerReflection);

/** Metadata with the key and what else is given. */
export const metadata = (others = {}) => {
  const all = new grpc.Metadata();
  for (const [name, value] of Object.entries({ "x-api-key": process.env.STEERING_API_KEY, ...others })) all.set(name, value);
  return all;
};

/** A unary call: its answer, with the metadata it came with. */
export const call = (client, method, request, { headers = metadata(), ...options } = {}) =>
  new Promise((resolve, reject) => {
    let received;
    const running = client[method](request, headers, options, (error, answer) => (error ? reject(error) : resolve(Object.assign(answer, { headers: received }))));
    running.on("metadata", (initial) => (received = initial));
  });

/** A call that sends messages and gets one answer. */
export const send = (method, messages) =>
  new Promise((resolve, reject) => {
    const stream = registry[method](metadata(), (error, answer) => (error ? reject(error) : resolve(answer)));
    for (const message of messages) stream.write(message);
    stream.end();
  });

/** Every message of an answer. */
export const collect = async (stream) => {
  const messages = [];
  for await (const message of stream) messages.push(message);
  return messages;
};

export const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** The messages of an upload, in chunks of 1000 bytes. */
export const parts = (header, bytes) => [{ header }, ...Array.from({ length: Math.ceil(bytes.length / 1000) }, (_, i) => ({ chunk: bytes.subarray(i * 1000, (i + 1) * 1000) })), { sha256: sha256(bytes) }];

export const upload = (header, bytes) => send("UploadVector", parts(header, bytes));

/** A safetensors file with one direction; another seed gives another content. */
export const vectorFile = (seed, width = 256) => {
  const values = Float32Array.from({ length: width }, (_, i) => Math.sin(seed * 1000 + i * i));
  const header = Buffer.from(JSON.stringify({ "resid_post.4": { dtype: "F32", shape: [width], data_offsets: [0, 4 * width] } }));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([size, header, Buffer.from(values.buffer)]);
};

/** What a failed call says; its google.rpc.Status comes in a trailer. Throws where the call is answered. */
export const refusal = async (promise) => {
  const error = await promise.then((answer) => Promise.reject(new Error(`was answered: ${JSON.stringify(answer)}`)), (error) => error);
  if (!(error.code in grpc.status)) throw error;
  const details = error.metadata.get("grpc-status-details-bin").flatMap((bytes) => definition["google.rpc.Status"].deserialize(bytes).details);
  const unpacked = Object.fromEntries(details.map(({ type_url, value }) => [type_url.split("/").pop(), value]).map(([type, value]) => [type, definition[type].deserialize(value)]));
  const info = unpacked["google.rpc.ErrorInfo"], fields = unpacked["google.rpc.BadRequest"]?.field_violations ?? [];
  return { code: grpc.status[error.code], message: error.details, info, reason: info?.reason, fields, paths: fields.map(({ field }) => field), metadata: error.metadata };
};
