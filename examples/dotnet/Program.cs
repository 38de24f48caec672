// The OpenAI .NET package talking to a steering server: plain, steered, and steered while streaming.
using System.ClientModel;
using OpenAI;
using OpenAI.Chat;

string server = Environment.GetEnvironmentVariable("STEERING_SERVER") ?? "http://127.0.0.1:8080";
string model = Environment.GetEnvironmentVariable("STEERING_MODEL") ?? "storyworld";
string key = Environment.GetEnvironmentVariable("STEERING_API_KEY") ?? "none"; // The package insists on a key, the server only if one is configured.

var client = new ChatClient(model, new ApiKeyCredential(key), new OpenAIClientOptions { Endpoint = new Uri($"{server}/v1") });
ChatMessage[] messages = [new UserChatMessage("Tell me a story.")];

try
{
    ChatCompletion plain = await client.CompleteChatAsync(messages, Options(steering: null));
    Console.WriteLine($"unsteered:\n{plain.Content[0].Text}\n");

    ChatCompletion steered = await client.CompleteChatAsync(messages, Options(steering: "2 mood-sorrowful"));
    Console.WriteLine($"steered:\n{steered.Content[0].Text}\n");
    Console.WriteLine($"receipt:\n{steered.Patch.GetJson("$.steering"u8)}\n");

    Console.WriteLine("steered and streamed:");
    BinaryData? receipt = null;
    await foreach (var update in client.CompleteChatStreamingAsync(messages, Options(steering: "2 mood-sorrowful")))
    {
        foreach (var part in update.ContentUpdate) Console.Write(part.Text);
        if (update.Patch.TryGetJson("$.steering"u8, out var json)) receipt = BinaryData.FromBytes(json); // On the last chunk.
    }
    Console.WriteLine($"\n\nreceipt:\n{receipt ?? throw new InvalidOperationException("The stream brought no receipt.")}");
    return 0;
}
catch (Exception problem) when (problem is ClientResultException or AggregateException) // Refused, in the server's own words; or not reachable, after retries.
{
    Console.Error.WriteLine(problem.Message);
    return 1;
}

// The same seed for every request, so that only the steering makes a difference.
static ChatCompletionOptions Options(string? steering)
{
    var options = new ChatCompletionOptions { MaxOutputTokenCount = 120, Temperature = 0.7f, Seed = 7 };
    if (steering is not null) options.Patch.Set("$.steering"u8, steering);
    return options;
}
