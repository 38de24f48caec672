// Calls one method of a steering server over gRPC and prints each message of the answer as a line of JSON:
//
//   node examples/grpc/node/call.mjs steering.v1.Generation/Generate '{"prompt": [{"text": "Once upon a time"}], "max_tokens": 8}'
//
// Further arguments are further messages, for methods that take a stream of them. Bytes are base64, 64-bit numbers strings, and members with their default
// value are left out, as in protobuf's JSON. STEERING_GRPC is the server's address (127.0.0.1:8081), STEERING_API_KEY a key where it asks for one.
import { fileURLToPath } from "node:url";
import grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

const protos = fileURLToPath(new URL("../../../protos", import.meta.url));
const files = ["steering/v1/generation.proto", "steering/v1/vectors.proto", "steering/v1/models.proto", "steering/v1/attribution.proto", "steering/v1/dataset.proto", "steering/v1/extraction.proto", "google/longrunning/operations.proto", "grpc/health/v1/health.proto"];
const services = loadSync(files, { includeDirs: [protos], keepCase: true, longs: String, enums: String, bytes: String, json: true });

const [path = "", ...texts] = process.argv.slice(2);
const [service, name] = path.split("/");
const method = services[service]?.[name];
if (!method?.path) {
  const known = Object.values(services).flatMap((of) => Object.values(of)).map((of) => of.path).filter(Boolean);
  console.error(`There is no method '${path}'; there are ${known.map((each) => each.slice(1)).join(", ")}.`);
  process.exit(2);
}

const Client = grpc.makeGenericClientConstructor(services[service], service);
const client = new Client(process.env.STEERING_GRPC ?? "127.0.0.1:8081", grpc.credentials.createInsecure());
const metadata = new grpc.Metadata();
if (process.env.STEERING_API_KEY) metadata.set("authorization", `Bearer ${process.env.STEERING_API_KEY}`);

const print = (message) => console.log(JSON.stringify(message));
const fail = (error) => {
  print({ error: { code: grpc.status[error.code], message: error.details } });
  process.exitCode = 1;
};

const messages = texts.map((text) => JSON.parse(text));
const request = method.requestStream ? [] : [messages[0] ?? {}];
const answer = method.responseStream ? [] : [(error, message) => (error ? fail(error) : print(message))];
const call = client[name](...request, metadata, ...answer);
if (method.responseStream) call.on("data", print).on("error", fail);
if (method.requestStream) {
  for (const message of messages) call.write(message);
  call.end();
}
