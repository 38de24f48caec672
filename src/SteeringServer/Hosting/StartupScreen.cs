using System.Globalization;
using Steering.Compute;
using Steering.Engine.Running;

namespace SteeringServer.Hosting;

/// <summary>What the server prints when it is ready: what it serves, where, and a command to try it.</summary>
internal static class StartupScreen
{
    /// <param name="urls">Where HTTP is served, then gRPC where it is.</param>
    public static string Render(Serving serving, IReadOnlyList<string> urls, TimeSpan elapsed, bool needsKey)
    {
        string url = urls.Count > 0 ? urls[0] : "http://127.0.0.1:8080";
        var ready = serving.Ready.ToList();
        string[] lines =
        [
            $"SteeringServer {CommandLine.Version}",
            .. ready.SelectMany(Model),
            .. serving.Models.Where(slot => slot.Status.Served is null).Select(slot => Line("model", $"{slot.Name}: {slot.Status.Word}; POST {url}/v1/models/{slot.Name}:load loads it")),
            Line("listening", url),
            Line("grpc", urls.Count > 1 ? new Uri(urls[1]).Authority : "off"),
            Line("ready in", string.Create(CultureInfo.InvariantCulture, $"{elapsed.TotalSeconds:0.0} s")),
            "",
            .. ready.Take(1).SelectMany(served => Example(served, url, needsKey)),
        ];
        return string.Join('\n', lines);
    }

    private static string[] Model(ServedModel served)
    {
        var shape = served.Model.Config.Shape;
        var vectors = served.Catalog.Entries;
        return
        [
            Line("model", $"{served.Name}: {shape.ModelType}, {shape.Blocks} blocks, width {shape.HiddenSize}, {served.Model.WeightType.Name()}, context "
                + $"{served.Engine.Context}"),
            Line("kernels", $"{served.Model.KernelName}, numerics {served.Model.Numerics.Name()}: {string.Join("; ", served.Model.Products.Select(product => $"{product.Key} by {product.Value}"))}"),
            Line("memory", string.Create(CultureInfo.InvariantCulture, $"{served.Model.WeightBytes / 1048576.0:0.0} MiB of weights, "
                + $"{served.Engine.MemoryBytes / 1048576.0:0.0} MiB for {served.Options.MaxSequences} sequences")),
            Line("sites", $"{served.Model.Sites.All.Length} of {served.Model.Sites.Count} tested and steerable"),
            Line("vectors", vectors.IsEmpty ? "none" : $"{vectors.Length} ({string.Join(", ", vectors.Take(4).Select(entry => entry.Vector.Name))}{(vectors.Length > 4 ? ", ..." : "")})"),
        ];
    }

    private static string[] Example(ServedModel served, string url, bool needsKey)
    {
        string key = needsKey ? " -H 'Authorization: Bearer <key>'" : "";
        string steering = served.Catalog.Entries.IsEmpty ? "" : $", \"steering\": \"2 {Vector(served)}\"";
        return
        [
            "Try it:",
            served.Profile.HasTemplate
                ? $$"""  curl {{url}}/v1/chat/completions{{key}} -H 'Content-Type: application/json' -d '{"messages": [{"role": "user", "content": "Tell me a story."}], "max_tokens": 60{{steering}}}'"""
                : $$"""  curl {{url}}/v1/completions{{key}} -H 'Content-Type: application/json' -d '{"prompt": "Once upon a time", "max_tokens": 60{{steering}}}'""",
            "",
        ];
    }

    private static string Vector(ServedModel served) =>
        served.Catalog.Entries.Select(entry => entry.Vector.Name).FirstOrDefault(name => name == "mood-joyful") ?? served.Catalog.Entries[0].Vector.Name;

    private static string Line(string name, string value) => $"  {name,-10} {value}";
}
