using Microsoft.Extensions.Configuration;
using SteeringServer.Hosting;

namespace SteeringServer.Tests.Hosting;

public sealed class CommandLineTests
{
    [Fact]
    public void Every_option_is_read()
    {
        var options = Read("--http", "localhost:0", "--grpc", "[::1]:5", "--model", "m", "--vectors=v", "--data", "d", "--vector-memory", "3", "--max-sequences", "8", "--queue", "0", "--threads", "2", "--context", "100",
            "--api-key", "first-key", "--api-key", "second-key", "--allow-host", "steer.example", "--allow-origin", "https://example.org", "--drain", "5", "--heartbeat", "3").Options!;

        Assert.Equal((new ListenAddress("localhost", 0), "m", "v", "d", 8, 0), (options.Http, Assert.Single(options.Models).Path, options.Vectors, options.Data, options.MaxSequences, options.Queue));
        Assert.Equal(new ListenAddress("::1", 5), options.Grpc);
        Assert.Equal((3, 2, 100, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(3)), (options.VectorMemory, options.Threads, options.Context, options.Drain, options.Heartbeat));
        Assert.Equal(["first-key", "second-key"], options.ApiKeys.ToArray());
        Assert.Equal(["steer.example"], options.AllowedHosts.ToArray());
        Assert.Equal(["https://example.org"], options.AllowedOrigins.ToArray());
    }

    [Fact]
    public void Without_options_it_listens_on_this_machine_only() => Assert.Equal(("127.0.0.1:8080", "127.0.0.1:8081"), ($"{Read().Options!.Http}", $"{Read().Options!.Grpc}"));

    [Fact]
    public void Grpc_can_be_left_out() => Assert.Null(Read("--grpc", "off").Options!.Grpc);

    [Theory]
    [InlineData("--htp", "'--htp' is not an option (did you mean '--http'?)")]
    [InlineData("--http", "--http needs a value")]
    [InlineData("--http nowhere", "expected an IP address")]
    [InlineData("--queue many", "--queue: found 'many'; expected a whole number from 0")]
    [InlineData("--queue 1 --queue 2", "given twice")]
    [InlineData("--http 0.0.0.0:80", "no API key is set")]
    [InlineData("--http *:80", "no API key is set")]
    [InlineData("--http [::]:80", "no API key is set")]
    [InlineData("--grpc nowhere", "expected off, or an IP address")]
    [InlineData("--grpc 0.0.0.0:80", "listen on this machine only with --grpc 127.0.0.1:80")]
    [InlineData("--http localhost:80 --grpc localhost:80", "need a port each")]
    public void Wrong_usage_says_what_to_do_and_leaves_with_2(string arguments, string expected)
    {
        var command = Read(arguments.Split(' '));

        Assert.Null(command.Options);
        Assert.Equal(2, command.ExitCode);
        Assert.Contains(expected, command.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_opens_other_addresses_and_is_never_repeated()
    {
        Assert.True(Read("--http", "0.0.0.0:80", "--api-key", "long-enough").Options is not null);
        Assert.DoesNotContain("short", Read("--api-key", "short").Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Models_can_be_given_several_times_and_named()
    {
        var models = Read("--model", "models/a", "--model", "b=other/model.gguf", "--model", "x/y=z").Options!.Models;

        Assert.Equal([(null, "models/a"), ("b", "other/model.gguf"), (null, "x/y=z")], models.Select(model => (model.Name, model.Path)));
    }

    [Fact]
    public void Models_of_the_configuration_have_settings_of_their_own()
    {
        var list = Configured(("Models:0:Path", "a"), ("Models:1:Path", "b.gguf"), ("Models:1:Name", "bee"), ("Models:1:Context", "100"), ("Models:1:MaxSequences", "4"), ("Models:1:Queue", "0"), ("Models:1:Load", "demand"), ("Models:1:Vectors", "v"));
        Assert.Equal(new[] { new ModelOptions { Path = "a" }, new ModelOptions { Path = "b.gguf", Name = "bee", Context = 100, MaxSequences = 4, Queue = 0, IsOnDemand = true, Vectors = "v" } }, list.Options!.Models.ToArray());
        Assert.Equal(new[] { new ModelOptions { Path = "c", Name = "sea" }, new ModelOptions { Path = "d", Name = "dee" } }, Configured(("Models:dee:Path", "d"), ("Models:sea", "c")).Options!.Models.OrderBy(model => model.Path).ToArray());
    }

    [Theory]
    [InlineData("Models:0:Name", "x", "Steering:Models:0:Path is missing")]
    [InlineData("Models:0:Pth", "x", "Steering:Models:0:Pth is not a setting of a model (did you mean 'Path'?)")]
    [InlineData("Models:0:Load", "later", "found 'later'; expected startup or demand")]
    [InlineData("Models:0:Context", "big", "Steering:Models:0:Context: found 'big'; expected a whole number from 1")]
    [InlineData("Models:0:Name", "a@b", "expected letters, digits")]
    public void What_is_wrong_with_a_configured_model_is_named(string key, string value, string expected)
    {
        var command = key.EndsWith("Path", StringComparison.Ordinal) || expected.Contains("Path is missing", StringComparison.Ordinal) ? Configured((key, value)) : Configured(("Models:0:Path", "p"), (key, value));
        Assert.Equal(2, command.ExitCode);
        Assert.Contains(expected, command.Text, StringComparison.Ordinal);
    }

    private static CommandLine Configured(params (string Key, string Value)[] settings) =>
        CommandLine.Read([], new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => new KeyValuePair<string, string?>($"Steering:{setting.Key}", setting.Value))).Build());

    [Fact]
    public void Configuration_sets_what_the_command_line_does_not()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("Steering:Http", "127.0.0.1:9"), new("Steering:Queue", "3"), new("Steering:ApiKeys:0", "configured-key")]).Build();

        var options = CommandLine.Read(["--queue", "4"], configuration).Options!;

        Assert.Equal((9, 4, "configured-key"), (options.Http.Port, options.Queue, options.ApiKeys.Single()));
        Assert.Contains("Steering:Threads", CommandLine.Read([], new ConfigurationBuilder().AddInMemoryCollection([new("Steering:Threads", "x")]).Build()).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Help_names_every_option()
    {
        var help = Read("--help");

        Assert.Equal(0, help.ExitCode);
        Assert.All(OptionTable.All, option => Assert.Contains($"{option.Name} <{option.Value}>", help.Text, StringComparison.Ordinal));
        Assert.Matches(@"^SteeringServer \d", Read("--version").Text);
    }

    [Theory]
    [InlineData("127.0.0.1:8080", "127.0.0.1:8080", true)]
    [InlineData("http://localhost:0/", "localhost:0", true)]
    [InlineData("[::1]:5", "[::1]:5", true)]
    [InlineData(":80", "*:80", false)]
    [InlineData("8081", "127.0.0.1:8081", true)]
    [InlineData("192.168.1.5:80", "192.168.1.5:80", false)]
    public void Addresses_are_read(string text, string expected, bool isLoopback)
    {
        Assert.True(ListenAddress.TryParse(text, out var address));
        Assert.Equal((expected, isLoopback), (address.ToString(), address.IsLoopback));
    }

    [Theory]
    [InlineData("example.org:80")]
    [InlineData("::1:80")]
    [InlineData("127.0.0.1:70000")]
    [InlineData("127.0.0.1:")]
    [InlineData("")]
    public void What_is_no_address_is_refused(string text) => Assert.False(ListenAddress.TryParse(text, out _));

    private static CommandLine Read(params string[] arguments) => CommandLine.Read(arguments, new ConfigurationBuilder().Build());
}
