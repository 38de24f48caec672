using System.Net;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using SteeringServer.Security;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Security;

public sealed class AccessTests : IAsyncLifetime
{
    private const string Key = "a-secret-key";
    private RunningServer _server = null!;

    public async Task InitializeAsync() => _server = await RunningServer.StartAsync(RunningServer.Options with
    {
        ApiKeys = ["another-key", "sha256:" + Convert.ToHexStringLower(ApiKeyHash.Hash(Key))],
        AllowedHosts = ["steer.example"],
        AllowedOrigins = ["https://app.example"],
    });

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task A_key_is_asked_for_and_taken_in_either_header()
    {
        const string Body = """{"prompt": "Once", "max_tokens": 1}""";

        var missing = await _server.PostAsync(Api.Completions, Body);
        var wrong = await _server.PostAsync(Api.Completions, Body, ("Authorization", "Bearer wrong-key"));

        Assert.Equal((HttpStatusCode.Unauthorized, "authentication_error", "invalid_api_key"), (missing.Status, missing.Error.Type, missing.Error.Code));
        Assert.Equal(HttpStatusCode.Unauthorized, wrong.Status);
        Assert.Equal(HttpStatusCode.OK, (await _server.PostAsync(Api.Completions, Body, ("Authorization", $"Bearer {Key}"))).Status);
        Assert.Equal(HttpStatusCode.OK, (await _server.PostAsync(Api.Completions, Body, ("x-api-key", "another-key"))).Status);
    }

    [Fact]
    public async Task Every_route_denies_unless_it_is_about_health_or_version()
    {
        string[] open = ["/health", "/health/live", "/health/ready", "/ping", "/version", "/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/List", "/grpc.health.v1.Health/Watch"];
        var routes = _server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().ToList();
        Assert.True(routes.Count > 10);

        foreach (var route in routes)
        {
            string path = route.RoutePattern.RawText!.Replace("{reference}", "x", StringComparison.Ordinal).Replace("{**id}", "x", StringComparison.Ordinal);
            string method = route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods[0];
            using var response = await _server.Http.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));
            Assert.True(response.StatusCode == HttpStatusCode.Unauthorized == !open.Contains(path), $"{method} {path}: {response.StatusCode}");
        }
        Assert.Equal(HttpStatusCode.Unauthorized, (await _server.GetAsync("/v1/nothing")).Status);
    }

    [Theory]
    [InlineData("evil.example", HttpStatusCode.Forbidden)]
    [InlineData("localhost.evil.example", HttpStatusCode.Forbidden)]
    [InlineData("127.0.0.1.evil.example", HttpStatusCode.Forbidden)]
    [InlineData("localhost", HttpStatusCode.OK)]
    [InlineData("steer.example:8080", HttpStatusCode.OK)]
    [InlineData("[::1]:8080", HttpStatusCode.OK)]
    [InlineData("192.168.0.7", HttpStatusCode.OK)]
    public async Task Names_that_nobody_configured_are_refused(string host, HttpStatusCode expected)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/health");
        request.Headers.Host = host;
        using var response = await _server.Http.SendAsync(request);

        Assert.Equal(expected, response.StatusCode);
        if (expected == HttpStatusCode.Forbidden) Assert.Contains("--allow-host", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://app.example", true)]
    [InlineData("https://other.example", false)]
    public async Task Only_listed_origins_may_call_from_a_browser(string origin, bool isAllowed)
    {
        using var request = new HttpRequestMessage(HttpMethod.Options, Api.Chat);
        request.Headers.Add("Origin", origin);
        request.Headers.Add("Access-Control-Request-Method", "POST");
        request.Headers.Add("Access-Control-Request-Headers", "content-type,authorization");
        using var response = await _server.Http.SendAsync(request);

        Assert.Equal(isAllowed, response.Headers.TryGetValues("Access-Control-Allow-Origin", out var allowed) && allowed.Single() == origin);
    }
}
