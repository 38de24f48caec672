namespace Steering.Cli;

/// <summary>What the process tells the shell.</summary>
internal static class ExitCodes
{
    public const int Success = 0;

    /// <summary>The server refused, failed, or could not be reached; or the client would have had to overwrite something.</summary>
    public const int Failure = 1;

    /// <summary>The command line itself is wrong; nothing was sent.</summary>
    public const int Usage = 2;

    /// <summary>Ctrl-C: 128 + SIGINT, as shells report it.</summary>
    public const int Cancelled = 130;
}
