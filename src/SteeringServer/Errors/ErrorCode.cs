namespace SteeringServer.Errors;

/// <summary>The values of <c>error.code</c>; clients branch on them, so they never change meaning.</summary>
internal static class ErrorCode
{
    /// <summary>A field is missing, of the wrong type or out of range.</summary>
    public const string InvalidValue = "invalid_value";
    /// <summary>A field this server does not know.</summary>
    public const string UnknownField = "unknown_field";
    /// <summary>A field or value of OpenAI's API that this server does not have.</summary>
    public const string Unsupported = "unsupported_parameter";
    /// <summary>The body is not JSON.</summary>
    public const string InvalidJson = "invalid_json";
    public const string InvalidUtf8 = "invalid_utf8";
    public const string UnsupportedMediaType = "unsupported_media_type";
    public const string BodyTooLarge = "body_too_large";
    /// <summary>Prompt, or prompt and max_tokens, exceed the context.</summary>
    public const string ContextLengthExceeded = "context_length_exceeded";
    /// <summary>The steering of the request cannot be applied; the message lists every reason.</summary>
    public const string SteeringInvalid = "steering_invalid";
    public const string VectorNotFound = "vector_not_found";
    public const string AliasNotFound = "alias_not_found";
    /// <summary>The file is not what it says it is, or not of a kind that is read; the message says at which tensor or field.</summary>
    public const string VectorMalformed = "vector_malformed";
    /// <summary>Compare-and-set: the alias is not at the revision that was expected.</summary>
    public const string AliasChanged = "alias_changed";
    /// <summary>An alias points at the version that was to be archived.</summary>
    public const string VersionInUse = "version_in_use";
    public const string VersionArchived = "version_archived";
    /// <summary>The served vectors take all the memory they may; archive some.</summary>
    public const string VectorMemoryFull = "vector_memory_full";
    public const string NothingToRollBack = "nothing_to_roll_back";
    /// <summary>The same Idempotency-Key with another request.</summary>
    public const string IdempotencyKeyReused = "idempotency_key_reused";
    public const string DatasetNotFound = "dataset_not_found";
    /// <summary>The name has a dataset of another content.</summary>
    public const string DatasetExists = "dataset_exists";
    /// <summary>The server keeps no more of that kind; delete some.</summary>
    public const string StorageFull = "storage_full";
    public const string OperationNotFound = "operation_not_found";
    /// <summary>It must be cancelled, or have ended, first.</summary>
    public const string OperationRunning = "operation_running";
    /// <summary>A web page of a site that is not allowed to sent the request.</summary>
    public const string OriginNotAllowed = "origin_not_allowed";
    public const string ModelNotFound = "model_not_found";
    /// <summary>A model that is configured but not in memory; an operator can load it.</summary>
    public const string ModelNotLoaded = "model_not_loaded";
    public const string RouteNotFound = "route_not_found";
    public const string MethodNotAllowed = "method_not_allowed";
    /// <summary>gRPC on the HTTP port.</summary>
    public const string WrongPort = "wrong_port";
    /// <summary>A gRPC message that is no message of its type.</summary>
    public const string InvalidMessage = "invalid_message";
    /// <summary>A health check for a service that is not there.</summary>
    public const string ServiceNotFound = "service_not_found";
    public const string InvalidApiKey = "invalid_api_key";
    public const string HostNotAllowed = "host_not_allowed";
    public const string QueueFull = "queue_full";
    public const string Loading = "loading";
    public const string Draining = "draining";
    public const string EngineStopped = "engine_stopped";
    public const string InternalError = "internal_error";
}
