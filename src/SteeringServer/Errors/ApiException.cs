namespace SteeringServer.Errors;

/// <summary>Ends a request with an <see cref="ApiError"/>.</summary>
internal sealed class ApiException(ApiError error) : Exception(error.Message)
{
    public ApiError Error => error;
}
