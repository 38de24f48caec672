using System.Text.Json.Nodes;
using SteeringServer.Features.Steering;

namespace SteeringServer.Features.Generation;

/// <summary>A parsed <c>POST /v1/chat/completions</c>.</summary>
internal sealed record ChatRequest(GenerationSettings Settings, Conversation Conversation, SteeringRequest Steering);

/// <summary>What a chat template is rendered with.</summary>
/// <param name="Messages">At least one, each with a role; contents are text.</param>
/// <param name="Tools">Null: none.</param>
/// <param name="Variables"><c>chat_template_kwargs</c>.</param>
/// <param name="AddGenerationPrompt">Whether the rendering ends where the assistant begins.</param>
internal sealed record Conversation(JsonArray Messages, JsonArray? Tools, JsonObject? Variables, bool AddGenerationPrompt);
