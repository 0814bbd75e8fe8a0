using Microsoft.AspNetCore.Http.Features;
using Throughline.Server.Configuration;

namespace Throughline.Server.Safety;

/// <summary>
/// What every port does before anything else: the Host header, the origin and type of requests that change state, the token, and the headers that
/// tell browsers to be careful. Stateless but for its rules; thread safe.
/// </summary>
public sealed class SafetyMiddleware(RequestDelegate next, HostRule hosts, OriginRule otlpOrigins, TokenRule token, string contentSecurityPolicy, RefusalWriter refuse, Func<PathString, bool>? isPassedOn = null)
{
    private readonly OriginRule _ownOriginOnly = new([]);
    private readonly OtlpCors _cors = new(otlpOrigins);

    /// <summary>Handles one request.</summary>
    public Task InvokeAsync(HttpContext context)
    {
        var role = context.Features.GetRequiredFeature<ListenerFeature>().Role;
        WriteHeaders(context, role);
        if (!hosts.Allows(context.Request.Host))
        {
            return refuse(context, role, new RequestRefusal(StatusCodes.Status421MisdirectedRequest,
                $"This server is not '{context.Request.Host.Value}'. Use http://127.0.0.1 or http://localhost, or start it with --allow-host {context.Request.Host.Host}."));
        }
        if (role == ListenerRole.OtlpHttp)
        {
            if (OtlpCors.IsPreflight(context.Request))
                return _cors.AnswerPreflight(context) is { } refusal ? refuse(context, role, refusal) : Task.CompletedTask;
            _cors.AllowReading(context);
        }
        return Check(context, role) is { } found ? refuse(context, role, found) : next(context);
    }

    private RequestRefusal? Check(HttpContext context, ListenerRole role)
    {
        var request = context.Request;
        if (!IsHealthCheck(request, role) && !token.Allows(request))
        {
            context.Response.Headers.WWWAuthenticate = role == ListenerRole.Http ? "Basic realm=\"Throughline\", charset=\"UTF-8\"" : "Bearer";
            return new RequestRefusal(StatusCodes.Status401Unauthorized, "A token is needed: send the header 'Authorization: Bearer TOKEN' with the token that this server was started with.");
        }
        if (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method)) return null;

        var origins = role == ListenerRole.OtlpHttp ? otlpOrigins : _ownOriginOnly;
        if (!origins.AllowsChange(request))
        {
            return new RequestRefusal(StatusCodes.Status403Forbidden, role == ListenerRole.OtlpHttp
                ? $"Web pages of '{request.Headers.Origin}' may not send OTLP here. Allow them with --otlp-cors-origin {request.Headers.Origin}."
                : "Requests that change something are taken from this server's own page and from programs, not from other web sites.");
        }
        // A type that a plain HTML form cannot send. The OTLP receivers answer for their own types, with their own lists, and so does a server that requests are passed on to.
        return role == ListenerRole.Http && isPassedOn?.Invoke(request.Path) != true && !IsDataType(request.ContentType) && HasBodyOrType(context)
            ? new RequestRefusal(StatusCodes.Status415UnsupportedMediaType, $"The content type '{request.ContentType}' is not taken here; send application/json.")
            : null;
    }

    private static bool IsHealthCheck(HttpRequest request, ListenerRole role) => role == ListenerRole.Http && request.Path.StartsWithSegments("/health");

    /// <summary>False for a request with neither: a form always sends its type.</summary>
    private static bool HasBodyOrType(HttpContext context) => !string.IsNullOrEmpty(context.Request.ContentType) || context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody != false;

    private static bool IsDataType(string? contentType)
    {
        var type = contentType.AsSpan();
        var parameters = type.IndexOf(';');
        type = (parameters < 0 ? type : type[..parameters]).Trim();
        return type.Equals("application/json", StringComparison.OrdinalIgnoreCase) || type.Equals("application/x-protobuf", StringComparison.OrdinalIgnoreCase);
    }

    private void WriteHeaders(HttpContext context, ListenerRole role)
    {
        if (role == ListenerRole.OtlpGrpc) return;
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        if (role == ListenerRole.Http) headers.ContentSecurityPolicy = contentSecurityPolicy;
    }
}

/// <summary>Answers a refused request in the form that its port speaks.</summary>
public delegate Task RefusalWriter(HttpContext context, ListenerRole role, RequestRefusal refusal);
