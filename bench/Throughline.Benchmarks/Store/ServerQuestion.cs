using System.Diagnostics;
using System.Net;

namespace Throughline.Benchmarks;

/// <summary>A query that a server is asked over HTTP. Immutable.</summary>
internal sealed class ServerQuestion(ServerProcess server, string path)
{
    private readonly Uri _uri = new(path, UriKind.Relative);

    /// <summary>The server as a side that is measured.</summary>
    public QuestionSide Side => new(TimeAsync, server.Counters);

    /// <summary>Asks once and answers the milliseconds until the answer was read whole.</summary>
    private async Task<double> TimeAsync()
    {
        var watch = Stopwatch.StartNew();
        await server.Client.GetByteArrayAsync(_uri);
        return watch.Elapsed.TotalMilliseconds;
    }

    /// <summary>The answer, or null and why where the server does not know the question (404 and 400).</summary>
    public async Task<(string? Answer, string Refusal)> AnswerAsync()
    {
        using var answer = await server.Client.GetAsync(_uri);
        var text = await answer.Content.ReadAsStringAsync();
        if (answer.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.BadRequest) return (null, $"{(int)answer.StatusCode} {text}");
        answer.EnsureSuccessStatusCode();
        return (text, "");
    }
}
