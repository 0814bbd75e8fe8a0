using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Throughline.Engine.Decode;
using Throughline.Engine.Model;

namespace Throughline.Benchmarks;

/// <summary>What the queries ask for, the same for every store: chosen from the data by rule, so that other seeds have their own.</summary>
/// <param name="Spans">Spans in the file, repeated ones included.</param>
/// <param name="ServiceAndOperation">The pair that is in the middle by its number of spans in the last hour, of those that have twenty.</param>
/// <param name="ErrorService">The service in the middle by errors, of those that have a hundred.</param>
/// <param name="UrlPart">A parameter of <c>url.full</c>, in the middle by how often it comes, of those that come a hundred times.</param>
internal sealed record WorkloadSample(long Spans, string TraceId, (string Service, string Operation) ServiceAndOperation, string Camera, string BatchId, string ErrorService,
    string UrlPart, ulong LatestStartUnixNano)
{
    private const ulong Hour = 3_600_000_000_000;
    private const ulong Minute = 60_000_000_000;

    /// <summary>The hour up to the last span's start, which it includes.</summary>
    public (ulong From, ulong To) LastHour => (LatestStartUnixNano + 1 - Hour, LatestStartUnixNano + 1);

    /// <summary>The hour up to the last span's minute, in whole minutes.</summary>
    public (ulong From, ulong To) LastHourInMinutes
    {
        get
        {
            var to = LatestStartUnixNano / Minute * Minute + Minute;
            return (to - Hour, to);
        }
    }

    /// <summary>Reads a whole request file twice.</summary>
    public static WorkloadSample Read(string path)
    {
        var latest = new LatestStart();
        ReadBatches(path, latest.Add);
        var counts = new Counts(latest.UnixNano + 1 - Hour, latest.Spans / 2, latest.SpansOfTrace);
        ReadBatches(path, counts.Add);
        return new WorkloadSample(latest.Spans, counts.TraceId ?? "", Middle(counts.LastHour, 20, "operation"), Middle(counts.Cameras, 1, "camera.name"), counts.BatchId ?? "",
            Middle(counts.Errors, 100, "service with errors"), Middle(counts.UrlParts, 100, "parameter of url.full"), latest.UnixNano);
    }

    private static void ReadBatches(string path, Action<SpanBatch> read)
    {
        using var file = new RequestFile(path);
        var (decoder, batch) = (new OtlpTraceDecoder(), new SpanBatch());
        while (file.Next() is { Count: > 0 } requests)
        {
            foreach (var request in requests)
            {
                batch.Clear();
                decoder.Decode(request, batch);
                read(batch);
            }
        }
    }

    private static T Middle<T>(Dictionary<T, int> counts, int atLeast, string what) where T : notnull
    {
        var enough = counts.Where(pair => pair.Value >= atLeast).OrderBy(pair => pair.Value).ThenBy(pair => pair.Key.ToString(), StringComparer.Ordinal).ToList();
        return enough.Count > 0 ? enough[enough.Count / 2].Key
            : throw new InvalidDataException($"The requests have no {what} that comes {atLeast.ToString(CultureInfo.InvariantCulture)} times: the queries are made for the workload tool's files.");
    }

    /// <summary>The first reading: what the second must know beforehand.</summary>
    private sealed class LatestStart
    {
        public long Spans { get; private set; }

        public ulong UnixNano { get; private set; }

        public Dictionary<TraceId, int> SpansOfTrace { get; } = [];

        public void Add(SpanBatch batch)
        {
            Spans += batch.RowCount;
            for (var row = 0; row < batch.RowCount; row++) CollectionsMarshal.GetValueRefOrAddDefault(SpansOfTrace, batch.TraceId[row], out _)++;
            // Data with clocks gone wrong has spans in 2100: what counts as the present is what most requests agree on, so a request's middle.
            var starts = new ulong[batch.RowCount];
            for (var row = 0; row < starts.Length; row++) starts[row] = batch.StartUnixNano[row];
            Array.Sort(starts);
            if (starts.Length > 0) UnixNano = Math.Max(UnixNano, starts[starts.Length / 2]);
        }
    }

    /// <summary>Counts what may be asked for. Trace and batch come from the span in the middle of the file, or the next that has one; a giant among the traces is passed over.</summary>
    private sealed class Counts(ulong lastHourFrom, long middle, Dictionary<TraceId, int> spansOfTrace)
    {
        private const int MostSpans = 64;

        private long _spans;

        public Dictionary<(string Service, string Operation), int> LastHour { get; } = [];

        public Dictionary<string, int> Cameras { get; } = [];

        public Dictionary<string, int> Errors { get; } = [];

        public Dictionary<string, int> UrlParts { get; } = [];

        public string? TraceId { get; private set; }

        public string? BatchId { get; private set; }

        public void Add(SpanBatch batch)
        {
            var (camera, batchId, url) = (batch.Strings.Find("camera.name"u8), batch.Strings.Find("batch.id"u8), batch.Strings.Find("url.full"u8));
            for (var row = 0; row < batch.RowCount; row++)
            {
                var service = Text(batch, batch.Resources.Service[batch.Resource[row]]);
                if (batch.StartUnixNano[row] >= lastHourFrom && batch.StartUnixNano[row] <= lastHourFrom + Hour) Count(LastHour, (service, Text(batch, batch.Name[row])));
                if (batch.Status[row] == (int)SpanStatusCode.Error) Count(Errors, service);
                for (var i = batch.AttributeOffset[row]; i < batch.AttributeOffset[row + 1]; i++)
                {
                    if (batch.Attributes.Type[i] != (byte)AttributeType.String) continue;
                    var key = batch.Attributes.Key[i];
                    if (key == camera) Count(Cameras, Text(batch, (int)batch.Attributes.Value[i]));
                    else if (key == batchId && _spans >= middle) BatchId ??= Text(batch, (int)batch.Attributes.Value[i]);
                    else if (key == url) CountParameters(Text(batch, (int)batch.Attributes.Value[i]));
                }
                if (_spans++ >= middle && TraceId is null && spansOfTrace[batch.TraceId[row]] <= MostSpans) TraceId = batch.TraceId[row].ToString();
            }
        }

        private void CountParameters(string url)
        {
            var query = url.IndexOf('?', StringComparison.Ordinal);
            if (query < 0) return;
            foreach (var parameter in url[(query + 1)..].Split('&')) Count(UrlParts, parameter);
        }

        private static void Count<T>(Dictionary<T, int> counts, T key) where T : notnull => counts[key] = counts.GetValueOrDefault(key) + 1;

        private static string Text(SpanBatch batch, int id) => Encoding.UTF8.GetString(batch.Strings[id]);
    }
}
