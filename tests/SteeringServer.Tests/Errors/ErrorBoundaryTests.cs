using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using SteeringServer.Errors;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Errors;

public sealed class ErrorBoundaryTests
{
    [Fact]
    public async Task A_failure_of_ours_has_an_id_and_nothing_of_our_insides()
    {
        var context = new DefaultHttpContext { Response = { Body = new MemoryStream() } };

        await new ErrorBoundary(_ => throw new InvalidOperationException("secret detail"), NullLogger<ErrorBoundary>.Instance).InvokeAsync(context);

        string body = Encoding.UTF8.GetString(((MemoryStream)context.Response.Body).ToArray());
        var error = Api.Parse(body).GetProperty("error");
        Assert.Equal((500, "server_error", "internal_error"), (context.Response.StatusCode, error.GetProperty("type").GetString(), error.GetProperty("code").GetString()));
        Assert.Contains(context.Response.Headers["X-Request-Id"].ToString(), body, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", body, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", body, StringComparison.Ordinal);
    }
}
