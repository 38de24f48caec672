namespace Steering.Cli.Tests.Fakes;

/// <summary>Answers of the store of vectors, in the documented shapes.</summary>
internal static class VectorReplies
{
    public const string Report = """
        "format":"gguf","convention":"repeng","translations":[{"source":"direction.3","target":"resid_post.3","note":null},
        {"source":"direction.4","target":"resid_post.4","note":"counted from 1 in the file"}],"problems":[],"warnings":["no model is named"]
        """;

    public const string BadReport = """
        {"object":"steering.vector.report","valid":false,"name":"cheerful","would_be":null,"existing":false,"format":"gguf","convention":"repeng",
        "translations":[{"source":"direction.4","target":"resid_post.4","note":null}],"warnings":[],
        "problems":[{"field":"tensors.resid_post.4","code":"width_mismatch","message":"found 40 values, expected 256"},
        {"field":"name","code":"invalid_value","message":"is missing"}]}
        """;

    public static string GoodReport(bool existing = false) =>
        $$"""{"object":"steering.vector.report","valid":true,"name":"cheerful","would_be":"cheerful@2","existing":{{(existing ? "true" : "false")}},{{Report}} }""";

    public static string Details(string aliases = "[]") => $$"""
        {"id":"cheerful@2","object":"steering.vector","name":"cheerful","version":2,"aliases":{{aliases}},"sha256":"0af3","unit":"raw","method":"mean_difference",
        "sites":["resid_post.3","resid_post.4"],"created":1755777791,"archived":false,"origin":"upload",
        "tensors":[{"site":"resid_post.3","role":null,"shape":[1,256],"norm":3.14159},{"site":"resid_post.4","role":"b1","shape":[2,256],"norm":12.5}],
        "residual_norms":{"resid_post.4":31.4159},"model_fingerprint":"f00d","metadata":{"author":"me"} }
        """;

    public static string Stored(bool existing = false, string aliases = "[]") =>
        $$"""{{Details(aliases)[..^1]}},"existing":{{(existing ? "true" : "false")}},"report":{ {{Report}} } }""";

    public static string Alias(int version, string previous = "1", int revision = 5, string alias = "prod") =>
        $$"""{"object":"steering.alias","vector":"cheerful","alias":"{{alias}}","version":{{version}},"previous":{{previous}},"revision":{{revision}},"changed":1755777791}""";
}
