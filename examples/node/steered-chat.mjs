// The OpenAI client for Node talking to a steering server: plain, steered, and steered while streaming.
import OpenAI from "openai";

const client = new OpenAI({
  baseURL: `${process.env.STEERING_SERVER ?? "http://127.0.0.1:8080"}/v1`,
  apiKey: process.env.STEERING_API_KEY ?? "none", // The client insists on a key, the server only if one is configured.
});

// The same seed for every request, so that only the steering makes a difference.
const request = {
  model: process.env.STEERING_MODEL ?? "storyworld",
  messages: [{ role: "user", content: "Tell me a story." }],
  max_tokens: 120,
  temperature: 0.7,
  seed: 7,
};
const steering = "2 mood-sorrowful"; // Or the full form: { use: [{ vector: "mood-sorrowful", strength: 2 }] }

try {
  const plain = await client.chat.completions.create(request);
  console.log(`unsteered:\n${plain.choices[0].message.content}\n`);

  // Fields that the client does not know are sent as they are (in TypeScript, put // @ts-expect-error above).
  const steered = await client.chat.completions.create({ ...request, steering });
  console.log(`steered:\n${steered.choices[0].message.content}\n`);
  console.log(`receipt:\n${JSON.stringify(steered.steering)}\n`);

  console.log("steered and streamed:");
  let receipt;
  for await (const chunk of await client.chat.completions.create({ ...request, steering, stream: true })) {
    process.stdout.write(chunk.choices[0]?.delta.content ?? "");
    receipt = chunk.steering ?? receipt; // On the last chunk.
  }
  if (!receipt) throw new Error("The stream brought no receipt.");
  console.log(`\n\nreceipt:\n${JSON.stringify(receipt)}`);
} catch (problem) {
  console.error(problem.message); // The server's own words: what was wrong, and in which field.
  process.exitCode = 1;
}
