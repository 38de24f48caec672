using System.Globalization;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Serilog;
using Serilog.Events;
using SteeringServer.Errors;
using SteeringServer.Features.Attribution;
using SteeringServer.Features.Capabilities;
using SteeringServer.Features.Datasets;
using SteeringServer.Features.Documentation;
using SteeringServer.Features.Extraction;
using SteeringServer.Features.Generation;
using SteeringServer.Features.Health;
using SteeringServer.Features.Models;
using SteeringServer.Features.Operations;
using SteeringServer.Features.Tokens;
using SteeringServer.Features.Vectors;
using SteeringServer.Grpc;
using SteeringServer.Security;

namespace SteeringServer.Hosting;

/// <summary>Puts the server together: logging, security, services, and the order of what a request passes.</summary>
internal static class ServerHost
{
    /// <summary>Largest body that is read.</summary>
    public const long MostBodyBytes = 32 << 20;

    // What is left after draining: answers on their way out.
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(5);

    public static WebApplication Build(WebApplicationBuilder builder, ServerOptions options)
    {
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
        AddLogging(builder);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MostBodyBytes;
            kestrel.Listen(options.Http.Address, options.Http.Port);
            kestrel.ListenForGrpc(options);
        });
        var services = builder.Services;
        services.Configure<HostOptions>(host => host.ShutdownTimeout = options.Drain + StopTime);
        services.AddSingleton(options).AddSingleton<ApiKeyRing>().AddSingleton(TimeProvider.System);
        services.AddSingleton<Serving>().AddSingleton<ModelLoader>().AddSingleton<GenerationAdmission>().AddSingleton<GenerationAnswers>();
        services.AddSingleton<DatasetStore>().AddSingleton<OperationStore>();
        services.AddHostedService<Draining>().AddHostedService<ModelLoading>().AddHostedService<ExtractionWorker>();
        // The core alone: AddAuthentication would bring data protection, which writes keys into the home folder.
        services.AddWebEncoders().AddAuthenticationCore(authentication =>
        {
            authentication.DefaultScheme = ApiKeyAuthentication.SchemeName;
            authentication.AddScheme<ApiKeyAuthentication>(ApiKeyAuthentication.SchemeName, null);
        });
        // Every route, unknown ones included, asks who calls unless it says otherwise.
        services.AddAuthorization(authorization => authorization.FallbackPolicy = new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build());
        services.AddCors(cors => cors.AddDefaultPolicy(policy => policy.WithOrigins([.. options.AllowedOrigins]).AllowAnyHeader().AllowAnyMethod()
            .WithExposedHeaders(RequestId.Header, "X-Seed", "X-Steering-Applied", "Retry-After", "ETag", "Location", "Idempotent-Replay")));
        if (options.Grpc is not null) services.AddGrpcServices();

        var app = builder.Build();
        app.UseMiddleware<ErrorBoundary>();
        app.UseMiddleware<HostGuard>();
        app.UseMiddleware<OriginGuard>();
        app.UseRouting();
        if (!options.AllowedOrigins.IsEmpty) app.UseCors();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UsePortPerProtocol(options);
        app.MapGeneration();
        app.MapAttributions();
        app.MapDatasets();
        app.MapExtractions();
        app.MapOperations();
        app.MapVectors();
        app.MapAliases();
        app.MapModels();
        app.MapCapabilities();
        app.MapTokens();
        app.MapHealth();
        app.MapDocumentation();
        if (options.Grpc is not null) app.MapGrpcServices();
        return app;
    }

    private static void AddLogging(WebApplicationBuilder builder)
    {
        var logger = new LoggerConfiguration()
            .MinimumLevel.Is(Enum.TryParse<LogEventLevel>(builder.Configuration[$"{CommandLine.Section}:LogLevel"], ignoreCase: true, out var level) ? level : LogEventLevel.Information)
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
            .MinimumLevel.Override("Grpc", LogEventLevel.Fatal) // it calls errors what clients do wrong; ours are logged where they are answered
            .WriteTo.Console(outputTemplate: "{Timestamp:HH:mm:ss.fff} {Level:u3} "
                + "{Message:lj}{NewLine}{Exception}", formatProvider: CultureInfo.InvariantCulture, standardErrorFromLevel: LogEventLevel.Verbose)
            .CreateLogger();
        builder.Logging.ClearProviders();
        builder.Logging.AddSerilog(logger, dispose: true);
    }
}
