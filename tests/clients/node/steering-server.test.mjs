// The npm package "openai" against a running server, unchanged. STEERING_SERVER is its address.
import assert from "node:assert/strict";
import test from "node:test";
import OpenAI from "openai";

const client = new OpenAI({ baseURL: `${process.env.STEERING_SERVER}/v1`, apiKey: "none", maxRetries: 0 });
const story = { model: "storyworld", messages: [{ role: "user", content: "Tell me a story." }], max_tokens: 20, seed: 1 };

test("a chat completion", async () => {
  const answer = await client.chat.completions.create({ ...story, n: 2, logprobs: true, top_logprobs: 2 });
  assert.equal(answer.object, "chat.completion");
  assert.equal(answer.choices.length, 2);
  assert.equal(answer.choices[0].finish_reason, "length");
  assert.equal(answer.choices[0].logprobs.content.length, 20);
  assert.equal(answer.usage.completion_tokens, 40);
});

test("a stream says what the whole answer says", async () => {
  const whole = await client.chat.completions.create(story);
  let text = "", usage;
  for await (const chunk of await client.chat.completions.create({ ...story, stream: true, stream_options: { include_usage: true } })) {
    text += chunk.choices[0]?.delta.content ?? "";
    usage = chunk.usage ?? usage;
  }
  assert.equal(text, whole.choices[0].message.content);
  assert.equal(usage.completion_tokens, 20);
});

test("the streaming helper assembles a message", async () => {
  const message = await client.chat.completions.stream(story).finalMessage();
  assert.equal(message.role, "assistant");
  assert.ok(message.content.length > 10);
});

test("steering by field, model name and header", async () => {
  const field = await client.chat.completions.create({ ...story, steering: { use: [{ vector: "mood-sorrowful", strength: 2 }] } });
  const name = await client.chat.completions.create({ ...story, model: "storyworld@mood-sorrowful:2" });
  const header = await client.chat.completions.create(story, { headers: { "X-Steering": "2 mood-sorrowful" } });
  assert.equal(field.steering.applied[0].vector, "mood-sorrowful");
  assert.equal(field.choices[0].message.content, name.choices[0].message.content);
  assert.equal(field.choices[0].message.content, header.choices[0].message.content);
});

test("text completions", async () => {
  const answer = await client.completions.create({ model: "storyworld", prompt: ["Once upon a", "The"], max_tokens: 5, echo: true, logprobs: 1 });
  assert.equal(answer.choices.length, 2);
  assert.ok(answer.choices[0].text.startsWith("Once upon a"));
});

test("errors become the package's classes", async () => {
  await assert.rejects(client.chat.completions.create({ ...story, model: "gpt-4o" }), (error) => error instanceof OpenAI.NotFoundError && error.code === "model_not_found" && error.param === "model");
  await assert.rejects(client.chat.completions.create({ ...story, temperature: 3 }), (error) => error instanceof OpenAI.BadRequestError && error.param === "temperature" && error.type === "invalid_request_error");
});

test("models are listed and found", async () => {
  const ids = [];
  for await (const model of client.models.list()) ids.push(model.id);
  assert.ok(ids.includes("storyworld") && ids.includes("storyworld@polite"));
  assert.equal((await client.models.retrieve("storyworld")).id, "storyworld");
});

test("leaving a stream is harmless", async () => {
  const stream = await client.chat.completions.create({ ...story, max_tokens: 400, stream: true });
  for await (const _ of stream) break;
  assert.ok((await client.chat.completions.create(story)).choices.length === 1);
});
