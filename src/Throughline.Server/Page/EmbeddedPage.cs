using Microsoft.Net.Http.Headers;

namespace Throughline.Server.Page;

/// <summary>
/// Serves the page from the files that the build embedded. Its HTML answers the page's own routes; every other path that no endpoint
/// has is a 404: the page for a browser that goes there, which says in its own way that there is nothing, and plain text for all else. Paths
/// of the APIs, of OTLP and of the health checks are left alone. Stateless after start.
/// </summary>
public static class EmbeddedPage
{
    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];
    private static readonly string[] Routes = ["/", "/search", "/traces", "/trace/{id}", "/compare", "/pipeline", "/logs", "/profiling", "/events", "/gallery", "/settings", "/grafana", "/grafana-dashboard"];
    private static readonly string[] OtherOwners = ["/api", "/v1", "/health", "/tempo", "/grafana"];

    /// <summary>Adds the page's routes and the 404 for what is no route at all. Call it after the APIs are mapped.</summary>
    public static void MapPage(this WebApplication app)
    {
        var files = EmbeddedFiles.Read(typeof(EmbeddedPage).Assembly);
        if (files.TryGetValue("index.html", out var index))
        {
            foreach (var file in files.Values)
            {
                app.MapMethods("/" + file.Path, Methods, context => Send(context, file)).ExcludeFromDescription();
            }

            foreach (var route in Routes)
            {
                app.MapMethods(route, Methods, context => Send(context, index)).ExcludeFromDescription();
            }
        }
        else
        {
            foreach (var route in Routes)
            {
                app.MapMethods(route, Methods, SendNotBuilt).ExcludeFromDescription();
            }
        }

        // Not a fallback route: that would match every method, and hide the 405 of an endpoint behind a 404.
        app.Use((context, next) => context.GetEndpoint() is null && !OtherOwners.Any(owner => context.Request.Path.StartsWithSegments(owner))
            ? SendNotFound(context, index)
            : next(context));
    }

    private static Task Send(HttpContext context, PageFile file)
    {
        var response = context.Response;
        var requestHeaders = context.Request.GetTypedHeaders();
        var variant = file.Choose(AcceptedEncodings.Read(requestHeaders.AcceptEncoding));
        response.Headers.ETag = variant.EntityTag;
        response.Headers.CacheControl = file.Immutable ? "public, max-age=31536000, immutable" : "no-cache";
        if (file.HasVariants)
        {
            response.Headers.Vary = HeaderNames.AcceptEncoding;
        }

        if (requestHeaders.IfNoneMatch.Any(tag => tag.Tag == variant.EntityTag || tag.Tag == "*"))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }

        return SendContent(context, file, variant);
    }

    private static Task SendContent(HttpContext context, PageFile file, PageFileVariant variant)
    {
        var (request, response) = (context.Request, context.Response);
        response.ContentType = file.ContentType;
        response.ContentLength = variant.Content.Length;
        if (variant.Encoding is not null)
        {
            response.Headers.ContentEncoding = variant.Encoding;
        }

        return HttpMethods.IsHead(request.Method) ? Task.CompletedTask : response.Body.WriteAsync(variant.Content, context.RequestAborted).AsTask();
    }

    private static Task SendNotBuilt(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        return SendText(context, "The page was not built into this server (BuildWeb=false). Build it without that property; the API under /api/v1 works.\n");
    }

    private static Task SendNotFound(HttpContext context, PageFile? index)
    {
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        if (index is not null && AsksForDocument(context.Request))
        {
            context.Response.Headers.CacheControl = "no-store";
            context.Response.Headers.Vary = HeaderNames.AcceptEncoding;
            return SendContent(context, index, index.Choose(AcceptedEncodings.Read(context.Request.GetTypedHeaders().AcceptEncoding)));
        }

        return SendText(context, "There is nothing at this address. The page is at /.\n");
    }

    /// <summary>A browser that goes to an address names HTML; a client of an API and what a page loads do not. A path with an extension is a file that is missing.</summary>
    private static bool AsksForDocument(HttpRequest request) =>
        Methods.Contains(request.Method)
        && !Path.HasExtension(request.Path.Value)
        && request.GetTypedHeaders().Accept.Any(type => type.MediaType.Equals("text/html", StringComparison.OrdinalIgnoreCase) && type.Quality is not 0);

    private static Task SendText(HttpContext context, string text)
    {
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.WriteAsync(text, context.RequestAborted);
    }
}
