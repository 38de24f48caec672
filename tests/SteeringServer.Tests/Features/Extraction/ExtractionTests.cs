using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json;
using SteeringServer.Tests.Features.Vectors;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Features.Extraction;

/// <summary>From examples to a vector that steers, over HTTP.</summary>
[Collection(RegistryCollection.Name)]
public sealed class ExtractionTests(ServerFixture fixture)
{
    private readonly RunningServer _server = fixture.Server;

    [Fact]
    public async Task A_dataset_becomes_a_vector_that_the_next_request_can_use()
    {
        var kept = await _server.Http.SendFormAsync("/v1/datasets", System.Text.Encoding.UTF8.GetBytes(Extractions.Lines(8)), "facts.jsonl");
        Assert.True(kept.Status == HttpStatusCode.Created, kept.Body);
        string id = await _server.BeginAsync(new { vector = "from-facts", dataset = "facts", aliases = new[] { "canary" }, grains = new { top_k = 2, points = 5 } });

        using var response = await _server.Http.GetAsync($"/v1/operations/{id}/events", HttpCompletionOption.ResponseHeadersRead);
        var events = new List<string>();
        await foreach (var item in SseParser.Create(await response.Content.ReadAsStreamAsync()).EnumerateAsync()) events.Add(item.Data);

        Assert.Equal("[DONE]", events[^1]);
        var seen = events.SkipLast(1).Select(Api.Parse).ToList();
        double[] fractions = [.. seen.Select(operation => operation.GetProperty("metadata").GetProperty("fraction").GetDouble())];
        Assert.Equal(fractions.Order(), fractions);
        Assert.True(fractions.Distinct().Count() > 2, string.Join(" ", fractions));
        Assert.Equal(("succeeded", 1.0), (seen[^1].State(), fractions[^1]));
        Assert.Equal(["attribution", "activations", "directions", "strength"], seen[^1].GetProperty("metadata").GetProperty("stages").EnumerateArray().Select(stage => stage.GetProperty("name").GetString()));
        Assert.All(seen[^1].GetProperty("metadata").GetProperty("stages").EnumerateArray(), stage => Assert.Equal(stage.GetProperty("total").GetInt32(), stage.GetProperty("done").GetInt32()));

        var result = seen[^1].GetProperty("response");
        Assert.Equal("from-facts@1", result.GetProperty("vector").GetString());
        Assert.Equal(8, result.GetProperty("blocks").GetArrayLength());
        Assert.True(result.GetProperty("strength").GetProperty("to").GetDouble() > 0);
        var vector = (await _server.Http.ReadAsync("/v1/vectors/from-facts@canary")).Json;
        Assert.Equal(result.GetProperty("sha256").GetString(), vector.GetProperty("sha256").GetString());
        Assert.Equal(("rms", "grains"), (vector.GetProperty("unit").GetString(), vector.GetProperty("method").GetString()));
        Assert.Equal(kept.Json.GetProperty("sha256").GetString(), vector.GetProperty("metadata").GetProperty("data_sha256").GetString());
        // The use is ready to be sent.
        var answer = await _server.AnswerAsync(Api.Completions, """{"prompt": "The sky is", "max_tokens": 3, "steering": {"use": [USE]}}""".Replace("USE", $"{result.GetProperty("use")}", StringComparison.Ordinal));
        Assert.Equal(("from-facts", 1), answer.Applied());
        Assert.Equal($"resid_post.{result.GetProperty("recommended_block")}", answer.Steering.GetProperty("applied")[0].GetProperty("sites")[0].GetString());
    }

    [Fact]
    public async Task The_same_inputs_are_the_same_version_however_they_are_sent()
    {
        object grains = new { top_k = 2, points = 3, summary = "mean" };
        string text = Extractions.Lines(6);
        string csv = "Frage,Ja,Nein\n" + string.Join('\n', text.Split('\n').Select(Api.Parse).Select(row => $"{row.GetProperty("prompt").GetString()},{row.GetProperty("preferred").GetString()},\"{row.GetProperty("dispreferred").GetString()}\""));
        var first = await _server.FinishedAsync(await _server.BeginAsync(new { vector = "same", text, layers = new object[] { 2, "4-5" }, grains }));
        object[] others =
        [
            new { vector = "same", rows = text.Split('\n').Select(Api.Parse), layers = new[] { "2", "4-5" }, grains },
            new { vector = "same", text = csv, columns = new { prompt = "Frage", preferred = "Ja", dispreferred = "Nein" }, layers = new[] { "2", "4-5" }, grains },
            new { vector = "same", text = text + "\n\n" + Extractions.Lines(3), limit = 6, layers = new[] { "2", "4-5" }, grains },
            new { vector = "same", text = text.Replace(" is\"", "\""), prompt_template = "{prompt} is", layers = new[] { "2", "4-5" }, grains = new { top_k = 2, points = 3, summary = "mean", tokens = "positive" } },
        ];

        for (int i = 0; i < others.Length; i++)
        {
            var result = (await _server.FinishedAsync(await _server.BeginAsync(others[i]))).GetProperty("response");
            bool isSame = i < 3; // the last one takes the positive tokens only
            Assert.Equal((isSame, isSame), (result.GetProperty("existing").GetBoolean(), result.GetProperty("sha256").GetString() == first.GetProperty("response").GetProperty("sha256").GetString()));
        }
        Assert.Equal(["resid_post.2", "resid_post.4", "resid_post.5"], (await _server.Http.ReadAsync("/v1/vectors/same@1")).Json.GetProperty("sites").EnumerateArray().Select(site => site.GetString()));
    }

    [Fact]
    public async Task Prompts_can_be_conversations_and_answers_messages()
    {
        var rows = Enumerable.Range(0, 4).Select(i => new
        {
            messages = new[] { new { role = "user", content = $"What is {i} plus one?" } },
            chosen = new[] { new { role = "assistant", content = " It is more." } },
            rejected = new { role = "assistant", content = $" It is {i}." },
        });
        object grains = new { top_k = 2, points = 2, summary = "mean" };
        var conversations = await _server.FinishedAsync(await _server.BeginAsync(new { vector = "talk", rows, grains }));
        var prompts = await _server.FinishedAsync(await _server.BeginAsync(new
        {
            vector = "talk",
            chat = true,
            prompt_template = "What is {prompt} plus one?",
            answer_template = " It is {answer}.",
            rows = Enumerable.Range(0, 4).Select(i => new { prompt = $"{i}", preferred = "more", dispreferred = $"{i}" }),
            grains,
        }));

        Assert.Equal(conversations.GetProperty("response").GetProperty("sha256").GetString(), prompts.GetProperty("response").GetProperty("sha256").GetString());
    }

    [Theory]
    [InlineData("""{"vector": "x"}""", "dataset", "missing")]
    [InlineData("""{"vector": "x", "dataset": "colours", "rows": []}""", "rows", "send one of them")]
    [InlineData("""{"vector": "A b", "text": "{}"}""", "vector", "expected lower-case")]
    [InlineData("""{"vector": "x", "text": "{\"prompt\": 1}\n{oops"}""", "text", "line 2 is not valid JSON")]
    [InlineData("""{"vector": "x", "text": "{}\n{\"prompt\": \"\\ud800\"}"}""", "text", "line 2 has half of a surrogate pair")]
    [InlineData("""{"vector": "x", "text": "prompt,preferred,dispreferred\na,b,c\na,b"}""", "text", "line 3 has 2 fields where the first line names 3")]
    [InlineData("""{"vector": "x", "text": "prompt,preferred,dispreferred\na,b,c\n\"a\nb\",b\"d,c"}""", "text", "line 3 has a quotation mark")]
    [InlineData("""{"vector": "x", "text": "{\"prompt\": \"a\", \"prefered\": \"b\", \"dispreferred\": \"c\"}"}""", "text", "line 1: preferred is missing (did you mean 'prefered'?)")]
    [InlineData("""{"vector": "x", "rows": [{"prompt": "a", "preferred": "b", "dispreferred": "c"}, {"prompt": "a", "preferred": [], "dispreferred": "c"}]}""", "rows[1].preferred", "a list of one message")]
    [InlineData("""{"vector": "x", "rows": [{"prompt": "a", "preferred": "b", "dispreferred": "c"}]}""", "rows", "at least 4")]
    [InlineData("""{"vector": "x", "rows": [{"prompt": [{"role": "user"}], "preferred": "b", "dispreferred": "c"}]}""", "rows[0].messages[0].content", "missing")]
    [InlineData("""{"vector": "x", "text": "{}", "format": "xml"}""", "format", "jsonl or csv")]
    [InlineData("""{"vector": "x", "text": "{}", "columns": {"question": "q"}}""", "columns.question", "prompt, preferred and dispreferred")]
    [InlineData("""{"vector": "x", "text": "{}", "prompt_template": "Q:"}""", "prompt_template", "{prompt}")]
    [InlineData("""{"vector": "x", "text": "{}", "layers": ["7-9"]}""", "layers", "blocks 0 to 7")]
    [InlineData("""{"vector": "x", "text": "{}", "method": "grain"}""", "method", "did you mean 'grains'?")]
    [InlineData("""{"vector": "x", "text": "{}", "grains": {"rule": "trapezoid"}}""", "grains.rule", "zero baseline")]
    [InlineData("""{"model": "storyworld@polite", "vector": "x", "text": "{}"}""", "model", "the model alone")]
    [InlineData("""{"vector": "x", "text": "{}", "limit": 3}""", "limit", "from 4 up")]
    [InlineData("""{"vector": "x", "text": "{}", "top_k": 3}""", "top_k", "under grains")]
    public async Task What_cannot_be_extracted_is_refused_at_once(string body, string param, string message)
    {
        var reply = await _server.PostAsync(Extractions.Path, body);

        Assert.True(reply.Status == HttpStatusCode.BadRequest, reply.Body);
        Assert.Equal(param, reply.Error.Param);
        Assert.Contains(message, reply.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_dataset_and_a_row_that_is_too_long_are_named()
    {
        var unknown = await _server.PostAsync(Extractions.Path, """{"vector": "x", "dataset": "nothing-of-it"}""");
        var tooLong = await _server.PostAsync(Extractions.Path, new { vector = "x", rows = new[] { new { prompt = string.Concat(Enumerable.Repeat("word ", 600)), preferred = "a", dispreferred = "b" } } });

        Assert.Equal((HttpStatusCode.NotFound, "dataset_not_found"), (unknown.Status, unknown.Error.Code));
        Assert.Equal((HttpStatusCode.BadRequest, "context_length_exceeded", "rows[0].prompt"), (tooLong.Status, tooLong.Error.Code, tooLong.Error.Param));
    }

    [Fact]
    public async Task More_rows_than_memory_is_there_for_are_refused_with_how_many_would_do()
    {
        // 6 states of 8 blocks of 256 values a row: 48 KiB.
        string row = """{"prompt": "a", "preferred": "b", "dispreferred": "c"}""" + "\n";
        var tooMuch = await _server.PostAsync(Extractions.Path, new { vector = "x", text = string.Concat(Enumerable.Repeat(row, 20_000)) });
        var tooMany = await _server.PostAsync(Extractions.Path, new { vector = "x", text = string.Concat(Enumerable.Repeat(row, 20_001)) });

        Assert.Equal((HttpStatusCode.BadRequest, "limit"), (tooMuch.Status, tooMuch.Error.Param));
        Assert.Contains("use at most 10922 rows", tooMuch.Error.Message, StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.BadRequest, "text"), (tooMany.Status, tooMany.Error.Param));
    }

    [Fact]
    public async Task Examples_that_do_not_differ_fail_with_what_to_do()
    {
        var row = new { prompt = "The sky is", preferred = " blue.", dispreferred = " blue." };
        var failed = await _server.FinishedAsync(await _server.BeginAsync(new { vector = "none", rows = Enumerable.Repeat(row, 4), grains = new { points = 2, top_k = 1000, tokens = "positive" } }));

        Assert.Equal("failed", failed.State());
        Assert.Equal(9, failed.GetProperty("error").GetProperty("code").GetInt32());
        Assert.Contains("use the mean, or examples that differ", failed.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await _server.Http.ReadAsync("/v1/vectors/none")).Status);
    }

    [Fact]
    public async Task Datasets_are_listed_described_and_deleted_and_never_change()
    {
        var first = await _server.PostAsync("/v1/datasets", new { name = "pairs", text = "a,b\n1,\"2, 3\"\n4,5\n" });
        var again = await _server.PostAsync("/v1/datasets", new { name = "pairs", format = "csv", text = "a,b\n1,\"2, 3\"\n4,5\n" });
        var other = await _server.PostAsync("/v1/datasets", new { name = "pairs", text = "a,b\n1,2\n" });

        Assert.True(first.Status == HttpStatusCode.Created, first.Body);
        Assert.Equal(("csv", 2, "a b"), (first.Json.GetProperty("format").GetString(), first.Json.GetProperty("rows").GetInt32(), string.Join(' ', first.Json.GetProperty("columns").EnumerateArray())));
        Assert.Equal(HttpStatusCode.OK, again.Status);
        Assert.Equal((HttpStatusCode.Conflict, "dataset_exists"), (other.Status, other.Error.Code));
        Assert.Contains("\"pairs\"", (await _server.Http.ReadAsync("/v1/datasets")).Body, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await _server.Http.CallAsync(HttpMethod.Delete, "/v1/datasets/pairs")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await _server.Http.ReadAsync("/v1/datasets/pairs")).Status);
    }

    [Fact]
    public async Task A_dataset_that_is_no_dataset_says_where()
    {
        byte[] latin = [.. "{\"prompt\": \""u8, 0xE9, .. "\"}"u8];
        var notUtf8 = await _server.Http.SendFormAsync("/v1/datasets", latin, "latin.jsonl");
        var empty = await _server.PostAsync("/v1/datasets", new { name = "empty", text = " \n " });
        var broken = await _server.PostAsync("/v1/datasets", new { name = "broken", text = "{\"a\": 1}\n[1]\n{\"a\": 1, \"a\": 2}\n" });

        Assert.Equal((HttpStatusCode.BadRequest, "invalid_utf8"), (notUtf8.Status, notUtf8.Error.Code));
        Assert.Contains("has no rows", empty.Error.Message, StringComparison.Ordinal);
        Assert.Contains("line 2 is a list of one", broken.Error.Message, StringComparison.Ordinal);
        Assert.Contains("line 3 is not valid JSON", broken.Error.Message, StringComparison.Ordinal);
    }
}
