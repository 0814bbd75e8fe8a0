using System.Reflection;
using Throughline.Server.Problems;

namespace Throughline.Server.Api.Native;

/// <summary>
/// GET /api/v1/openapi.json. The document is a file of the source (openapi.json beside this one), embedded; tests hold the routes, the parameters and the
/// real answers against it.
/// </summary>
internal static class OpenApiDocument
{
    private const string ResourceName = "openapi.json";

    internal static async Task<Problem?> WriteAsync(HttpContext context)
    {
        if (new QueryReader(context.Request.Query).Finish() is { } problem) return problem;
        await using var document = Assembly.GetExecutingAssembly().GetManifestResourceStream(ResourceName)
            ?? throw new InvalidOperationException($"The assembly lacks its resource {ResourceName}.");
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.ContentLength = document.Length;
        await document.CopyToAsync(context.Response.Body, context.RequestAborted);
        return null;
    }
}
