using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using SteeringServer.Errors;
using SteeringServer.Grpc;

namespace SteeringServer.Tests.Grpc;

public sealed class ErrorInterceptorTests
{
    private static readonly ErrorInterceptor Interceptor = new(NullLogger<ErrorInterceptor>.Instance);

    [Fact]
    public async Task A_method_that_fails_is_internal_and_says_nothing_about_why()
    {
        var failure = await FailAsync(new InvalidOperationException("secret"));

        Assert.Equal(StatusCode.Internal, failure.StatusCode);
        Assert.Contains("trace-1", failure.Status.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", failure.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_a_cancellation_every_failure_is_one() =>
        Assert.Equal(StatusCode.Cancelled, (await FailAsync(new InvalidOperationException("the request is complete"), isCancelled: true)).StatusCode);

    [Fact]
    public async Task What_has_a_status_keeps_it()
    {
        Assert.Equal(StatusCode.DataLoss, (await FailAsync(new RpcException(new Status(StatusCode.DataLoss, "gone")))).StatusCode);
        Assert.Equal(StatusCode.NotFound, (await FailAsync(new ApiException(ApiError.NotFound("nowhere", "path", ErrorCode.VectorNotFound)))).StatusCode);
    }

    // The four kinds of call end the same way.
    private static async Task<RpcException> FailAsync(Exception with, bool isCancelled = false)
    {
        var context = new Call(new DefaultHttpContext { TraceIdentifier = "trace-1" }, new CancellationToken(isCancelled));
        RpcException[] failures =
        [
            await Assert.ThrowsAsync<RpcException>(() => Interceptor.UnaryServerHandler<string, string>("", context, (_, _) => Task.FromException<string>(with))),
            await Assert.ThrowsAsync<RpcException>(() => Interceptor.ClientStreamingServerHandler<string, string>(null!, context, (_, _) => throw with)),
            await Assert.ThrowsAsync<RpcException>(() => Interceptor.ServerStreamingServerHandler<string, string>("", null!, context, (_, _, _) => Task.FromException(with))),
            await Assert.ThrowsAsync<RpcException>(() => Interceptor.DuplexStreamingServerHandler<string, string>(null!, null!, context, (_, _, _) => throw with)),
        ];
        Assert.Single(failures.Select(failure => (failure.StatusCode, failure.Status.Detail)).Distinct());
        return failures[0];
    }

    private sealed class Call : ServerCallContext
    {
        private readonly CancellationToken _cancellation;

        public Call(HttpContext http, CancellationToken cancellation)
        {
            _cancellation = cancellation;
            UserState["__HttpContext"] = http; // where the library looks for it in calls that are not its own
        }

        protected override CancellationToken CancellationTokenCore => _cancellation;
        protected override IDictionary<object, object> UserStateCore { get; } = new Dictionary<object, object>();
        protected override string MethodCore => "";
        protected override string HostCore => "";
        protected override string PeerCore => "";
        protected override DateTime DeadlineCore => DateTime.MaxValue;
        protected override Metadata RequestHeadersCore => [];
        protected override Metadata ResponseTrailersCore => [];
        protected override Status StatusCore { get; set; }
        protected override WriteOptions? WriteOptionsCore { get; set; }
        protected override AuthContext AuthContextCore => new(null, []);
        protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) => throw new NotSupportedException();
        protected override Task WriteResponseHeadersAsyncCore(Metadata responseHeaders) => Task.CompletedTask;
    }
}
