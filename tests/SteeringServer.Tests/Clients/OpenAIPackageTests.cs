using System.ClientModel;
using System.Text.Json;
using OpenAI;
using OpenAI.Chat;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Clients;

/// <summary>The OpenAI .NET package, unchanged.</summary>
[Collection(ServerCollection.Name)]
public sealed class OpenAIPackageTests(ServerFixture fixture)
{
    private static readonly ChatMessage[] Story = [new UserChatMessage("Tell me a story.")];
    private readonly OpenAIClient _client = new(new ApiKeyCredential("none"), new OpenAIClientOptions { Endpoint = new Uri(fixture.Server.Address, "/v1") });

    [Fact]
    public async Task It_chats()
    {
        ChatCompletion answer = await Chat().CompleteChatAsync(Story, Options());

        Assert.Equal((ChatFinishReason.Length, ChatMessageRole.Assistant, 20), (answer.FinishReason, answer.Role, answer.Usage.OutputTokenCount));
        Assert.Equal(20, answer.ContentTokenLogProbabilities.Count);
        Assert.Equal(3, answer.ContentTokenLogProbabilities[0].TopLogProbabilities.Count);
        Assert.True(answer.Content[0].Text.Length > 20);
    }

    [Fact]
    public async Task It_streams()
    {
        ChatCompletion whole = await Chat().CompleteChatAsync(Story, Options());
        string text = "";
        ChatFinishReason? reason = null;
        int? tokens = null;
        await foreach (var update in Chat().CompleteChatStreamingAsync(Story, Options()))
        {
            text += string.Concat(update.ContentUpdate.Select(part => part.Text));
            reason ??= update.FinishReason;
            tokens ??= update.Usage?.OutputTokenCount;
        }

        Assert.Equal((whole.Content[0].Text, ChatFinishReason.Length, 20), (text, reason, tokens));
    }

    [Fact]
    public async Task It_steers_by_model_name_and_by_a_field_it_does_not_know()
    {
        ChatCompletion named = await Chat("storyworld@mood-sorrowful:2").CompleteChatAsync(Story, Options());
        var options = Options();
#pragma warning disable SCME0001 // The package's way to send fields it does not know is marked experimental.
        options.Patch.Set("$.steering"u8, "2 mood-sorrowful");
        ChatCompletion field = await Chat().CompleteChatAsync(Story, options);
        using var receipt = JsonDocument.Parse(field.Patch.GetJson("$.steering"u8).ToMemory());
#pragma warning restore SCME0001

        Assert.Equal(named.Content[0].Text, field.Content[0].Text);
        Assert.Equal("mood-sorrowful", receipt.RootElement.GetProperty("applied")[0].GetProperty("vector").GetString());
    }

    [Fact]
    public async Task It_completes_through_its_protocol()
    {
        var pipeline = _client.Pipeline;
        using var message = pipeline.CreateMessage(new Uri(fixture.Server.Address, "/v1/completions"), "POST");
        message.Request.Headers.Set("Content-Type", "application/json");
        message.Request.Content = BinaryContent.Create(BinaryData.FromString("""{"model": "storyworld", "prompt": "Once upon a", "max_tokens": 8, "temperature": 0}"""));
        await pipeline.SendAsync(message);

        using var json = JsonDocument.Parse(message.Response!.Content.ToMemory());
        Assert.Equal(200, message.Response.Status);
        Assert.StartsWith(" time", json.RootElement.GetProperty("choices")[0].GetProperty("text").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_lists_models()
    {
        var models = await _client.GetOpenAIModelClient().GetModelsAsync();

        Assert.Contains(models.Value, model => model.Id == "storyworld@polite");
    }

    [Fact]
    public async Task It_understands_errors()
    {
        var refused = await Assert.ThrowsAsync<ClientResultException>(() => Chat("gpt-4o").CompleteChatAsync(Story));

        Assert.Equal(404, refused.Status);
        Assert.Contains("model_not_found", refused.Message, StringComparison.Ordinal);
    }

    private ChatClient Chat(string model = "storyworld") => _client.GetChatClient(model);

#pragma warning disable OPENAI001 // The seed is marked experimental in the package.
    private static ChatCompletionOptions Options() => new() { MaxOutputTokenCount = 20, Temperature = 0.7f, Seed = 7, IncludeLogProbabilities = true, TopLogProbabilityCount = 3 };
#pragma warning restore OPENAI001
}
