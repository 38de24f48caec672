// gRPC from .NET: register a steering vector, generate with it, and archive it again.
using System.Security.Cryptography;
using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;
using Grpc.Net.Client;
using Steering.V1;

const string Name = "example-dotnet";
const string VectorFile = "models/storyworld/vectors/mood-sorrowful.safetensors"; // From the repository's root.
const int ChunkSize = 64 * 1024; // At most 1 MiB.

string address = Environment.GetEnvironmentVariable("STEERING_GRPC") ?? "127.0.0.1:8081";
using var channel = GrpcChannel.ForAddress($"http://{address}");
var generation = new Generation.GenerationClient(channel);
var registry = new VectorRegistry.VectorRegistryClient(channel);
var headers = new Metadata();
if (Environment.GetEnvironmentVariable("STEERING_API_KEY") is { } key) headers.Add("authorization", $"Bearer {key}");

// The same seed for every request, so that only the steering makes a difference.
Message[] story = [new() { Role = "user", Content = "Tell me a story." }];
var steering = new SteeringSpec { Use = { new VectorUse { Vector = $"{Name}@canary", Strength = 2 } } };

try
{
    var registered = await UploadAsync(new UploadHeader { Name = Name, FileName = "mood-sorrowful.safetensors", Aliases = { "canary" } }, await File.ReadAllBytesAsync(VectorFile));
    var report = registered.Report;
    Console.WriteLine($"registered {registered.Vector.Summary.Id}{(registered.Existing ? " (the server had it already)" : "")}: {report.Format}, convention {report.Convention}");
    foreach (var item in report.Translations) Console.WriteLine($"  {item.Source} -> {item.Target} {item.Note}");
    foreach (string warning in report.Warnings) Console.WriteLine($"  warning: {warning}");

    var plain = await generation.GenerateAsync(new GenerateRequest { Messages = { story }, MaxTokens = 120, Temperature = 0.7, Seed = 7 }, headers);
    Console.WriteLine($"\nunsteered:\n{plain.Choices[0].Text}");

    var steered = await generation.GenerateAsync(new GenerateRequest { Messages = { story }, MaxTokens = 120, Temperature = 0.7, Seed = 7, Steering = steering }, headers);
    Console.WriteLine($"\nsteered:\n{steered.Choices[0].Text}");
    Console.WriteLine($"\nreceipt:\n{steered.Steering}");

    Console.WriteLine("\nsteered and streamed:");
    using var stream = generation.GenerateStream(new GenerateStreamRequest { Messages = { story }, MaxTokens = 120, Temperature = 0.7, Seed = 7, Steering = steering }, headers);
    await foreach (var message in stream.ResponseStream.ReadAllAsync()) Console.Write(message.Delta?.Text);

    var alias = (await registry.PromoteVectorAsync(new PromoteVectorRequest { Name = Name, FromAlias = "canary" }, headers)).Alias;
    Console.WriteLine($"\n\n{alias.Vector}@{alias.Alias} is version {alias.Version} now");

    Console.WriteLine("\nwhat the server says to nonsense:");
    try
    {
        var nonsense = new SteeringSpec { Use = { new VectorUse { Vector = Name, Strength = 2, Layers = { "99" } } } };
        await generation.GenerateAsync(new GenerateRequest { Messages = { story }, Temperature = 3, Steering = nonsense }, headers);
    }
    catch (RpcException refused) when (refused.GetRpcStatus()?.GetDetail<BadRequest>() is { } problems) // What was wrong, field by field.
    {
        foreach (var problem in problems.FieldViolations) Console.WriteLine($"  {problem.Field}: {problem.Description}");
    }

    var archived = await registry.ArchiveVectorAsync(new ArchiveVectorRequest { Name = Name }, headers);
    Console.WriteLine($"\narchived {Name}, versions {string.Join(", ", archived.Versions)}");
    return 0;
}
catch (RpcException problem)
{
    Console.Error.WriteLine($"{problem.StatusCode}: {problem.Status.Detail}");
    return 1;
}

// A header, the file in chunks, and the hash by which the server knows that all of it arrived.
async Task<UploadVectorResponse> UploadAsync(UploadHeader header, byte[] file)
{
    using var call = registry.UploadVector(headers);
    await call.RequestStream.WriteAsync(new UploadVectorRequest { Header = header });
    foreach (byte[] chunk in file.Chunk(ChunkSize)) await call.RequestStream.WriteAsync(new UploadVectorRequest { Chunk = ByteString.CopyFrom(chunk) });
    await call.RequestStream.WriteAsync(new UploadVectorRequest { Sha256 = Convert.ToHexStringLower(SHA256.HashData(file)) });
    await call.RequestStream.CompleteAsync();
    return await call;
}
