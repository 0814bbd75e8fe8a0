using Throughline.Engine;

namespace Throughline.Tests.Signals;

/// <summary>A request of a few items that no other has.</summary>
internal sealed class PlainRequest(PlainItem[] items)
{
    public PlainItem[] Items { get; } = items;

    /// <summary>Its sender was told that it is stored.</summary>
    public bool IsAcknowledged { get; private set; }

    /// <summary>Sends it; a request that was acknowledged before is never stored again.</summary>
    public async Task<AppendStatus> SendAsync(PlainStore store)
    {
        var status = await store.SendAsync(Items);
        if (IsAcknowledged) Assert.NotEqual(AppendStatus.Durable, status);
        if (status is AppendStatus.Durable or AppendStatus.Duplicate) IsAcknowledged = true;
        return status;
    }
}

/// <summary>What was sent to a store, and what has to be in it. Not thread safe.</summary>
internal sealed class PlainLedger(int seed)
{
    private readonly Random _random = new(seed);
    private readonly List<PlainRequest> _requests = [];
    private ulong _next;

    public IReadOnlyList<PlainRequest> Requests => _requests;

    public PlainRequest Next()
    {
        var request = new PlainRequest([.. Enumerable.Range(0, _random.Next(1, 4)).Select(_ => new PlainItem((ulong)_random.Next(1, 1_000_000), ++_next))]);
        _requests.Add(request);
        return request;
    }

    public PlainRequest Any() => _requests[_random.Next(_requests.Count)];

    /// <summary>What is wrong with what a store shows: an acknowledged item that is not there, one that is there twice, a request in part, something that nobody sent. Null when all is well.</summary>
    public string? Check(IReadOnlyCollection<PlainItem> shown)
    {
        var counts = shown.GroupBy(i => i).ToDictionary(g => g.Key, g => g.Count());
        foreach (var request in _requests)
        {
            var times = request.Items.Select(i => counts.GetValueOrDefault(i)).ToArray();
            if (times.Any(t => t > 1)) return $"item {request.Items[0].Value} is there {times.Max()} times";
            if (times.Distinct().Count() > 1) return $"the request of item {request.Items[0].Value} is there in part";
            if (request.IsAcknowledged && times[0] == 0) return $"item {request.Items[0].Value} was acknowledged and is not there";
        }
        return CheckNothingElse(shown);
    }

    /// <summary>The same where something may be lost, which is told.</summary>
    public string? CheckNothingElse(IReadOnlyCollection<PlainItem> shown)
    {
        var sent = _requests.SelectMany(r => r.Items).ToHashSet();
        foreach (var item in shown)
        {
            if (!sent.Contains(item)) return $"{item} was never sent";
        }
        return null;
    }
}
