using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using SteeringServer.Errors;
using SteeringServer.Hosting;

namespace SteeringServer.Requests;

/// <summary>Forms with one file and some fields (multipart/form-data).</summary>
internal static class UploadForm
{
    // Uploads stay in memory, within the limit of every body: a file on disk would outlive a kill.
    private static readonly FormOptions Limits = new()
    {
        MultipartBodyLengthLimit = ServerHost.MostBodyBytes,
        MemoryBufferThreshold = (int)ServerHost.MostBodyBytes,
        ValueCountLimit = 64,
        ValueLengthLimit = 64 * 1024,
    };

    public static bool IsForm(HttpRequest request) => request.ContentType?.StartsWith("multipart/form-data", StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>Reads a form; fields it may not have, and those that are there twice, are reported.</summary>
    /// <param name="repeated">The field that may be there several times; null: none.</param>
    /// <exception cref="ApiException">400 where it is no form.</exception>
    public static async Task<IFormCollection> ReadAsync(HttpRequest request, IReadOnlyCollection<string> fields, FieldProblems problems, CancellationToken cancellation, string? repeated = null)
    {
        IFormCollection form;
        try
        {
            form = await request.ReadFormAsync(Limits, cancellation);
        }
        catch (Exception broken) when (broken is InvalidDataException or IOException and not BadHttpRequestException) // Kestrel's own refusals have a status of their own
        {
            throw new ApiException(ApiError.Invalid($"The form cannot be read: {broken.Message} Send multipart/form-data with one part 'file' and the fields {string.Join(", ", fields)}.", null, ErrorCode.InvalidValue));
        }
        foreach (string name in form.Keys.Where(name => !fields.Contains(name))) problems.Add(Found.Shorten(name), $"is not a field of an upload{Nearest.Hint(name, fields)}; it takes {string.Join(", ", fields)}", ErrorCode.UnknownField);
        foreach (string name in fields.Where(name => name != repeated && form[name].Count > 1)) problems.Add(name, $"is there {form[name].Count} times; send it once");
        return form;
    }

    /// <summary>The form's file; null where it has none, or several, which is reported.</summary>
    /// <param name="what">What the file holds, for messages: "the vector".</param>
    /// <param name="example">A name it could have.</param>
    public static async Task<(byte[] Bytes, string FileName)?> FileAsync(IFormCollection form, string what, string example, FieldProblems problems, CancellationToken cancellation)
    {
        if (form.Files.Count != 1 || form.Files[0].Name != "file")
        {
            problems.Add("file", form.Files.Count == 0 ? $"is missing; send {what} as a file part named 'file' (curl -F file=@{example})" : $"found file parts {string.Join(", ", form.Files.Select(part => Found.Quote(part.Name)))}; send exactly one, named 'file'");
            return null;
        }
        var bytes = new byte[form.Files[0].Length];
        await using (var content = form.Files[0].OpenReadStream()) await content.ReadExactlyAsync(bytes, cancellation);
        return (bytes, form.Files[0].FileName);
    }

    /// <summary>A field's text; null where absent or empty.</summary>
    public static string? Text(StringValues values) => values.Count == 0 || string.IsNullOrEmpty(values[0]) ? null : values[0];
}
